/* SPDX-License-Identifier: MIT */
/*
 * Open files: the tree's real file, opened natively or by the agent, and what must be asked before it is read.
 * fuse_file_info's `fh` is the handle's address. Directories have them too, with nothing but the descriptor.
 *
 * Threads: any; a handle's fields but the atomic ones do not change while it is attached to its node.
 */
#ifndef ALGOFS_FUSE_HANDLE_H
#define ALGOFS_FUSE_HANDLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/client/partial.h"

struct node;

struct handle {
    struct handle *next, *previous; /* node.c's */
    struct node *node;
    int fd;
    bool writer;         /* from OPEN_WRITE: what is written is committed when it is closed */
    bool incomplete;     /* opened before the data was here */
    atomic_bool stale;   /* node_become */
    atomic_uint refs;
    pthread_mutex_t offset_lock; /* held while the descriptor's offset is used: reading directories */
    struct partial partial; /* map NULL: all is here */
};

/** Takes `fd`. NULL: no memory, and it stays the caller's. One reference. */
struct handle *handle_new(struct node *node, int fd, bool writer);
void handle_put(struct handle *handle);
static inline struct handle *handle_of(uint64_t fh)
{
    return (struct handle *)(uintptr_t)fh;
}

/** Makes an incomplete file readable: fetched by now, or with a map. `path`: the node's. -ESTALE: open again. */
int handle_adopt(struct handle *handle, const char *path, int flags, uint64_t size);
/** Bytes [offset, offset+length) are here; UINT64_MAX: all. *ret_epoch: for handle_is_steady. */
int handle_need(struct handle *handle, uint64_t offset, uint64_t length, uint64_t *ret_epoch);
/** The same for a reader that cannot be asked to read again: what is here stays here. */
int handle_hold(struct handle *handle, uint64_t offset, uint64_t length);
bool handle_is_steady(const struct handle *handle, uint64_t epoch);
/** Whether reading needs no asking. */
bool handle_is_native(const struct handle *handle);

#endif
