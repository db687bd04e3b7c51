/* SPDX-License-Identifier: MIT */
#include "core/engine/evict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/engine/doubt.h"
#include "core/engine/drop.h"
#include "core/engine/internal.h"
#include "core/engine/ranges.h"
#include "core/tree/file.h"
#include "core/tree/sweep.h"
#include "core/wire/entry.h"

enum { EVICT_BLOCK = 512 /* st_blocks' unit */, EVICT_CANDIDATES_MAX = 65536 }; /* the oldest so many are known at a time */

struct candidate {
    struct instance *instance;
    char *path;
    uint64_t inode, size;
    bool partial;
    struct timespec used;
};

struct collection {
    struct instance *instance; /* the one that is walked */
    struct candidate *candidates;
    size_t count;
    uint64_t present;
};

static int evict_compare(const void *a, const void *b)
{
    const struct candidate *one = a, *other = b;
    if (one->used.tv_sec != other->used.tv_sec)
        return one->used.tv_sec < other->used.tv_sec ? -1 : 1;
    return (one->used.tv_nsec > other->used.tv_nsec) - (one->used.tv_nsec < other->used.tv_nsec);
}

static void evict_sort(struct collection *collection)
{
    qsort(collection->candidates, collection->count, sizeof(collection->candidates[0]),
        evict_compare);
}

static void evict_forget(struct collection *collection, size_t keep)
{
    while (collection->count > keep)
        free(collection->candidates[--collection->count].path);
}

static int evict_collect(
    void *context, const char *path, int dir, const char *name, const struct stat *st)
{
    struct collection *collection = context;
    (void)dir;
    (void)name;
    bool partial = entry_is_incomplete(st->st_mode);
    uint64_t size = partial ? (uint64_t)st->st_blocks * EVICT_BLOCK : (uint64_t)st->st_size;
    if (size == 0)
        return 0;
    collection->present += size / st->st_nlink;
    if (st->st_nlink > 1)
        return 0; /* its other names would keep it */
    if (collection->count == EVICT_CANDIDATES_MAX) { /* the newer half has no chance */
        evict_sort(collection);
        evict_forget(collection, EVICT_CANDIDATES_MAX / 2);
    }
    bool read_last = !partial && st->st_atim.tv_sec > st->st_ctim.tv_sec;
    struct candidate candidate = {
        .instance = collection->instance,
        .path = strdup(path),
        .inode = st->st_ino,
        .size = size,
        .partial = partial,
        .used = read_last ? st->st_atim : st->st_ctim,
    };
    if (candidate.path == NULL)
        return -ENOMEM;
    collection->candidates[collection->count++] = candidate;
    return 0;
}

/* The instances as they are now: they are only added to, at the front. */
static struct instance *evict_instances(struct engine *engine)
{
    LOCK_SCOPE(&engine->lock);
    return engine->instances;
}

static uint64_t evict_arrived(struct engine *engine)
{
    uint64_t sum = 0;
    for (struct instance *i = evict_instances(engine); i != NULL; i = i->next)
        sum += atomic_load(&i->bytes_arrived);
    return sum;
}

/* Bytes that the disk lacks for its reserve. */
static uint64_t evict_disk_lacks(struct engine *engine)
{
    struct statvfs disk;
    if (statvfs(engine->cache, &disk) < 0 || disk.f_blocks == 0)
        return 0;
    uint64_t total = (uint64_t)disk.f_blocks * disk.f_frsize;
    uint64_t available = (uint64_t)disk.f_bavail * disk.f_frsize;
    uint64_t reserve = total / 20 < EVICT_RESERVE ? total / 20 : EVICT_RESERVE;
    return available < reserve ? reserve - available + reserve / 10 : 0;
}

static uint64_t evict_budget_lacks(const struct engine *engine, uint64_t present)
{
    uint64_t budget = engine->options.cache_size;
    return budget > 0 && present > budget ? present - budget + budget / 10 : 0;
}

