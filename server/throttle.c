/* SPDX-License-Identifier: MIT */
#include "server/throttle.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

static const uint64_t ns_per_second = UINT64_C(1000000000);

uint64_t throttle_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * ns_per_second + (uint64_t)now.tv_nsec;
}

bool throttle_sleep(int stop_fd, uint64_t ns)
{
    uint64_t end = throttle_now_ns() + ns;
    for (uint64_t now = throttle_now_ns(); now < end; now = throttle_now_ns()) {
        uint64_t left = end - now;
        struct timespec timeout = { .tv_sec = (time_t)(left / ns_per_second),
            .tv_nsec = (long)(left % ns_per_second) };
        struct pollfd stop = { .fd = stop_fd, .events = POLLIN };
        int rc = ppoll(&stop, 1, &timeout, NULL);
        if (rc > 0 || (rc < 0 && errno != EINTR))
            return false;
    }
    return true;
}

bool throttle_pass(struct throttle *throttle, int stop_fd, uint64_t rate, size_t bytes)
{
    if (rate == 0)
        return true;
    uint64_t now = throttle_now_ns();
    if (throttle->free_at_ns < now)
        throttle->free_at_ns = now; /* an idle line saves nothing up */
    throttle->free_at_ns += (uint64_t)((double)bytes * 1e9 / (double)rate);
    return throttle_sleep(stop_fd, throttle->free_at_ns - now);
}

size_t throttle_piece(uint64_t rate, size_t bytes)
{
    size_t piece = THROTTLE_PIECE_MAX;
    if (rate > 0 && rate / 50 < piece) /* fifty pieces a second */
        piece = rate / 50 + 1;
    return bytes < piece ? bytes : piece;
}
