/* SPDX-License-Identifier: MIT */
#include "core/remote/stats.h"

#include <errno.h>
#include <stdlib.h>

#include "core/remote/call.h"
#include "core/remote/layer.h"

struct stats {
    struct layer layer;
    struct remote_counters *counters;
};

static void add(atomic_ullong *counter, uint64_t value)
{
    atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

static uint64_t get(atomic_ullong *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void raise_to(atomic_ullong *maximum, uint64_t value)
{
    unsigned long long seen = get(maximum);
    while (seen < value && !atomic_compare_exchange_weak_explicit(
                               maximum, &seen, value, memory_order_relaxed, memory_order_relaxed))
        ; /* `seen` is fresh */
}

static enum remote_error_class class_of(int error)
{
    switch (error) {
    case -ENOENT:
        return REMOTE_ERROR_NOT_FOUND;
    case -EACCES:
        return REMOTE_ERROR_REFUSED;
    case -EHOSTUNREACH:
        return REMOTE_ERROR_UNREACHABLE;
    case -ETIMEDOUT:
        return REMOTE_ERROR_TIMEOUT;
    case -ECANCELED:
        return REMOTE_ERROR_CANCELLED;
    case -EIO:
        return REMOTE_ERROR_IO;
    default:
        return REMOTE_ERROR_OTHER;
    }
}

static unsigned bucket_of(uint64_t us)
{
    uint64_t ms = us / 1000;
    unsigned bucket = 0;
    while (bucket < REMOTE_LATENCY_BUCKETS - 1 && ms >> bucket != 0)
        bucket++;
    return bucket;
}

/* A call being counted. */
struct count {
    struct remote_counters *counters;
    struct remote_operation_counters *operation;
    uint64_t start_us;
};

static struct count count_start(
    struct stats *stats, const struct remote_call *call, enum remote_operation operation)
{
    struct count count = { stats->counters, &stats->counters->operation[operation],
        remote_clock_us() };
    add(&count.operation->calls, 1);
    if (call->attempts > 0) /* the store was asked before on this call's behalf */
        add(&count.operation->retries, 1);
    return count;
}

static void count_end(const struct count *count, ssize_t rc)
{
    uint64_t us = remote_clock_us() - count->start_us;
    add(&count->operation->sum_us, us);
    add(&count->operation->latency[bucket_of(us)], 1);
    raise_to(&count->operation->max_us, us);
    if (rc < 0)
        add(&count->counters->errors[class_of((int)rc)], 1);
}

/* --- the vtable --- */

static int stats_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context)
{
    struct stats *stats = (struct stats *)remote;
    struct count count = count_start(stats, call, REMOTE_OP_LIST);
    int rc = remote_list(stats->layer.inner, call, path, entry, context);
    count_end(&count, rc);
    return rc;
}

static int stats_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry)
{
    struct stats *stats = (struct stats *)remote;
    struct count count = count_start(stats, call, REMOTE_OP_PROBE);
    int rc = remote_probe(stats->layer.inner, call, path, ret_entry);
    count_end(&count, rc);
    return rc;
}

struct counted_sink {
    struct remote_counters *counters;
    const struct remote_read_sink *sink;
};

static int sink_begin(void *context, uint64_t object_size, const char *version)
{
    struct counted_sink *counted = context;
    if (counted->sink->begin == NULL)
        return 0;
    return counted->sink->begin(counted->sink->context, object_size, version);
}

static int sink_data(void *context, uint64_t offset, const void *bytes, size_t len)
{
    struct counted_sink *counted = context;
    add(&counted->counters->bytes_in, len);
    return counted->sink->data(counted->sink->context, offset, bytes, len);
}

static int stats_read(struct remote *remote, struct remote_call *call, const char *path,
    uint64_t offset, uint64_t length, const struct remote_read_sink *sink)
{
    struct stats *stats = (struct stats *)remote;
    struct counted_sink counted = { stats->counters, sink };
    const struct remote_read_sink through = { &counted, sink_begin, sink_data };
    struct count count = count_start(stats, call, REMOTE_OP_READ);
    int rc = remote_read(stats->layer.inner, call, path, offset, length, &through);
    count_end(&count, rc);
    return rc;
}

static int stats_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    struct stats *stats = (struct stats *)remote;
    struct count count = count_start(stats, call, REMOTE_OP_WRITE);
    int rc = remote_write(stats->layer.inner, call, path, source, ret_entry);
    if (rc == 0)
        add(&stats->counters->bytes_out, source->size);
    count_end(&count, rc);
    return rc;
}

static ssize_t stats_run(
    struct layer *layer, struct remote_call *call, const struct remote_request *request)
{
    struct count count = count_start((struct stats *)layer, call, request->operation);
    ssize_t rc = layer_forward(layer, call, request);
    count_end(&count, rc);
    return rc;
}

static const struct remote_ops stats_ops = {
    .type = "stats",
    .capabilities = layer_capabilities,
    .list = stats_list,
    .probe = stats_probe,
    .read = stats_read,
    .write = stats_write,
    LAYER_OPS,
    .free = layer_free,
};

struct remote *remote_stats_new(struct remote *inner, struct remote_counters *counters)
{
    if (inner == NULL)
        return NULL;
    struct stats *stats = calloc(1, sizeof(*stats));
    if (stats == NULL) {
        remote_free(inner);
        errno = ENOMEM;
        return NULL;
    }
    stats->layer = (struct layer){ { &stats_ops }, inner, stats_run };
    stats->counters = counters;
    return &stats->layer.remote;
}

/* --- reading --- */

static void read_operation(
    struct remote_operation_counters *from, struct remote_operation_snapshot *to)
{
    to->calls = get(&from->calls);
    to->retries = get(&from->retries);
    to->sum_us = get(&from->sum_us);
    to->max_us = get(&from->max_us);
    for (unsigned i = 0; i < REMOTE_LATENCY_BUCKETS; i++)
        to->latency[i] = get(&from->latency[i]);
}

void remote_counters_read(
    struct remote_counters *counters, struct remote_counters_snapshot *ret_snapshot)
{
    for (unsigned i = 0; i < REMOTE_OPERATIONS; i++)
        read_operation(&counters->operation[i], &ret_snapshot->operation[i]);
    for (unsigned i = 0; i < REMOTE_ERROR_CLASSES; i++)
        ret_snapshot->errors[i] = get(&counters->errors[i]);
    ret_snapshot->bytes_in = get(&counters->bytes_in);
    ret_snapshot->bytes_out = get(&counters->bytes_out);
}

const char *remote_operation_name(enum remote_operation operation)
{
    static const char *const names[REMOTE_OPERATIONS] = { "list", "probe", "read", "write",
        "make_dir", "remove", "account", "rename", "copy", "set_attributes", "make_symlink",
        "read_link", "link", "xattr_set", "xattr_get", "xattr_list", "acl_get", "acl_set" };
    return names[operation];
}

const char *remote_error_class_name(enum remote_error_class error_class)
{
    static const char *const names[REMOTE_ERROR_CLASSES] = { "not found", "refused", "unreachable",
        "timeout", "cancelled", "io", "other" };
    return names[error_class];
}