/* Walks everything; the candidates come out oldest first. */
static int evict_count(struct engine *engine, struct collection *collection)
{
    uint64_t arrived = evict_arrived(engine);
    int rc = 0;
    for (struct instance *i = evict_instances(engine); rc == 0 && i != NULL; i = i->next) {
        collection->instance = i;
        rc = sweep_files(i->tree, evict_collect, collection);
    }
    evict_sort(collection);
    engine->evict.counted = rc == 0;
    engine->evict.present = collection->present;
    engine->evict.arrived = arrived;
    return rc;
}

/* What is being changed here is not evicted. */
static bool evict_keep(void *context, const char *directory, const char *name, bool listed)
{
    (void)listed;
    return claim_keeps(context, directory, name, UINT64_MAX);
}

/* Makes a complete file a placeholder. The bytes that this frees, 0 if it was replaced or changes; or
 * -ENOSPC. */
static int64_t evict_complete(const struct candidate *candidate)
{
    const struct tree_keep keep = { evict_keep, candidate->instance };
    int rc =
        tree_renew(candidate->instance->tree, candidate->path, candidate->inode, true, &keep);
    return rc == 0 ? (int64_t)candidate->size : rc == -ENOSPC ? rc : 0;
}

static int64_t evict_partial(const struct candidate *candidate)
{
    struct hydration *h;
    {
        struct file_state state;
        CLEANUP_CLOSE int fd = file_open_reading(candidate->instance->tree, candidate->path);
        if (fd < 0 || file_inspect(fd, &state) < 0)
            return 0;
        if (doubt_is_one(fd, &state)) /* all of it is here, and need not be asked about to go */
            return evict_complete(candidate);
        if (hydration_open(candidate->instance, candidate->path, fd, &h) < 0 || h == NULL)
            return 0;
    }
    int64_t freed = 0;
    if (ranges_prepare(h) == 0) {
        drop_release(h);
        freed = (int64_t)drop_chunks(h);
    }
    hydration_put(h);
    return freed;
}

static void evict_oldest(struct engine *engine, const struct collection *collection, uint64_t wanted)
{
    uint64_t freed = 0;
    size_t files = 0;
    for (size_t i = 0; i < collection->count && freed < wanted; i++) {
        const struct candidate *candidate = &collection->candidates[i];
        int64_t bytes = candidate->partial ? evict_partial(candidate) : evict_complete(candidate);
        if (bytes < 0)
            break;
        freed += (uint64_t)bytes;
        files += bytes > 0;
    }
    engine->evict.present -= freed < engine->evict.present ? freed : engine->evict.present;
    log_info("engine", "evicted %zu files of %llu bytes; %llu were wanted", files,
        (unsigned long long)freed, (unsigned long long)wanted);
}

void evict_run(struct engine *engine)
{
    uint64_t arrived = evict_arrived(engine);
    uint64_t present = engine->evict.present + (arrived - engine->evict.arrived);
    bool must_count = !engine->evict.counted && engine->options.cache_size > 0;
    bool lacks = evict_disk_lacks(engine) > 0 || evict_budget_lacks(engine, present) > 0;
    if ((!must_count && !lacks) || evict_instances(engine) == NULL)
        return;
    struct collection collection = {
        .candidates = calloc(EVICT_CANDIDATES_MAX, sizeof(struct candidate)),
    };
    if (collection.candidates == NULL)
        return; /* the next tick tries again */
    int rc = evict_count(engine, &collection);
    if (rc < 0)
        log_warn("engine", "cannot count the cache: %s", strerror(-rc));
    uint64_t disk = evict_disk_lacks(engine);
    uint64_t budget = evict_budget_lacks(engine, collection.present);
    uint64_t wanted = disk > budget ? disk : budget;
    if (wanted > 0)
        evict_oldest(engine, &collection, wanted);
    evict_forget(&collection, 0);
    free(collection.candidates);
}
