/* SPDX-License-Identifier: MIT */
#include "core/client/lease.h"

#include <stdatomic.h>

#include "core/base/hash.h"
#include "core/base/sys.h"

enum {
    SLOTS = 8192, /* power of two; 64 KiB of zero pages until used */
    TIME_BITS = 28,
    TICKS_PER_SECOND = 16,
};
#define TIME_MASK (((uint64_t)1 << TIME_BITS) - 1)
#define TIME_FOREVER TIME_MASK /* the last tick of the circle stands for "for ever" */

static _Atomic uint64_t slots[SLOTS];
static int (*clock_in_use)(clockid_t, struct timespec *) = sys_clock_gettime;

void lease_use_clock(int (*clock)(clockid_t, struct timespec *))
{
    clock_in_use = clock;
}

static uint64_t now_ticks(void)
{
    struct timespec now = { 0 };
    (void)clock_in_use(CLOCK_MONOTONIC_COARSE, &now); /* cannot fail for a known clock */
    return (uint64_t)now.tv_sec * TICKS_PER_SECOND +
        (uint64_t)now.tv_nsec / (1000000000u / TICKS_PER_SECOND);
}

lease_time lease_time_from_ms(uint64_t until_ms)
{
    if (until_ms == UINT64_MAX)
        return LEASE_FOREVER;
    uint64_t ticks = until_ms * TICKS_PER_SECOND / 1000; /* rounds towards too early */
    if (ticks <= now_ticks())
        return 0;
    uint64_t reduced = ticks & TIME_MASK;
    if (reduced == 0 || reduced == TIME_FOREVER)
        reduced = reduced == 0 ? TIME_FOREVER - 1 : reduced - 1;
    return (lease_time)reduced;
}

bool lease_valid(lease_time until)
{
    if (until == 0)
        return false;
    if (until == LEASE_FOREVER)
        return true;
    uint64_t left = (until - now_ticks()) & TIME_MASK;
    return left != 0 && left < TIME_MASK / 2; /* the far half of the circle is the past */
}

uint64_t lease_left_ms(lease_time until)
{
    if (until == LEASE_FOREVER)
        return UINT64_MAX;
    if (!lease_valid(until))
        return 0;
    return ((until - now_ticks()) & TIME_MASK) * 1000 / TICKS_PER_SECOND;
}

static uint64_t key_of(unsigned kind, const char *path, size_t len)
{
    return hash_bytes(path, len) ^ ((uint64_t)kind * 0xd6e8feb86659fd93u);
}

lease_time lease_find(unsigned kind, const char *path, size_t len)
{
    uint64_t key = key_of(kind, path, len);
    uint64_t word = atomic_load_explicit(&slots[key % SLOTS], memory_order_acquire);
    if ((word ^ key) >> TIME_BITS != 0)
        return 0;
    uint64_t until = word & TIME_MASK;
    return until == TIME_FOREVER ? LEASE_FOREVER : (lease_time)until;
}

void lease_remember(unsigned kind, const char *path, size_t len, lease_time until)
{
    uint64_t key = key_of(kind, path, len);
    uint64_t ticks = until == LEASE_FOREVER ? TIME_FOREVER : until;
    atomic_store_explicit(&slots[key % SLOTS], (key & ~TIME_MASK) | ticks, memory_order_release);
}
