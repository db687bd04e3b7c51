/* SPDX-License-Identifier: MIT */
#include "core/engine/commit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/engine/claim.h"
#include "core/engine/internal.h"
#include "core/engine/keep.h"
#include "core/engine/question.h"
#include "core/engine/upload.h"
#include "core/engine/writable.h"
#include "core/tree/file.h"

/* Opens the record's file for reading. -ESTALE: its name is not its own any more. */
static int commit_open(struct dirty *dirty, const char *path)
{
    struct stat st;
    CLEANUP_CLOSE int fd = file_open_reading(dirty->instance->tree, path);
    if (fd < 0)
        return fd == -ENOENT || fd == -ENOTDIR || fd == -EINVAL ? -ESTALE : fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    return st.st_dev == dirty->key.device && st.st_ino == dirty->key.inode ? TAKE_FD(fd) : -ESTALE;
}

/* Claims the record's path, wherever that is by now. */
static int commit_claim(struct dirty *dirty, struct claim *claim)
{
    char path[PATH_MAX];
    for (;;) {
        dirty_path(dirty, path);
        int rc = claim_take(claim, dirty->instance, CLAIM_SHARED, path, NULL);
        if (rc < 0)
            return rc;
        dirty_path(dirty, path);
        if (strcmp(path, claim->path[0]) == 0)
            return 0;
        claim_release(claim);
    }
}

/* --- one round --- */

void commit_begin(struct dirty *dirty)
{
    LOCK_SCOPE(&dirty->instance->dirties.lock);
    dirty->synced.changed = false;
}

void commit_stored(struct dirty *dirty, int fd, const struct upload *upload)
{
    struct dirty_stamp now;
    upload_note(fd, upload);
    LOCK_SCOPE(&dirty->instance->dirties.lock);
    /* Noting has moved the ctime. What was written since the upload has moved the mtime. */
    bool same = dirty_stamp(fd, &now) == 0 && now.size == upload->stamp.size &&
                now.mtime.tv_sec == upload->stamp.mtime.tv_sec &&
                now.mtime.tv_nsec == upload->stamp.mtime.tv_nsec;
    dirty->synced.stored = true;
    dirty->synced.base = true;
    dirty->synced.committed = same ? now : upload->stamp;
    dirty->synced.error = 0;
    dirty->synced.failures = 0;
    dirty->synced.lasting = false;
    dirty->synced.why[0] = '\0';
}

static uint64_t commit_pause_ms(unsigned failures, bool lasting)
{
    uint64_t pause_ms = lasting ? COMMIT_LASTING_MIN_MS : COMMIT_RETRY_MIN_MS;
    for (unsigned i = 1; i < failures && pause_ms < COMMIT_RETRY_MAX_MS; i++)
        pause_ms *= 2;
    return pause_ms < COMMIT_RETRY_MAX_MS ? pause_ms : COMMIT_RETRY_MAX_MS;
}

/* Lock held. Whether the failure is news for the journal. */
static bool commit_note_failure(struct dirty *dirty, int rc, const struct remote_call *call)
{
    bool news = dirty->synced.error != rc;
    const char *why = call->why[0] != '\0' ? call->why : strerror(-rc);
    dirty->synced.error = rc;
    dirty->synced.lasting = !call->transient;
    dirty->synced.failures++;
    dirty->synced.retry_ms =
        clock_ms() + commit_pause_ms(dirty->synced.failures, dirty->synced.lasting);
    (void)snprintf(dirty->synced.why, sizeof(dirty->synced.why), "%s", why); /* cut if long */
    return news;
}

/* Bytes and intent stay, and the failure is never silent. */
static void commit_failed(
    struct dirty *dirty, const char *path, int rc, const struct remote_call *call)
{
    bool news;
    {
        LOCK_SCOPE(&dirty->instance->dirties.lock);
        dirty->synced.changed = true;
        if (rc == -ECANCELED) /* we are leaving: the next agent goes on */
            return;
        news = commit_note_failure(dirty, rc, call);
    }
    (void)instance_complain(dirty->instance, "upload", path, call, rc);
    if (news && (rc = dirty_journal(dirty, false)) < 0)
        log_warn("engine", "\"%s\": its intent cannot be updated: %s", path, strerror(-rc));
}

/* From now on the remote may have an object of the path, whoever has to know that after us. */
static void commit_note_base(struct dirty *dirty, const char *path)
{
    {
        LOCK_SCOPE(&dirty->instance->dirties.lock);
        if (dirty->synced.base && !dirty->synced.made)
            return;
        dirty->synced.base = true;
        dirty->synced.made = false;
    }
    int rc = dirty_journal(dirty, false);
    if (rc < 0) /* the upload may help: it frees the record */
        log_warn("engine", "\"%s\": its intent cannot be updated: %s", path, strerror(-rc));
}

