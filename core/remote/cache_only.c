/* SPDX-License-Identifier: MIT */
#include "core/remote/cache_only.h"

#include <errno.h>
#include <stdlib.h>

#include "core/remote/call.h"
#include "core/remote/layer.h"

struct cache_only {
    struct layer layer;
    const atomic_bool *on;
};

enum {
    CHANGES = REMOTE_CAN_WRITE | REMOTE_CAN_RENAME | REMOTE_CAN_RENAME_DIR | REMOTE_CAN_COPY |
              REMOTE_CAN_CONDITION | REMOTE_MAY_CONDITION
};

/* The store below; NULL: it is not to be asked. */
static struct remote *cache_only_inner(struct remote *remote)
{
    const struct cache_only *layer = (const struct cache_only *)remote;
    return atomic_load(layer->on) ? NULL : layer->layer.inner;
}

static int cache_only_refuse(struct remote_call *call, const char *path)
{
    return remote_call_fail(
        call, -EIO, "'%s' is not here, and cache_only=yes in the configuration", path);
}

static unsigned cache_only_capabilities(struct remote *remote)
{
    const struct cache_only *layer = (const struct cache_only *)remote;
    unsigned capabilities = remote_capabilities(layer->layer.inner);
    return atomic_load(layer->on) ? (capabilities & ~(unsigned)CHANGES) | REMOTE_IS_OFFLINE
                                  : capabilities;
}

static int cache_only_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context)
{
    struct remote *inner = cache_only_inner(remote);
    return inner == NULL ? cache_only_refuse(call, path)
                         : remote_list(inner, call, path, entry, context);
}

static int cache_only_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry)
{
    struct remote *inner = cache_only_inner(remote);
    return inner == NULL ? cache_only_refuse(call, path)
                         : remote_probe(inner, call, path, ret_entry);
}

static int cache_only_read(struct remote *remote, struct remote_call *call, const char *path,
    uint64_t offset, uint64_t length, const struct remote_read_sink *sink)
{
    struct remote *inner = cache_only_inner(remote);
    return inner == NULL ? cache_only_refuse(call, path)
                         : remote_read(inner, call, path, offset, length, sink);
}

static int cache_only_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    struct remote *inner = cache_only_inner(remote);
    if (inner == NULL)
        return remote_call_fail(
            call, -EIO, "'%s' is not sent: cache_only=yes in the configuration", path);
    return remote_write(inner, call, path, source, ret_entry);
}

static ssize_t cache_only_run(
    struct layer *layer, struct remote_call *call, const struct remote_request *request)
{
    return cache_only_inner(&layer->remote) == NULL
               ? cache_only_refuse(call, request->path == NULL ? "" : request->path)
               : layer_forward(layer, call, request);
}

static const struct remote_ops cache_only_ops = {
    .type = "cache_only",
    .capabilities = cache_only_capabilities,
    .list = cache_only_list,
    .probe = cache_only_probe,
    .read = cache_only_read,
    .write = cache_only_write,
    LAYER_OPS,
    .free = layer_free,
};

struct remote *remote_cache_only_new(struct remote *inner, const atomic_bool *on)
{
    if (inner == NULL)
        return NULL;
    struct cache_only *layer = calloc(1, sizeof(*layer));
    if (layer == NULL) {
        remote_free(inner);
        errno = ENOMEM;
        return NULL;
    }
    layer->layer = (struct layer){ { &cache_only_ops }, inner, cache_only_run };
    layer->on = on;
    return &layer->layer.remote;
}
