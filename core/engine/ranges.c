/* SPDX-License-Identifier: MIT */
#include "core/engine/ranges.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/engine/internal.h"
#include "core/engine/span.h"

/* Lock held. The first chunk at or after `chunk` that no span covers; *ret_end: where the next one
 * begins. */
static uint64_t ranges_unclaimed(
    const struct hydration *h, uint64_t chunk, uint64_t limit, uint64_t *ret_end)
{
    bool moved = true;
    while (moved) {
        moved = false;
        for (const struct span *s = h->synced.spans; s != NULL; s = s->next)
            if (s->first <= chunk && chunk < s->end) {
                chunk = s->end;
                moved = true;
            }
    }
    *ret_end = limit;
    for (const struct span *s = h->synced.spans; s != NULL; s = s->next)
        if (s->first > chunk && s->first < *ret_end)
            *ret_end = s->first;
    return chunk;
}

/* Lock held. Whether the whole body has to be streamed, or is being streamed. */
static bool ranges_must_stream(const struct hydration *h)
{
    return h->synced.stream != NULL ||
        (remote_capabilities(h->remote) & REMOTE_CAN_RANGE) == 0;
}

/*
 * Lock held. Starts spans for what of chunks [first, end) is neither here nor on its way, as far as
 * the limit of spans allows: the rest is started when a span ends. 0, or why not even one could be
 * started.
 */
static int ranges_start(
    struct hydration *h, uint64_t first, uint64_t end, enum remote_priority priority)
{
    const struct presence_map *map = h->synced.map.presence;
    uint64_t chunks = presence_chunks(h->state.size);
    end = end < chunks ? end : chunks;
    if (ranges_must_stream(h)) {
        bool wanted = presence_next_absent(map, first, end) < end;
        return wanted && h->synced.spans == NULL ? span_start(h, 0, chunks, priority) : 0;
    }
    /* What somebody waits for does not stand behind a whole read-ahead. */
    unsigned limit = priority == REMOTE_DEMAND ? 2 * RANGES_SPANS_MAX : RANGES_SPANS_MAX;
    uint64_t chunk = presence_next_absent(map, first, end);
    while (chunk < end && h->synced.spans_count < limit) {
        uint64_t stop;
        chunk = ranges_unclaimed(h, chunk, end, &stop);
        uint64_t from = chunk < end ? presence_next_absent(map, chunk, end) : end;
        if (from > chunk) {
            chunk = from;
            continue;
        }
        if (chunk >= end)
            break;
        stop = stop < chunk + RANGES_SPAN_MAX ? stop : chunk + RANGES_SPAN_MAX;
        uint64_t to = chunk + 1;
        while (to < stop && presence_next_absent(map, to, to + 1) == to)
            to++;
        int rc = span_start(h, chunk, to, priority);
        if (rc < 0)
            return h->synced.spans == NULL ? rc : 0;
        chunk = to;
    }
    return 0;
}

/* Lock held. Reads ahead of chunk `from`, and marks the middle of it. */
static void ranges_read_ahead(struct hydration *h, uint64_t from)
{
    struct presence_map *map = h->synced.map.presence;
    uint64_t chunks = presence_chunks(h->state.size);
    uint64_t window = h->synced.window;
    if (from >= chunks || window == 0)
        return;
    h->synced.ahead = from + window;
    presence_mark(map, h->synced.marked, false);
    h->synced.marked = from + window / 2 < chunks ? from + window / 2 : chunks - 1;
    if (from + window < chunks)
        presence_mark(map, h->synced.marked, true);
    (void)ranges_start(h, from, from + window, REMOTE_READ_AHEAD); /* a wish: a need tries again */
}

/* Lock held. */
static uint64_t ranges_window_max(const struct hydration *h)
{
    return h->synced.tight ? RANGES_WINDOW_TIGHT : RANGES_WINDOW_MAX;
}

/* Lock held. Learns from a need of chunks [first, end) how the file is read. */
static void ranges_observe(struct hydration *h, uint64_t first, uint64_t end)
{
    /* What was read ahead is read without a need: the next one may come where it ends. */
    uint64_t reach =
        h->synced.ahead > h->synced.expected ? h->synced.ahead : h->synced.expected;
    bool sequential = first <= reach && end >= h->synced.expected;
    if (!sequential)
        h->synced.window = h->synced.ahead = 0;
    else if (h->synced.window == 0)
        h->synced.window = RANGES_WINDOW_MIN;
    else if (h->synced.window < ranges_window_max(h))
        h->synced.window *= 2;
    h->synced.expected = end;
}

