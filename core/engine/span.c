/* SPDX-License-Identifier: MIT */
#include "core/engine/span.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/engine/doubt.h"
#include "core/engine/drop.h"
#include "core/engine/internal.h"
#include "core/engine/ranges.h"

static uint64_t span_end_byte(const struct span *span)
{
    uint64_t size = span->hydration->state.size;
    return span->end >= presence_chunks(size) ? size : span->end << PRESENCE_CHUNK_SHIFT;
}

static int span_begin(void *context, uint64_t size, const char *version)
{
    struct span *span = context;
    return hydration_accept(span->hydration, size, version);
}

/* The server sends the whole body: this span takes it, unless another one does, or did. */
static int span_become_stream(struct span *span)
{
    struct hydration *h = span->hydration;
    LOCK_SCOPE(&h->lock);
    bool filled =
        presence_next_absent(h->synced.map.presence, span->first, span->end) == span->end;
    if (h->synced.stream != span && (h->synced.stream != NULL || filled)) {
        span->superseded = true;
        return -ECANCELED;
    }
    h->synced.stream = span;
    span->first = 0;
    span->end = presence_chunks(h->state.size);
    log_debug("engine", "\"%s\": the server does not answer ranges; streaming", h->path);
    return 0;
}

/* The bytes before `position` are in the file now: readers may have the chunks that this completes.
 * */
static void span_advance(struct span *span, uint64_t position)
{
    struct hydration *h = span->hydration;
    uint64_t before = span->position >> PRESENCE_CHUNK_SHIFT;
    uint64_t after = position == h->state.size ? presence_chunks(position)
                                               : position >> PRESENCE_CHUNK_SHIFT;
    span->position = position;
    if (after <= before)
        return;
    presence_set(h->synced.map.presence, before, after);
    atomic_fetch_add(&h->instance->bytes_arrived, (after - before) << PRESENCE_CHUNK_SHIFT);
    LOCK_SCOPE(&h->lock);
    if (h->synced.waiters != NULL)
        pthread_cond_broadcast(&h->changed);
}

static int span_data(void *context, uint64_t offset, const void *bytes, size_t len)
{
    struct span *span = context;
    struct hydration *h = span->hydration;
    if (len > h->state.size || offset > h->state.size - len)
        return -EIO;
    if (offset == 0 && span->first > 0) { /* not what was asked for */
        int rc = span_become_stream(span);
        if (rc < 0)
            return rc;
        span->position = 0;
    }
    if (offset + len > span_end_byte(span)) {
        int rc = span->first > 0 ? -EIO : span_become_stream(span);
        if (rc < 0)
            return rc;
    }
    if (offset > span->position)
        return -EIO; /* a gap */
    if (offset + len <= span->position)
        return 0; /* a retry says it again */
    size_t known = (size_t)(span->position - offset);
    const char *from = (const char *)bytes + known;
    size_t left = len - known;
    if (span->position == 0) {
        MD5Init(&span->md5);
        span->from_start = true;
    }
    if (span->from_start)
        MD5Update(&span->md5, (const uint8_t *)from, left);
    for (uint64_t at = span->position; left > 0;) {
        ssize_t written = pwrite(h->fd, from, left, (off_t)at);
        int error = written < 0 ? errno : 0;
        if (error == ENOSPC && drop_for_room(h) > 0)
            continue; /* what has been read of this very file makes room for its rest */
        if (error != 0 && error != EINTR)
            return -error;
        size_t done = written < 0 ? 0 : (size_t)written;
        from += done;
        left -= done;
        at += done;
    }
    span_advance(span, offset + len);
    return 0;
}

/* Lock held. Takes back what a stream has filled with wrong bytes. */
static void span_drop_all(struct hydration *h)
{
    struct presence_map *map = h->synced.map.presence;
    atomic_fetch_add(&map->epoch, 1);
    presence_clear(map, 0, presence_chunks(h->state.size));
    file_discard_content(h->fd, h->state.size);
    atomic_fetch_add(&map->epoch, 1);
}

/* A stream has all bytes: are they the ETag's? */
static int span_verify(struct span *span)
{
    struct hydration *h = span->hydration;
    char digest[MD5_DIGEST_STRING_LENGTH];
    LOCK_SCOPE(&h->lock);
    if (!span->from_start || span->position != h->state.size ||
        !hydration_version_is_md5(h->synced.version) ||
        strcasecmp(MD5End(&span->md5, digest), h->synced.version) == 0)
        return 0;
    log_error("engine", "cannot fetch \"%s\": the bytes received do not have the MD5 announced",
        h->path);
    span_drop_all(h);
    return -EIO;
}

static int span_transfer(struct span *span)
{
    struct hydration *h = span->hydration;
    const struct remote_read_sink sink = { span, span_begin, span_data };
    struct remote_call call = instance_call(h->instance, span->priority);
    uint64_t length = span->end == presence_chunks(h->state.size)
        ? UINT64_MAX
        : span_end_byte(span) - span->position;
    int rc = remote_read(h->remote, &call, h->remote_path, span->position, length, &sink);
    if (span->superseded)
        return 0;
    if (rc == 0 && span->position < span_end_byte(span))
        rc = -EIO;
    if (rc == -ENOSPC && span->priority != REMOTE_DEMAND)
        return rc; /* nobody asked for it: whoever does will hear of it */
    if (rc < 0)
        return instance_failed(h->instance, "fetch", h->path, &call, rc);
    doubt_note_read(h, &call);
    return span_verify(span);
}

static void span_unlink(struct hydration *h, const struct span *span)
{
    struct span **at = &h->synced.spans;
    while (*at != span)
        at = &(*at)->next;
    *at = span->next;
    h->synced.spans_count--;
    if (h->synced.stream == span)
        h->synced.stream = NULL;
}

/* Tells those who wait for its chunks, and leaves. */
static void span_report(struct span *span, int rc)
{
    struct hydration *h = span->hydration;
    LOCK_SCOPE(&h->lock);
    span_unlink(h, span);
    for (struct waiter *w = h->synced.waiters; rc < 0 && w != NULL; w = w->next)
        if (w->first < span->end && span->first < w->end)
            w->error = rc;
    pthread_cond_broadcast(&h->changed);
}

static void span_run(void *argument)
{
    struct span *span = argument;
    struct hydration *h = span->hydration;
    int rc = span_transfer(span);
    if (rc == -ENOENT || rc == -EISDIR)
        rc = -ESTALE; /* the tree shows what is gone */
    if (rc == -ESTALE)
        hydration_set_stale(h);
    span_report(span, rc);
    free(span);
    if (rc == 0 && (rc = ranges_try_complete(h)) < 0)
        log_error("engine", "cannot complete \"%s\": %s", h->path, strerror(-rc));
    hydration_put(h);
}

int span_start(
    struct hydration *hydration, uint64_t first, uint64_t end, enum remote_priority priority)
{
    struct hydration *h = hydration;
    struct engine *engine = h->instance->engine;
    struct span *span = calloc(1, sizeof(*span));
    if (span == NULL)
        return -ENOMEM;
    span->hydration = h;
    span->priority = priority;
    span->first = first;
    span->end = end;
    span->position = first << PRESENCE_CHUNK_SHIFT;
    span->next = h->synced.spans;
    h->synced.spans = span;
    h->synced.spans_count++;
    hydration_ref(h);
    int rc = pool_submit(
        priority == REMOTE_DEMAND ? engine->demand : engine->ahead, span_run, span);
    if (rc < 0) {
        span_unlink(h, span);
        hydration_unref(h);
        free(span);
    }
    return rc;
}
