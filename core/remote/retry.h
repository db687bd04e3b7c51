/* SPDX-License-Identifier: MIT */
/*
 * Trying again.
 *
 * A layer around a remote that repeats what failed in passing (call->transient), waiting between
 * tries with full-jitter exponential back-off, or as long as the server asked for:
 *
 *     struct remote *r = remote_retry_new(algorithmia_new(account, "data"), NULL);
 *
 * Operation by operation:
 *   probe, account, acl_*, copy, set_attributes, read_link, xattr_get, xattr_list
 *             repeated as they are: doing them twice is doing them once.
 *   list      repeated only while no entry was delivered: nothing is delivered twice and nothing is
 *             kept in memory. A store that pages repeats its later pages itself, with retry_run.
 *   read      goes on behind the last byte delivered. Tries are counted from the last progress.
 *             If size or version of the object is not what the first try saw: -ESTALE. `begin` is
 *             called once.
 *   write     repeated: it replaces the whole object. With a condition: if a later try finds it not
 *             met and an earlier one may have been carried out, what is there is ours, and the write
 *             a success, if it has our size and our mtime (where the store keeps the latter).
 *   make_dir, remove  repeated; -EEXIST or -ENOENT of a later try is success if an earlier one
 *             may have been carried out (its answer was lost, or a gateway answered instead).
 *   rename, make_symlink, link, xattr_set  the same, but what an earlier try may have done is
 *             looked at first: the new name is there, is that link, is that very file.
 *
 * Time: with call->deadline_ms that is the end of all tries together. Without, all but list, read,
 * write and copy have policy.deadline_ms; those have no end while they progress: a stall ends a try, and the number of tries without progress is limited.
 *
 * A host that cannot be reached, and never was through this layer, is given up after
 * policy.unreachable_attempts: most likely the address is wrong, and a user with a typing mistake
 * must not wait a minute. With the HTTP client's connect limit of 5 s that is at worst some 10 s; a
 * refused connection or an unknown name fails at once.
 *
 * What remains is the last try's errno and reason, "(after N tries)" added. Threads: any.
 */
#ifndef ALGOFS_REMOTE_RETRY_H
#define ALGOFS_REMOTE_RETRY_H

#include "core/remote/remote.h"

struct retry_policy {
    unsigned attempts;             /* without progress; at least 1 */
    unsigned unreachable_attempts; /* of a host never reached before; at least 1 */
    uint32_t base_ms;      /* the first pause is random in [0, base_ms], the next twice that… */
    uint32_t cap_ms;       /* …but never above this */
    uint32_t asked_max_ms; /* a server that asks for a longer pause gets none: the call fails */
    uint64_t deadline_ms;  /* for metadata calls that bring none; 0: none */
};

/* 5 attempts, 2 unreachable, 100 ms to 5 s, 30 s asked, 60 s deadline. */
extern const struct retry_policy retry_policy_default;

/** Wraps `inner` and owns it, on failure too. `policy` is copied; NULL: the default. NULL if
 * `inner` is NULL or for want of memory. */
struct remote *remote_retry_new(struct remote *inner, const struct retry_policy *policy);

/**
 * One try. `call` is its own, with what is left of the deadline. *progressed may be set to true:
 * then the tries are counted afresh.
 */
typedef int retry_attempt_fn(void *context, struct remote_call *call, bool *progressed);

struct retry_run {
    const struct retry_policy *policy;
    uint64_t deadline_ms; /* when call->deadline_ms is 0; 0: none */
    atomic_bool *reached; /* whether the host ever answered; or NULL: it did */
    retry_attempt_fn *attempt;
    void *context;
};

/** Calls run->attempt until it succeeds, fails for good, or the policy ends it. Leaves in `call`
 * what the last try left in its own. Sleeps end early on call->cancel (-ECANCELED). */
int retry_run(const struct retry_run *run, struct remote_call *call);

#endif
