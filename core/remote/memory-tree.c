/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "core/base/cleanup.h"
#include "core/remote/call.h"
#include "core/remote/memory-internal.h"

struct object *memory_find(struct memory *memory, const char *path)
{
    struct object *object;
    DL_FOREACH(memory->synced.objects, object)
        if (strcmp(object->path, path) == 0)
            return object;
    return NULL;
}

bool memory_is_dir(struct memory *memory, const char *path)
{
    const struct object *object = memory_find(memory, path);
    return path[0] == '\0' || (object != NULL && object->node->kind == MEMORY_DIR);
}

const char *memory_below(const char *dir, const char *path)
{
    size_t len = strlen(dir);
    if (len == 0)
        return path;
    return strncmp(path, dir, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

static void memory_unref_node(struct node *node)
{
    if (--node->names > 0)
        return;
    while (node->xattrs != NULL) {
        struct memory_xattr *xattr = node->xattrs;
        LL_DELETE(node->xattrs, xattr);
        free(xattr);
    }
    free(node->bytes);
    free(node);
}

void memory_discard(struct memory *memory, struct object *object)
{
    DL_DELETE(memory->synced.objects, object);
    memory_unref_node(object->node);
    free(object->path);
    free(object);
}

void memory_discard_tree(struct memory *memory, const char *path)
{
    struct object *object, *next;
    DL_FOREACH_SAFE(memory->synced.objects, object, next)
    if (strcmp(object->path, path) != 0 && memory_below(path, object->path) != NULL)
        memory_discard(memory, object);
    object = memory_find(memory, path);
    if (object != NULL)
        memory_discard(memory, object); /* last: `path` may be its own */
}

bool memory_has_children(struct memory *memory, const char *path)
{
    const struct object *object;
    DL_FOREACH(memory->synced.objects, object)
        if (memory_below(path, object->path) != NULL)
            return true;
    return false;
}

/* Where the last component starts. */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

int memory_check_parent(struct memory *memory, struct remote_call *call, const char *path)
{
    size_t len = (size_t)(name_of(path) - path);
    CLEANUP_FREE char *parent = strndup(path, len > 0 ? len - 1 : 0);
    if (parent == NULL)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    if (!memory_is_dir(memory, parent))
        return remote_call_fail(call, -ENOENT, "'%s': no such directory", parent);
    return 0;
}

bool memory_can(const struct memory *memory, enum remote_capability capability)
{
    return (memory->synced.capabilities & capability) != 0;
}

int memory_add_name(struct memory *memory, const char *path, struct node *node)
{
    struct object *object = calloc(1, sizeof(*object));
    char *copy = strdup(path);
    if (object == NULL || copy == NULL) {
        free(object);
        free(copy);
        return -ENOMEM;
    }
    object->path = copy;
    object->node = node;
    node->names++;
    DL_APPEND(memory->synced.objects, object);
    return 0;
}

struct object *memory_obtain(struct memory *memory, const char *path, enum memory_kind kind)
{
    struct object *object = memory_find(memory, path);
    if (object != NULL && object->node->kind == kind)
        return object;
    if (object != NULL)
        memory_discard_tree(memory, path);
    struct node *node = calloc(1, sizeof(*node));
    if (node == NULL)
        return NULL;
    node->kind = kind;
    node->mode = kind == MEMORY_FILE ? 0644 : kind == MEMORY_DIR ? 0755 : 0777;
    node->uid = getuid();
    node->gid = getgid();
    if (memory_add_name(memory, path, node) < 0) {
        free(node);
        return NULL;
    }
    return memory->synced.objects->prev; /* the list's last */
}

int memory_set_content(struct memory *memory, const char *path, enum memory_kind kind, char *bytes,
    size_t len, int64_t mtime_s, struct object **ret_object)
{
    struct object *object = memory_obtain(memory, path, kind);
    if (object == NULL) {
        free(bytes);
        return -ENOMEM;
    }
    struct node *node = object->node;
    free(node->bytes);
    node->bytes = bytes;
    node->len = len;
    node->has_mtime = mtime_s >= 0;
    node->mtime = (struct timespec){ .tv_sec = node->has_mtime ? (time_t)mtime_s : 0 };
    node->version = ++memory->synced.version;
    *ret_object = object;
    return 0;
}

void memory_set_attributes(
    struct memory *memory, struct node *node, const struct remote_attributes *attributes)
{
    if (!memory_can(memory, REMOTE_KEEPS_ATTRIBUTES))
        return;
    if ((attributes->valid & REMOTE_SET_MODE) != 0 && node->kind != MEMORY_SYMLINK)
        node->mode = attributes->mode;
    if ((attributes->valid & REMOTE_SET_OWNER) != 0) {
        node->uid = attributes->uid;
        node->gid = attributes->gid;
    }
    if ((attributes->valid & REMOTE_SET_MTIME) != 0) {
        node->has_mtime = true;
        node->mtime = attributes->mtime;
    }
}

void memory_describe(
    const struct memory *memory, const struct object *object, struct remote_entry *ret_entry)
{
    const struct node *node = object->node;
    bool keeps = memory_can(memory, REMOTE_KEEPS_ATTRIBUTES);
    *ret_entry = (struct remote_entry){ .is_dir = node->kind == MEMORY_DIR,
        .is_symlink = node->kind == MEMORY_SYMLINK,
        .size = node->len,
        .has_mode = keeps,
        .mode = keeps ? node->mode : 0,
        .has_owner = keeps,
        .uid = keeps ? node->uid : 0,
        .gid = keeps ? node->gid : 0,
        .has_mtime = node->has_mtime,
        .mtime = node->mtime };
    if (node->kind == MEMORY_FILE && node->names > 1) {
        ret_entry->names = node->names;
        ret_entry->file_id = (uint64_t)(uintptr_t)node;
    }
    if (node->kind == MEMORY_FILE)
        (void)snprintf(ret_entry->version, sizeof(ret_entry->version), "%" PRIu64, node->version);
}

int memory_move(struct memory *memory, const char *from, const char *to)
{
    struct object *object;
    DL_FOREACH(memory->synced.objects, object) {
        const char *below = memory_below(from, object->path);
        char *path;
        if (below == NULL && strcmp(object->path, from) != 0)
            continue;
        if (asprintf(&path, "%s%s%s", to, below == NULL ? "" : "/", below == NULL ? "" : below) < 0)
            return -ENOMEM;
        free(object->path);
        object->path = path;
    }
    return 0;
}

int memory_put_parents(struct memory *memory, const char *path)
{
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        CLEANUP_FREE char *dir = strndup(path, (size_t)(slash - path));
        if (dir == NULL || memory_obtain(memory, dir, MEMORY_DIR) == NULL)
            return -ENOMEM;
    }
    return 0;
}
