/* SPDX-License-Identifier: MIT */
#include "core/remote/latency.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"

void latency_init(struct latency *latency)
{
    memset(latency, 0, sizeof(*latency));
    latency->limit_ms = LATENCY_MAX_MS;
    (void)pthread_mutex_init(&latency->lock, NULL); /* a default mutex: cannot fail on Linux */
}

void latency_deinit(struct latency *latency)
{
    (void)pthread_mutex_destroy(&latency->lock);
}

static int compare_ms(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Must be called with the lock held. */
static uint32_t limit_from_ring(const struct latency *latency)
{
    uint32_t sorted[LATENCY_RING];
    memcpy(sorted, latency->ring_ms, latency->used * sizeof(sorted[0]));
    qsort(sorted, latency->used, sizeof(sorted[0]), compare_ms);
    uint64_t limit = (uint64_t)sorted[latency->used * 99 / 100] * LATENCY_FACTOR;
    if (limit < LATENCY_MIN_MS)
        return LATENCY_MIN_MS;
    return limit > LATENCY_MAX_MS ? LATENCY_MAX_MS : (uint32_t)limit;
}

void latency_add(struct latency *latency, uint32_t first_byte_ms)
{
    LOCK_SCOPE(&latency->lock);
    latency->ring_ms[latency->next] = first_byte_ms;
    latency->next = (latency->next + 1) % LATENCY_RING;
    if (latency->used < LATENCY_RING)
        latency->used++;
    /* Sorting is for now and then; the limit need not follow every single time. */
    if (latency->used >= LATENCY_ENOUGH && latency->next % LATENCY_ENOUGH == 0)
        latency->limit_ms = limit_from_ring(latency);
}

uint32_t latency_stall_ms(struct latency *latency)
{
    LOCK_SCOPE(&latency->lock);
    return latency->limit_ms;
}
