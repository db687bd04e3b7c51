/* SPDX-License-Identifier: MIT */
/*
 * Leases: until when this process may trust the tree for a path without asking the agent.
 *
 * A fixed, lock-free table of 64-bit words: 36 bits of the path's hash and 28 bits of expiry in
 * sixteenths of a second. A lost or overwritten lease costs one message; two paths that agree in all
 * tag bits and slot (about 1 in 2^36 look-ups of unequal paths) would share one. Safe from any thread
 * and signal handler; a forked child inherits its copy.
 */
#ifndef ALGOFS_CLIENT_LEASE_H
#define ALGOFS_CLIENT_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* What a lease speaks of; part of the key. LEASE_RELATIVE and all numbers above it are for directories by
 * their paths from somewhere else than the prefix, each number for another place; LEASE_NATIVE and above
 * are for directories outside the prefix that the kernel knows (preload/follow.c). */
enum lease_kind {
    LEASE_DIRECTORY = 0,
    LEASE_ENTRY = 1,
    LEASE_RELATIVE = 2,
    LEASE_NATIVE = 1 << 30,
};

/* A moment on the lease clock: sixteenths of a second, modulo 2^28 (194 days). 0 is no lease,
 * LEASE_FOREVER one without end. */
typedef uint32_t lease_time;
#define LEASE_FOREVER ((lease_time)0xffffffffu)

/** The clock to read, instead of a system call; e.g. libc's own. Set once, before threads. */
void lease_use_clock(int (*clock)(clockid_t, struct timespec *));
/** Milliseconds on CLOCK_MONOTONIC (UINT64_MAX: for ever) as a lease time; what has passed gives 0. */
lease_time lease_time_from_ms(uint64_t until_ms);
/** Whether a moment is still to come. */
bool lease_valid(lease_time until);
/** Milliseconds until then, rounded down; 0: it has passed; UINT64_MAX: for ever. */
uint64_t lease_left_ms(lease_time until);

/** Until when `path` is leased; 0 if it is not. */
lease_time lease_find(unsigned kind, const char *path, size_t len);
void lease_remember(unsigned kind, const char *path, size_t len, lease_time until);

#endif
