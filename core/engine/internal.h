/* SPDX-License-Identifier: MIT */
/* What the files of core/engine share; nobody else includes this. Lock order: engine.h. */
#ifndef ALGOFS_ENGINE_INTERNAL_H
#define ALGOFS_ENGINE_INTERNAL_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/base/pool.h"
#include "core/base/table.h"
#include "core/engine/claim.h"
#include "core/engine/dirty.h"
#include "core/engine/engine.h"
#include "core/engine/evict.h"
#include "core/engine/notice.h"
#include "core/tree/tree.h"
#include "core/wire/board.h"

enum {
    ENGINE_WHOLE_SIZE = 4 << 20,       /* bytes: files up to this are fetched by one GET */
    ENGINE_DEMAND_THREADS = 64,        /* listings and ranges that somebody waits for */
    ENGINE_AHEAD_THREADS = 48,         /* read-ahead */
    ENGINE_THREAD_IDLE_MS = 5000,
    ENGINE_CONNECTORS_MAX = 64,        /* of one instance */
    ENGINE_CONNECTOR_NAME_MAX = 128,   /* bytes with NUL */
    ENGINE_FAILURE_AGE_MS = 1000,      /* a failed question is not asked again for so long */
};

struct question;
struct hydration;
struct ahead;
struct watch;

struct connector {
    UT_hash_handle hh;
    struct remote *remote;
    atomic_ullong refused_ms; /* writable.h: when the key was refused a change; 0: it was not … */
    atomic_bool permitted;    /* … and whether one was carried out, or is being tried */
    char name[];
};

/* One account's name space and cache. Lives until engine_free. */
struct instance {
    struct instance *next;
    struct engine *engine;
    uint64_t id;
    char name[13]; /* `id` in hexadecimal: the folder's name */
    struct stores_account account;
    struct tree *tree;
    struct board *board; /* which directories are listed, for the doors to read … */
    int board_fd;        /* … open for reading */
    struct remote_counters counters;
    atomic_ullong files_hydrated, bytes_hydrated, failures;
    atomic_ullong bytes_arrived; /* into the tree, of files that are complete and of such that are not */
    atomic_ullong ahead_bytes; /* being read ahead */

    pthread_mutex_t connectors_lock;
    struct connector *connectors; /* by name; only added to */

    pthread_mutex_t questions_lock;
    struct question *questions; /* question.c */

    pthread_mutex_t hydrations_lock;
    struct hydration *hydrations; /* hydration.c: by inode */
    struct hydration *idle_first, *idle_last;
    unsigned idle_count;

    struct notices notices; /* notice.h: who wants to hear of changes, and which */
    struct claims claims;   /* claim.h: what is being changed here */
    struct dirties dirties; /* dirty.h: what is to be uploaded */
    struct journal *journal;

    pthread_mutex_t orders_lock;
    struct ahead *orders; /* ahead.c: by directory */

    pthread_mutex_t words_lock;
    char owner[NAME_MAX + 1];        /* the account's own directory in data; "" while unknown */
    uint64_t owner_asked_ms;         /* 0: never */
    char last_error[PATH_MAX + REMOTE_WHY_MAX]; /* "" if none */
};

struct engine {
    struct engine_options options; /* immutable; strings owned */
    char *cache;
    struct pool *demand, *ahead, *uploads;
    struct watch *watch;
    atomic_ullong next_copy; /* upload.c */
    atomic_bool cancelled;
    pthread_mutex_t opening; /* held while a new instance's tree is opened */
    pthread_mutex_t lock;
    struct instance *instances; /* only added to, at the front */
    struct evict evict;         /* engine_tick's thread only */
};

/* instance.c */

int instance_open(struct engine *engine, struct stores_account *account, struct instance **ret_instance);
void instance_free(struct instance *instance);
/** NULL: no such instance. */
struct instance *instance_find(struct engine *engine, uint64_t id);
/** The remote of `path`'s connector; *ret_rest points into `path` behind it. Borrowed for ever. */
int instance_remote(
    struct instance *instance, const char *path, struct remote **ret_remote, const char **ret_rest);
/** The connector itself. */
int instance_connector(
    struct instance *instance, const char *path, struct connector **ret_connector);
/** A call's circumstances as the engine makes them. */
struct remote_call instance_call(struct instance *instance, enum remote_priority priority);
/**
 * A call on `path` failed with `rc` for good: one log line, and the last error of the status.
 * Answers (no such name) and cancellation are logged at debug only. Returns `rc`.
 */
int instance_failed(struct instance *instance, const char *what, const char *path,
    const struct remote_call *call, int rc);
/** The same for what is no answer, whatever it says. */
int instance_complain(struct instance *instance, const char *what, const char *path,
    const struct remote_call *call, int rc);
/** The name of the caller's own directory. -ENOENT: it cannot be found out. */
int instance_owner(struct instance *instance, char owner[NAME_MAX + 1]);

#endif
