/* SPDX-License-Identifier: MIT */
#include "core/remote/readonly.h"

#include <errno.h>
#include <stdlib.h>

#include "core/remote/call.h"
#include "core/remote/layer.h"

struct readonly {
    struct layer layer;
    const atomic_bool *on;
};

enum {
    CHANGES = REMOTE_CAN_WRITE | REMOTE_CAN_RENAME | REMOTE_CAN_RENAME_DIR | REMOTE_CAN_COPY |
              REMOTE_CAN_CONDITION | REMOTE_MAY_CONDITION
};

static unsigned readonly_capabilities(struct remote *remote)
{
    struct readonly *readonly = (struct readonly *)remote;
    unsigned capabilities = remote_capabilities(readonly->layer.inner);
    return atomic_load(readonly->on) ? capabilities & ~(unsigned)CHANGES : capabilities;
}

static int readonly_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context)
{
    return remote_list(((struct layer *)remote)->inner, call, path, entry, context);
}

static int readonly_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry)
{
    return remote_probe(((struct layer *)remote)->inner, call, path, ret_entry);
}

static int readonly_read(struct remote *remote, struct remote_call *call, const char *path,
    uint64_t offset, uint64_t length, const struct remote_read_sink *sink)
{
    return remote_read(((struct layer *)remote)->inner, call, path, offset, length, sink);
}

static int readonly_refuse(struct remote_call *call, const char *path)
{
    return remote_call_fail(call, -EROFS, "'%s': readonly=yes in the configuration", path);
}

static int readonly_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    struct readonly *readonly = (struct readonly *)remote;
    if (atomic_load(readonly->on))
        return readonly_refuse(call, path);
    return remote_write(readonly->layer.inner, call, path, source, ret_entry);
}

static ssize_t readonly_run(
    struct layer *layer, struct remote_call *call, const struct remote_request *request)
{
    const struct readonly *readonly = (const struct readonly *)layer;
    switch (request->operation) {
    case REMOTE_OP_READ_LINK:
    case REMOTE_OP_XATTR_GET:
    case REMOTE_OP_XATTR_LIST:
    case REMOTE_OP_ACL_GET:
    case REMOTE_OP_ACCOUNT:
        break;
    default:
        if (atomic_load(readonly->on))
            return readonly_refuse(call, request->path);
    }
    return layer_forward(layer, call, request);
}

static const struct remote_ops readonly_ops = {
    .type = "readonly",
    .capabilities = readonly_capabilities,
    .list = readonly_list,
    .probe = readonly_probe,
    .read = readonly_read,
    .write = readonly_write,
    LAYER_OPS,
    .free = layer_free,
};

struct remote *remote_readonly_new(struct remote *inner, const atomic_bool *on)
{
    if (inner == NULL)
        return NULL;
    struct readonly *readonly = calloc(1, sizeof(*readonly));
    if (readonly == NULL) {
        remote_free(inner);
        errno = ENOMEM;
        return NULL;
    }
    readonly->layer = (struct layer){ { &readonly_ops }, inner, readonly_run };
    readonly->on = on;
    return &readonly->layer.remote;
}
