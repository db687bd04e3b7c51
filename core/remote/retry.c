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

static unsigned retry_capabilities(struct remote *remote)
{
    return remote_capabilities(((struct retry *)remote)->inner);
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
        .inner = retry->inner, .path = path, .entry = entry, .context = context
    };
    int rc = retry_layer_run(retry, call, 0, list_attempt, &list);
    if (rc < 0 && rc != -ECANCELED)
        call->transient = list.transient; /* the caller may start over */
    return rc;
}

/* --- probe, account, write, ACLs: repeated as they are --- */

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
    struct probe_context probe = { retry->inner, path, ret_entry };
    return retry_layer_run(retry, call, retry->policy.deadline_ms, probe_attempt, &probe);
}

struct account_context {
    struct remote *inner;
    char *name;
    size_t size;
};

static int account_attempt(void *context, struct remote_call *call, bool *progressed)
{
    struct account_context *account = context;
    (void)progressed;
    return remote_account(account->inner, call, account->name, account->size);
}

static int retry_account(struct remote *remote, struct remote_call *call, char *name, size_t size)
{
    struct retry *retry = (struct retry *)remote;
    struct account_context account = { retry->inner, name, size };
    return retry_layer_run(retry, call, retry->policy.deadline_ms, account_attempt, &account);
}

struct write_context {
    struct remote *inner;
    const char *path;
    const struct remote_write_source *source;
    struct remote_entry *ret_entry;
};

static int write_attempt(void *context, struct remote_call *call, bool *progressed)
{
    struct write_context *write_to = context;
    (void)progressed;
    return remote_write(
        write_to->inner, call, write_to->path, write_to->source, write_to->ret_entry);
}

static int retry_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    struct retry *retry = (struct retry *)remote;
    struct write_context write_to = { retry->inner, path, source, ret_entry };
    return retry_layer_run(retry, call, 0, write_attempt, &write_to);
}

struct acl_context {
    struct remote *inner;
    const char *path;
    char *acl;       /* got */
    const char *set; /* or NULL */
};

static int acl_attempt(void *context, struct remote_call *call, bool *progressed)
{
    struct acl_context *acl = context;
    (void)progressed;
    return acl->set == NULL ? remote_acl_get(acl->inner, call, acl->path, acl->acl)
                            : remote_acl_set(acl->inner, call, acl->path, acl->set);
}

static int retry_acl_get(
    struct remote *remote, struct remote_call *call, const char *path, char acl[REMOTE_ACL_MAX])
{
    struct retry *retry = (struct retry *)remote;
    struct acl_context context = { .inner = retry->inner, .path = path, .acl = acl };
    return retry_layer_run(retry, call, retry->policy.deadline_ms, acl_attempt, &context);
}

static int retry_acl_set(
    struct remote *remote, struct remote_call *call, const char *path, const char *acl)
{
    struct retry *retry = (struct retry *)remote;
    struct acl_context context = { .inner = retry->inner, .path = path, .set = acl };
    return retry_layer_run(retry, call, retry->policy.deadline_ms, acl_attempt, &context);
}

/* --- make_dir and remove: a later try may find the work done by an earlier one --- */

struct change_context {
    struct remote *inner;
    const char *path;
    enum remote_remove_kind kind;
    bool maybe_done;
};

/* Whether what failed may have been carried out all the same: the answer was lost on the way, or it
 * is one that a gateway gives for a server that is still at work. */
static bool may_have_happened(const struct remote_call *call, int error)
{
    if (error == 0 || error == -EHOSTUNREACH)
        return false;
    return call->transient &&
           (call->status == 0 || call->status == 500 || call->status == 502 || call->status == 504);
}

static int change_outcome(
    struct change_context *change, struct remote_call *call, int error, int error_if_done)
{
    if (error == error_if_done && change->maybe_done)
        return 0;
    change->maybe_done = change->maybe_done || may_have_happened(call, error);
    return error;
}

static int make_dir_attempt(void *context, struct remote_call *call, bool *progressed)
{
    struct change_context *change = context;
    (void)progressed;
    return change_outcome(
        change, call, remote_make_dir(change->inner, call, change->path), -EEXIST);
}

static int remove_attempt(void *context, struct remote_call *call, bool *progressed)
{
    struct change_context *change = context;
    (void)progressed;
    return change_outcome(
        change, call, remote_remove(change->inner, call, change->path, change->kind), -ENOENT);
}

static int retry_make_dir(struct remote *remote, struct remote_call *call, const char *path)
{
    struct retry *retry = (struct retry *)remote;
    struct change_context change = { .inner = retry->inner, .path = path };
    return retry_layer_run(retry, call, retry->policy.deadline_ms, make_dir_attempt, &change);
}

static int retry_remove(
    struct remote *remote, struct remote_call *call, const char *path, enum remote_remove_kind kind)
{
    struct retry *retry = (struct retry *)remote;
    struct change_context change = { .inner = retry->inner, .path = path, .kind = kind };
    return retry_layer_run(retry, call, retry->policy.deadline_ms, remove_attempt, &change);
}

static void retry_free(struct remote *remote)
{
    struct retry *retry = (struct retry *)remote;
    remote_free(retry->inner);
    free(retry);
}

static const struct remote_ops retry_ops = {
    .type = "retry",
    .capabilities = retry_capabilities,
    .list = retry_list,
    .probe = retry_probe,
    .read = retry_read,
    .write = retry_write,
    .make_dir = retry_make_dir,
    .remove = retry_remove,
    .acl_get = retry_acl_get,
    .acl_set = retry_acl_set,
    .account = retry_account,
    .free = retry_free,
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
    retry->remote.ops = &retry_ops;
    retry->inner = inner;
    retry->policy = policy == NULL ? retry_policy_default : *policy;
    return &retry->remote;
}
