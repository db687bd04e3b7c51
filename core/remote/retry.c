/* SPDX-License-Identifier: MIT */
#include "core/remote/retry.h"

#include <errno.h>
#include <stdlib.h>

#include "core/remote/call.h"
#include "core/remote/retry-internal.h"

int retry_layer_run(struct retry *retry, struct remote_call *call, uint64_t deadline_ms,
    retry_attempt_fn *attempt, void *context)
{
    struct retry_run run = { .policy = &retry->policy,
        .deadline_ms = deadline_ms,
        .reached = &retry->reached,
        .attempt = attempt,
        .context = context };
    return retry_run(&run, call);
}

/* --- list --- */

struct list_context {
    struct remote *inner;
    const char *path;
    remote_entry_fn *entry;
    void *context;
    bool delivered;
    bool transient; /* of the last failure */
};

static int list_entry(
    void *context, const char *name, size_t name_len, const struct remote_entry *entry)
{
    struct list_context *list = context;
    list->delivered = true;
    return list->entry(list->context, name, name_len, entry);
}

static int list_attempt(void *context, struct remote_call *call, bool *progressed)
{
    struct list_context *list = context;
    (void)progressed;
    int rc = remote_list(list->inner, call, list->path, list_entry, list);
    list->transient = call->transient;
    if (list->delivered)
        call->transient = false; /* for the loop: a repetition would deliver them again */
    return rc;
}

static int retry_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context)
{
    struct retry *retry = (struct retry *)remote;
    struct list_context list = {
        .inner = retry->layer.inner, .path = path, .entry = entry, .context = context
    };
    int rc = retry_layer_run(retry, call, 0, list_attempt, &list);
    if (rc < 0 && rc != -ECANCELED)
        call->transient = list.transient; /* the caller may start over */
    return rc;
}

/* --- probe: repeated as it is --- */

struct probe_context {
    struct remote *inner;
    const char *path;
    struct remote_entry *ret_entry;
};

static int probe_attempt(void *context, struct remote_call *call, bool *progressed)
{
    struct probe_context *probe = context;
    (void)progressed;
    return remote_probe(probe->inner, call, probe->path, probe->ret_entry);
}

static int retry_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry)
{
    struct retry *retry = (struct retry *)remote;
    struct probe_context probe = { retry->layer.inner, path, ret_entry };
    return retry_layer_run(retry, call, retry->policy.deadline_ms, probe_attempt, &probe);
}

/* --- write: repeated; a condition may have been met by our own earlier try --- */

struct write_context {
    struct remote *inner;
    const char *path;
    const struct remote_write_source *source;
    struct remote_entry *ret_entry;
    bool maybe_done;
};

/* Whether what is there is what we wrote: nobody else's has this size and, to the nanosecond, this
 * time. Where the store keeps no times the condition's word stands. */
static bool write_is_ours(const struct write_context *write_to, const struct remote_entry *entry)
{
    const struct remote_attributes *given = &write_to->source->attributes;
    return (given->valid & REMOTE_SET_MTIME) != 0 && entry->has_mtime && !entry->is_dir &&
           entry->size == write_to->source->size && entry->mtime.tv_sec == given->mtime.tv_sec &&
           entry->mtime.tv_nsec == given->mtime.tv_nsec;
}

static int write_attempt(void *context, struct remote_call *call, bool *progressed)
{
    struct write_context *write_to = context;
    (void)progressed;
    int rc = remote_write(
        write_to->inner, call, write_to->path, write_to->source, write_to->ret_entry);
    if (write_to->source->expected != NULL && write_to->maybe_done &&
        (rc == -EEXIST || rc == -ESTALE)) {
        struct remote_entry entry = { 0 };
        struct remote_call look = retry_look(call);
        int looked = remote_probe(write_to->inner, &look, write_to->path, &entry);
        if (looked == 0 && write_is_ours(write_to, &entry)) {
            if (write_to->ret_entry != NULL)
                *write_to->ret_entry = entry;
            return 0;
        }
        if (looked < 0 && look.transient) { /* all again, until that is known */
            *call = look;
            return looked;
        }
    }
    write_to->maybe_done = write_to->maybe_done || retry_may_have_happened(call, rc);
    return rc;
}

static int retry_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    struct retry *retry = (struct retry *)remote;
    struct write_context write_to = {
        .inner = retry->layer.inner, .path = path, .source = source, .ret_entry = ret_entry
    };
    return retry_layer_run(retry, call, 0, write_attempt, &write_to);
}

static const struct remote_ops retry_ops = {
    .type = "retry",
    .capabilities = layer_capabilities,
    .list = retry_list,
    .probe = retry_probe,
    .read = retry_read,
    .write = retry_write,
    LAYER_OPS,
    .free = layer_free,
};

struct remote *remote_retry_new(struct remote *inner, const struct retry_policy *policy)
{
    if (inner == NULL)
        return NULL;
    struct retry *retry = calloc(1, sizeof(*retry));
    if (retry == NULL) {
        remote_free(inner);
        errno = ENOMEM;
        return NULL;
    }
    retry->layer = (struct layer){ { &retry_ops }, inner, retry_request };
    retry->policy = policy == NULL ? retry_policy_default : *policy;
    return &retry->layer.remote;
}
