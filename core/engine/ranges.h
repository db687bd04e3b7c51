/* SPDX-License-Identifier: MIT */
/*
 * Filling a large file by ranges, as its readers need them.
 *
 * The unit is the presence map's chunk. A *span* is a run of absent chunks that one GET fetches; a
 * chunk's bit is set as soon as its last byte is in the file, and who waits for it goes on,
 * wherever the rest of the span is. Spans of one file do not overlap: two needs of a chunk are one
 * transfer.
 *
 * How much is fetched beyond a need grows while the file is read in sequence (RANGES_WINDOW_MIN to
 * _MAX chunks) and is nothing when it is read here and there. A mark in the middle of what was read
 * ahead has the reader send a hint when it gets there, and the next window follows.
 *
 * A server that answers 200 to a range sends the body from its start: the span then becomes the
 * file's *stream*, it covers all chunks, the other spans give up, and needs wait until it passes
 * them. A stream has seen every byte in order: if the ETag looks like an MD5 it must be theirs,
 * else what was filled is dropped again.
 *
 * Threads: any; state is in the hydration's `synced`.
 */
#ifndef ALGOFS_ENGINE_RANGES_H
#define ALGOFS_ENGINE_RANGES_H

#include "core/engine/hydration.h"

enum {
    RANGES_WINDOW_MIN = 1,  /* chunks: 128 KiB */
    RANGES_WINDOW_MAX = 64, /* 8 MiB */
    RANGES_WINDOW_TIGHT = 4, /* instead of _MAX, where the disk has been full */
    RANGES_SPAN_MAX = 32,   /* 4 MiB: what one GET asks for */
    RANGES_SPANS_MAX = 8,   /* in flight for one file; twice that where somebody waits */
};

/** Opens the map, starts to fetch at 0. *ret_map: the map for a door, the caller's to close; -1 if
 * *ret_complete. */
int ranges_open(struct hydration *hydration, uint64_t *ret_complete, int *ret_map);

/** Opens the map unless it is open, or the file complete. -ESTALE: the object has changed. */
int ranges_prepare(struct hydration *hydration);

/** Waits until [offset, offset+length) is there; length UINT64_MAX: until the file is complete. */
int ranges_need(
    struct hydration *hydration, uint64_t offset, uint64_t length, uint64_t *ret_complete);

/** A reader has crossed the mark at `offset`: reads ahead. */
void ranges_hint(struct hydration *hydration, uint64_t offset);

/** Completes the file if every chunk is here and no span runs. No lock held. */
int ranges_try_complete(struct hydration *hydration);

#endif
