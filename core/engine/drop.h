/* SPDX-License-Identifier: MIT */
/*
 * Taking chunks of a partial file away again, so that a file larger than the disk can be read.
 *
 * Only where every reader can notice: a door that reads without looking at the map's epoch (a mapping, a
 * pipe, a copy in the kernel) has the file held first (core/wire/presence.h), and a held file keeps its
 * chunks. So does one of a store that cannot send ranges. What is on its way, what somebody waits for, and
 * what lies around the place where the file is being read in sequence stays.
 *
 * Threads: any.
 */
#ifndef ALGOFS_ENGINE_DROP_H
#define ALGOFS_ENGINE_DROP_H

#include <stdint.h>

struct hydration;

/** Drops what may go; the bytes that this freed, 0 if nothing could. No lock held. */
uint64_t drop_chunks(struct hydration *hydration);
/** The disk is full: the same, if need be of all but what somebody waits for; and little is read ahead from now on. */
uint64_t drop_for_room(struct hydration *hydration);
/** From now on nothing of the file is dropped, by later agents neither. 0, or why it cannot be promised. */
int drop_never(struct hydration *hydration);
/** Takes that back if nobody has the file open or mapped any more. The caller is the hydration's only user, and has
 * no descriptor of the file. No lock held. */
void drop_release(struct hydration *hydration);

#endif
