/* SPDX-License-Identifier: MIT */
#include "core/engine/drop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/engine/internal.h"
#include "core/engine/ranges.h"
#include "core/engine/span.h"

enum { DROP_BEHIND = 8 }; /* chunks behind a sequential reader: it may look back a little */

/* Lock held. If `chunk` has to stay: the end of what has to, else `chunk`. */
static uint64_t drop_kept(const struct hydration *h, uint64_t chunk, bool awaited_only)
{
    for (const struct waiter *w = h->synced.waiters; w != NULL; w = w->next)
        if (w->first <= chunk && chunk < w->end)
            return w->end;
    if (awaited_only)
        return chunk;
    for (const struct span *s = h->synced.spans; s != NULL; s = s->next)
        if (s->first <= chunk && chunk < s->end)
            return s->end;
    if (h->synced.window == 0)
        return chunk;
    uint64_t expected = h->synced.expected;
    uint64_t first = expected > DROP_BEHIND ? expected - DROP_BEHIND : 0;
    uint64_t end = (h->synced.ahead > expected ? h->synced.ahead : expected) + 1;
    return first <= chunk && chunk < end ? end : chunk;
}

/* Lock held, and the epoch odd. Drops chunks [first, end); the bytes that were there. */
static uint64_t drop_run(struct hydration *h, uint64_t first, uint64_t end)
{
    off_t offset = (off_t)(first << PRESENCE_CHUNK_SHIFT);
    off_t length = (off_t)((end - first) << PRESENCE_CHUNK_SHIFT);
    presence_clear(h->synced.map.presence, first, end);
    if (fallocate(h->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) == 0)
        return (uint64_t)length;
    log_debug("engine", "\"%s\": no holes can be punched here", h->path); /* fetched again, no more */
    return 0;
}

static bool drop_allowed(struct hydration *h)
{
    const struct presence_map *map = h->synced.map.presence;
    return map != NULL && !h->synced.complete && !h->synced.stale && h->synced.stream == NULL &&
        atomic_load(&map->held) == 0 && (remote_capabilities(h->remote) & REMOTE_CAN_RANGE) != 0;
}

/* Lock held. */
static uint64_t drop_some(struct hydration *h, bool awaited_only)
{
    uint64_t freed = 0;
    if (!drop_allowed(h))
        return 0;
    struct presence_map *map = h->synced.map.presence;
    uint64_t chunks = presence_chunks(h->state.size);
    atomic_fetch_add(&map->epoch, 1);
    for (uint64_t chunk = 0; chunk < chunks;) {
        uint64_t kept = drop_kept(h, chunk, awaited_only);
        if (kept > chunk || presence_next_absent(map, chunk, chunk + 1) == chunk) {
            chunk = kept > chunk ? kept : chunk + 1;
            continue;
        }
        uint64_t end = chunk + 1;
        while (end < chunks && drop_kept(h, end, awaited_only) == end &&
            presence_next_absent(map, end, end + 1) != end)
            end++;
        freed += drop_run(h, chunk, end);
        chunk = end;
    }
    atomic_fetch_add(&map->epoch, 1);
    if (freed > 0)
        log_info("engine", "\"%s\": %llu bytes of it were dropped, to be fetched again when they are read",
            h->path, (unsigned long long)freed);
    return freed;
}

uint64_t drop_chunks(struct hydration *hydration)
{
    LOCK_SCOPE(&hydration->lock);
    return drop_some(hydration, false);
}

uint64_t drop_for_room(struct hydration *hydration)
{
    struct hydration *h = hydration;
    LOCK_SCOPE(&h->lock);
    uint64_t freed = drop_some(h, false);
    if (freed == 0)
        freed = drop_some(h, true);
    h->synced.tight = true;
    h->synced.ahead = h->synced.expected;
    if (h->synced.window > RANGES_WINDOW_TIGHT)
        h->synced.window = RANGES_WINDOW_TIGHT;
    return freed;
}

int drop_never(struct hydration *hydration)
{
    LOCK_SCOPE(&hydration->lock);
    if (hydration->synced.complete)
        return 0;
    if (hydration->synced.map.presence == NULL)
        return -EPROTO; /* a door that has a map has had it opened */
    atomic_store(&hydration->synced.map.presence->held, 1);
    return 0;
}

/* A write lease is to be had only while the file is open nowhere else and mapped nowhere. Who opens it in this
 * moment waits for its end, and we are told by a signal that does nothing. */
static bool drop_is_only_user(int fd)
{
    if (fcntl(fd, F_SETSIG, SIGURG) < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
        return false;
    (void)fcntl(fd, F_SETLEASE, F_UNLCK); /* it was had a moment ago */
    return true;
}

void drop_release(struct hydration *hydration)
{
    struct hydration *h = hydration;
    LOCK_SCOPE(&h->lock);
    struct presence_map *map = h->synced.map.presence;
    if (map != NULL && atomic_load(&map->held) != 0 && atomic_load(&h->users) == 1 &&
        h->synced.spans == NULL && drop_is_only_user(h->fd))
        atomic_store(&map->held, 0); /* whoever opens it now has it held anew before it relies on that */
}
