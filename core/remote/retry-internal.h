/* SPDX-License-Identifier: MIT */
/*
 * What the files of the retry layer share. Private to them.
 */
#ifndef ALGOFS_REMOTE_RETRY_INTERNAL_H
#define ALGOFS_REMOTE_RETRY_INTERNAL_H

#include "core/remote/layer.h"
#include "core/remote/retry.h"

struct retry {
    struct layer layer;
    struct retry_policy policy;
    atomic_bool reached; /* the host answered once */
};

/** retry_run with this layer's policy. */
int retry_layer_run(struct retry *retry, struct remote_call *call, uint64_t deadline_ms,
    retry_attempt_fn *attempt, void *context);

/* retry-change.c */

/** The operations that are values (layer.h). */
ssize_t retry_request(
    struct layer *layer, struct remote_call *call, const struct remote_request *request);
/** Whether what failed may have been carried out all the same: the answer was lost on the way, or it
 * is one that a gateway gives for a server that is still at work. */
bool retry_may_have_happened(const struct remote_call *call, int error);
/** A call of our own within a try, to see what became of an earlier one. */
struct remote_call retry_look(const struct remote_call *call);

/* retry-read.c */

int retry_read(struct remote *remote, struct remote_call *call, const char *path, uint64_t offset,
    uint64_t length, const struct remote_read_sink *sink);

#endif
