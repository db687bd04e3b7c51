/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>
#include <utlist.h>

#include "core/base/cleanup.h"
#include "core/remote/call.h"
#include "core/remote/memory-internal.h"

enum { XATTR_VALUE_MAX = 64 << 10, XATTR_NAME_LONGEST = 255 };

/* Lock held. */
static int memory_refuse(
    const struct memory *memory, struct remote_call *call, enum remote_capability needed)
{
    if (memory_can(memory, needed))
        return 0;
    return remote_call_fail(call, -EOPNOTSUPP, "memory: that was taken away");
}

/* Lock held. */
static int memory_need(
    struct memory *memory, struct remote_call *call, const char *path, struct object **ret_object)
{
    struct object *object = memory_find(memory, path);
    if (object == NULL)
        return remote_call_fail(call, -ENOENT, "'%s': no such object", path);
    *ret_object = object;
    return 0;
}

/* What rename(2) says of `to`, and that it goes. Lock held. */
static int memory_make_way(
    struct memory *memory, struct remote_call *call, const struct object *from, const char *to)
{
    const struct object *object = memory_find(memory, to);
    bool is_dir = from->node->kind == MEMORY_DIR;
    int rc = memory_check_parent(memory, call, to);
    if (rc < 0)
        return rc;
    if (is_dir && memory_below(from->path, to) != NULL)
        return remote_call_fail(call, -EINVAL, "'%s': into itself", to);
    if (object == NULL)
        return 0;
    if (is_dir && object->node->kind != MEMORY_DIR)
        return remote_call_fail(call, -ENOTDIR, "'%s': a file", to);
    if (!is_dir && object->node->kind == MEMORY_DIR)
        return remote_call_fail(call, -EISDIR, "'%s': a directory", to);
    if (memory_has_children(memory, to))
        return remote_call_fail(call, -ENOTEMPTY, "'%s': not empty", to);
    if (object->node != from->node)
        memory_discard_tree(memory, to);
    return 0;
}

int memory_rename(struct remote *remote, struct remote_call *call, const char *from, const char *to)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_RENAME);
    LOCK_SCOPE(&memory->lock);
    struct object *object = NULL;
    int rc = memory_refuse(memory, call, REMOTE_CAN_RENAME);
    if (rc == 0)
        rc = memory_need(memory, call, from, &object);
    if (rc == 0 && object->node->kind == MEMORY_DIR)
        rc = memory_refuse(memory, call, REMOTE_CAN_RENAME_DIR);
    if (rc == 0)
        rc = memory_make_way(memory, call, object, to);
    if (rc < 0)
        return rc;
    const struct object *there = memory_find(memory, to);
    return there != NULL ? 0 : memory_move(memory, from, to); /* two names of one file: nothing */
}

/* Lock held. */
static int copy_node(const struct node *from, struct node *to)
{
    const struct memory_xattr *xattr;
    to->mode = from->mode;
    to->uid = from->uid;
    to->gid = from->gid;
    to->has_mtime = from->has_mtime;
    to->mtime = from->mtime;
    LL_FOREACH(from->xattrs, xattr) {
        size_t bytes = sizeof(*xattr) + xattr->size + strlen(xattr->name) + 1;
        struct memory_xattr *copy = malloc(bytes);
        if (copy == NULL)
            return -ENOMEM;
        memcpy(copy, xattr, bytes);
        copy->name = copy->value + copy->size;
        LL_PREPEND(to->xattrs, copy);
    }
    return 0;
}

