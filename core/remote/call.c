/* SPDX-License-Identifier: MIT */
#include "core/remote/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

uint64_t remote_clock_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with a clock that exists */
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool remote_call_cancelled(const struct remote_call *call)
{
    return call->cancel != NULL && atomic_load_explicit(call->cancel, memory_order_relaxed);
}

__attribute__((format(printf, 3, 0))) static int remote_call_vfail(
    struct remote_call *call, int error, const char *format, va_list ap)
{
    (void)vsnprintf(call->why, sizeof(call->why), format, ap); /* a long reason is cut */
    for (char *c = call->why; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    return error;
}

int remote_call_fail(struct remote_call *call, int error, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    call->transient = false;
    error = remote_call_vfail(call, error, format, ap);
    va_end(ap);
    return error;
}

int remote_call_fail_transient(struct remote_call *call, int error, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    call->transient = true;
    error = remote_call_vfail(call, error, format, ap);
    va_end(ap);
    return error;
}
