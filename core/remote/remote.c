/* SPDX-License-Identifier: MIT */
#include "core/remote/remote.h"

#include <errno.h>
#include <stdio.h>

/* A store without the operation: said here once, so that no implementation needs an empty function.
 */
static int remote_refuse(struct remote *remote, struct remote_call *call, const char *operation)
{
    call->transient = false;
    (void)snprintf(
        call->why, sizeof(call->why), "%s: this store cannot %s", remote->ops->type, operation);
    return -EOPNOTSUPP;
}

unsigned remote_capabilities(struct remote *remote)
{
    return remote->ops->capabilities == NULL ? 0 : remote->ops->capabilities(remote);
}

int remote_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context)
{
    if (remote->ops->list == NULL)
        return remote_refuse(remote, call, "list");
    return remote->ops->list(remote, call, path, entry, context);
}

int remote_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry)
{
    if (remote->ops->probe == NULL)
        return remote_refuse(remote, call, "probe");
    return remote->ops->probe(remote, call, path, ret_entry);
}

int remote_read(struct remote *remote, struct remote_call *call, const char *path, uint64_t offset,
    uint64_t length, const struct remote_read_sink *sink)
{
    if (remote->ops->read == NULL)
        return remote_refuse(remote, call, "read");
    return remote->ops->read(remote, call, path, offset, length, sink);
}

int remote_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    if (remote->ops->write == NULL)
        return remote_refuse(remote, call, "write");
    return remote->ops->write(remote, call, path, source, ret_entry);
}

int remote_make_dir(struct remote *remote, struct remote_call *call, const char *path)
{
    if (remote->ops->make_dir == NULL)
        return remote_refuse(remote, call, "make directories");
    return remote->ops->make_dir(remote, call, path);
}

int remote_remove(
    struct remote *remote, struct remote_call *call, const char *path, enum remote_remove_kind kind)
{
    if (remote->ops->remove == NULL)
        return remote_refuse(remote, call, "remove");
    return remote->ops->remove(remote, call, path, kind);
}

int remote_rename(
    struct remote *remote, struct remote_call *call, const char *from, const char *to)
{
    if (remote->ops->rename == NULL)
        return remote_refuse(remote, call, "rename");
    return remote->ops->rename(remote, call, from, to);
}

int remote_copy(struct remote *remote, struct remote_call *call, const char *from, const char *to,
    struct remote_entry *ret_entry)
{
    if (remote->ops->copy == NULL)
        return remote_refuse(remote, call, "copy");
    return remote->ops->copy(remote, call, from, to, ret_entry);
}

int remote_set_attributes(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_attributes *attributes, struct remote_entry *ret_entry)
{
    if (remote->ops->set_attributes == NULL)
        return remote_refuse(remote, call, "keep attributes");
    return remote->ops->set_attributes(remote, call, path, attributes, ret_entry);
}

int remote_make_symlink(struct remote *remote, struct remote_call *call, const char *target,
    const char *path, const struct remote_attributes *attributes, struct remote_entry *ret_entry)
{
    if (remote->ops->make_symlink == NULL)
        return remote_refuse(remote, call, "hold symbolic links");
    return remote->ops->make_symlink(remote, call, target, path, attributes, ret_entry);
}

int remote_read_link(
    struct remote *remote, struct remote_call *call, const char *path, char *target, size_t size)
{
    if (remote->ops->read_link == NULL)
        return remote_refuse(remote, call, "hold symbolic links");
    return remote->ops->read_link(remote, call, path, target, size);
}

int remote_link(
    struct remote *remote, struct remote_call *call, const char *from, const char *to)
{
    if (remote->ops->link == NULL)
        return remote_refuse(remote, call, "hold hard links");
    return remote->ops->link(remote, call, from, to);
}

int remote_xattr_set(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, const void *value, size_t size, int flags)
{
    if (remote->ops->xattr_set == NULL)
        return remote_refuse(remote, call, "keep extended attributes");
    return remote->ops->xattr_set(remote, call, path, name, value, size, flags);
}

ssize_t remote_xattr_get(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, void *value, size_t size)
{
    if (remote->ops->xattr_get == NULL)
        return remote_refuse(remote, call, "keep extended attributes");
    return remote->ops->xattr_get(remote, call, path, name, value, size);
}

ssize_t remote_xattr_list(
    struct remote *remote, struct remote_call *call, const char *path, char *names, size_t size)
{
    if (remote->ops->xattr_list == NULL)
        return remote_refuse(remote, call, "keep extended attributes");
    return remote->ops->xattr_list(remote, call, path, names, size);
}

int remote_acl_get(
    struct remote *remote, struct remote_call *call, const char *path, char acl[REMOTE_ACL_MAX])
{
    if (remote->ops->acl_get == NULL)
        return remote_refuse(remote, call, "tell an ACL");
    return remote->ops->acl_get(remote, call, path, acl);
}

int remote_acl_set(
    struct remote *remote, struct remote_call *call, const char *path, const char *acl)
{
    if (remote->ops->acl_set == NULL)
        return remote_refuse(remote, call, "set an ACL");
    return remote->ops->acl_set(remote, call, path, acl);
}

int remote_account(struct remote *remote, struct remote_call *call, char *name, size_t size)
{
    if (remote->ops->account == NULL)
        return remote_refuse(remote, call, "tell the account");
    return remote->ops->account(remote, call, name, size);
}

void remote_free(struct remote *remote)
{
    if (remote != NULL)
        remote->ops->free(remote);
}
