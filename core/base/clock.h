/* SPDX-License-Identifier: MIT */
/*
 * The clock of leases and deadlines: CLOCK_MONOTONIC, which every process of the machine shares and
 * nobody sets. Not for the shim (its own layer reads the clock without libc).
 */
#ifndef ALGOFS_BASE_CLOCK_H
#define ALGOFS_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/** Milliseconds of CLOCK_MONOTONIC. */
static inline uint64_t clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with a clock that exists */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/** a + b, UINT64_MAX ("for ever") where that overflows. */
static inline uint64_t clock_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/** The same instant as pthread_cond_clockwait and clock_nanosleep want it. */
static inline struct timespec clock_timespec(uint64_t ms)
{
    return (struct timespec){
        .tv_sec = (time_t)(ms / 1000),
        .tv_nsec = (long)(ms % 1000) * 1000000,
    };
}

#endif
