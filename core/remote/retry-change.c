/* SPDX-License-Identifier: MIT */
/*
 * Repeating a change: a later try may find the work done by an earlier one.
 */
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "core/remote/call.h"
#include "core/remote/retry-internal.h"

enum { LINK_TARGET_MAX = 4096 }; /* PATH_MAX: no longer one can be made */

bool retry_may_have_happened(const struct remote_call *call, int error)
{
    if (error == 0 || error == -EHOSTUNREACH)
        return false;
    return call->transient &&
           (call->status == 0 || call->status == 500 || call->status == 502 || call->status == 504);
}

struct remote_call retry_look(const struct remote_call *call)
{
    return (struct remote_call){
        .priority = call->priority, .deadline_ms = call->deadline_ms, .cancel = call->cancel
    };
}

struct change {
    struct layer *layer;
    const struct remote_request *request;
    bool maybe_done; /* by an earlier try */
    ssize_t result;
};

static bool there(
    const struct change *change, struct remote_call *call, const char *path, struct remote_entry *e)
{
    struct remote_call look = retry_look(call);
    *e = (struct remote_entry){ .version = "" };
    return remote_probe(change->layer->inner, &look, path, e) == 0;
}

static bool is_that_symlink(const struct change *change, struct remote_call *call)
{
    const struct remote_request *request = change->request;
    struct remote_call look = retry_look(call);
    struct remote_entry entry;
    char target[LINK_TARGET_MAX];
    if (!there(change, call, request->path, &entry) || !entry.is_symlink ||
        remote_read_link(change->layer->inner, &look, request->path, target, sizeof(target)) < 0 ||
        strcmp(target, request->other) != 0)
        return false;
    if (request->ret_entry != NULL)
        *request->ret_entry = entry;
    return true;
}

/* Two names of one file have one version; a store that tells none cannot be asked. */
static bool is_that_file(const struct change *change, struct remote_call *call)
{
    struct remote_entry from, to;
    return there(change, call, change->request->path, &from) &&
           there(change, call, change->request->other, &to) && from.version[0] != '\0' &&
           strcmp(from.version, to.version) == 0;
}

/* Whether `error`, that a later try met, is the trace of an earlier one. */
static bool is_own_trace(const struct change *change, struct remote_call *call, int error)
{
    struct remote_entry entry;
    switch (change->request->operation) {
    case REMOTE_OP_MAKE_DIR:
        return error == -EEXIST;
    case REMOTE_OP_REMOVE:
        return error == -ENOENT;
    case REMOTE_OP_RENAME:
        return error == -ENOENT && !there(change, call, change->request->path, &entry) &&
               there(change, call, change->request->other, &entry);
    case REMOTE_OP_MAKE_SYMLINK:
        return error == -EEXIST && is_that_symlink(change, call);
    case REMOTE_OP_LINK:
        return error == -EEXIST && is_that_file(change, call);
    case REMOTE_OP_XATTR_SET:
        return (error == -EEXIST && (change->request->flags & XATTR_CREATE) != 0) ||
               (error == -ENODATA && change->request->value == NULL);
    default:
        return false;
    }
}

static int change_attempt(void *context, struct remote_call *call, bool *progressed)
{
    struct change *change = context;
    (void)progressed;
    change->result = layer_forward(change->layer, call, change->request);
    int error = change->result < 0 ? (int)change->result : 0;
    if (error < 0 && change->maybe_done && is_own_trace(change, call, error)) {
        change->result = 0;
        return 0;
    }
    change->maybe_done = change->maybe_done || retry_may_have_happened(call, error);
    return error;
}

ssize_t retry_request(
    struct layer *layer, struct remote_call *call, const struct remote_request *request)
{
    struct retry *retry = (struct retry *)layer;
    struct change change = { .layer = layer, .request = request };
    /* A copy takes the store as long as the file is large. */
    uint64_t deadline_ms = request->operation == REMOTE_OP_COPY ? 0 : retry->policy.deadline_ms;
    int rc = retry_layer_run(retry, call, deadline_ms, change_attempt, &change);
    return rc < 0 ? rc : change.result;
}
