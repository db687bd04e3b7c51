/* SPDX-License-Identifier: MIT */
#include "fuse-fallback/notify.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/client/watch.h"
#include "fuse-fallback/mount.h"
#include "fuse-fallback/node.h"

enum { RETRY_MS = 200 }; /* an agent that has gone is started by the next request, not by us */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static bool ending;         /* guarded by lock */
static int connection = -1; /* guarded by lock: what the thread waits on */
static pthread_t thread;

/*
 * What the kernel does not know is no error: it forgets by itself, too.
 *
 * A name is only made to expire: to throw it out would leave whoever works in that folder without a getcwd. A
 * kernel that cannot (before 6.2) keeps it until its time is up, and looks again where it leads elsewhere by then
 * (mount.h); what must go at once is what is remembered of the inode behind.
 */
static void expire(fuse_ino_t parent, const char *name, fuse_ino_t ino)
{
    (void)fuse_lowlevel_notify_expire_entry(
        mount_state.session, parent, name, strlen(name), FUSE_LL_EXPIRE_ONLY);
    if (ino != 0)
        (void)fuse_lowlevel_notify_inval_inode(mount_state.session, ino, -1, 0); /* attributes only */
}

static bool forget_name(void *context, fuse_ino_t parent, const char *name, fuse_ino_t ino)
{
    (void)context;
    expire(parent, name, ino);
    (void)fuse_lowlevel_notify_inval_inode(mount_state.session, ino, 0, 0);
    LOCK_SCOPE(&lock);
    return !ending;
}

static void apply(const struct wire_watch_notice *notice)
{
    const struct native_key key = {
        .device = notice->device,
        .inode = notice->inode,
        .birth_sec = (int64_t)notice->birth_sec,
        .birth_nsec = notice->birth_nsec,
    };
    fuse_ino_t ino;
    switch (notice->what) {
    case WIRE_NOTICE_READY:
        atomic_store(&mount_state.hears, true); /* before: what is answered from now on is heard of */
        node_each_name(forget_name, NULL);
        break;
    case WIRE_NOTICE_LOST:
        node_each_name(forget_name, NULL);
        break;
    case WIRE_NOTICE_NAME:
        ino = node_find(&key);
        if (ino != 0) {
            expire(ino, notice->name, node_find_child(&key, notice->name));
            (void)fuse_lowlevel_notify_inval_inode(mount_state.session, ino, -1, 0); /* its time */
        }
        break;
    case WIRE_NOTICE_FILE:
        ino = node_find(&key);
        if (ino != 0)
            (void)fuse_lowlevel_notify_inval_inode(mount_state.session, ino, 0, 0);
        break;
    default: /* of a later version: nothing that this one remembers */
        break;
    }
}

/* Until the connection ends. */
static void listen_to(int socket)
{
    struct wire_buffer buffer;
    struct wire_watch_notice notice;
    {
        LOCK_SCOPE(&lock);
        connection = socket;
        if (ending)
            return;
    }
    while (watch_next(socket, &buffer, &notice) == 0)
        apply(&notice);
    LOCK_SCOPE(&lock);
    connection = -1;
}

/* Whether to go on. */
static bool pause_between(void)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += RETRY_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    LOCK_SCOPE(&lock);
    if (!ending)
        (void)pthread_cond_timedwait(&ended, &lock, &until);
    return !ending;
}

static void *run(void *argument)
{
    (void)argument;
    do {
        CLEANUP_CLOSE int socket = -1;
        if (watch_open(&socket) == 0)
            listen_to(socket);
        atomic_store(&mount_state.hears, false);
    } while (pause_between());
    return NULL;
}

int notify_init(void)
{
    return -pthread_create(&thread, NULL, run, NULL);
}

void notify_end(void)
{
    {
        LOCK_SCOPE(&lock);
        ending = true;
        if (connection >= 0)
            (void)shutdown(connection, SHUT_RDWR); /* the thread waits on it */
        pthread_cond_signal(&ended);
    }
    (void)pthread_join(thread, NULL);
}
