/* SPDX-License-Identifier: MIT */
/*
 * How long to wait for a silent server, learnt from how long it was silent before.
 *
 * Keeps the latest times to first byte of one server. The stall limit is a multiple of their 99th
 * percentile, within bounds: a fast server's hung connection is given up soon, a slow server is not
 * mistaken for a dead one. While few times are known the limit is the upper bound. A stall counts
 * as a time too, so that a limit that has become too short grows again.
 *
 * Threads: any; one small lock, never held over anything slow.
 */
#ifndef ALGOFS_REMOTE_LATENCY_H
#define ALGOFS_REMOTE_LATENCY_H

#include <pthread.h>
#include <stdint.h>

enum {
    LATENCY_RING = 128,  /* times remembered */
    LATENCY_ENOUGH = 16, /* fewer say nothing */
    LATENCY_FACTOR = 8,
    LATENCY_MIN_MS = 5000, /* bounds of the limit */
    LATENCY_MAX_MS = 60000,
};

struct latency {
    pthread_mutex_t lock;
    uint32_t ring_ms[LATENCY_RING]; /* guarded by lock, as all below */
    unsigned used, next;
    uint32_t limit_ms;
};

void latency_init(struct latency *latency);
void latency_deinit(struct latency *latency);
/** One more time to first byte. */
void latency_add(struct latency *latency, uint32_t first_byte_ms);
/** The stall limit now, LATENCY_MIN_MS to LATENCY_MAX_MS. */
uint32_t latency_stall_ms(struct latency *latency);

#endif
