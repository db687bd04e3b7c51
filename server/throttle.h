/* SPDX-License-Identifier: MIT */
/*
 * Slowness on purpose: waiting that the end of the server cuts short, and a limit on the bytes of a
 * connection.
 *
 * Each connection has a thread of its own, so waiting here holds up nobody else.
 */
#ifndef ALGOFS_SERVER_THROTTLE_H
#define ALGOFS_SERVER_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The state of one connection; used by its thread only. Zero-initialise. */
struct throttle {
    uint64_t free_at_ns; /* monotonic clock: when the bytes so far are through */
};

enum { THROTTLE_PIECE_MAX = 64 * 1024 };

/** Nanoseconds of the monotonic clock. */
uint64_t throttle_now_ns(void);
/** Waits `ns`, or until `stop_fd` becomes readable: then false at once. */
bool throttle_sleep(int stop_fd, uint64_t ns);
/** Waits until `bytes` more have got through at `rate` bytes/s (0: no limit). False as above. */
bool throttle_pass(struct throttle *throttle, int stop_fd, uint64_t rate, size_t bytes);
/** How many of `bytes` to send at a time so that the stream is smooth at `rate`. */
size_t throttle_piece(uint64_t rate, size_t bytes);

#endif