int memory_copy(struct remote *remote, struct remote_call *call, const char *from, const char *to,
    struct remote_entry *ret_entry)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_COPY);
    LOCK_SCOPE(&memory->lock);
    struct object *object = NULL, *copied = NULL;
    int rc = memory_refuse(memory, call, REMOTE_CAN_COPY);
    if (rc == 0)
        rc = memory_need(memory, call, from, &object);
    if (rc == 0 && object->node->kind == MEMORY_DIR)
        rc = remote_call_fail(call, -EISDIR, "'%s': a directory", from);
    if (rc == 0)
        rc = memory_make_way(memory, call, object, to);
    if (rc < 0)
        return rc;
    const struct node *node = object->node;
    char *bytes = malloc(node->len + 1);
    if (bytes == NULL)
        return -ENOMEM;
    memcpy(bytes, node->bytes, node->len + 1);
    rc = memory_set_content(memory, to, node->kind, bytes, node->len, -1, &copied);
    if (rc == 0 && copied->node != node)
        rc = copy_node(node, copied->node);
    if (rc == 0 && ret_entry != NULL)
        memory_describe(memory, copied, ret_entry);
    return rc;
}

int memory_change_attributes(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_attributes *attributes, struct remote_entry *ret_entry)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_SET_ATTRIBUTES);
    LOCK_SCOPE(&memory->lock);
    struct object *object = NULL;
    int rc = memory_refuse(memory, call, REMOTE_KEEPS_ATTRIBUTES);
    if (rc == 0)
        rc = memory_need(memory, call, path, &object);
    if (rc < 0)
        return rc;
    memory_set_attributes(memory, object->node, attributes);
    object->node->version = ++memory->synced.version;
    if (ret_entry != NULL)
        memory_describe(memory, object, ret_entry);
    return 0;
}

/* --- links --- */

int memory_make_symlink(struct remote *remote, struct remote_call *call, const char *target,
    const char *path, const struct remote_attributes *attributes, struct remote_entry *ret_entry)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_MAKE_SYMLINK);
    LOCK_SCOPE(&memory->lock);
    struct object *object = NULL;
    int rc = memory_refuse(memory, call, REMOTE_CAN_SYMLINK);
    if (rc == 0)
        rc = memory_check_parent(memory, call, path);
    if (rc == 0 && (path[0] == '\0' || memory_find(memory, path) != NULL))
        rc = remote_call_fail(call, -EEXIST, "'%s': exists", path);
    if (rc < 0)
        return rc;
    char *bytes = strdup(target);
    if (bytes == NULL)
        return -ENOMEM;
    rc = memory_set_content(
        memory, path, MEMORY_SYMLINK, bytes, strlen(target), time(NULL), &object);
    if (rc < 0)
        return rc;
    if (attributes != NULL)
        memory_set_attributes(memory, object->node, attributes);
    if (ret_entry != NULL)
        memory_describe(memory, object, ret_entry);
    return 0;
}

int memory_read_link(
    struct remote *remote, struct remote_call *call, const char *path, char *target, size_t size)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_READ_LINK);
    LOCK_SCOPE(&memory->lock);
    struct object *object = NULL;
    int rc = memory_refuse(memory, call, REMOTE_CAN_SYMLINK);
    if (rc == 0)
        rc = memory_need(memory, call, path, &object);
    if (rc == 0 && object->node->kind != MEMORY_SYMLINK)
        rc = remote_call_fail(call, -EINVAL, "'%s': no symbolic link", path);
    if (rc == 0 && object->node->len >= size)
        rc = remote_call_fail(call, -ENAMETOOLONG, "'%s': its target is too long", path);
    if (rc == 0)
        memcpy(target, object->node->bytes, object->node->len + 1);
    return rc;
}

int memory_link(struct remote *remote, struct remote_call *call, const char *from, const char *to)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_LINK);
    LOCK_SCOPE(&memory->lock);
    struct object *object = NULL;
    int rc = memory_refuse(memory, call, REMOTE_CAN_LINK);
    if (rc == 0)
        rc = memory_need(memory, call, from, &object);
    if (rc == 0 && object->node->kind == MEMORY_DIR)
        rc = remote_call_fail(call, -EPERM, "'%s': a directory", from);
    if (rc == 0)
        rc = memory_check_parent(memory, call, to);
    if (rc == 0 && (to[0] == '\0' || memory_find(memory, to) != NULL))
        rc = remote_call_fail(call, -EEXIST, "'%s': exists", to);
    return rc < 0 ? rc : memory_add_name(memory, to, object->node);
}

/* --- extended attributes --- */

