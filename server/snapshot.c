/* SPDX-License-Identifier: MIT */
#include "server/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/strbuf.h"
#include "server/json.h"
#include "server/store.h"

void snapshot_cache_init(struct snapshot_cache *cache)
{
    *cache = (struct snapshot_cache){ .next = 0 };
    (void)pthread_mutex_init(&cache->lock, NULL); /* default attributes: cannot fail */
}

void snapshot_cache_deinit(struct snapshot_cache *cache)
{
    for (size_t i = 0; i < SNAPSHOT_CACHE_SIZE; i++)
        snapshot_unref(cache->kept[i]);
    (void)pthread_mutex_destroy(&cache->lock);
}

void snapshot_unref(struct snapshot *snapshot)
{
    if (snapshot == NULL || atomic_fetch_sub(&snapshot->references, 1) != 1)
        return;
    free(snapshot->entries);
    free(snapshot->names);
    free(snapshot);
}

static bool snapshot_matches(const struct snapshot *snapshot, const struct stat *st)
{
    return snapshot != NULL && snapshot->dev == st->st_dev && snapshot->ino == st->st_ino &&
           snapshot->mtime.tv_sec == st->st_mtim.tv_sec &&
           snapshot->mtime.tv_nsec == st->st_mtim.tv_nsec;
}

static struct snapshot *snapshot_find(struct snapshot_cache *cache, const struct stat *st)
{
    LOCK_SCOPE(&cache->lock);
    for (size_t i = 0; i < SNAPSHOT_CACHE_SIZE; i++) {
        if (snapshot_matches(cache->kept[i], st)) {
            atomic_fetch_add(&cache->kept[i]->references, 1);
            return cache->kept[i];
        }
    }
    return NULL;
}

/* Keeps a snapshot, in the place of an older one of the same directory if there is one. */
static void snapshot_keep(struct snapshot_cache *cache, struct snapshot *snapshot)
{
    atomic_fetch_add(&snapshot->references, 1);
    struct snapshot *old;
    {
        LOCK_SCOPE(&cache->lock);
        size_t slot = cache->next;
        for (size_t i = 0; i < SNAPSHOT_CACHE_SIZE; i++)
            if (cache->kept[i] != NULL && cache->kept[i]->dev == snapshot->dev &&
                cache->kept[i]->ino == snapshot->ino)
                slot = i;
        if (slot == cache->next)
            cache->next = (cache->next + 1) % SNAPSHOT_CACHE_SIZE;
        old = cache->kept[slot];
        cache->kept[slot] = snapshot;
    }
    snapshot_unref(old);
}

/* What `entry` is: DT_REG, DT_DIR, or anything else for what is not shown. */
static unsigned char snapshot_type(int dir_fd, const struct dirent *entry)
{
    struct stat st;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type;
    if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return DT_UNKNOWN; /* just removed */
    return S_ISREG(st.st_mode) ? DT_REG : S_ISDIR(st.st_mode) ? DT_DIR : DT_UNKNOWN;
}

/*
 * Reads the directory into `names`: for each entry its type byte, its name, NUL. Pointers into it
 * can be made only when it has stopped growing.
 */
static int snapshot_read(int dir_fd, struct strbuf *names, size_t *ret_count)
{
    CLEANUP_CLOSE int own = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0)
        return -errno;
    CLEANUP_CLOSEDIR DIR *dir = fdopendir(own);
    if (dir == NULL)
        return -errno;
    (void)TAKE_FD(own); /* the stream closes it */
    size_t count = 0;
    size_t unreadable = 0;
    const struct dirent *entry;
    while ((errno = 0, entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            strcmp(name, STORE_PRIVATE_NAME) == 0)
            continue;
        unsigned char type = snapshot_type(dir_fd, entry);
        if (type != DT_REG && type != DT_DIR)
            continue;
        if (!json_is_utf8(name)) {
            unreadable++;
            continue;
        }
        strbuf_addch(names, (char)type);
        strbuf_add(names, name, strlen(name) + 1);
        count++;
    }
    if (errno != 0)
        return -errno;
    if (unreadable > 0)
        log_warn("list", "%zu names that are not UTF-8 are left out of a listing", unreadable);
    *ret_count = count;
    return names->failed ? -ENOMEM : 0;
}

static int snapshot_compare(const void *a, const void *b)
{
    const struct snapshot_entry *left = a;
    const struct snapshot_entry *right = b;
    return strcmp(left->name, right->name);
}

static int snapshot_scan(int dir_fd, const struct stat *st, struct snapshot **ret_snapshot)
{
    CLEANUP_STRBUF struct strbuf names = STRBUF_INIT;
    size_t count = 0;
    int rc = snapshot_read(dir_fd, &names, &count);
    if (rc < 0)
        return rc;
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
    if (snapshot == NULL)
        return -ENOMEM;
    *snapshot = (struct snapshot){
        .references = 1, .dev = st->st_dev, .ino = st->st_ino, .mtime = st->st_mtim, .count = count
    };
    snapshot->entries = calloc(count + 1, sizeof(*snapshot->entries));
    snapshot->names = strbuf_detach(&names);
    if (snapshot->entries == NULL || snapshot->names == NULL) {
        snapshot_unref(snapshot);
        return -ENOMEM;
    }
    const char *next = snapshot->names;
    for (size_t i = 0; i < count; i++) {
        snapshot->entries[i] = (struct snapshot_entry){ next + 1, *next == DT_DIR };
        next += strlen(next) + 1;
    }
    qsort(snapshot->entries, count, sizeof(*snapshot->entries), snapshot_compare);
    *ret_snapshot = snapshot;
    return 0;
}

int snapshot_get(struct snapshot_cache *cache, int dir_fd, struct snapshot **ret_snapshot)
{
    struct stat st;
    if (fstat(dir_fd, &st) < 0)
        return -errno;
    struct snapshot *snapshot = snapshot_find(cache, &st);
    if (snapshot == NULL) {
        bool settled = store_is_settled(&st); /* before the scan: what happens during it counts */
        int rc = snapshot_scan(dir_fd, &st, &snapshot);
        if (rc < 0)
            return rc;
        if (settled && snapshot->count >= SNAPSHOT_CACHE_MIN)
            snapshot_keep(cache, snapshot);
    }
    *ret_snapshot = snapshot;
    return 0;
}

size_t snapshot_after(const struct snapshot *snapshot, const char *name)
{
    size_t low = 0;
    size_t high = snapshot->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(snapshot->entries[middle].name, name) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
