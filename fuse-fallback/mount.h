/* SPDX-License-Identifier: MIT */
/*
 * algofs-mount: the FUSE door. A passthrough over the cache tree, on libfuse3's low-level API.
 *
 * The kernel's inodes are nodes (node.h), keyed by what the tree's inode is; open files are handles
 * (handle.h), which hold the tree's real file. An operation on a node goes by its path and makes sure that the
 * path still leads to that very inode: if not, the answer is ESTALE, and the kernel looks the path up anew. So
 * names that it remembers a little too long cost a retry and no wrong answer.
 *
 * Attributes are asked each time (timeout 0) unless `-o attr_timeout` says otherwise: another door changes a
 * file by native writes, of which nobody hears. Names of what exists are remembered as long as the lease on
 * their directory holds; notify.h takes them back when the tree changes.
 *
 * Threads: every operation may run in any of libfuse's threads. Nobody calls fuse_lowlevel_notify_* but the
 * threads of notify.h, and those hold no lock meanwhile.
 */
#ifndef ALGOFS_FUSE_MOUNT_H
#define ALGOFS_FUSE_MOUNT_H

#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MOUNT_TRANSFER_MAX = 1 << 20, /* bytes of one read or write request */
    MOUNT_THREADS_MAX = 128,      /* requests at a time; each may wait for the network */
    MOUNT_THREADS_IDLE = 8,
    MOUNT_BACKGROUND_MAX = 64,    /* the kernel's own read-aheads and the like at a time */
};

/* Set before the loop starts and immutable afterwards, except for what is atomic. */
struct mount {
    struct fuse_session *session;
    char point[PATH_MAX];
    bool foreground;
    bool readonly;
    bool allow_other;
    double attr_timeout;      /* seconds at most; 0: attributes are never remembered */
    atomic_bool hears;        /* notify.h hears of changes: names may be remembered */
};
extern struct mount mount_state;

/** The table of operations. */
extern const struct fuse_lowlevel_ops mount_operations;

/* entry.c */
void entry_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void entry_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count);
void entry_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets);
void entry_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void entry_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set, struct fuse_file_info *fi);
void entry_readlink(fuse_req_t req, fuse_ino_t ino);
void entry_access(fuse_req_t req, fuse_ino_t ino, int mask);
void entry_statfs(fuse_req_t req, fuse_ino_t ino);

/* attribute.c: extended ones */
void attribute_get(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);
void attribute_set(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags);
void attribute_list(fuse_req_t req, fuse_ino_t ino, size_t size);
void attribute_remove(fuse_req_t req, fuse_ino_t ino, const char *name);

/* name.c: the name space */
void name_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void name_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device);
void name_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void name_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name);
void name_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
    const char *new_name, unsigned flags);
void name_symlink(fuse_req_t req, const char *text, fuse_ino_t parent, const char *name);
void name_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t new_parent, const char *new_name);

/* directory.c */
void directory_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void directory_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi);
void directory_read_plus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi);
void directory_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void directory_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);

/* open.c, file.c */
void file_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void file_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *fi);
void file_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi);
void file_write_buf(fuse_req_t req, fuse_ino_t ino, struct fuse_bufvec *in, off_t offset,
    struct fuse_file_info *fi);
void file_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void file_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void file_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);
void file_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
    struct fuse_file_info *fi);
void file_copy_range(fuse_req_t req, fuse_ino_t in_ino, off_t in_offset, struct fuse_file_info *in_fi,
    fuse_ino_t out_ino, off_t out_offset, struct fuse_file_info *out_fi, size_t count, int flags);
void file_lseek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence, struct fuse_file_info *fi);

#endif
