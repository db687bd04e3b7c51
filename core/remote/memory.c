/* SPDX-License-Identifier: MIT */
#include "core/remote/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

#include "core/base/cleanup.h"
#include "core/remote/call.h"
#include "core/remote/memory-internal.h"

enum { READ_PIECE = 16 * 1024 };

enum {
    MEMORY_ALL = REMOTE_CAN_WRITE | REMOTE_CAN_RENAME | REMOTE_CAN_RENAME_DIR | REMOTE_CAN_COPY |
                 REMOTE_CAN_CONDITION | REMOTE_KEEPS_ATTRIBUTES | REMOTE_CAN_SYMLINK |
                 REMOTE_CAN_LINK | REMOTE_KEEPS_XATTRS | REMOTE_KEEPS_FILES_AT_ROOT,
    MEMORY_LIMITS = MEMORY_ALL | REMOTE_MAY_CONDITION
};

/* --- the vtable --- */

struct memory *memory_called(
    struct remote *remote, struct remote_call *call, enum remote_operation operation)
{
    struct memory *memory = (struct memory *)remote;
    atomic_fetch_add(&memory->calls[operation], 1);
    call->attempts++;
    call->transient = false;
    call->retry_after_ms = 0;
    call->why[0] = '\0';
    return memory;
}

static unsigned memory_capabilities(struct remote *remote)
{
    struct memory *memory = (struct memory *)remote;
    LOCK_SCOPE(&memory->lock);
    return memory->synced.capabilities | (memory->synced.no_range ? 0 : REMOTE_CAN_RANGE) |
           (memory->synced.account[0] != '\0' ? REMOTE_HAS_OWNER_DIR : 0);
}

/* One entry of a listing, copied so that it can be delivered without the lock. */
struct listed {
    struct listed *next;
    struct remote_entry entry;
    char name[];
};

static int copy_children(struct memory *memory, const char *path, struct listed **ret_list)
{
    struct listed *list = NULL, *item, **tail = &list;
    const struct object *object;
    DL_FOREACH(memory->synced.objects, object) {
        const char *name = memory_below(path, object->path);
        if (name == NULL || strchr(name, '/') != NULL)
            continue;
        item = malloc(sizeof(*item) + strlen(name) + 1);
        *tail = item;
        if (item == NULL)
            break;
        item->next = NULL;
        memcpy(item->name, name, strlen(name) + 1);
        memory_describe(memory, object, &item->entry);
        if (!memory_can(memory, REMOTE_CAN_CONDITION))
            item->entry.version[0] = '\0'; /* as on Algorithmia, where a listing tells none */
        tail = &item->next;
    }
    *ret_list = list;
    return object == NULL ? 0 : -ENOMEM;
}

static int memory_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_LIST);
    struct listed *list = NULL, *item, *next;
    int rc;
    {
        LOCK_SCOPE(&memory->lock);
        const struct object *object = memory_find(memory, path);
        if (memory_is_dir(memory, path))
            rc = copy_children(memory, path, &list);
        else if (object != NULL)
            rc = remote_call_fail(call, -ENOTDIR, "'%s': a file", path);
        else
            rc = remote_call_fail(call, -ENOENT, "'%s': no such directory", path);
    }
    LL_FOREACH_SAFE(list, item, next)
    {
        if (rc == 0)
            rc = entry(context, item->name, strlen(item->name), &item->entry);
        free(item);
    }
    return rc;
}

static int memory_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_PROBE);
    LOCK_SCOPE(&memory->lock);
    const struct object *object = memory_find(memory, path);
    if (object != NULL)
        memory_describe(memory, object, ret_entry);
    else if (path[0] == '\0')
        *ret_entry = (struct remote_entry){ .is_dir = true };
    else
        return remote_call_fail(call, -ENOENT, "'%s': no such object", path);
    return 0;
}

/* What a read works on once the lock is free again. */
struct copy {
    char *bytes;
    size_t len;
    struct remote_entry entry;
    bool no_range;
};

static int copy_file(
    struct memory *memory, struct remote_call *call, const char *path, struct copy *ret_copy)
{
    LOCK_SCOPE(&memory->lock);
    const struct object *object = memory_find(memory, path);
    if (memory_is_dir(memory, path))
        return remote_call_fail(call, -EISDIR, "'%s': a directory", path);
    if (object == NULL)
        return remote_call_fail(call, -ENOENT, "'%s': no such file", path);
    const struct node *node = object->node;
    char *bytes = malloc(node->len + 1);
    if (bytes == NULL)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    if (node->len > 0)
        memcpy(bytes, node->bytes, node->len);
    bytes[node->len] = '\0';
    ret_copy->bytes = bytes;
    ret_copy->len = node->len;
    ret_copy->no_range = memory->synced.no_range;
    memory_describe(memory, object, &ret_copy->entry);
    return 0;
}

