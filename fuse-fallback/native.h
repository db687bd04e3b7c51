/* SPDX-License-Identifier: MIT */
/*
 * The tree's entries, natively: what the doors' rule calls acting. Paths are relative to the tree's root, as
 * in core/client/door.h. All return 0 or more, or -errno; any thread.
 */
#ifndef ALGOFS_FUSE_NATIVE_H
#define ALGOFS_FUSE_NATIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* What an inode of the tree is, for ever: numbers are used again, the moment of birth tells them apart. */
struct native_key {
    uint64_t device;
    uint64_t inode;
    int64_t birth_sec; /* 0 where the file system has none */
    uint64_t birth_nsec;
};

/** Opens an existing entry below the root of this session's tree; follows no link. Close-on-exec. */
int native_open(const char *path, int flags);
/** The root's own descriptor, for ever; -errno if there is no session to be had. */
int native_root(void);
/** Key and raw attributes of a descriptor. */
int native_stat(int fd, struct native_key *ret_key, struct stat *ret_st);
bool native_same(const struct native_key *a, const struct native_key *b);

#endif
