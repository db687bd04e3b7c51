/* SPDX-License-Identifier: MIT */
/*
 * One transfer of a run of chunks into a large file; what a span is stands in ranges.h.
 *
 * A span is made under the hydration's lock, runs on a thread of the demand or the read-ahead pool,
 * and removes itself. A failure goes to the waiters that its chunks concern.
 */
#ifndef ALGOFS_ENGINE_SPAN_H
#define ALGOFS_ENGINE_SPAN_H

#include <md5.h>

#include "core/engine/hydration.h"

struct span {
    struct span *next; /* in the hydration's `spans` */
    struct hydration *hydration;
    enum remote_priority priority;
    uint64_t first, end; /* chunks; changed under the lock when it becomes the stream */
    /* the transfer's own: */
    uint64_t position;   /* bytes up to here are in the file */
    bool superseded;     /* another span streams the whole body */
    bool from_start;     /* `md5` has seen all bytes from 0 to position */
    MD5_CTX md5;
};

/* Who waits for chunks [first, end). On its stack; linked into the hydration under the lock. */
struct waiter {
    struct waiter *next;
    uint64_t first, end;
    int error; /* set when a span of them failed */
};

/** Starts a transfer of chunks [first, end). The hydration's lock is held, and it has a user. */
int span_start(
    struct hydration *hydration, uint64_t first, uint64_t end, enum remote_priority priority);

#endif