static int memory_read(struct remote *remote, struct remote_call *call, const char *path,
    uint64_t offset, uint64_t length, const struct remote_read_sink *sink)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_READ);
    struct copy copy = { 0 };
    int rc = length == 0 ? remote_call_fail(call, -EINVAL, "'%s': not a range", path)
                         : copy_file(memory, call, path, &copy);
    CLEANUP_FREE char *bytes = copy.bytes;
    if (rc < 0)
        return rc;
    if (copy.no_range) {
        offset = 0;
        length = UINT64_MAX;
    }
    if (offset > 0 && offset >= copy.len)
        return remote_call_fail(call, -ESTALE, "'%s': the object ends before that", path);
    uint64_t end = length > copy.len - offset ? copy.len : offset + length;
    if (sink->begin != NULL)
        rc = sink->begin(sink->context, copy.len, copy.entry.version);
    while (rc == 0 && offset < end) {
        size_t piece = end - offset < READ_PIECE ? (size_t)(end - offset) : READ_PIECE;
        rc = remote_call_cancelled(call) ? remote_call_fail(call, -ECANCELED, "cancelled")
                                         : sink->data(sink->context, offset, bytes + offset, piece);
        offset += piece;
    }
    return rc;
}

static char *read_source(const struct remote_write_source *source)
{
    CLEANUP_FREE char *bytes = malloc((size_t)source->size + 1);
    for (size_t have = 0; bytes != NULL && have < source->size;) {
        ssize_t got = pread(source->fd, bytes + have, (size_t)source->size - have, (off_t)have);
        if (got <= 0)
            return NULL;
        have += (size_t)got;
    }
    return TAKE(bytes);
}

static int check_expected(struct memory *memory, struct remote_call *call, const char *path,
    const char *expected)
{
    const struct object *object = memory_find(memory, path);
    struct remote_entry entry;
    if (expected != NULL && memory_can(memory, REMOTE_MAY_CONDITION))
        return remote_call_fail(call, -EOPNOTSUPP, "no conditions after all");
    if (expected == NULL || !memory_can(memory, REMOTE_CAN_CONDITION))
        return 0;
    if (expected[0] == '\0')
        return object == NULL ? 0 : remote_call_fail(call, -EEXIST, "'%s': exists", path);
    if (object == NULL)
        return remote_call_fail(call, -ESTALE, "'%s': it is gone", path);
    memory_describe(memory, object, &entry);
    return strcmp(entry.version, expected) == 0
               ? 0
               : remote_call_fail(call, -ESTALE, "'%s': another version is there", path);
}

static int memory_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_WRITE);
    CLEANUP_FREE char *bytes = read_source(source);
    if (bytes == NULL)
        return remote_call_fail(call, -ESTALE, "'%s': the source is shorter than it was", path);
    LOCK_SCOPE(&memory->lock);
    if (memory_is_dir(memory, path))
        return remote_call_fail(call, -EISDIR, "'%s': a directory", path);
    int rc = memory_check_parent(memory, call, path);
    if (rc == 0)
        rc = check_expected(memory, call, path, source->expected);
    if (rc < 0)
        return rc;
    struct object *object;
    rc = memory_set_content(
        memory, path, MEMORY_FILE, TAKE(bytes), (size_t)source->size, time(NULL), &object);
    if (rc == 0)
        memory_set_attributes(memory, object->node, &source->attributes);
    if (rc == 0 && ret_entry != NULL)
        memory_describe(memory, object, ret_entry);
    return rc;
}

static int memory_make_dir(struct remote *remote, struct remote_call *call, const char *path)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_MAKE_DIR);
    LOCK_SCOPE(&memory->lock);
    if (path[0] == '\0' || memory_find(memory, path) != NULL)
        return remote_call_fail(call, -EEXIST, "'%s': exists", path);
    int rc = memory_check_parent(memory, call, path);
    if (rc < 0)
        return rc;
    return memory_obtain(memory, path, MEMORY_DIR) == NULL ? -ENOMEM : 0;
}

static int memory_remove(
    struct remote *remote, struct remote_call *call, const char *path, enum remote_remove_kind kind)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_REMOVE);
    LOCK_SCOPE(&memory->lock);
    const struct object *object = memory_find(memory, path);
    if (object == NULL)
        return remote_call_fail(call, -ENOENT, "'%s': no such object", path);
    if (kind == REMOTE_REMOVE_FILE && object->node->kind == MEMORY_DIR)
        return remote_call_fail(call, -EISDIR, "'%s': a directory", path);
    if (kind == REMOTE_REMOVE_EMPTY_DIR && object->node->kind != MEMORY_DIR)
        return remote_call_fail(call, -ENOTDIR, "'%s': a file", path);
    if (kind == REMOTE_REMOVE_EMPTY_DIR && memory_has_children(memory, path))
        return remote_call_fail(call, -ENOTEMPTY, "'%s': not empty", path);
    memory_discard_tree(memory, path);
    return 0;
}

