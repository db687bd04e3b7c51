/* SPDX-License-Identifier: MIT */
/*
 * The changing half of the doors' rule: what must reach the remote is one message, answered when it has.
 * Paths as in core/client/door.h, but NUL-terminated. All return 0 or -errno and are safe from any thread,
 * in signal handlers and between vfork and exec.
 */
#ifndef ALGOFS_CLIENT_DOOR_WRITE_H
#define ALGOFS_CLIENT_DOOR_WRITE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/wire/message.h"

/** open(2) for writing. *ret_fd: the lowest free descriptor, close-on-exec as `flags` say. */
int door_open_write(const char *path, int flags, mode_t mode, int *ret_fd);
/** The verdict on all that was written to the file of `fd`; `how`: wire_commit. */
int door_commit(int fd, unsigned how);
/** door_commit as close(2) means it: with ALGOFS_WRITEBACK=async the journal will do. */
int door_commit_closing(int fd, unsigned how);
/** door_commit as fsync(2) means it: with ALGOFS_FSYNC=local it is the local disk's only. */
int door_commit_synchronised(int fd, unsigned how);
/** The same as door_commit for a file that is not open any more. */
int door_commit_inode(dev_t device, ino_t inode, unsigned how);
int door_make_directory(const char *path, mode_t mode);
/** unlinkat(2): flags 0 or AT_REMOVEDIR. */
int door_remove(const char *path, int flags);
/** symlink(2); `target` as it is to be read. */
int door_make_symlink(const char *target, const char *path);
/** link(2) within the prefix, of `from` itself. */
int door_link(const char *from, const char *to);
/** renameat2(2) within the prefix. */
int door_rename(const char *from, const char *to, unsigned flags);

/* What to set; `valid` (wire_setattr) names the fields that count. */
struct door_attributes {
    unsigned valid;
    mode_t mode;
    uid_t uid;
    gid_t gid;
    off_t size;
    struct timespec times[2]; /* atime, mtime */
};
/** Of `path`, or of `fd` if path is NULL. */
int door_set_attributes(const char *path, int fd, const struct door_attributes *attributes);

/**
 * Waits up to `wait_ms` for the uploads of this session's account; says what is left, and how much of that
 * has failed. *ret_report: a file with a line for each failure, the caller's to close; -1 if there is none.
 */
int door_flush(uint64_t wait_ms, uint64_t *ret_pending, uint64_t *ret_failed, int *ret_report);
/** An attribute of the entry `path` itself, as getxattr(2); name "": all names, as listxattr(2). The
 * length or -errno. */
ssize_t door_get_xattr(const char *path, const char *name, void *value, size_t size);
/** setxattr(2); value NULL: removexattr(2). */
int door_set_xattr(const char *path, const char *name, const void *value, size_t size, int flags);
/** A directory's read ACL, NUL-terminated: "private", "my_algos" or "public". */
int door_get_acl(const char *path, char *out, size_t size);
int door_set_acl(const char *path, const char *acl);

#endif
