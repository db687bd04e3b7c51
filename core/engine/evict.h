/* SPDX-License-Identifier: MIT */
/*
 * Keeping the cache within its budget and the disk from filling up.
 *
 * The budget is options.cache_size bytes of fetched content over all instances, 0: none. Whatever it
 * is, EVICT_RESERVE of the disk (or 5 % of it, if that is less) stays free. When either is
 * overstepped the complete files that were used longest ago become placeholders, and partial ones lose
 * chunks where they may (drop.h), until there is a tenth to spare.
 *
 * When a file was used is asked from the file: the later of its atime (warm opens never reach the
 * agent, but the kernel notes them) and its ctime (its completion; what counts on a noatime mount).
 * Of a partial file it is its ctime, its last chunk's coming. Who has an evicted file open keeps its bytes.
 *
 * Threads: evict_run from one (engine_tick's).
 */
#ifndef ALGOFS_ENGINE_EVICT_H
#define ALGOFS_ENGINE_EVICT_H

#include <stdbool.h>
#include <stdint.h>

struct engine;

#define EVICT_RESERVE ((uint64_t)1 << 30) /* bytes */

/* What is known between two runs. */
struct evict {
    bool counted;
    uint64_t present; /* bytes of fetched content when it was counted … */
    uint64_t arrived; /* … and all that had come until then */
};

/** Looks whether there is too much, and if so evicts. */
void evict_run(struct engine *engine);

#endif
