/* SPDX-License-Identifier: MIT */
#include "core/engine/dirty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/engine/claim.h"
#include "core/engine/internal.h"
#include "core/engine/watch.h"
#include "core/tree/file.h"

void dirties_init(struct dirties *dirties)
{
    *dirties = (struct dirties){ .table = NULL };
    pthread_mutex_init(&dirties->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&dirties->settled, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void dirty_free(struct dirty *dirty)
{
    if (dirty == NULL)
        return;
    pthread_cond_destroy(&dirty->changed);
    pthread_mutex_destroy(&dirty->journaling);
    free(dirty->synced.path);
    free(dirty);
}

void dirties_deinit(struct dirties *dirties)
{
    struct dirty *dirty, *next;
    HASH_ITER(hh, dirties->table, dirty, next) {
        HASH_DEL(dirties->table, dirty);
        dirty_free(dirty);
    }
    pthread_cond_destroy(&dirties->settled);
    pthread_mutex_destroy(&dirties->lock);
}

struct dirty_key dirty_key_of(const struct stat *st)
{
    return (struct dirty_key){ st->st_dev, st->st_ino };
}

int dirty_stamp(int fd, struct dirty_stamp *ret_stamp)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    *ret_stamp = (struct dirty_stamp){ (uint64_t)st.st_size, st.st_mtim, st.st_ctim };
    return 0;
}

static bool dirty_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool dirty_same_stamp(const struct dirty_stamp *a, const struct dirty_stamp *b)
{
    return a->size == b->size && dirty_same_time(a->mtime, b->mtime) &&
           dirty_same_time(a->ctime, b->ctime);
}

/*
 * A read lease is to be had only while nobody can write: neither a descriptor nor a mapping. Who
 * opens the file in this moment waits for its end, and we are told by a signal that does nothing.
 */
bool dirty_has_writers(int fd)
{
    if (fcntl(fd, F_SETSIG, SIGURG) < 0 || fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
        return true;
    (void)fcntl(fd, F_SETLEASE, F_UNLCK); /* it was had a moment ago */
    return false;
}

/* Lock held. */
static struct dirty *dirty_take(struct instance *instance, const struct dirty_key *key)
{
    struct dirty *dirty;
    HASH_FIND(hh, instance->dirties.table, key, sizeof(*key), dirty);
    if (dirty != NULL)
        dirty->synced.users++;
    return dirty;
}

struct dirty *dirty_find(struct instance *instance, const struct dirty_key *key)
{
    LOCK_SCOPE(&instance->dirties.lock);
    return dirty_take(instance, key);
}

struct dirty *dirty_find_path(struct instance *instance, const char *path)
{
    struct stat st;
    if (tree_stat(instance->tree, path, &st) < 0 || !S_ISREG(st.st_mode))
        return NULL;
    const struct dirty_key key = dirty_key_of(&st);
    return dirty_find(instance, &key);
}

void dirty_put(struct dirty *dirty)
{
    if (dirty == NULL)
        return;
    {
        LOCK_SCOPE(&dirty->instance->dirties.lock);
        if (--dirty->synced.users > 0 || !dirty->synced.gone)
            return;
    }
    dirty_free(dirty);
}

void dirty_cleanup(struct dirty **dirty)
{
    dirty_put(*dirty);
}

void dirty_path(struct dirty *dirty, char path[PATH_MAX])
{
    LOCK_SCOPE(&dirty->instance->dirties.lock);
    (void)stpcpy(path, dirty->synced.path); /* a tree path: it fits */
}

static struct timespec dirty_birth(int fd)
{
    struct statx stx;
    struct timespec birth = { 0 };
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) == 0 && (stx.stx_mask & STATX_BTIME) != 0)
        birth = (struct timespec){ stx.stx_btime.tv_sec, stx.stx_btime.tv_nsec };
    return birth;
}

static struct dirty *dirty_new(
    struct instance *instance, const char *path, int fd, const struct dirty_key *key)
{
    struct dirty *dirty = calloc(1, sizeof(*dirty));
    if (dirty == NULL)
        return NULL;
    dirty->instance = instance;
    dirty->key = *key;
    dirty->birth = dirty_birth(fd);
    dirty->since_s = time(NULL);
    pthread_mutex_init(&dirty->journaling, NULL);
    pthread_cond_init(&dirty->changed, NULL);
    dirty->synced.users = 1;
    dirty->synced.watch = -1;
    dirty->synced.path = strdup(path);
    if (dirty->synced.path == NULL) {
        dirty_free(dirty);
        return NULL;
    }
    return dirty;
}

