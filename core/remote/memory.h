/* SPDX-License-Identifier: MIT */
/*
 * A remote in memory: a tree of objects behind a mutex. It implements the whole vtable, for tests
 * of what stands above it, and is what the contract test measures other remotes by.
 *
 *     struct remote *store = remote_memory_new();
 *     remote_memory_put(store, "alice/images/cat.png", "meow", 4, 1700000000);
 *     …
 *     assert(remote_memory_calls(store, REMOTE_OP_PROBE) == 1);
 *
 * A version is a number that grows with every change. A read copies its bytes first and calls the
 * sink without the lock. Searching is by walking all objects: it is for tests.
 *
 * Threads: any.
 */
#ifndef ALGOFS_REMOTE_MEMORY_H
#define ALGOFS_REMOTE_MEMORY_H

#include "core/remote/remote.h"
#include "core/remote/stats.h"

/** A store with an empty root. NULL for want of memory. */
struct remote *remote_memory_new(void);

/* All below: `remote` is what remote_memory_new returned, not a layer around it. */

/** Puts a file, and the directories above it, whatever was there. mtime_s in seconds of the epoch;
 * a negative one: none is known. 0 or -ENOMEM. */
int remote_memory_put(
    struct remote *remote, const char *path, const void *bytes, size_t len, int64_t mtime_s);
/** Puts a directory and those above it. 0 or -ENOMEM. */
int remote_memory_put_dir(struct remote *remote, const char *path);
/** Removes an object and all below it, as if somebody else had. */
void remote_memory_drop(struct remote *remote, const char *path);
/** Copies a file's content: malloc'ed, NUL added. NULL: no such file. */
char *remote_memory_get(struct remote *remote, const char *path, size_t *ret_len);

/** How often an operation was called. */
uint64_t remote_memory_calls(struct remote *remote, enum remote_operation operation);
/** What remote_account answers; "alice" at first, "" for none. Cut to 63 bytes. */
void remote_memory_set_account(struct remote *remote, const char *name);
/** Takes all but these remote_capability bits away: it then refuses the others' operations, and keeps
 * no attributes. At first it can everything. */
void remote_memory_limit(struct remote *remote, unsigned capabilities);
/** Whether ranged reads are answered with the range (as at first) or from offset 0. */
void remote_memory_set_range(struct remote *remote, bool can_range);

#endif
