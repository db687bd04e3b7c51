/* SPDX-License-Identifier: MIT */
/*
 * The objects of the remote in memory: a list of names, searched by walking. Private to memory*.c.
 */
#ifndef ALGOFS_REMOTE_MEMORY_INTERNAL_H
#define ALGOFS_REMOTE_MEMORY_INTERNAL_H

#include <pthread.h>

#include "core/remote/memory.h"

enum { MEMORY_ACCOUNT_MAX = 64 };

struct memory_xattr {
    struct memory_xattr *next;
    size_t size;
    char *name; /* with its NUL, in `value` behind the bytes */
    char value[];
};

enum memory_kind { MEMORY_FILE, MEMORY_DIR, MEMORY_SYMLINK };

/* What names stand for; a file may have several. */
struct node {
    unsigned names;
    enum memory_kind kind;
    bool has_mtime;
    struct timespec mtime;
    mode_t mode;
    uid_t uid;
    gid_t gid;
    char *bytes; /* content, or a link's target; a NUL behind it */
    size_t len;
    uint64_t version;
    struct memory_xattr *xattrs;
};

struct object {
    struct object *prev, *next; /* in the order of creation, which is that of listings */
    char *path;
    struct node *node;
};

struct memory {
    struct remote remote;
    pthread_mutex_t lock;
    struct {
        struct object *objects; /* without the root */
        uint64_t version;
        unsigned capabilities; /* what the store shall be able to do */
        bool no_range;
        char account[MEMORY_ACCOUNT_MAX];
    } synced; /* guarded by lock */
    atomic_ullong calls[REMOTE_OPERATIONS];
};

/* memory-tree.c. The lock must be held when any function below is called. */

/** The object at `path`, or NULL. The root is none. */
struct object *memory_find(struct memory *memory, const char *path);
/** Whether `path` is a directory, the root included. */
bool memory_is_dir(struct memory *memory, const char *path);
/** The rest of `path` below `dir`, or NULL. */
const char *memory_below(const char *dir, const char *path);
bool memory_has_children(struct memory *memory, const char *path);
/** Frees one object. */
void memory_discard(struct memory *memory, struct object *object);
/** Frees what is at `path` and below it, if anything. */
void memory_discard_tree(struct memory *memory, const char *path);
/** 0, or -ENOENT or -ENOMEM with call->why when the directory above `path` is not there. */
int memory_check_parent(struct memory *memory, struct remote_call *call, const char *path);
/** Makes the directories above `path`. 0 or -ENOMEM. */
int memory_put_parents(struct memory *memory, const char *path);
/** The object of that name and kind, a new one if need be: another kind is replaced. NULL for want
 * of memory. */
struct object *memory_obtain(struct memory *memory, const char *path, enum memory_kind kind);
/** Makes `path` a file of these bytes, or a symbolic link to them; takes `bytes` over, on failure
 * too. mtime_s negative: none is known. 0 or -ENOMEM. */
int memory_set_content(struct memory *memory, const char *path, enum memory_kind kind, char *bytes,
    size_t len, int64_t mtime_s, struct object **ret_object);
void memory_set_attributes(
    struct memory *memory, struct node *node, const struct remote_attributes *attributes);
void memory_describe(
    const struct memory *memory, const struct object *object, struct remote_entry *ret_entry);
bool memory_can(const struct memory *memory, enum remote_capability capability);
/** Another path for an object and, if it is a directory, for all below it. 0 or -ENOMEM. */
int memory_move(struct memory *memory, const char *from, const char *to);
/** One more name, `path`, for `node`. 0 or -ENOMEM. */
int memory_add_name(struct memory *memory, const char *path, struct node *node);

/* memory.c: the lock is taken by it. */

/** Counts a call and clears what the last one left in `call`. */
struct memory *memory_called(
    struct remote *remote, struct remote_call *call, enum remote_operation operation);

/* memory-change.c: the operations of stores that can more. */

int memory_rename(
    struct remote *remote, struct remote_call *call, const char *from, const char *to);
int memory_copy(struct remote *remote, struct remote_call *call, const char *from, const char *to,
    struct remote_entry *ret_entry);
int memory_change_attributes(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_attributes *attributes, struct remote_entry *ret_entry);
int memory_make_symlink(struct remote *remote, struct remote_call *call, const char *target,
    const char *path, const struct remote_attributes *attributes, struct remote_entry *ret_entry);
int memory_read_link(
    struct remote *remote, struct remote_call *call, const char *path, char *target, size_t size);
int memory_link(struct remote *remote, struct remote_call *call, const char *from, const char *to);
int memory_xattr_set(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, const void *value, size_t size, int flags);
ssize_t memory_xattr_get(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, void *value, size_t size);
ssize_t memory_xattr_list(
    struct remote *remote, struct remote_call *call, const char *path, char *names, size_t size);

#endif
