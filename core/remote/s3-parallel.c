/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/remote/call.h"
#include "core/remote/s3-internal.h"

/* Lives on the stack of s3_parallel, which waits until nobody looks at it any more. */
struct batch {
    const struct remote_call *outer;
    unsigned count;
    s3_work_fn *work;
    void *context;
    uint64_t started_ms;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct {
        unsigned next;    /* the item to be begun next */
        unsigned helpers; /* submitted, and not yet through */
        unsigned attempts;
        int error;
        struct remote_call failed; /* of the first error */
    } synced;                      /* guarded by lock */
};

/* Takes the next item. */
static bool batch_next(struct batch *batch, unsigned *ret_index)
{
    LOCK_SCOPE(&batch->lock);
    if (batch->synced.error != 0 || batch->synced.next == batch->count)
        return false;
    *ret_index = batch->synced.next++;
    return true;
}

static struct remote_call batch_call(const struct batch *batch)
{
    struct remote_call call = { .priority = batch->outer->priority,
        .deadline_ms = batch->outer->deadline_ms,
        .cancel = batch->outer->cancel };
    if (call.deadline_ms != 0) {
        uint64_t spent = clock_ms() - batch->started_ms;
        call.deadline_ms = spent < call.deadline_ms ? call.deadline_ms - spent : 1;
    }
    return call;
}

static void batch_work(struct batch *batch)
{
    unsigned index;
    while (batch_next(batch, &index)) {
        struct remote_call call = batch_call(batch);
        int rc = batch->work(batch->context, index, &call);
        LOCK_SCOPE(&batch->lock);
        batch->synced.attempts += call.attempts;
        if (rc < 0 && batch->synced.error == 0) {
            batch->synced.error = rc;
            batch->synced.failed = call;
        }
    }
}

static void batch_help(void *argument)
{
    struct batch *batch = argument;
    batch_work(batch);
    LOCK_SCOPE(&batch->lock);
    if (--batch->synced.helpers == 0)
        (void)pthread_cond_signal(&batch->changed); /* cannot fail */
}

int s3_parallel(struct s3 *store, struct remote_call *call, unsigned count, unsigned limit,
    s3_work_fn *work, void *context)
{
    struct batch batch = { .outer = call,
        .count = count,
        .work = work,
        .context = context,
        .started_ms = clock_ms(),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER };
    unsigned helpers = (count < limit ? count : limit);
    for (unsigned i = 1; i < helpers; i++) {
        {
            LOCK_SCOPE(&batch.lock);
            batch.synced.helpers++;
        }
        if (pool_submit(store->pool, batch_help, &batch) < 0) { /* those there are will do */
            LOCK_SCOPE(&batch.lock);
            batch.synced.helpers--;
            break;
        }
    }
    batch_work(&batch);
    {
        LOCK_SCOPE(&batch.lock);
        while (batch.synced.helpers > 0)
            (void)pthread_cond_wait(&batch.changed, &batch.lock); /* cannot fail */
    }
    int rc = batch.synced.error;
    call->attempts += batch.synced.attempts;
    if (rc < 0) {
        call->transient = batch.synced.failed.transient;
        call->retry_after_ms = batch.synced.failed.retry_after_ms;
        call->status = batch.synced.failed.status;
        memcpy(call->why, batch.synced.failed.why, sizeof(call->why));
    }
    (void)pthread_cond_destroy(&batch.changed);
    (void)pthread_mutex_destroy(&batch.lock);
    return rc;
}