static int memory_account(struct remote *remote, struct remote_call *call, char *name, size_t size)
{
    struct memory *memory = memory_called(remote, call, REMOTE_OP_ACCOUNT);
    LOCK_SCOPE(&memory->lock);
    if (memory->synced.account[0] == '\0')
        return remote_call_fail(call, -EOPNOTSUPP, "no account was set");
    if (snprintf(name, size, "%s", memory->synced.account) >= (int)size)
        return remote_call_fail(call, -EIO, "the account's name is too long");
    return 0;
}

static void memory_free(struct remote *remote)
{
    struct memory *memory = (struct memory *)remote;
    while (memory->synced.objects != NULL)
        memory_discard(memory, memory->synced.objects);
    (void)pthread_mutex_destroy(&memory->lock);
    free(memory);
}

static const struct remote_ops memory_ops = {
    .type = "memory",
    .capabilities = memory_capabilities,
    .list = memory_list,
    .probe = memory_probe,
    .read = memory_read,
    .write = memory_write,
    .make_dir = memory_make_dir,
    .remove = memory_remove,
    .rename = memory_rename,
    .copy = memory_copy,
    .set_attributes = memory_change_attributes,
    .make_symlink = memory_make_symlink,
    .read_link = memory_read_link,
    .link = memory_link,
    .xattr_set = memory_xattr_set,
    .xattr_get = memory_xattr_get,
    .xattr_list = memory_xattr_list,
    .account = memory_account,
    .free = memory_free,
};

/* --- for tests --- */

struct remote *remote_memory_new(void)
{
    struct memory *memory = calloc(1, sizeof(*memory));
    if (memory == NULL)
        return NULL;
    memory->remote.ops = &memory_ops;
    (void)pthread_mutex_init(&memory->lock, NULL); /* a default mutex: cannot fail on Linux */
    (void)snprintf(memory->synced.account, sizeof(memory->synced.account), "alice");
    memory->synced.capabilities = MEMORY_ALL;
    return &memory->remote;
}

int remote_memory_put(
    struct remote *remote, const char *path, const void *bytes, size_t len, int64_t mtime_s)
{
    struct memory *memory = (struct memory *)remote;
    CLEANUP_FREE char *copy = malloc(len + 1);
    struct object *object;
    if (copy == NULL)
        return -ENOMEM;
    if (len > 0)
        memcpy(copy, bytes, len);
    LOCK_SCOPE(&memory->lock);
    if (memory_put_parents(memory, path) < 0)
        return -ENOMEM;
    return memory_set_content(memory, path, MEMORY_FILE, TAKE(copy), len, mtime_s, &object);
}

int remote_memory_put_dir(struct remote *remote, const char *path)
{
    struct memory *memory = (struct memory *)remote;
    LOCK_SCOPE(&memory->lock);
    return memory_put_parents(memory, path) < 0 || memory_obtain(memory, path, MEMORY_DIR) == NULL
               ? -ENOMEM
               : 0;
}

void remote_memory_drop(struct remote *remote, const char *path)
{
    struct memory *memory = (struct memory *)remote;
    LOCK_SCOPE(&memory->lock);
    memory_discard_tree(memory, path);
}

char *remote_memory_get(struct remote *remote, const char *path, size_t *ret_len)
{
    struct memory *memory = (struct memory *)remote;
    struct remote_call call = { 0 };
    struct copy copy = { 0 };
    if (copy_file(memory, &call, path, &copy) < 0)
        return NULL;
    *ret_len = copy.len;
    return copy.bytes;
}

uint64_t remote_memory_calls(struct remote *remote, enum remote_operation operation)
{
    return atomic_load(&((struct memory *)remote)->calls[operation]);
}

void remote_memory_set_account(struct remote *remote, const char *name)
{
    struct memory *memory = (struct memory *)remote;
    LOCK_SCOPE(&memory->lock);
    (void)snprintf(memory->synced.account, sizeof(memory->synced.account), "%s", name);
}

void remote_memory_limit(struct remote *remote, unsigned capabilities)
{
    struct memory *memory = (struct memory *)remote;
    LOCK_SCOPE(&memory->lock);
    memory->synced.capabilities = capabilities & MEMORY_LIMITS;
}

void remote_memory_set_range(struct remote *remote, bool can_range)
{
    struct memory *memory = (struct memory *)remote;
    LOCK_SCOPE(&memory->lock);
    memory->synced.no_range = !can_range;
}
