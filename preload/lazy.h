/* SPDX-License-Identifier: MIT */
/*
 * Files whose data is not all here: what stands between a hole and a program.
 *
 * A descriptor that the open family finds incomplete is adopted: the agent fetches a small file whole at
 * once; for a large one this process maps its presence map and keeps a slot, named by the descriptor's
 * word (fdtable.h). Every call that would read the file asks lazy_range first, which returns when the
 * bytes are here. When the file is complete the word becomes FILLED and all is native.
 *
 * Invariant 1 of DESIGN stands or falls here: whoever cannot hold the range to its promise (no slot, no
 * memory, no map) fills the whole file instead, and whoever cannot do that fails the call.
 *
 * All functions are safe from any thread, signal handler and vfork child; 0 or -errno.
 */
#ifndef ALGOFS_PRELOAD_LAZY_H
#define ALGOFS_PRELOAD_LAZY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "preload/fdtable.h"

enum lazy_wish {
    LAZY_ON_DEMAND, /* ranges will be asked for as they are read */
    LAZY_WHOLE,     /* who reads it cannot ask: everything now */
};

/**
 * Takes on `fd`, just opened in the tree and found incomplete (`st` is its raw fstat).
 * -ESTALE: the name has a newer file now; close and open again. Other errors: the data cannot be had.
 */
int lazy_adopt(int fd, const struct stat *st, enum lazy_wish wish);

/** Makes bytes [offset, offset+length) of `fd` present, to stay so, if it is LAZY; UINT64_MAX: the whole file. */
int lazy_range(int fd, uint64_t offset, uint64_t length);
/** The same for the whole file; also for a descriptor that is not in the table but incomplete. */
int lazy_whole(int fd);
/** Fills every LAZY descriptor that survives exec. */
int lazy_before_exec(void);

/** preadv2 and readv on a LAZY descriptor: the real call, once the bytes are here. */
ssize_t lazy_preadv(int fd, const struct iovec *parts, int count, off_t offset, int flags);
ssize_t lazy_readv(int fd, const struct iovec *parts, int count);

/** Makes `fd` another descriptor of what `word` says (dup). */
void lazy_share(int fd, fd_word word);
/** Lets a slot's reference go. Only fdtable.c. */
void lazy_put(uint32_t slot);

#endif
