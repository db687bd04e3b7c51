/* SPDX-License-Identifier: MIT */
/*
 * Locks, taken on the tree's real file, so that they exclude those of programs that use the shim.
 *
 * flock is the handle's descriptor's own: one open file here is one open file there. A POSIX lock belongs to a
 * process, and we are one process for all of them: each owner gets an open file of its own and its locks are
 * open file description locks of that, which conflict with the POSIX locks of others.
 *
 * Whoever has to wait stands in a list that one thread tries again and again: a blocked lock holds up no request.
 */
#ifndef ALGOFS_FUSE_LOCK_H
#define ALGOFS_FUSE_LOCK_H

#include "fuse-fallback/mount.h"

struct handle;

/** Starts the thread. Once, after the process has become what it stays. 0 or -errno. */
int lock_init(void);
/** Ends the thread; who still waits gets EINTR. Before the session is destroyed. */
void lock_end(void);

void lock_get(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *lock);
void lock_set(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *lock, int sleep);
void lock_flock(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, int operation);

/** close(2): every POSIX lock of `owner` on the file goes. */
void lock_closed(struct handle *handle, uint64_t owner);
/** The handle goes, and with it what was locked through it. */
void lock_released(struct handle *handle);

#endif
