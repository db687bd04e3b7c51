/* SPDX-License-Identifier: MIT */
/*
 * What every remote needs to answer a call: the words for a failure, and a fine clock.
 *
 *     if (status == 404)
 *         return remote_call_fail(call, -ENOENT, "'%s': no such object", path);
 *
 * No state of its own; a call belongs to one thread at a time.
 */
#ifndef ALGOFS_REMOTE_CALL_H
#define ALGOFS_REMOTE_CALL_H

#include "core/remote/remote.h"

/** Microseconds of CLOCK_MONOTONIC: for measuring; deadlines use clock_ms of core/base/clock.h. */
uint64_t remote_clock_us(void);

/** Whether the caller has asked for the end of this call. */
bool remote_call_cancelled(const struct remote_call *call);

/**
 * Leaves the reason in call->why, the failure being one that lasts, and returns `error` (-errno).
 * Bytes that could forge a log line are replaced. Never pass a key.
 */
int remote_call_fail(struct remote_call *call, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The same for a failure that may pass: sets call->transient. */
int remote_call_fail_transient(struct remote_call *call, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
