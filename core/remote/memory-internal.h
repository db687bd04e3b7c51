/* SPDX-License-Identifier: MIT */
/*
 * The objects of the remote in memory: a list, searched by walking. Private to memory.c and
 * memory-tree.c.
 */
#ifndef ALGOFS_REMOTE_MEMORY_INTERNAL_H
#define ALGOFS_REMOTE_MEMORY_INTERNAL_H

#include <pthread.h>

#include "core/remote/memory.h"

enum { MEMORY_ACCOUNT_MAX = 64 };

struct object {
    struct object *prev, *next; /* in the order of creation, which is that of listings */
    char *path;
    bool is_dir;
    bool has_mtime;
    time_t mtime;
    char *bytes;
    size_t len;
    uint64_t version;
};

struct memory {
    struct remote remote;
    pthread_mutex_t lock;
    struct {
        struct object *objects; /* without the root */
        uint64_t version;
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
/** The object of that name and kind, a new one if need be. NULL for want of memory. */
struct object *memory_obtain(struct memory *memory, const char *path, bool dir);
/** Makes `path` a file of these bytes; takes `bytes` over, on failure too. 0 or -ENOMEM. */
int memory_set_content(struct memory *memory, const char *path, char *bytes, size_t len,
    int64_t mtime_s, struct object **ret_object);
void memory_describe(const struct object *object, struct remote_entry *ret_entry);

#endif