/* Lock held. Whether nothing is missing and nothing is on its way. */
static bool ranges_all_here(const struct hydration *h)
{
    uint64_t chunks = presence_chunks(h->state.size);
    return h->synced.spans == NULL &&
        presence_next_absent(h->synced.map.presence, 0, chunks) == chunks;
}

int ranges_try_complete(struct hydration *h)
{
    LOCK_SCOPE(&h->lock);
    bool ready = !h->synced.complete && !h->synced.stale && ranges_all_here(h);
    return ready ? hydration_complete(h) : 0; /* in one step: chunks may be dropped at any moment */
}

int ranges_prepare(struct hydration *hydration)
{
    struct hydration *h = hydration;
    LOCK_SCOPE(&h->lock);
    if (h->synced.stale)
        return -ESTALE;
    if (h->synced.complete || h->synced.map.presence != NULL)
        return 0;
    int rc = map_open(h->instance->tree, h->fd, &h->state, &h->synced.map);
    if (rc < 0)
        log_error("engine", "cannot make the presence map of \"%s\": %s", h->path, strerror(-rc));
    return rc;
}

int ranges_open(struct hydration *hydration, uint64_t *ret_complete, int *ret_map)
{
    int rc = ranges_prepare(hydration);
    if (rc == 0)
        rc = ranges_try_complete(hydration);
    if (rc < 0)
        return rc;
    LOCK_SCOPE(&hydration->lock);
    *ret_complete = hydration->synced.complete;
    if (hydration->synced.complete)
        return 0;
    if (hydration->synced.window == 0 && hydration->synced.spans == NULL) {
        hydration->synced.window = RANGES_WINDOW_MIN;
        hydration->synced.expected = 0;
        ranges_read_ahead(hydration, 0);
    }
    int map = fcntl(hydration->synced.map.reader, F_DUPFD_CLOEXEC, 0);
    if (map < 0)
        return -errno;
    *ret_map = map;
    return 0;
}

/* Lock held, given up while waiting. */
static int ranges_wait(struct hydration *h, struct waiter *waiter, bool whole)
{
    for (;;) {
        if (h->synced.complete)
            return 0;
        if (h->synced.stale)
            return -ESTALE;
        if (waiter->error < 0)
            return waiter->error;
        bool here = presence_next_absent(
                        h->synced.map.presence, waiter->first, waiter->end) == waiter->end;
        if (here && !whole)
            return 0;
        if (here && h->synced.spans == NULL)
            return hydration_complete(h);
        int rc = here ? 0 : ranges_start(h, waiter->first, waiter->end, REMOTE_DEMAND);
        if (rc < 0)
            return rc;
        pthread_cond_wait(&h->changed, &h->lock);
    }
}

static void ranges_unlink_waiter(struct hydration *h, const struct waiter *waiter)
{
    struct waiter **at = &h->synced.waiters;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
}

int ranges_need(
    struct hydration *hydration, uint64_t offset, uint64_t length, uint64_t *ret_complete)
{
    struct hydration *h = hydration;
    bool whole = length == UINT64_MAX;
    uint64_t size = h->state.size;
    int rc = ranges_prepare(h);
    if (rc < 0)
        return rc;
    *ret_complete = false;
    offset = whole ? 0 : offset < size ? offset : size;
    length = length < size - offset ? length : size - offset;
    if (length == 0)
        return 0;
    struct waiter waiter = {
        .first = offset >> PRESENCE_CHUNK_SHIFT,
        .end = presence_chunks(offset + length),
    };
    LOCK_SCOPE(&h->lock);
    waiter.next = h->synced.waiters;
    h->synced.waiters = &waiter;
    if (!whole && !h->synced.complete) {
        ranges_observe(h, waiter.first, waiter.end);
        rc = ranges_start(h, waiter.first, waiter.end, REMOTE_DEMAND);
        ranges_read_ahead(h, waiter.end);
    }
    if (rc == 0)
        rc = ranges_wait(h, &waiter, whole);
    ranges_unlink_waiter(h, &waiter);
    *ret_complete = h->synced.complete;
    return rc;
}

void ranges_hint(struct hydration *hydration, uint64_t offset)
{
    struct hydration *h = hydration;
    if (offset >= h->state.size || ranges_prepare(h) < 0)
        return;
    LOCK_SCOPE(&h->lock);
    if (h->synced.complete || h->synced.stale)
        return;
    uint64_t chunk = offset >> PRESENCE_CHUNK_SHIFT;
    if (h->synced.window < ranges_window_max(h))
        h->synced.window = h->synced.window == 0 ? RANGES_WINDOW_MIN : 2 * h->synced.window;
    h->synced.expected = chunk + 1; /* a need that follows is sequential */
    ranges_read_ahead(h, chunk);
}
