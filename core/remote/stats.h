/* SPDX-License-Identifier: MIT */
/*
 * Counting: a layer that passes every call on and counts it.
 *
 *     struct remote_counters counters = { 0 };
 *     struct remote *r = remote_stats_new(algorithmia_new(account, "data"), &counters);
 *     …
 *     struct remote_counters_snapshot now;
 *     remote_counters_read(&counters, &now);
 *
 * Placed below the retry layer it counts tries and knows which were repetitions; placed above,
 * calls. The counters are the caller's, may be shared by several remotes, and must outlive them.
 *
 * Threads: any; relaxed atomics, no lock. A snapshot's numbers are each right, but not of one
 * instant.
 */
#ifndef ALGOFS_REMOTE_STATS_H
#define ALGOFS_REMOTE_STATS_H

#include "core/remote/remote.h"

enum remote_operation {
    REMOTE_OP_LIST,
    REMOTE_OP_PROBE,
    REMOTE_OP_READ,
    REMOTE_OP_WRITE,
    REMOTE_OP_MAKE_DIR,
    REMOTE_OP_REMOVE,
    REMOTE_OP_ACCOUNT,
    REMOTE_OP_RENAME,
    REMOTE_OP_COPY,
    REMOTE_OP_SET_ATTRIBUTES,
    REMOTE_OP_MAKE_SYMLINK,
    REMOTE_OP_READ_LINK,
    REMOTE_OP_LINK,
    REMOTE_OP_XATTR_SET,
    REMOTE_OP_XATTR_GET,
    REMOTE_OP_XATTR_LIST,
    REMOTE_OP_ACL_GET,
    REMOTE_OP_ACL_SET,
    REMOTE_OPERATIONS,
};

enum remote_error_class {
    REMOTE_ERROR_NOT_FOUND,   /* ENOENT: mostly an answer, not a fault */
    REMOTE_ERROR_REFUSED,     /* EACCES */
    REMOTE_ERROR_UNREACHABLE, /* EHOSTUNREACH */
    REMOTE_ERROR_TIMEOUT,     /* ETIMEDOUT */
    REMOTE_ERROR_CANCELLED,   /* ECANCELED */
    REMOTE_ERROR_IO,          /* EIO */
    REMOTE_ERROR_OTHER,
    REMOTE_ERROR_CLASSES,
};

/* Bucket i counts calls of less than 2^i milliseconds that are in no lower bucket; the last, the
 * rest. */
enum { REMOTE_LATENCY_BUCKETS = 20 };

struct remote_operation_counters {
    atomic_ullong calls, retries, sum_us, max_us;
    atomic_ullong latency[REMOTE_LATENCY_BUCKETS];
};

struct remote_counters {
    struct remote_operation_counters operation[REMOTE_OPERATIONS];
    atomic_ullong errors[REMOTE_ERROR_CLASSES];
    atomic_ullong bytes_in, bytes_out; /* of objects; bytes_out counts successful writes */
};

struct remote_operation_snapshot {
    uint64_t calls, retries, sum_us, max_us;
    uint64_t latency[REMOTE_LATENCY_BUCKETS];
};

struct remote_counters_snapshot {
    struct remote_operation_snapshot operation[REMOTE_OPERATIONS];
    uint64_t errors[REMOTE_ERROR_CLASSES];
    uint64_t bytes_in, bytes_out;
};

/** Wraps `inner` and owns it, on failure too. NULL if `inner` is NULL or for want of memory. */
struct remote *remote_stats_new(struct remote *inner, struct remote_counters *counters);

void remote_counters_read(
    struct remote_counters *counters, struct remote_counters_snapshot *ret_snapshot);

/** "list", "probe", … */
const char *remote_operation_name(enum remote_operation operation);
/** "not found", "refused", … */
const char *remote_error_class_name(enum remote_error_class error_class);

#endif
