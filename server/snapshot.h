/* SPDX-License-Identifier: MIT */
/*
 * The names in a directory, sorted.
 *
 * A large directory is listed a page at a time, and each page is a request of its own. So the
 * sorted names of the last few large directories are kept, for as long as the directory's time of
 * change says that no name came or went. Sizes and times are not part of it: they are read for each
 * page.
 *
 * Snapshots are immutable and counted; the cache is thread-safe.
 */
#ifndef ALGOFS_SERVER_SNAPSHOT_H
#define ALGOFS_SERVER_SNAPSHOT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum {
    SNAPSHOT_CACHE_SIZE = 8,  /* directories kept */
    SNAPSHOT_CACHE_MIN = 500, /* names from which on a directory is worth keeping */
};

struct snapshot_entry {
    const char *name;
    bool is_dir;
};

struct snapshot {
    atomic_uint references;
    dev_t dev;
    ino_t ino;
    struct timespec mtime;          /* of the directory */
    struct snapshot_entry *entries; /* sorted by the bytes of the name */
    size_t count;
    char *names; /* what the entries point into */
};

struct snapshot_cache {
    pthread_mutex_t lock; /* guards all below */
    struct snapshot *kept[SNAPSHOT_CACHE_SIZE];
    size_t next; /* the slot to be reused next */
};

void snapshot_cache_init(struct snapshot_cache *cache);
void snapshot_cache_deinit(struct snapshot_cache *cache);

/**
 * The files and directories in the open directory `dir_fd` (borrowed, its position is used),
 * without symlinks, special files, our own folder and names that are not UTF-8 (JSON cannot carry
 * them; a warning counts them). 0 or -errno. Give back by snapshot_unref.
 */
int snapshot_get(struct snapshot_cache *cache, int dir_fd, struct snapshot **ret_snapshot);
void snapshot_unref(struct snapshot *snapshot);
/** Index of the first entry whose name comes after `name`. */
size_t snapshot_after(const struct snapshot *snapshot, const char *name);

#endif
