/* SPDX-License-Identifier: MIT */
#include "core/remote/fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/remote/call.h"
#include "core/remote/fault-internal.h"
#include "core/remote/layer.h"

struct fault {
    struct layer layer;
    struct fault_rule rules[REMOTE_FAULT_RULES_MAX];
    int rule_count;
    uint64_t seed;
    atomic_ullong calls[FAULT_COUNTS];
};

/* splitmix64 of the seed and the call's number: chance that does not depend on the threads' order.
 */
static unsigned percent_of(uint64_t seed, uint64_t number)
{
    uint64_t x = seed + number * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((x ^ (x >> 31)) % 100);
}

static bool rule_applies(const struct fault *fault, const struct fault_rule *rule, uint64_t number)
{
    switch (rule->when) {
    case FAULT_RANGE:
        return number >= rule->first && number <= rule->last;
    case FAULT_EVERY:
        return number % rule->first == 0;
    case FAULT_CHANCE:
        return percent_of(fault->seed, number) < rule->first;
    }
    return false;
}

static const struct fault_rule *find_rule(struct fault *fault, enum remote_operation operation)
{
    uint64_t number = atomic_fetch_add(&fault->calls[operation], 1) + 1;
    uint64_t overall = atomic_fetch_add(&fault->calls[FAULT_ANY], 1) + 1;
    for (int i = 0; i < fault->rule_count; i++) {
        const struct fault_rule *rule = &fault->rules[i];
        if (rule->operation == FAULT_ANY
                ? rule_applies(fault, rule, overall)
                : rule->operation == (unsigned)operation && rule_applies(fault, rule, number))
            return rule;
    }
    return NULL;
}

static int fail(const struct fault_rule *rule, struct remote_call *call)
{
    if (rule->lasting)
        return remote_call_fail(call, rule->error, "a fault was asked for");
    return remote_call_fail_transient(call, rule->error, "a passing fault was asked for");
}

static void wait_ms(const struct remote_call *call, uint64_t ms)
{
    uint64_t until = clock_add(clock_ms(), ms);
    const struct timespec slice = { .tv_nsec = 5000000 };
    while (clock_ms() < until && !remote_call_cancelled(call))
        (void)nanosleep(&slice, NULL); /* EINTR: looked at again */
}

/* The part before the call. *ret_rule: what is to be done besides, or NULL. */
static int before(struct remote *remote, struct remote_call *call, enum remote_operation operation,
    const struct fault_rule **ret_rule)
{
    const struct fault_rule *rule = find_rule((struct fault *)remote, operation);
    *ret_rule = rule;
    if (rule == NULL)
        return 0;
    if (rule->action == FAULT_DELAY)
        wait_ms(call, rule->value);
    if (rule->action != FAULT_FAIL)
        return 0;
    call->attempts++;
    return fail(rule, call);
}

/* The part after it. */
static int after(const struct fault_rule *rule, struct remote_call *call, int rc)
{
    if (rule == NULL || rule->action != FAULT_LOST)
        return rc;
    call->status = 0;
    return fail(rule, call);
}

/* --- the vtable --- */

static int fault_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context)
{
    struct fault *fault = (struct fault *)remote;
    const struct fault_rule *rule;
    int rc = before(remote, call, REMOTE_OP_LIST, &rule);
    return rc < 0 ? rc : after(rule, call, remote_list(fault->layer.inner, call, path, entry, context));
}

static int fault_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry)
{
    struct fault *fault = (struct fault *)remote;
    const struct fault_rule *rule;
    int rc = before(remote, call, REMOTE_OP_PROBE, &rule);
    return rc < 0 ? rc : after(rule, call, remote_probe(fault->layer.inner, call, path, ret_entry));
}

/* A sink that lets `left` bytes pass. */
struct short_sink {
    const struct remote_read_sink *sink;
    uint64_t left;
    bool cut;
};

static int short_begin(void *context, uint64_t object_size, const char *version)
{
    struct short_sink *cut = context;
    return cut->sink->begin == NULL ? 0
                                    : cut->sink->begin(cut->sink->context, object_size, version);
}

static int short_data(void *context, uint64_t offset, const void *bytes, size_t len)
{
    struct short_sink *cut = context;
    size_t pass = len <= cut->left ? len : (size_t)cut->left;
    int rc = pass == 0 ? 0 : cut->sink->data(cut->sink->context, offset, bytes, pass);
    cut->left -= pass;
    if (rc < 0 || pass == len)
        return rc;
    cut->cut = true;
    return -EIO;
}

static int read_short(struct fault *fault, struct remote_call *call, const char *path,
    uint64_t offset, uint64_t length, const struct remote_read_sink *sink, uint64_t bytes)
{
    struct short_sink cut = { .sink = sink, .left = bytes };
    const struct remote_read_sink through = { &cut, short_begin, short_data };
    int rc = remote_read(fault->layer.inner, call, path, offset, length, &through);
    if (!cut.cut)
        return rc;
    return remote_call_fail_transient(call, -EIO, "a read cut short was asked for");
}

static int fault_read(struct remote *remote, struct remote_call *call, const char *path,
    uint64_t offset, uint64_t length, const struct remote_read_sink *sink)
{
    struct fault *fault = (struct fault *)remote;
    const struct fault_rule *rule;
    int rc = before(remote, call, REMOTE_OP_READ, &rule);
    if (rc < 0)
        return rc;
    if (rule != NULL && rule->action == FAULT_SHORT)
        return read_short(fault, call, path, offset, length, sink, rule->value);
    return after(rule, call, remote_read(fault->layer.inner, call, path, offset, length, sink));
}

static int fault_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    struct fault *fault = (struct fault *)remote;
    const struct fault_rule *rule;
    int rc = before(remote, call, REMOTE_OP_WRITE, &rule);
    return rc < 0 ? rc
                  : after(rule, call, remote_write(fault->layer.inner, call, path, source, ret_entry));
}

static ssize_t fault_run(
    struct layer *layer, struct remote_call *call, const struct remote_request *request)
{
    const struct fault_rule *rule;
    int rc = before(&layer->remote, call, request->operation, &rule);
    if (rc < 0)
        return rc;
    ssize_t result = layer_forward(layer, call, request);
    return rule != NULL && rule->action == FAULT_LOST ? after(rule, call, 0) : result;
}

static const struct remote_ops fault_ops = {
    .type = "fault",
    .capabilities = layer_capabilities,
    .list = fault_list,
    .probe = fault_probe,
    .read = fault_read,
    .write = fault_write,
    LAYER_OPS,
    .free = layer_free,
};

struct remote *remote_fault_new(
    struct remote *inner, const char *spec, uint64_t seed, char *why, size_t why_size)
{
    if (inner == NULL)
        return NULL;
    int error = ENOMEM;
    struct fault *fault = calloc(1, sizeof(*fault));
    if (fault != NULL) {
        fault->rule_count = fault_parse(spec, fault->rules, why, why_size);
        if (fault->rule_count >= 0) {
            fault->layer = (struct layer){ { &fault_ops }, inner, fault_run };
                        fault->seed = seed;
            return &fault->layer.remote;
        }
        error = -fault->rule_count;
    }
    free(fault);
    remote_free(inner);
    errno = error;
    return NULL;
}