/* Lock held. */
static int memory_xattr_begin(
    struct memory *memory, struct remote_call *call, const char *path, struct node **ret_node)
{
    struct object *object = NULL;
    int rc = memory_refuse(memory, call, REMOTE_KEEPS_XATTRS);
    if (rc == 0)
        rc = memory_need(memory, call, path, &object);
    if (rc == 0)
        *ret_node = object->node;
    return rc;
}

static struct memory_xattr *memory_xattr_find(const struct node *node, const char *name)
{
    struct memory_xattr *xattr;
    LL_FOREACH(node->xattrs, xattr) {
        if (strcmp(xattr->name, name) == 0)
            return xattr;
    }
    return NULL;
}

static int memory_xattr_check(struct remote_call *call, const struct memory_xattr *known,
    const char *name, const void *value, size_t size, int flags)
{
    if (strncmp(name, "user.", 5) != 0)
        return remote_call_fail(call, -EOPNOTSUPP, "'%s': not of the user's name space", name);
    if (strlen(name) > XATTR_NAME_LONGEST)
        return remote_call_fail(call, -ERANGE, "'%s': too long a name", name);
    if (size > XATTR_VALUE_MAX)
        return remote_call_fail(call, -E2BIG, "'%s': too large a value", name);
    if (known == NULL && (value == NULL || (flags & XATTR_REPLACE) != 0))
        return remote_call_fail(call, -ENODATA, "'%s': no such attribute", name);
    if (known != NULL && value != NULL && (flags & XATTR_CREATE) != 0)
        return remote_call_fail(call, -EEXIST, "'%s': is set", name);
    return 0;
}

int memory_xattr_set(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, const void *value, size_t size, int flags)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_XATTR_SET);
    LOCK_SCOPE(&memory->lock);
    struct node *node = NULL;
    int rc = memory_xattr_begin(memory, call, path, &node);
    if (rc < 0)
        return rc;
    struct memory_xattr *known = memory_xattr_find(node, name);
    rc = memory_xattr_check(call, known, name, value, size, flags);
    if (rc < 0)
        return rc;
    if (value != NULL) {
        size_t name_size = strlen(name) + 1;
        struct memory_xattr *xattr = malloc(sizeof(*xattr) + size + name_size);
        if (xattr == NULL)
            return -ENOMEM;
        xattr->size = size;
        xattr->name = xattr->value + size;
        memcpy(xattr->value, value, size);
        memcpy(xattr->name, name, name_size);
        LL_PREPEND(node->xattrs, xattr);
    }
    if (known != NULL) {
        LL_DELETE(node->xattrs, known);
        free(known);
    }
    return 0;
}

ssize_t memory_xattr_get(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, void *value, size_t size)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_XATTR_GET);
    LOCK_SCOPE(&memory->lock);
    struct node *node = NULL;
    int rc = memory_xattr_begin(memory, call, path, &node);
    if (rc < 0)
        return rc;
    const struct memory_xattr *xattr = memory_xattr_find(node, name);
    if (xattr == NULL)
        return remote_call_fail(call, -ENODATA, "'%s': no such attribute", name);
    if (size != 0 && size < xattr->size)
        return remote_call_fail(call, -ERANGE, "'%s': larger than that", name);
    if (size != 0)
        memcpy(value, xattr->value, xattr->size);
    return (ssize_t)xattr->size;
}

ssize_t memory_xattr_list(
    struct remote *remote, struct remote_call *call, const char *path, char *names, size_t size)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_XATTR_LIST);
    LOCK_SCOPE(&memory->lock);
    struct node *node = NULL;
    const struct memory_xattr *xattr;
    size_t total = 0;
    int rc = memory_xattr_begin(memory, call, path, &node);
    if (rc < 0)
        return rc;
    LL_FOREACH(node->xattrs, xattr) {
        size_t len = strlen(xattr->name) + 1;
        if (size != 0 && total + len > size)
            return remote_call_fail(call, -ERANGE, "'%s': more names than that", path);
        if (size != 0)
            memcpy(names + total, xattr->name, len);
        total += len;
    }
    return (ssize_t)total;
}