/* Writes the intent and, unless another thread was first, enters the record; takes it over. */
static int dirty_enter(struct dirty *dirty, int fd, struct dirty **ret_dirty)
{
    struct instance *instance = dirty->instance;
    struct dirty *known = NULL;
    int rc = claim_pin(instance, dirty->synced.path);
    if (rc < 0) {
        dirty_free(dirty);
        return rc;
    }
    rc = dirty_journal(dirty, false);
    if (rc == 0) {
        LOCK_SCOPE(&instance->dirties.lock);
        known = dirty_take(instance, &dirty->key);
        if (known == NULL) {
            HASH_ADD(hh, instance->dirties.table, key, sizeof(dirty->key), dirty);
            rc = table_added(&dirty->hh) ? 0 : -ENOMEM;
        }
        if (known == NULL && rc == 0) {
            dirty->synced.watch = watch_add(instance->engine->watch, instance, &dirty->key, fd);
            dirty->synced.polled = dirty->synced.watch < 0;
            *ret_dirty = dirty;
            return 0;
        }
    }
    claim_unpin(instance, dirty->synced.path);
    journal_drop(instance->journal, dirty->synced.intent);
    dirty_free(dirty);
    if (rc == 0)
        *ret_dirty = known;
    return rc;
}

int dirty_open(struct instance *instance, const char *path, int fd,
    const struct dirty_origin *origin, struct dirty **ret_dirty)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    const struct dirty_key key = dirty_key_of(&st);
    *ret_dirty = dirty_find(instance, &key);
    if (*ret_dirty != NULL && dirty_same_time((*ret_dirty)->birth, dirty_birth(fd)))
        return 0;
    if (*ret_dirty != NULL) { /* of a file that is no more, whose number this one has got */
        dirty_drop(*ret_dirty);
        dirty_put(*ret_dirty);
    }
    struct dirty *dirty = dirty_new(instance, path, fd, &key);
    if (dirty == NULL)
        return -ENOMEM;
    dirty->synced.base = origin->base;
    dirty->synced.stored = origin->stored;
    (void)dirty_stamp(fd, &dirty->synced.committed); /* it could be read a moment ago */
    return dirty_enter(dirty, fd, ret_dirty);
}

/* Whether what is noted on the file says that the remote has it as it is. */
static bool dirty_noted_as_stored(int fd, const struct dirty_stamp *now)
{
    struct file_noted noted;
    return file_get_noted(fd, &noted) && noted.size == now->size &&
           dirty_same_time(noted.local_mtime, now->mtime);
}

int dirty_restore(struct instance *instance, const struct journal_intent *intent, const char *path,
    int fd, struct dirty **ret_dirty)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    const struct dirty_key key = dirty_key_of(&st);
    struct dirty *dirty = dirty_new(instance, path, fd, &key);
    if (dirty == NULL)
        return -ENOMEM;
    dirty->since_s = intent->since_s;
    dirty->synced.intent = intent->id;
    dirty->synced.base = (intent->flags & JOURNAL_BASE) != 0 || strcmp(path, intent->path) != 0;
    dirty->synced.mapped = (intent->flags & JOURNAL_MAPPED) != 0;
    dirty->synced.durable = (intent->flags & JOURNAL_DURABLE) != 0;
    dirty->synced.error = (intent->flags & JOURNAL_FAILED) != 0 ? -intent->error : 0;
    (void)stpncpy(dirty->synced.why, intent->why, sizeof(dirty->synced.why) - 1);
    (void)dirty_stamp(fd, &dirty->synced.committed); /* it could be read a moment ago */
    dirty->synced.stored = dirty_noted_as_stored(fd, &dirty->synced.committed);
    dirty->synced.made = (intent->flags & JOURNAL_MADE) != 0;
    dirty->synced.orphan = (!dirty->synced.base || dirty->synced.made) && !dirty->synced.stored &&
                           st.st_size == 0 && !dirty_has_writers(fd);
    return dirty_enter(dirty, fd, ret_dirty);
}

int dirty_journal(struct dirty *dirty, bool durable)
{
    struct instance *instance = dirty->instance;
    char path[PATH_MAX];
    char why[REMOTE_WHY_MAX];
    struct journal_intent intent = {
        .kind = JOURNAL_WRITE,
        .device = dirty->key.device,
        .inode = dirty->key.inode,
        .birth_s = dirty->birth.tv_sec,
        .birth_ns = (uint32_t)dirty->birth.tv_nsec,
        .since_s = dirty->since_s,
        .path = path,
        .to = "",
        .why = why,
    };
    LOCK_SCOPE(&dirty->journaling);
    {
        LOCK_SCOPE(&instance->dirties.lock);
        if (dirty->synced.gone)
            return 0;
        durable = dirty->synced.durable = dirty->synced.durable || durable;
        intent.id = dirty->synced.intent;
        intent.flags = (dirty->synced.base || dirty->synced.stored ? JOURNAL_BASE : 0) |
                       (dirty->synced.mapped ? JOURNAL_MAPPED : 0) |
                       (dirty->synced.durable ? JOURNAL_DURABLE : 0) |
                       (dirty->synced.made ? JOURNAL_MADE : 0) |
                       (dirty->synced.error != 0 ? JOURNAL_FAILED : 0);
        intent.error = -dirty->synced.error;
        (void)stpcpy(path, dirty->synced.path); /* a tree path: it fits */
        memcpy(why, dirty->synced.why, sizeof(why));
    }
    int rc = journal_put(instance->journal, &intent, durable);
    if (rc < 0)
        return rc;
    LOCK_SCOPE(&instance->dirties.lock);
    dirty->synced.intent = intent.id;
    return 0;
}

