/* SPDX-License-Identifier: MIT */
/*
 * What every layer around a remote does with the smaller operations: the same thing to each.
 *
 * A layer embeds a `struct layer` first and gives one function, `run`, that is called with the
 * operation as a value; LAYER_OPS are the entries of its vtable that make one:
 *
 *     static ssize_t mine_run(struct layer *layer, struct remote_call *call,
 *         const struct remote_request *request)
 *     {
 *         return layer_forward(layer, call, request);      // and whatever the layer is for
 *     }
 *     static const struct remote_ops mine_ops = { .type = "mine", …, LAYER_OPS };
 *
 * list, probe, read and write carry callbacks or content, and are each layer's own.
 *
 * No state but the layer's; threads: as the layer.
 */
#ifndef ALGOFS_REMOTE_LAYER_H
#define ALGOFS_REMOTE_LAYER_H

#include "core/remote/remote.h"
#include "core/remote/stats.h"

/* One operation with its arguments; the pointers are the caller's, valid for the call. */
struct remote_request {
    enum remote_operation operation;
    const char *path;  /* that it is about; of two, the one that is there already */
    const char *other; /* RENAME, COPY, LINK: the new name; MAKE_SYMLINK: the target */
    enum remote_remove_kind kind;
    const struct remote_attributes *attributes;
    const char *name;   /* XATTR_*; ACL_SET: the ACL */
    const void *value;  /* XATTR_SET */
    char *buffer;       /* where the answer goes: READ_LINK, XATTR_GET, XATTR_LIST, ACL_GET, ACCOUNT */
    size_t size;        /* of value or buffer */
    int flags;          /* XATTR_SET */
    struct remote_entry *ret_entry;
};

struct layer {
    struct remote remote;
    struct remote *inner; /* owned */
    ssize_t (*run)(
        struct layer *layer, struct remote_call *call, const struct remote_request *request);
};

/** Carries `request` out on the remote below. */
ssize_t layer_forward(
    struct layer *layer, struct remote_call *call, const struct remote_request *request);

unsigned layer_capabilities(struct remote *remote);
/** Frees the remote below and the layer: for layers that own nothing else. */
void layer_free(struct remote *remote);

int layer_make_dir(struct remote *remote, struct remote_call *call, const char *path);
int layer_remove(struct remote *remote, struct remote_call *call, const char *path,
    enum remote_remove_kind kind);
int layer_rename(
    struct remote *remote, struct remote_call *call, const char *from, const char *to);
int layer_copy(struct remote *remote, struct remote_call *call, const char *from, const char *to,
    struct remote_entry *ret_entry);
int layer_set_attributes(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_attributes *attributes, struct remote_entry *ret_entry);
int layer_make_symlink(struct remote *remote, struct remote_call *call, const char *target,
    const char *path, const struct remote_attributes *attributes, struct remote_entry *ret_entry);
int layer_read_link(
    struct remote *remote, struct remote_call *call, const char *path, char *target, size_t size);
int layer_link(struct remote *remote, struct remote_call *call, const char *from, const char *to);
int layer_xattr_set(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, const void *value, size_t size, int flags);
ssize_t layer_xattr_get(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, void *value, size_t size);
ssize_t layer_xattr_list(
    struct remote *remote, struct remote_call *call, const char *path, char *names, size_t size);
int layer_acl_get(
    struct remote *remote, struct remote_call *call, const char *path, char acl[REMOTE_ACL_MAX]);
int layer_acl_set(
    struct remote *remote, struct remote_call *call, const char *path, const char *acl);
int layer_account(struct remote *remote, struct remote_call *call, char *name, size_t size);

#define LAYER_OPS                                                                                \
    .make_dir = layer_make_dir, .remove = layer_remove, .rename = layer_rename,                  \
    .copy = layer_copy, .set_attributes = layer_set_attributes,                                  \
    .make_symlink = layer_make_symlink, .read_link = layer_read_link, .link = layer_link,        \
    .xattr_set = layer_xattr_set, .xattr_get = layer_xattr_get, .xattr_list = layer_xattr_list,  \
    .acl_get = layer_acl_get, .acl_set = layer_acl_set, .account = layer_account

#endif
