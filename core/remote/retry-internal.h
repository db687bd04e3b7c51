/* SPDX-License-Identifier: MIT */
/*
 * What the files of the retry layer share. Private to them.
 */
#ifndef ALGOFS_REMOTE_RETRY_INTERNAL_H
#define ALGOFS_REMOTE_RETRY_INTERNAL_H

#include "core/remote/retry.h"

struct retry {
    struct remote remote;
    struct remote *inner; /* owned */
    struct retry_policy policy;
    atomic_bool reached; /* the host answered once */
};

/** retry_run with this layer's policy. */
int retry_layer_run(struct retry *retry, struct remote_call *call, uint64_t deadline_ms,
    retry_attempt_fn *attempt, void *context);

/* retry-read.c */

int retry_read(struct remote *remote, struct remote_call *call, const char *path, uint64_t offset,
    uint64_t length, const struct remote_read_sink *sink);

#endif
