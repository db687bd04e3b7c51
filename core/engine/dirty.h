/* SPDX-License-Identifier: MIT */
/*
 * Files that are open for writing, or differ from what the remote has.
 *
 * There is one record for each, found by device and inode, and one intent in the journal, which is
 * on disk before a program gets a descriptor to write through. The record's path is pinned
 * (claim.h), follows renames, and is where the file is in the tree. A record goes when the remote
 * has all, and nobody has the file open for writing any more; or with the file.
 *
 *                    OPEN_WRITE                          round begins
 *       (no record) ------------> idle -----------------------------------> uploading
 *            ^                    ^  ^                                       |     |
 *            | remote has all,    |  | the remote has all                    |     | failed
 *            | no writer          |  +---------------------------------------+     v
 *            +--------------------+                       round begins       failed: error set,
 *                                          uploading <---------------------- retried at retry_ms
 *
 * What makes a round (commit.h): COMMIT, a close that the watch saw, FLUSH, a retry. `stored` says
 * that `committed` are the size and times of the file when the remote had all of it; a file that
 * still has them needs no upload, unless `changed` or `mapped` says that they do not tell.
 *
 * Locks: a record's `journaling`, then the instance's dirties.lock; nothing below that but a
 * claim's. Neither is held over the network.
 */
#ifndef ALGOFS_ENGINE_DIRTY_H
#define ALGOFS_ENGINE_DIRTY_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/base/table.h"
#include "core/journal/journal.h"
#include "core/remote/remote.h"

struct instance;

struct dirty_key {
    uint64_t device, inode;
};

/* A state of a file's content, as far as size and times tell. */
struct dirty_stamp {
    uint64_t size;
    struct timespec mtime, ctime;
};

struct dirty {
    /* immutable */
    struct instance *instance;
    struct dirty_key key;
    struct timespec birth; /* zero where the file system has none */
    int64_t since_s;

    pthread_mutex_t journaling; /* held while the intent is written or dropped */
    pthread_cond_t changed;

    UT_hash_handle hh;
    struct { /* under the instance's dirties.lock */
        unsigned users;
        bool gone; /* not in the table any more */
        char *path;
        uint64_t intent;
        bool base;   /* the remote may have an object of this path: it had one before, or an upload of
                        this one has begun */
        bool stored; /* the remote has what `committed` is the stamp of */
        struct dirty_stamp committed;
        bool changed; /* differs from what is stored, whatever the stamp says */
        bool mapped;  /* a shared mapping changes it without changing its times */
        bool durable; /* a close was answered before the upload */
        bool polled;  /* there is no watch on it */
        bool made;    /* an exclusive open has made it at the remote, empty, and nothing was uploaded
                         since */
        bool orphan;  /* new, empty and open nowhere when its agent died: its maker, who was not
                         answered, may come back for it until the next tick */
        int watch;    /* or -1 */

        bool queued, uploading;
        uint64_t started, finished; /* rounds */
        int verdict;                /* of the last finished one */

        int error; /* -errno of the last round, 0 if it went well … */
        bool lasting;
        unsigned failures; /* … in a row */
        uint64_t retry_ms;
        char why[REMOTE_WHY_MAX];
    } synced;
};

/* The table; embedded in the instance. */
struct dirties {
    pthread_mutex_t lock;
    pthread_cond_t settled; /* a round or a rename has ended, or a record has gone */
    struct dirty *table;
    unsigned renames; /* of an earlier agent, that are not finished yet */
};

/* How a record begins. */
struct dirty_origin {
    bool base;   /* the remote may have an object of the path */
    bool stored; /* the file is, as it is now, what the remote has */
};

void dirties_init(struct dirties *dirties);
/** Frees all records; the intents stay. Nobody may use one. */
void dirties_deinit(struct dirties *dirties);

/**
 * The record of the open file `fd`, which is `path` in the tree; made, pinned and written to the
 * journal if there is none. One more user. 0, -ENOSPC (journal), -errno.
 */
int dirty_open(struct instance *instance, const char *path, int fd,
    const struct dirty_origin *origin, struct dirty **ret_dirty);
/** The same for an intent of an earlier agent; the file has been found at `path`. */
int dirty_restore(struct instance *instance, const struct journal_intent *intent, const char *path,
    int fd, struct dirty **ret_dirty);
/** NULL: there is none. Else one more user. */
struct dirty *dirty_find(struct instance *instance, const struct dirty_key *key);
/** The record of the file that is `path` in the tree, if it is one and has one. */
struct dirty *dirty_find_path(struct instance *instance, const char *path);
/** One user less. NULL is allowed. */
void dirty_put(struct dirty *dirty);
#define CLEANUP_DIRTY __attribute__((cleanup(dirty_cleanup)))
void dirty_cleanup(struct dirty **dirty);

/** Where the file is in the tree now. */
void dirty_path(struct dirty *dirty, char path[PATH_MAX]);

/** Writes the record's intent as it is now; `durable`: to the disk, from now on. */
int dirty_journal(struct dirty *dirty, bool durable);

/** The file has got another name; that the remote may have an object there is `base`. The intent is
 * written first, so call this before the tree is changed. */
int dirty_rename(struct dirty *dirty, const char *path, bool base);

/** The file has gone: so do record and intent. */
void dirty_drop(struct dirty *dirty);

/** Drops a record that has become superfluous: the file `fd` is stored, and nobody can write to it.
 * The path is claimed. */
void dirty_drop_if_clean(struct dirty *dirty, int fd);

/** Whether the file `fd`, which is the record's, must be uploaded. */
bool dirty_needs_upload(struct dirty *dirty, int fd);

/**
 * Around a change of the file `fd` that is none of its content but moves its ctime (rename, chmod).
 * begin: whether it is stored as it is now; end, if it was: so it still is, unless size or mtime
 * say that it was written to meanwhile.
 */
bool dirty_begin_touch(struct dirty *dirty, int fd);
void dirty_end_touch(struct dirty *dirty, int fd);

/** The stamp of an open file. 0 or -errno. */
int dirty_stamp(int fd, struct dirty_stamp *ret_stamp);
bool dirty_same_stamp(const struct dirty_stamp *a, const struct dirty_stamp *b);
struct dirty_key dirty_key_of(const struct stat *st);

/** Whether anybody has the file open or mapped for writing; true where that cannot be told. `fd` is
 * open for reading only. */
bool dirty_has_writers(int fd);

/** All records of an instance, each with one more user: an array of *ret_count, to be freed after
 * each was put. NULL: none, or no memory. */
struct dirty **dirty_all(struct instance *instance, unsigned *ret_count);

/** How many there are, renames that an earlier agent began included. */
unsigned dirty_count(struct instance *instance);

#endif
