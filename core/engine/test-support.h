/* SPDX-License-Identifier: MIT */
/*
 * What the unit tests of the engine share: a store in memory that outlives the engines over it, an engine
 * with an account of that one store, "data", and a cache folder of its own. Included by one .c file each.
 *
 *     make_cache();                     // 0, or -1
 *     store = remote_memory_new();      // and what is to be in it
 *     start_engine("write:1:EIO!");     // with faults, or NULL
 *     …
 *     engine_free(engine);              // as often as the test likes, start_engine after it
 *     remote_free(store);
 *     remove_cache();
 */
#ifndef ALGOFS_ENGINE_TEST_SUPPORT_H
#define ALGOFS_ENGINE_TEST_SUPPORT_H

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/engine/engine.h"
#include "core/remote/cache_only.h"
#include "core/remote/fault.h"
#include "core/remote/layer.h"
#include "core/remote/memory.h"
#include "core/remote/retry.h"

static char cache[PATH_MAX];
static char root[PATH_MAX]; /* of the tree */
static struct remote *store;
static const char *faults;  /* of the engine that runs, or NULL */
static atomic_bool offline; /* cache_only=yes */
static uint64_t whole_size; /* of the next engine; 0: as usual */
static struct engine *engine;
static uint64_t instance;

/* --- the store, lent to an engine --- */

static inline int lent_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context)
{
    return remote_list(((struct layer *)remote)->inner, call, path, entry, context);
}

static inline int lent_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry)
{
    return remote_probe(((struct layer *)remote)->inner, call, path, ret_entry);
}

static inline int lent_read(struct remote *remote, struct remote_call *call, const char *path,
    uint64_t offset, uint64_t length, const struct remote_read_sink *sink)
{
    return remote_read(((struct layer *)remote)->inner, call, path, offset, length, sink);
}

static inline int lent_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    return remote_write(((struct layer *)remote)->inner, call, path, source, ret_entry);
}

static inline void lent_free(struct remote *remote)
{
    free(remote);
}

static const struct remote_ops lent_ops = {
    .type = "lent",
    .capabilities = layer_capabilities,
    .list = lent_list,
    .probe = lent_probe,
    .read = lent_read,
    .write = lent_write,
    LAYER_OPS,
    .free = lent_free,
};

/* --- the account --- */

static inline int memory_select(void *context, const struct wire_hello_request *environment, char *why,
    struct stores_account *ret_account)
{
    (void)context, (void)why;
    *ret_account = (struct stores_account){ .api = strdup("memory:") };
    (void)snprintf(
        (char *)ret_account->identity, sizeof(ret_account->identity), "%s", environment->key);
    return ret_account->api == NULL ? -ENOMEM : 0;
}

static inline struct remote *memory_open(void *context, const struct stores_account *account,
    const char *connector, struct remote_counters *counters)
{
    static const struct retry_policy policy = {
        .attempts = 2, .unreachable_attempts = 1, .base_ms = 1, .cap_ms = 1
    };
    char why[REMOTE_WHY_MAX];
    (void)context, (void)account;
    if (strcmp(connector, "data") != 0) {
        errno = EINVAL;
        return NULL;
    }
    struct layer *lent = calloc(1, sizeof(*lent));
    assert_non_null(lent);
    *lent = (struct layer){ { &lent_ops }, store, layer_forward };
    struct remote *remote = &lent->remote;
    if (faults != NULL)
        remote = remote_fault_new(remote, faults, 1, why, sizeof(why));
    return remote_cache_only_new(remote_retry_new(remote_stats_new(remote, counters), &policy), &offline);
}

static inline void memory_release(void *context, struct stores_account *account)
{
    (void)context;
    free(account->api);
    account->api = NULL;
}

static const struct stores stores = {
    .select = memory_select, .open = memory_open, .release = memory_release
};

/* --- the engine --- */

static inline void start_engine(const char *with_faults)
{
    const struct engine_options options = {
        .cache = cache, .stores = &stores, .whole_size = whole_size
    };
    const struct wire_hello_request hello = { .key = "key" };
    struct wire_hello_reply reply;
    int board = -1;
    faults = with_faults;
    assert_int_equal(engine_new(&options, &engine), 0);
    assert_int_equal(engine_hello(engine, &hello, &reply, &board), 0);
    assert_int_equal(close(board), 0);
    instance = reply.instance;
    (void)snprintf(root, sizeof(root), "%s", reply.tree);
}

static inline int make_cache(void)
{
    whole_size = 0;
    atomic_store(&offline, false);
    (void)stpcpy(cache, "/tmp/algofs-test-engine.XXXXXX");
    return mkdtemp(cache) == NULL ? -1 : 0;
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline int remove_cache(void)
{
    return nftw(cache, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
