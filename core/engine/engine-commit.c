/* SPDX-License-Identifier: MIT */
/* The COMMIT and FLUSH messages; what they do is in commit.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/engine/claim.h"
#include "core/engine/commit.h"
#include "core/engine/internal.h"

enum { FLUSH_LOOK_MS = 100, FLUSH_WAIT_MAX_MS = 86400000 };

/* A new file that is still empty, and that the program has open elsewhere: it is about to be
 * written. */
static bool commit_can_wait(struct dirty *dirty, int fd)
{
    struct stat st;
    LOCK_SCOPE(&dirty->instance->dirties.lock);
    return fd >= 0 && fstat(fd, &st) == 0 && st.st_size == 0 && !dirty->synced.stored &&
           dirty->synced.error == 0;
}

static int commit_note_mapping(struct dirty *dirty)
{
    {
        LOCK_SCOPE(&dirty->instance->dirties.lock);
        if (dirty->synced.mapped)
            return 0;
        dirty->synced.mapped = true;
    }
    return dirty_journal(dirty, false);
}

/* Bytes and intent to this disk, the upload later. */
static int commit_to_journal(struct dirty *dirty, int fd)
{
    if (fd < 0)
        return commit_now(dirty); /* nothing to sync by: the remote is as durable */
    if (!dirty_needs_upload(dirty, fd))
        return 0;
    if (fdatasync(fd) < 0)
        return -errno;
    int rc = dirty_journal(dirty, true);
    if (rc == 0)
        commit_queue(dirty);
    return rc;
}

static int commit_how(struct dirty *dirty, int fd, uint64_t how, uint64_t *ret_uploaded)
{
    if ((how & WIRE_COMMIT_NOTE) != 0)
        return commit_note_mapping(dirty);
    if ((how & WIRE_COMMIT_MAPPED) != 0) {
        LOCK_SCOPE(&dirty->instance->dirties.lock);
        dirty->synced.changed = true;
    }
    if ((how & WIRE_COMMIT_SHARED) != 0 && commit_can_wait(dirty, fd))
        return 0;
    *ret_uploaded = fd < 0 || dirty_needs_upload(dirty, fd);
    if ((how & WIRE_COMMIT_JOURNAL) != 0)
        return commit_to_journal(dirty, fd);
    return *ret_uploaded ? commit_now(dirty) : 0;
}

int engine_commit(struct engine *engine, const struct wire_commit_request *request, int fd,
    struct wire_commit_reply *ret_reply)
{
    struct dirty_key key = { request->device, request->inode };
    struct stat st;
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    if (fd >= 0) {
        if (fstat(fd, &st) < 0)
            return -errno;
        key = dirty_key_of(&st);
    }
    CLEANUP_DIRTY struct dirty *dirty = dirty_find(instance, &key);
    if (dirty != NULL && fd >= 0) /* written natively until now: nobody has heard of it */
        notices_file(&instance->notices, fd);
    return dirty == NULL ? 0 : commit_how(dirty, fd, request->how, &ret_reply->uploaded);
}

/* --- FLUSH --- */

/* Everything that nobody is writing to any more, and what has failed, is tried now. */
static void flush_kick(struct instance *instance)
{
    unsigned count;
    struct dirty **all = dirty_all(instance, &count);
    for (unsigned i = 0; i < count; i++) {
        bool failed;
        {
            LOCK_SCOPE(&instance->dirties.lock);
            failed = all[i]->synced.error != 0;
        }
        if (failed)
            commit_queue(all[i]);
        else
            commit_look_at(all[i]);
        dirty_put(all[i]);
    }
    free(all);
}

static void flush_wait(struct instance *instance, uint64_t until_ms)
{
    struct commit_counts counts;
    const struct timespec until = clock_timespec(until_ms);
    for (;;) {
        commit_count(instance, &counts);
        if (counts.pending + counts.failed == counts.lasting || clock_ms() >= until_ms ||
            atomic_load(&instance->engine->cancelled))
            return;
        uint64_t slice_ms = clock_ms() + FLUSH_LOOK_MS; /* what changed since it was counted */
        const struct timespec slice = clock_timespec(slice_ms);
        LOCK_SCOPE(&instance->dirties.lock);
        (void)pthread_cond_timedwait(&instance->dirties.settled, &instance->dirties.lock,
            slice_ms < until_ms ? &slice : &until);
    }
}

/* One line a failure. */
static void flush_report(struct instance *instance, struct strbuf *out)
{
    struct dirty *dirty, *next;
    LOCK_SCOPE(&instance->dirties.lock);
    HASH_ITER(hh, instance->dirties.table, dirty, next) {
        if (dirty->synced.error != 0)
            strbuf_addf(out, "%s: %s\n", dirty->synced.path, dirty->synced.why);
    }
}

static struct instance *flush_next(struct engine *engine, uint64_t id, struct instance *last)
{
    if (id != 0)
        return last == NULL ? instance_find(engine, id) : NULL;
    LOCK_SCOPE(&engine->lock);
    return last == NULL ? engine->instances : last->next;
}

static int flush_file(const struct strbuf *text)
{
    CLEANUP_CLOSE int fd = memfd_create("algofs-flush", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t written = write(fd, strbuf_cstr(text), text->len);
    if (written != (ssize_t)text->len)
        return written < 0 ? -errno : -EIO;
    return lseek(fd, 0, SEEK_SET) < 0 ? -errno : TAKE_FD(fd);
}

int engine_flush(struct engine *engine, const struct wire_flush_request *request,
    struct wire_flush_reply *ret_reply, int *ret_fd)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct commit_counts counts;
    uint64_t until_ms = clock_add(
        clock_ms(), request->wait_ms < FLUSH_WAIT_MAX_MS ? request->wait_ms : FLUSH_WAIT_MAX_MS);
    struct instance *instance = flush_next(engine, request->instance, NULL);
    if (instance == NULL && request->instance != 0)
        return WIRE_UNKNOWN_INSTANCE;
    for (struct instance *i = instance; i != NULL; i = flush_next(engine, request->instance, i))
        flush_kick(i);
    for (struct instance *i = instance; i != NULL; i = flush_next(engine, request->instance, i)) {
        flush_wait(i, until_ms);
        commit_count(i, &counts);
        ret_reply->pending += counts.pending + counts.failed;
        ret_reply->failed += counts.failed;
        ret_reply->bytes += commit_bytes(i);
        flush_report(i, &text);
    }
    if (text.failed)
        return -ENOMEM;
    int fd = flush_file(&text);
    if (fd < 0)
        return fd;
    *ret_fd = fd;
    return 0;
}
