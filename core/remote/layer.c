/* SPDX-License-Identifier: MIT */
#include "core/remote/layer.h"

#include <errno.h>
#include <stdlib.h>

ssize_t layer_forward(
    struct layer *layer, struct remote_call *call, const struct remote_request *r)
{
    struct remote *inner = layer->inner;
    switch (r->operation) {
    case REMOTE_OP_MAKE_DIR:
        return remote_make_dir(inner, call, r->path);
    case REMOTE_OP_REMOVE:
        return remote_remove(inner, call, r->path, r->kind);
    case REMOTE_OP_RENAME:
        return remote_rename(inner, call, r->path, r->other);
    case REMOTE_OP_COPY:
        return remote_copy(inner, call, r->path, r->other, r->ret_entry);
    case REMOTE_OP_SET_ATTRIBUTES:
        return remote_set_attributes(inner, call, r->path, r->attributes, r->ret_entry);
    case REMOTE_OP_MAKE_SYMLINK:
        return remote_make_symlink(
            inner, call, r->other, r->path, r->attributes, r->ret_entry);
    case REMOTE_OP_READ_LINK:
        return remote_read_link(inner, call, r->path, r->buffer, r->size);
    case REMOTE_OP_LINK:
        return remote_link(inner, call, r->path, r->other);
    case REMOTE_OP_XATTR_SET:
        return remote_xattr_set(inner, call, r->path, r->name, r->value, r->size, r->flags);
    case REMOTE_OP_XATTR_GET:
        return remote_xattr_get(inner, call, r->path, r->name, r->buffer, r->size);
    case REMOTE_OP_XATTR_LIST:
        return remote_xattr_list(inner, call, r->path, r->buffer, r->size);
    case REMOTE_OP_ACL_GET:
        return remote_acl_get(inner, call, r->path, r->buffer);
    case REMOTE_OP_ACL_SET:
        return remote_acl_set(inner, call, r->path, r->name);
    case REMOTE_OP_ACCOUNT:
        return remote_account(inner, call, r->buffer, r->size);
    case REMOTE_OP_LIST:
    case REMOTE_OP_PROBE:
    case REMOTE_OP_READ:
    case REMOTE_OP_WRITE:
    case REMOTE_OPERATIONS:
        break;
    }
    return -EINVAL; /* each layer's own */
}

static ssize_t layer_run(
    struct remote *remote, struct remote_call *call, const struct remote_request *request)
{
    struct layer *layer = (struct layer *)remote;
    return layer->run(layer, call, request);
}

unsigned layer_capabilities(struct remote *remote)
{
    return remote_capabilities(((struct layer *)remote)->inner);
}

void layer_free(struct remote *remote)
{
    struct layer *layer = (struct layer *)remote;
    remote_free(layer->inner);
    free(layer);
}

int layer_make_dir(struct remote *remote, struct remote_call *call, const char *path)
{
    const struct remote_request request = { .operation = REMOTE_OP_MAKE_DIR, .path = path };
    return (int)layer_run(remote, call, &request);
}

int layer_remove(
    struct remote *remote, struct remote_call *call, const char *path, enum remote_remove_kind kind)
{
    const struct remote_request request = {
        .operation = REMOTE_OP_REMOVE, .path = path, .kind = kind
    };
    return (int)layer_run(remote, call, &request);
}

int layer_rename(
    struct remote *remote, struct remote_call *call, const char *from, const char *to)
{
    const struct remote_request request = {
        .operation = REMOTE_OP_RENAME, .path = from, .other = to
    };
    return (int)layer_run(remote, call, &request);
}

int layer_copy(struct remote *remote, struct remote_call *call, const char *from, const char *to,
    struct remote_entry *ret_entry)
{
    const struct remote_request request = {
        .operation = REMOTE_OP_COPY, .path = from, .other = to, .ret_entry = ret_entry
    };
    return (int)layer_run(remote, call, &request);
}

int layer_set_attributes(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_attributes *attributes, struct remote_entry *ret_entry)
{
    const struct remote_request request = { .operation = REMOTE_OP_SET_ATTRIBUTES,
        .path = path,
        .attributes = attributes,
        .ret_entry = ret_entry };
    return (int)layer_run(remote, call, &request);
}

int layer_make_symlink(struct remote *remote, struct remote_call *call, const char *target,
    const char *path, const struct remote_attributes *attributes, struct remote_entry *ret_entry)
{
    const struct remote_request request = { .operation = REMOTE_OP_MAKE_SYMLINK,
        .path = path,
        .other = target,
        .attributes = attributes,
        .ret_entry = ret_entry };
    return (int)layer_run(remote, call, &request);
}

int layer_read_link(
    struct remote *remote, struct remote_call *call, const char *path, char *target, size_t size)
{
    const struct remote_request request = {
        .operation = REMOTE_OP_READ_LINK, .path = path, .buffer = target, .size = size
    };
    return (int)layer_run(remote, call, &request);
}

int layer_link(struct remote *remote, struct remote_call *call, const char *from, const char *to)
{
    const struct remote_request request = {
        .operation = REMOTE_OP_LINK, .path = from, .other = to
    };
    return (int)layer_run(remote, call, &request);
}

int layer_xattr_set(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, const void *value, size_t size, int flags)
{
    const struct remote_request request = { .operation = REMOTE_OP_XATTR_SET,
        .path = path,
        .name = name,
        .value = value,
        .size = size,
        .flags = flags };
    return (int)layer_run(remote, call, &request);
}

ssize_t layer_xattr_get(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, void *value, size_t size)
{
    const struct remote_request request = { .operation = REMOTE_OP_XATTR_GET,
        .path = path,
        .name = name,
        .buffer = value,
        .size = size };
    return layer_run(remote, call, &request);
}

ssize_t layer_xattr_list(
    struct remote *remote, struct remote_call *call, const char *path, char *names, size_t size)
{
    const struct remote_request request = {
        .operation = REMOTE_OP_XATTR_LIST, .path = path, .buffer = names, .size = size
    };
    return layer_run(remote, call, &request);
}

int layer_acl_get(
    struct remote *remote, struct remote_call *call, const char *path, char acl[REMOTE_ACL_MAX])
{
    const struct remote_request request = {
        .operation = REMOTE_OP_ACL_GET, .path = path, .buffer = acl, .size = REMOTE_ACL_MAX
    };
    return (int)layer_run(remote, call, &request);
}

int layer_acl_set(
    struct remote *remote, struct remote_call *call, const char *path, const char *acl)
{
    const struct remote_request request = {
        .operation = REMOTE_OP_ACL_SET, .path = path, .name = acl
    };
    return (int)layer_run(remote, call, &request);
}

int layer_account(struct remote *remote, struct remote_call *call, char *name, size_t size)
{
    const struct remote_request request = {
        .operation = REMOTE_OP_ACCOUNT, .path = "", .buffer = name, .size = size
    };
    return (int)layer_run(remote, call, &request);
}
