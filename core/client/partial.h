/* SPDX-License-Identifier: MIT */
/*
 * Reading a file whose data is not all here: its presence map, and waiting for what it lacks.
 *
 * Whoever holds one asks partial_wait before each read, reads, and asks partial_is_steady afterwards: if that
 * says no, chunks were dropped meanwhile and what was read is not to be believed (core/wire/presence.h).
 *
 *     uint64_t epoch;
 *     do
 *         rc = partial_wait(&partial, fd, offset, length, &epoch);
 *     while (rc == 0 && (got = read…, !partial_is_steady(&partial, epoch)));
 *
 * No allocation and no lock; safe from any thread, in signal handlers and between vfork and exec.
 */
#ifndef ALGOFS_CLIENT_PARTIAL_H
#define ALGOFS_CLIENT_PARTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/wire/presence.h"

enum { PARTIAL_TRIES = 64 }; /* how often a range may be taken from under a reader before it is an error */

struct partial {
    const struct presence_map *map; /* NULL: none */
    size_t map_size;
};

/** Maps the map `map_fd` (the caller's) of an object of `size` bytes. 0, -ENOMEM, -EPROTO, … */
int partial_open(int map_fd, uint64_t size, struct partial *ret_partial);
void partial_close(struct partial *partial);

/**
 * Returns when bytes [offset, offset+length) of `fd` are here; UINT64_MAX: all, and complete. Sends the hint
 * that keeps read-ahead ahead. *ret_epoch: for partial_is_steady. 0 or -errno.
 */
int partial_wait(const struct partial *partial, int fd, uint64_t offset, uint64_t length,
    uint64_t *ret_epoch);
/** The same for who reads without partial_is_steady: from now on what is here stays here. */
int partial_hold(const struct partial *partial, int fd, uint64_t offset, uint64_t length);
/** Whether the range is here now; asks nobody. */
bool partial_has(const struct partial *partial, uint64_t offset, uint64_t length);
/** Whether what was read since partial_wait gave `epoch` are the object's bytes. */
bool partial_is_steady(const struct partial *partial, uint64_t epoch);
/** Whether all is here, for good. */
bool partial_is_complete(const struct partial *partial);

#endif
