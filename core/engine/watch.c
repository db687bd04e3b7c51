/* SPDX-License-Identifier: MIT */
#include "core/engine/watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/table.h"
#include "core/engine/commit.h"
#include "core/engine/dirty.h"
#include "core/engine/internal.h"

enum { WATCH_TICK_MS = 1000, WATCH_BUFFER = 16384 };

struct watched {
    UT_hash_handle hh;
    int number; /* inotify's; never reused */
    struct instance *instance;
    struct dirty_key key;
};

struct watch {
    struct engine *engine;
    int inotify; /* -1: there is none */
    int wake;    /* an eventfd: the end */
    pthread_t thread;
    pthread_mutex_t lock;
    struct watched *table; /* guarded by lock */
};

/* What the event is of: false if it is not watched any more. */
static bool watch_look_up(struct watch *watch, int number, struct watched *ret_watched)
{
    struct watched *found;
    LOCK_SCOPE(&watch->lock);
    HASH_FIND_INT(watch->table, &number, found);
    if (found != NULL)
        *ret_watched = *found;
    return found != NULL;
}

static void watch_event(struct watch *watch, const struct inotify_event *event)
{
    struct watched watched;
    if ((event->mask & IN_Q_OVERFLOW) != 0) {
        commit_look_at_all(watch->engine);
        return;
    }
    if ((event->mask & IN_CLOSE_WRITE) != 0 && watch_look_up(watch, event->wd, &watched))
        commit_closed(watched.instance, &watched.key);
}

static void watch_read(struct watch *watch)
{
    _Alignas(struct inotify_event) char buffer[WATCH_BUFFER];
    ssize_t len;
    while ((len = read(watch->inotify, buffer, sizeof(buffer))) > 0) {
        for (char *at = buffer; at < buffer + len;) {
            const struct inotify_event *event = (const void *)at;
            watch_event(watch, event);
            at += sizeof(*event) + event->len;
        }
    }
}

static void *watch_run(void *argument)
{
    enum { INOTIFY, WAKE, POLLED };
    struct watch *watch = argument;
    struct pollfd polled[POLLED] = {
        [INOTIFY] = { .fd = watch->inotify, .events = POLLIN },
        [WAKE] = { .fd = watch->wake, .events = POLLIN },
    };
    uint64_t next_ms = clock_ms() + WATCH_TICK_MS;
    while (polled[WAKE].revents == 0) {
        uint64_t now_ms = clock_ms();
        int ready = poll(polled, POLLED, now_ms < next_ms ? (int)(next_ms - now_ms) : 0);
        if (ready > 0 && polled[INOTIFY].revents != 0)
            watch_read(watch);
        if (clock_ms() >= next_ms) {
            commit_tick(watch->engine);
            next_ms = clock_ms() + WATCH_TICK_MS;
        }
    }
    return NULL;
}

int watch_new(struct engine *engine, struct watch **ret_watch)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL)
        return -ENOMEM;
    watch->engine = engine;
    watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    watch->wake = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&watch->lock, NULL);
    int rc = watch->wake < 0 ? -errno : -pthread_create(&watch->thread, NULL, watch_run, watch);
    if (rc == 0) {
        *ret_watch = watch;
        return 0;
    }
    if (watch->wake >= 0)
        (void)close(watch->wake);
    if (watch->inotify >= 0)
        (void)close(watch->inotify);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
    return rc;
}

void watch_stop(struct watch *watch)
{
    const uint64_t one = 1;
    if (watch == NULL)
        return;
    (void)!write(watch->wake, &one, sizeof(one)); /* a fresh counter takes it */
    (void)pthread_join(watch->thread, NULL);
}

void watch_free(struct watch *watch)
{
    struct watched *watched, *next;
    if (watch == NULL)
        return;
    HASH_ITER(hh, watch->table, watched, next) {
        HASH_DEL(watch->table, watched);
        free(watched);
    }
    if (watch->inotify >= 0)
        (void)close(watch->inotify);
    (void)close(watch->wake);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}

int watch_add(struct watch *watch, struct instance *instance, const struct dirty_key *key, int fd)
{
    char link[64];
    if (watch->inotify < 0)
        return -ENOSYS;
    struct watched *watched = malloc(sizeof(*watched));
    if (watched == NULL)
        return -ENOMEM;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    LOCK_SCOPE(&watch->lock); /* an event is looked up after this */
    int number = inotify_add_watch(watch->inotify, link, IN_CLOSE_WRITE);
    if (number < 0) {
        int rc = -errno;
        free(watched);
        return rc;
    }
    *watched = (struct watched){ .number = number, .instance = instance, .key = *key };
    HASH_ADD_INT(watch->table, number, watched);
    if (table_added(&watched->hh))
        return number;
    (void)inotify_rm_watch(watch->inotify, number); /* was added a moment ago */
    free(watched);
    return -ENOMEM;
}

void watch_remove(struct watch *watch, int number)
{
    struct watched *watched;
    if (number < 0)
        return;
    LOCK_SCOPE(&watch->lock);
    HASH_FIND_INT(watch->table, &number, watched);
    if (watched == NULL)
        return;
    HASH_DEL(watch->table, watched);
    (void)inotify_rm_watch(watch->inotify, number); /* a file that has gone took it along */
    free(watched);
}
