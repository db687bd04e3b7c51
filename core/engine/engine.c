/* SPDX-License-Identifier: MIT */
#include "core/engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/engine/commit.h"
#include "core/engine/internal.h"
#include "core/engine/watch.h"

int engine_new(const struct engine_options *options, struct engine **ret_engine)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    if (engine == NULL)
        return -ENOMEM;
    pthread_mutex_init(&engine->opening, NULL);
    pthread_mutex_init(&engine->lock, NULL);
    engine->options = *options;
    if (engine->options.whole_size == 0)
        engine->options.whole_size = ENGINE_WHOLE_SIZE;
    engine->cache = strdup(options->cache);
    engine->options.cache = engine->cache;
    engine->demand = pool_new(ENGINE_DEMAND_THREADS, ENGINE_THREAD_IDLE_MS);
    engine->ahead = pool_new(ENGINE_AHEAD_THREADS, ENGINE_THREAD_IDLE_MS);
    engine->uploads = pool_new(COMMIT_THREADS, ENGINE_THREAD_IDLE_MS);
    int rc = engine->cache == NULL || engine->demand == NULL || engine->ahead == NULL ||
            engine->uploads == NULL
        ? -ENOMEM
        : watch_new(engine, &engine->watch);
    if (rc < 0) {
        engine_free(engine);
        return rc;
    }
    *ret_engine = engine;
    return 0;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    engine_cancel(engine);
    watch_stop(engine->watch);
    pool_free(engine->uploads);
    pool_free(engine->ahead);
    pool_free(engine->demand);
    while (engine->instances != NULL) {
        struct instance *instance = engine->instances;
        engine->instances = instance->next;
        instance_free(instance);
    }
    watch_free(engine->watch);
    pthread_mutex_destroy(&engine->opening);
    pthread_mutex_destroy(&engine->lock);
    free(engine->cache);
    free(engine);
}

void engine_cancel(struct engine *engine)
{
    const struct stores *stores = engine->options.stores;
    atomic_store(&engine->cancelled, true);
    if (stores->wake != NULL)
        stores->wake(stores->context);
}

unsigned engine_transfers(struct engine *engine)
{
    return pool_active(engine->demand) + pool_active(engine->ahead) +
        pool_active(engine->uploads);
}

unsigned engine_pending(struct engine *engine)
{
    unsigned pending = 0;
    pthread_mutex_lock(&engine->lock);
    struct instance *instance = engine->instances; /* only added to at the front: the rest stays */
    pthread_mutex_unlock(&engine->lock);
    for (; instance != NULL; instance = instance->next) {
        struct commit_counts counts;
        commit_count(instance, &counts);
        pending += dirty_count(instance) - counts.lasting;
    }
    return pending;
}

int engine_hello(struct engine *engine, const struct wire_hello_request *request,
    struct wire_hello_reply *ret_reply, int *ret_board)
{
    const struct stores *stores = engine->options.stores;
    struct stores_account account;
    struct instance *instance;
    char why[STORES_WHY_MAX] = "";
    int rc = stores->select(stores->context, request, why, &account);
    if (rc < 0) {
        log_error("engine", "the remotes cannot be told: %s", why[0] != '\0' ? why : strerror(-rc));
        return rc;
    }
    rc = instance_open(engine, &account, &instance);
    if (rc < 0) {
        log_error("engine", "cannot open the cache in \"%s\": %s", engine->cache, strerror(-rc));
        return rc;
    }
    *ret_board = fcntl(instance->board_fd, F_DUPFD_CLOEXEC, 0);
    if (*ret_board < 0)
        return -errno;
    *ret_reply = (struct wire_hello_reply){
        .instance = instance->id,
        .agent_pid = (uint64_t)getpid(),
        .tree = tree_path(instance->tree),
    };
    return 0;
}

void engine_tick(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    struct instance *instance = engine->instances; /* only added to at the front: the rest stays */
    pthread_mutex_unlock(&engine->lock);
    for (; instance != NULL; instance = instance->next) {
        int rc = tree_checkpoint(instance->tree);
        if (rc < 0)
            log_warn("engine", "\"%s\": cannot write out: %s", tree_path(instance->tree),
                strerror(-rc));
    }
    evict_run(engine);
}
