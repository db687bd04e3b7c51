/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/remote/call.h"
#include "core/remote/retry.h"

enum { CANCEL_LOOK_MS = 20 }; /* a pause looks at the cancel flag this often */

const struct retry_policy retry_policy_default = {
    .attempts = 5,
    .unreachable_attempts = 2,
    .base_ms = 100,
    .cap_ms = 5000,
    .asked_max_ms = 30000,
    .deadline_ms = 60000,
};

/* Full jitter: anything from nothing to the whole, so that clients that failed together part. */
static uint32_t backoff_ms(const struct retry_policy *policy, unsigned failures)
{
    uint64_t limit = policy->base_ms;
    for (unsigned i = 1; i < failures && limit < policy->cap_ms; i++)
        limit *= 2;
    if (limit > policy->cap_ms)
        limit = policy->cap_ms;
    return arc4random_uniform((uint32_t)limit + 1);
}

/* Sleeps, a slice at a time. Returns false when cancelled. */
static bool pause_until(const struct remote_call *call, uint64_t until_ms)
{
    uint64_t now_ms;
    while (!remote_call_cancelled(call) && (now_ms = clock_ms()) < until_ms) {
        uint64_t slice = now_ms + CANCEL_LOOK_MS;
        struct timespec wake = clock_timespec(slice < until_ms ? slice : until_ms);
        (void)clock_nanosleep(
            CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL); /* EINTR: looked at again */
    }
    return !remote_call_cancelled(call);
}

static unsigned attempts_allowed(const struct retry_run *run, int error)
{
    bool doubtful = error == -EHOSTUNREACH && run->reached != NULL && !atomic_load(run->reached);
    return doubtful ? run->policy->unreachable_attempts : run->policy->attempts;
}

/* One try with a call of its own, whose outcome then becomes that of `call`. */
static int attempt_once(
    const struct retry_run *run, struct remote_call *call, uint64_t until_ms, bool *ret_progressed)
{
    uint64_t deadline_ms = call->deadline_ms;
    uint64_t now_ms = clock_ms();
    struct remote_call attempt = {
        .priority = call->priority, .cancel = call->cancel, .attempts = call->attempts
    };
    if (until_ms != UINT64_MAX)
        attempt.deadline_ms = until_ms > now_ms ? until_ms - now_ms : 1; /* 0 would mean: none */
    int rc = run->attempt(run->context, &attempt, ret_progressed);
    *call = attempt;
    call->deadline_ms = deadline_ms;
    if (run->reached != NULL && (rc == 0 || attempt.status != 0))
        atomic_store(run->reached, true);
    return rc;
}

/* When to try again; 0: not at all. */
static uint64_t next_try_ms(const struct retry_run *run, const struct remote_call *call, int error,
    unsigned failures, uint64_t until_ms)
{
    if (!call->transient || error == -ECANCELED || failures >= attempts_allowed(run, error) ||
        call->retry_after_ms > run->policy->asked_max_ms)
        return 0;
    uint32_t pause_ms = backoff_ms(run->policy, failures);
    if (pause_ms < call->retry_after_ms)
        pause_ms = call->retry_after_ms;
    uint64_t next_ms = clock_ms() + pause_ms;
    return next_ms < until_ms ? next_ms : 0; /* what cannot end in time need not be waited for */
}

static void add_count(struct remote_call *call, unsigned tries)
{
    size_t len = strlen(call->why);
    if (tries > 1)
        (void)snprintf(call->why + len, sizeof(call->why) - len, " (after %u tries)", tries);
}

int retry_run(const struct retry_run *run, struct remote_call *call)
{
    uint64_t limit_ms = call->deadline_ms != 0 ? call->deadline_ms : run->deadline_ms;
    uint64_t until_ms = limit_ms == 0 ? UINT64_MAX : clock_add(clock_ms(), limit_ms);
    unsigned failures = 0, tries = 0;
    for (;;) {
        bool progressed = false;
        int rc = attempt_once(run, call, until_ms, &progressed);
        if (rc == 0)
            return 0;
        tries++;
        failures = progressed ? 1 : failures + 1;
        uint64_t next_ms = next_try_ms(run, call, rc, failures, until_ms);
        if (next_ms == 0) {
            add_count(call, tries);
            return rc;
        }
        log_debug("retry", "%s; trying again", call->why);
        if (!pause_until(call, next_ms))
            return remote_call_fail(call, -ECANCELED, "cancelled");
    }
}