int dirty_rename(struct dirty *dirty, const char *path, bool base)
{
    struct instance *instance = dirty->instance;
    char *fresh = strdup(path);
    if (fresh == NULL)
        return -ENOMEM;
    int rc = claim_pin(instance, path);
    if (rc < 0) {
        free(fresh);
        return rc;
    }
    char *old;
    {
        LOCK_SCOPE(&instance->dirties.lock);
        old = dirty->synced.path;
        dirty->synced.path = fresh;
        dirty->synced.base = base;
    }
    rc = dirty_journal(dirty, false);
    claim_unpin(instance, old);
    free(old);
    return rc;
}

/* Lock and `journaling` held. */
static void dirty_leave(struct dirty *dirty)
{
    struct instance *instance = dirty->instance;
    HASH_DEL(instance->dirties.table, dirty);
    dirty->synced.gone = true;
    watch_remove(instance->engine->watch, dirty->synced.watch);
    claim_unpin(instance, dirty->synced.path);
    pthread_cond_broadcast(&dirty->changed);
    pthread_cond_broadcast(&instance->dirties.settled);
}

void dirty_drop(struct dirty *dirty)
{
    struct instance *instance = dirty->instance;
    LOCK_SCOPE(&dirty->journaling);
    {
        LOCK_SCOPE(&instance->dirties.lock);
        if (dirty->synced.gone)
            return;
        dirty_leave(dirty);
    }
    journal_drop(instance->journal, dirty->synced.intent);
}

/* Lock held. */
static bool dirty_differs(const struct dirty *dirty, int fd)
{
    struct dirty_stamp now = { 0 };
    return !dirty->synced.stored || dirty->synced.changed || dirty->synced.mapped ||
           dirty_stamp(fd, &now) < 0 || !dirty_same_stamp(&now, &dirty->synced.committed);
}

bool dirty_needs_upload(struct dirty *dirty, int fd)
{
    LOCK_SCOPE(&dirty->instance->dirties.lock);
    return dirty_differs(dirty, fd);
}

bool dirty_begin_touch(struct dirty *dirty, int fd)
{
    struct dirty_stamp now = { 0 };
    LOCK_SCOPE(&dirty->instance->dirties.lock);
    return dirty->synced.stored && dirty_stamp(fd, &now) == 0 &&
           dirty_same_stamp(&now, &dirty->synced.committed);
}

void dirty_end_touch(struct dirty *dirty, int fd)
{
    struct dirty_stamp now = { 0 };
    LOCK_SCOPE(&dirty->instance->dirties.lock);
    const struct dirty_stamp *before = &dirty->synced.committed;
    if (dirty_stamp(fd, &now) == 0 && now.size == before->size &&
        dirty_same_time(now.mtime, before->mtime))
        dirty->synced.committed = now;
}

void dirty_drop_if_clean(struct dirty *dirty, int fd)
{
    struct instance *instance = dirty->instance;
    LOCK_SCOPE(&dirty->journaling);
    {
        LOCK_SCOPE(&instance->dirties.lock);
        /* Who uses the record to write has the file open. Writers first: if there are none, what
         * the file is now is what it stays until the next OPEN_WRITE, which comes here. */
        if (dirty->synced.gone || dirty->synced.queued || dirty->synced.uploading ||
            dirty_has_writers(fd) || dirty_differs(dirty, fd))
            return;
        dirty_leave(dirty);
    }
    journal_drop(instance->journal, dirty->synced.intent);
}

struct dirty **dirty_all(struct instance *instance, unsigned *ret_count)
{
    struct dirty *dirty, *next;
    LOCK_SCOPE(&instance->dirties.lock);
    unsigned count = 0;
    *ret_count = 0;
    struct dirty **all = calloc(HASH_COUNT(instance->dirties.table) + 1, sizeof(*all));
    if (all == NULL)
        return NULL;
    HASH_ITER(hh, instance->dirties.table, dirty, next) {
        dirty->synced.users++;
        all[count++] = dirty;
    }
    *ret_count = count;
    return all;
}

unsigned dirty_count(struct instance *instance)
{
    LOCK_SCOPE(&instance->dirties.lock);
    return HASH_COUNT(instance->dirties.table) + instance->dirties.renames;
}
