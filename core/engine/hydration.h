/* SPDX-License-Identifier: MIT */
/*
 * A file that is being filled.
 *
 * There is one hydration for an inode at a time, found by device and number, so that all who want
 * the file share its transfers. It holds the agent's own descriptor, which version of the object
 * the bytes are of, and for a large file the presence map and the ranges in flight (ranges.h). A
 * small file is fetched whole (whole.h).
 *
 *     struct hydration *h;
 *     int rc = hydration_open(instance, path, door_fd, &h);
 *     if (rc == 0 && h != NULL) { rc = whole_fetch(h, REMOTE_DEMAND); hydration_put(h); }
 *
 * Unused ones of large files are kept for a while, the least recently used leave first. After a
 * restart of the agent they are made again from the file and its map.
 *
 * Threads: any. `synced` is under `lock`, which is never held over I/O of the network; the table is
 * under the instance's hydrations_lock, which comes first.
 */
#ifndef ALGOFS_ENGINE_HYDRATION_H
#define ALGOFS_ENGINE_HYDRATION_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/table.h"
#include "core/remote/remote.h"
#include "core/tree/file.h"
#include "core/tree/map.h"

enum { HYDRATIONS_IDLE_MAX = 256 };

struct instance;
struct span;
struct waiter;

struct hydration_key {
    uint64_t device, inode;
};

struct hydration_path {
    struct hydration_path *next;
    char text[];
};

struct hydration {
    /* immutable */
    struct instance *instance;
    struct hydration_key key;
    int fd;
    struct file_state state; /* as it was found */
    struct remote *remote;

    /* Replaced by a rename; what was read of them once stays valid. */
    const char *_Atomic remote_path; /* in `path` */
    const char *_Atomic path;        /* in the tree */
    char *first_path;                /* all that they ever were */
    struct hydration_path *former;

    /* under the instance's hydrations_lock */
    UT_hash_handle hh;
    atomic_uint users; /* from and to 0 under the lock only */
    struct hydration *idle_before, *idle_after;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct {
        bool complete;
        bool renewing, stale; /* the object has changed; stale once the tree shows the new one */
        char version[TREE_VERSION_MAX]; /* of the first GET; "" before */
        bool fetching;                  /* whole.c: one GET of everything runs */
        unsigned fetched;               /* counts up as one ends … */
        int result;                     /* … with this */
        struct map map;                 /* ranges.c, as all below */
        struct span *spans;
        struct span *stream; /* the one that takes the whole body of a server without ranges */
        struct waiter *waiters;
        unsigned spans_count;
        bool tight;        /* there was no room on the disk for more */
        bool racy; /* doubt.h; true until a read has told */
        uint64_t window;   /* chunks: of the next read-ahead; 0 while it is read here and there */
        uint64_t expected; /* where the next need begins if the file is read in sequence … */
        uint64_t ahead;    /* … or here, the end of what is read ahead */
        uint64_t marked;   /* the chunk that carries the mark */
    } synced;
};

/**
 * The hydration of the file that a door has opened as `fd`; made if there is none. `path` may be
 * NULL: then the kernel is asked for it. *ret_hydration is NULL if the file is complete. -ESTALE:
 * `path` is another file by now, or the file has no name any more.
 */
int hydration_open(struct instance *instance, const char *path, int fd,
    struct hydration **ret_hydration);
/** Gives back what hydration_open gave. NULL is allowed. */
void hydration_put(struct hydration *hydration);

/** One more user, or one less, while the caller is another. Needs no lock and may be called under
 * any. */
void hydration_ref(struct hydration *hydration);
void hydration_unref(struct hydration *hydration);

/**
 * What a transfer learns first, the object's size and version: 0 if they are what is being filled,
 * else -ESTALE; then the transfer ends and calls hydration_set_stale.
 */
int hydration_accept(struct hydration *hydration, uint64_t size, const char *version);

/** Has the tree show the object that there is now in the place of the file `path` of that inode. */
void hydration_renew(struct instance *instance, const char *path, uint64_t inode);

/** The object has changed or gone: lists its directory, so that the tree shows what there is now,
 * and only then marks the hydration. No lock held. */
void hydration_set_stale(struct hydration *hydration);

/** All bytes are there: the file becomes complete. Lock held since that was looked at, or they could have
 * been dropped since (drop.h). 0 or -errno (the file is as before). */
int hydration_complete(struct hydration *hydration);

/** Whether a version looks like the MD5 of the content. */
bool hydration_version_is_md5(const char *version);

/** The remote has renamed the object, or the directory, `from` to `to`, and so does the tree: what is
 * fetched from now on comes from there. */
void hydration_rename(struct instance *instance, const char *from, const char *to);

/** Hydrations in use and kept. */
unsigned hydration_count(struct instance *instance);

/** Frees all. Nobody may use one. */
void hydration_free_all(struct instance *instance);

#endif
