/* SPDX-License-Identifier: MIT */
#include "core/engine/notice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/engine/internal.h"

enum { NOTICE_LOOK_MS = 1000 }; /* how often a silent watcher is looked after */

void notices_init(struct notices *notices)
{
    pthread_mutex_init(&notices->lock, NULL);
    pthread_cond_init(&notices->changed, NULL);
}

void notices_deinit(struct notices *notices)
{
    free(notices->ring);
    pthread_cond_destroy(&notices->changed);
    pthread_mutex_destroy(&notices->lock);
}

/* Nobody listens, mostly: then it costs no more than the lock. */
static bool notices_wanted(struct notices *notices)
{
    LOCK_SCOPE(&notices->lock);
    return notices->listeners > 0;
}

static void notices_add(struct notices *notices, unsigned what, int fd, const char *name)
{
    struct statx stx;
    if (!notices_wanted(notices))
        return;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &stx) < 0) {
        memset(&stx, 0, sizeof(stx));
        what = WIRE_NOTICE_LOST;
    }
    bool born = (stx.stx_mask & STATX_BTIME) != 0;
    LOCK_SCOPE(&notices->lock);
    if (notices->ring == NULL)
        return;
    struct notice *notice = &notices->ring[notices->next++ % NOTICES];
    *notice = (struct notice){
        .what = what,
        .device = makedev(stx.stx_dev_major, stx.stx_dev_minor),
        .inode = stx.stx_ino,
        .birth_sec = born ? (uint64_t)stx.stx_btime.tv_sec : 0,
        .birth_nsec = born ? stx.stx_btime.tv_nsec : 0,
    };
    size_t len = strnlen(name, NAME_MAX);
    memcpy(notice->name, name, len);
    pthread_cond_broadcast(&notices->changed);
}

void notices_observe(void *notices, int dir, const char *name)
{
    notices_add(notices, WIRE_NOTICE_NAME, dir, name);
}

void notices_file(struct notices *notices, int fd)
{
    notices_add(notices, WIRE_NOTICE_FILE, fd, "");
}

int notices_begin(struct notices *notices, uint64_t *ret_place)
{
    LOCK_SCOPE(&notices->lock);
    if (notices->listeners >= NOTICE_LISTENERS_MAX)
        return -EMFILE;
    if (notices->ring == NULL)
        notices->ring = calloc(NOTICES, sizeof(*notices->ring));
    if (notices->ring == NULL)
        return -ENOMEM;
    notices->listeners++;
    *ret_place = notices->next;
    return 0;
}

void notices_end(struct notices *notices)
{
    LOCK_SCOPE(&notices->lock);
    notices->listeners--;
}

int notices_next(struct notices *notices, uint64_t *place, unsigned wait_ms, struct notice *ret_notice)
{
    const struct timespec until = clock_timespec(clock_ms() + wait_ms);
    LOCK_SCOPE(&notices->lock);
    while (!notices->ended && *place == notices->next)
        if (pthread_cond_clockwait(&notices->changed, &notices->lock, CLOCK_MONOTONIC, &until) == ETIMEDOUT)
            break;
    if (notices->ended)
        return -ECANCELED;
    if (*place == notices->next)
        return 0;
    if (notices->next - *place > NOTICES) {
        *place = notices->next;
        *ret_notice = (struct notice){ .what = WIRE_NOTICE_LOST };
        return 1;
    }
    *ret_notice = notices->ring[(*place)++ % NOTICES];
    return 1;
}

void notices_cancel(struct notices *notices)
{
    LOCK_SCOPE(&notices->lock);
    notices->ended = true;
    pthread_cond_broadcast(&notices->changed);
}

/* --- WATCH --- */

static int watch_send(engine_notice_fn *send, void *context, const struct notice *notice)
{
    const struct wire_watch_notice message = {
        .what = notice->what,
        .device = notice->device,
        .inode = notice->inode,
        .birth_sec = notice->birth_sec,
        .birth_nsec = notice->birth_nsec,
        .name = notice->name,
    };
    return send(context, &message);
}

int engine_watch(struct engine *engine, const struct wire_watch_request *request, engine_notice_fn *send,
    void *context)
{
    struct notice notice = { .what = WIRE_NOTICE_READY };
    uint64_t place;
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    int rc = notices_begin(&instance->notices, &place);
    if (rc < 0)
        return rc;
    rc = watch_send(send, context, &notice);
    while (rc == 0) {
        int got = notices_next(&instance->notices, &place, NOTICE_LOOK_MS, &notice);
        if (got < 0)
            break;
        rc = got == 0 ? send(context, NULL) : watch_send(send, context, &notice);
    }
    notices_end(&instance->notices);
    return 0; /* it ends without an answer, whoever ended it */
}

void engine_end_watches(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    struct instance *instance = engine->instances; /* only added to at the front: the rest stays */
    pthread_mutex_unlock(&engine->lock);
    for (; instance != NULL; instance = instance->next)
        notices_cancel(&instance->notices);
}