/* The claim is held. */
static int commit_upload(struct dirty *dirty, const char *path, int fd)
{
    struct instance *instance = dirty->instance;
    struct remote_call call = { .why = "" };
    struct upload upload;
    bool writers = dirty_has_writers(fd);
    commit_note_base(dirty, path);
    commit_begin(dirty);
    int rc = upload_file(instance, path, fd, &call, &upload);
    if (rc == 0) {
        keep_catch_up(instance, path, fd, &upload.sent);
        commit_stored(dirty, fd, &upload);
        claim_note_change(instance, path);
        question_forget(instance, QUESTION_ENTRY, path);
    }
    if (rc == 0 && !writers) {
        LOCK_SCOPE(&instance->dirties.lock);
        dirty->synced.mapped = false; /* the mapping had gone before */
    }
    writable_learn(instance, path, rc, &call);
    if (rc < 0)
        commit_failed(dirty, path, rc, &call);
    return rc;
}

/* Runs one round; who asked until it has begun shares its verdict. */
static int commit_round(struct dirty *dirty, uint64_t *ret_round)
{
    struct instance *instance = dirty->instance;
    CLEANUP_CLAIM struct claim claim = { .instance = NULL };
    int rc = commit_claim(dirty, &claim);
    {
        LOCK_SCOPE(&instance->dirties.lock);
        *ret_round = ++dirty->synced.started;
        dirty->synced.queued = false;
        if (dirty->synced.gone) /* removed while we waited for the claim */
            return 0;
    }
    if (rc < 0)
        return rc;
    CLEANUP_CLOSE int fd = commit_open(dirty, claim.path[0]);
    if (fd == -ESTALE) { /* nothing of ours removes a pinned file: somebody was in the cache */
        log_error("engine", "\"%s\": a file that was to be uploaded has gone", claim.path[0]);
        dirty_drop(dirty);
        return -ESTALE;
    }
    if (fd < 0)
        return fd;
    return dirty_needs_upload(dirty, fd) ? commit_upload(dirty, claim.path[0], fd) : 0;
}

int commit_now(struct dirty *dirty)
{
    struct dirties *dirties = &dirty->instance->dirties;
    LOCK_SCOPE(&dirties->lock);
    uint64_t wanted = dirty->synced.started + 1;
    while (dirty->synced.finished < wanted && !dirty->synced.gone) {
        if (dirty->synced.uploading) {
            pthread_cond_wait(&dirty->changed, &dirties->lock);
            continue;
        }
        uint64_t round;
        dirty->synced.uploading = true;
        pthread_mutex_unlock(&dirties->lock);
        int rc = commit_round(dirty, &round);
        pthread_mutex_lock(&dirties->lock);
        dirty->synced.uploading = false;
        dirty->synced.verdict = rc;
        dirty->synced.finished = round;
        pthread_cond_broadcast(&dirty->changed);
        pthread_cond_broadcast(&dirties->settled);
    }
    return dirty->synced.finished >= wanted ? dirty->synced.verdict : 0;
}

/* --- in the background --- */

/* Drops the record if that was all. */
static void commit_finish(struct dirty *dirty)
{
    CLEANUP_CLAIM struct claim claim = { .instance = NULL };
    if (commit_claim(dirty, &claim) < 0)
        return;
    CLEANUP_CLOSE int fd = commit_open(dirty, claim.path[0]);
    if (fd >= 0)
        dirty_drop_if_clean(dirty, fd);
}

static void commit_run(void *argument)
{
    struct dirty *dirty = argument;
    if (!atomic_load(&dirty->instance->engine->cancelled))
        (void)commit_now(dirty); /* noted in the record */
    commit_finish(dirty);
    dirty_put(dirty);
}

void commit_queue(struct dirty *dirty)
{
    struct instance *instance = dirty->instance;
    {
        LOCK_SCOPE(&instance->dirties.lock);
        if (dirty->synced.queued || dirty->synced.gone)
            return;
        dirty->synced.queued = true;
        dirty->synced.users++;
    }
    if (pool_submit(instance->engine->uploads, commit_run, dirty) == 0)
        return;
    {
        LOCK_SCOPE(&instance->dirties.lock);
        dirty->synced.queued = false;
        dirty->synced.polled = true; /* the tick tries again */
    }
    dirty_put(dirty);
}

