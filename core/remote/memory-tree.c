/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    return path[0] == '\0' || (object != NULL && object->is_dir);
}

const char *memory_below(const char *dir, const char *path)
{
    size_t len = strlen(dir);
    if (len == 0)
        return path;
    return strncmp(path, dir, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

void memory_discard(struct memory *memory, struct object *object)
{
    DL_DELETE(memory->synced.objects, object);
    free(object->bytes);
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

struct object *memory_obtain(struct memory *memory, const char *path, bool dir)
{
    struct object *object = memory_find(memory, path);
    if (object != NULL && object->is_dir == dir)
        return object;
    if (object != NULL)
        memory_discard_tree(memory, path);
    object = calloc(1, sizeof(*object));
    char *copy = strdup(path);
    if (object == NULL || copy == NULL) {
        free(object);
        free(copy);
        return NULL;
    }
    object->path = copy;
    object->is_dir = dir;
    DL_APPEND(memory->synced.objects, object);
    return object;
}

int memory_set_content(struct memory *memory, const char *path, char *bytes, size_t len,
    int64_t mtime_s, struct object **ret_object)
{
    struct object *object = memory_obtain(memory, path, false);
    if (object == NULL) {
        free(bytes);
        return -ENOMEM;
    }
    free(object->bytes);
    object->bytes = bytes;
    object->len = len;
    object->has_mtime = mtime_s >= 0;
    object->mtime = object->has_mtime ? (time_t)mtime_s : 0;
    object->version = ++memory->synced.version;
    *ret_object = object;
    return 0;
}

void memory_describe(const struct object *object, struct remote_entry *ret_entry)
{
    *ret_entry = (struct remote_entry){ .is_dir = object->is_dir,
        .size = object->len,
        .has_mtime = object->has_mtime,
        .mtime = { .tv_sec = object->mtime } };
    if (!object->is_dir)
        (void)snprintf(ret_entry->version, sizeof(ret_entry->version), "%" PRIu64, object->version);
}

int memory_put_parents(struct memory *memory, const char *path)
{
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        CLEANUP_FREE char *dir = strndup(path, (size_t)(slash - path));
        if (dir == NULL || memory_obtain(memory, dir, true) == NULL)
            return -ENOMEM;
    }
    return 0;
}
