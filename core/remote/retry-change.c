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

/* The looks below answer 1 or 0, or -errno when that could not be found out; if that may pass, `call`
 * says so, and all is tried again. */

static int looked(struct remote_call *call, const struct remote_call *look, int rc)
{
    if (rc < 0 && look->transient)
        *call = *look;
    return rc;
}

static int there(
    const struct change *change, struct remote_call *call, const char *path, struct remote_entry *e)
{
    struct remote_call look = retry_look(call);
    *e = (struct remote_entry){ .version = "" };
    int rc = remote_probe(change->layer->inner, &look, path, e);
    return rc == 0 ? 1 : rc == -ENOENT ? 0 : looked(call, &look, rc);
}

static int is_that_symlink(const struct change *change, struct remote_call *call)
{
    const struct remote_request *request = change->request;
    struct remote_call look = retry_look(call);
    struct remote_entry entry;
    char target[LINK_TARGET_MAX];
    int rc = there(change, call, request->path, &entry);
    if (rc <= 0 || !entry.is_symlink)
        return rc < 0 ? rc : 0;
    rc = remote_read_link(change->layer->inner, &look, request->path, target, sizeof(target));
    if (rc < 0)
        return looked(call, &look, rc);
    if (strcmp(target, request->other) != 0)
        return 0;
    if (request->ret_entry != NULL)
        *request->ret_entry = entry;
    return 1;
}

/* Two names of one file have one version; a store that tells none cannot be asked. */
static int is_that_file(const struct change *change, struct remote_call *call)
{
    struct remote_entry from, to;
    int rc = there(change, call, change->request->path, &from);
    if (rc == 1)
        rc = there(change, call, change->request->other, &to);
    return rc != 1 ? rc : from.version[0] != '\0' && strcmp(from.version, to.version) == 0;
}

static int is_renamed(const struct change *change, struct remote_call *call)
{
    struct remote_entry entry;
    int rc = there(change, call, change->request->path, &entry);
    return rc != 0 ? (rc < 0 ? rc : 0) : there(change, call, change->request->other, &entry);
}

/* Whether `error`, that a later try met, is the trace of an earlier one. */
static int is_own_trace(const struct change *change, struct remote_call *call, int error)
{
    switch (change->request->operation) {
    case REMOTE_OP_MAKE_DIR:
        return error == -EEXIST;
    case REMOTE_OP_REMOVE:
        return error == -ENOENT;
    case REMOTE_OP_RENAME:
        return error == -ENOENT ? is_renamed(change, call) : 0;
    case REMOTE_OP_MAKE_SYMLINK:
        return error == -EEXIST ? is_that_symlink(change, call) : 0;
    case REMOTE_OP_LINK:
        return error == -EEXIST ? is_that_file(change, call) : 0;
    case REMOTE_OP_XATTR_SET:
        return (error == -EEXIST && (change->request->flags & XATTR_CREATE) != 0) ||
               (error == -ENODATA && change->request->value == NULL);
    default:
        return 0;
    }
}

static int change_attempt(void *context, struct remote_call *call, bool *progressed)
{
    struct change *change = context;
    (void)progressed;
    change->result = layer_forward(change->layer, call, change->request);
    int error = change->result < 0 ? (int)change->result : 0;
    if (error < 0 && change->maybe_done) {
        int trace = is_own_trace(change, call, error);
        if (trace == 1)
            change->result = 0;
        if (trace == 1 || (trace < 0 && call->transient))
            return trace == 1 ? 0 : trace;
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