/* Whether it is not yet time: the last round failed, or the file's maker may come back. */
static bool commit_waits(struct dirty *dirty)
{
    LOCK_SCOPE(&dirty->instance->dirties.lock);
    return dirty->synced.orphan ||
           (dirty->synced.error != 0 && dirty->synced.retry_ms > clock_ms());
}

void commit_look_at(struct dirty *dirty)
{
    bool needed = false;
    {
        CLEANUP_CLAIM struct claim claim = { .instance = NULL };
        if (commit_claim(dirty, &claim) < 0)
            return;
        CLEANUP_CLOSE int fd = commit_open(dirty, claim.path[0]);
        if (fd >= 0) {
            needed =
                !dirty_has_writers(fd) && dirty_needs_upload(dirty, fd) && !commit_waits(dirty);
            dirty_drop_if_clean(dirty, fd);
        }
    }
    if (needed)
        commit_queue(dirty);
}

static void commit_look(void *argument)
{
    struct dirty *dirty = argument;
    commit_look_at(dirty);
    dirty_put(dirty);
}

void commit_closed(struct instance *instance, const struct dirty_key *key)
{
    struct dirty *dirty = dirty_find(instance, key);
    if (dirty == NULL)
        return;
    if (pool_submit(instance->engine->uploads, commit_look, dirty) < 0) {
        {
            LOCK_SCOPE(&instance->dirties.lock);
            dirty->synced.polled = true; /* the tick tries again */
        }
        dirty_put(dirty);
    }
}

static struct instance *commit_instances(struct engine *engine)
{
    LOCK_SCOPE(&engine->lock);
    return engine->instances; /* only added to at the front: the rest stays */
}

void commit_look_at_all(struct engine *engine)
{
    for (struct instance *i = commit_instances(engine); i != NULL; i = i->next) {
        unsigned count;
        struct dirty **all = dirty_all(i, &count);
        for (unsigned n = 0; n < count; n++) {
            commit_closed(i, &all[n]->key);
            dirty_put(all[n]);
        }
        free(all);
    }
}

static void commit_tick_one(struct dirty *dirty, uint64_t now_ms)
{
    bool due, polled;
    {
        LOCK_SCOPE(&dirty->instance->dirties.lock);
        bool busy = dirty->synced.uploading || dirty->synced.queued;
        due = !busy && dirty->synced.error != 0 && dirty->synced.retry_ms <= now_ms;
        polled = !busy && !due && (dirty->synced.polled || dirty->synced.orphan);
        dirty->synced.orphan = false;
    }
    if (due)
        commit_queue(dirty);
    else if (polled)
        commit_closed(dirty->instance, &dirty->key);
}

/* Whether there is anything that a tick may be about. */
static bool commit_tick_needed(struct instance *instance)
{
    struct dirty *dirty, *next;
    LOCK_SCOPE(&instance->dirties.lock);
    HASH_ITER(hh, instance->dirties.table, dirty, next) {
        if (dirty->synced.error != 0 || dirty->synced.polled || dirty->synced.orphan)
            return true;
    }
    return false;
}

void commit_tick(struct engine *engine)
{
    uint64_t now_ms = clock_ms();
    for (struct instance *i = commit_instances(engine); i != NULL; i = i->next) {
        unsigned count = 0;
        struct dirty **all = commit_tick_needed(i) ? dirty_all(i, &count) : NULL;
        for (unsigned n = 0; n < count; n++) {
            commit_tick_one(all[n], now_ms);
            dirty_put(all[n]);
        }
        free(all);
    }
}

/* Lock held. */
static bool commit_busy(const struct dirty *dirty)
{
    return dirty->synced.uploading || dirty->synced.queued || dirty->synced.orphan;
}

void commit_count(struct instance *instance, struct commit_counts *ret_counts)
{
    struct dirty *dirty, *next;
    LOCK_SCOPE(&instance->dirties.lock);
    *ret_counts = (struct commit_counts){ .pending = instance->dirties.renames };
    HASH_ITER(hh, instance->dirties.table, dirty, next) {
        bool failed = dirty->synced.error != 0;
        ret_counts->failed += failed;
        ret_counts->lasting += failed && dirty->synced.lasting && !commit_busy(dirty);
        ret_counts->pending += !failed && commit_busy(dirty);
    }
}

uint64_t commit_bytes(struct instance *instance)
{
    uint64_t bytes = 0;
    struct dirty *dirty, *next;
    struct stat st;
    LOCK_SCOPE(&instance->dirties.lock);
    HASH_ITER(hh, instance->dirties.table, dirty, next) {
        if ((dirty->synced.error != 0 || commit_busy(dirty)) &&
            tree_stat(instance->tree, dirty->synced.path, &st) == 0)
            bytes += (uint64_t)st.st_size;
    }
    return bytes;
}
