/* SPDX-License-Identifier: MIT */
#include "fuse-fallback/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "fuse-fallback/handle.h"

enum {
    WAIT_FIRST_MS = 1, /* between two tries; grows while nothing changes, because the shim tells nobody */
    WAIT_LAST_MS = 20,
    WAITERS_MAX = 4096,
};

/* The open file of one owner of POSIX locks on one node. */
struct owner {
    struct owner *next;
    struct node *node;
    struct handle *through; /* the handle it was made for; it is alive as long */
    uint64_t id;
    pid_t pid;
    int fd;
};

struct waiter {
    struct waiter *next;
    fuse_req_t req;
    struct handle *handle; /* referenced */
    bool flock;
    int operation; /* of flock */
    struct flock wanted;
    uint64_t owner;
    pid_t pid;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct owner *owners;   /* guarded by lock */
static struct waiter *waiters; /* guarded by lock */
static unsigned waiting;       /* guarded by lock */
static bool ending;            /* guarded by lock */
static uint64_t releases;      /* guarded by lock: how often something was unlocked here */
static pthread_t thread;

/* ---- Owners. Lock held ---- */

static struct owner *find_owner(const struct node *node, uint64_t id)
{
    for (struct owner *owner = owners; owner != NULL; owner = owner->next)
        if (owner->node == node && owner->id == id)
            return owner;
    return NULL;
}

/* An open file of its own: as much access as can be had, for the owner may come by another handle next. */
static int open_again(const struct handle *handle)
{
    char link[64];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", handle->fd);
    int fd = open(link, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        int flags = fcntl(handle->fd, F_GETFL);
        fd = open(link, (flags & O_ACCMODE) | O_CLOEXEC);
    }
    return fd < 0 ? -errno : fd;
}

static int get_owner(struct handle *handle, uint64_t id, pid_t pid, struct owner **ret_owner)
{
    struct owner *owner = find_owner(handle->node, id);
    if (owner == NULL) {
        owner = calloc(1, sizeof(*owner));
        if (owner == NULL)
            return -ENOLCK;
        *owner = (struct owner){ .next = owners, .node = handle->node, .through = handle, .id = id };
        owner->fd = open_again(handle);
        if (owner->fd < 0) {
            int rc = owner->fd;
            free(owner);
            return rc;
        }
        owners = owner;
    }
    owner->pid = pid;
    *ret_owner = owner;
    return 0;
}

/* Closes the open files of who is meant, and so gives their locks back. */
static void drop_owners(const struct node *node, const struct handle *through, uint64_t id)
{
    for (struct owner **at = &owners; *at != NULL;) {
        struct owner *owner = *at;
        if (through != NULL ? owner->through != through : owner->node != node || owner->id != id) {
            at = &owner->next;
            continue;
        }
        *at = owner->next;
        (void)close(owner->fd); /* nothing was written through it */
        free(owner);
        releases++;
        pthread_cond_signal(&changed);
    }
}

/* ---- One try. Lock held; 0, -EAGAIN, or another -errno ---- */

static int try_posix(struct waiter *waiter)
{
    struct owner *owner = find_owner(waiter->handle->node, waiter->owner);
    if (owner == NULL && waiter->wanted.l_type == F_UNLCK)
        return 0;
    int rc = owner != NULL ? 0 : get_owner(waiter->handle, waiter->owner, waiter->pid, &owner);
    if (rc < 0)
        return rc;
    struct flock wanted = waiter->wanted;
    wanted.l_pid = 0; /* fcntl demands it */
    if (fcntl(owner->fd, F_OFD_SETLK, &wanted) < 0)
        return errno == EACCES ? -EAGAIN : -errno;
    if (wanted.l_type == F_UNLCK) {
        releases++;
        pthread_cond_signal(&changed);
    }
    return 0;
}

static int try_flock(struct waiter *waiter)
{
    if (flock(waiter->handle->fd, waiter->operation | LOCK_NB) < 0)
        return -errno;
    if ((waiter->operation & ~LOCK_NB) != LOCK_EX) { /* given back, or shared from now on */
        releases++;
        pthread_cond_signal(&changed);
    }
    return 0;
}

static int try_lock(struct waiter *waiter)
{
    return waiter->flock ? try_flock(waiter) : try_posix(waiter);
}

/* ---- Waiting ---- */

/* Tries everybody once, in order of arrival. Lock held. */
static void try_all(void)
{
    for (struct waiter **at = &waiters; *at != NULL;) {
        struct waiter *waiter = *at;
        int rc = ending || fuse_req_interrupted(waiter->req) ? -EINTR : try_lock(waiter);
        if (rc == -EAGAIN) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        waiting--;
        (void)fuse_reply_err(waiter->req, -rc);
        handle_put(waiter->handle);
        free(waiter);
    }
}

static void wait_ms(unsigned ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(&changed, &lock, &until);
}

static void *run(void *argument)
{
    (void)argument;
    unsigned pause_ms = WAIT_FIRST_MS;
    uint64_t seen = 0;
    LOCK_SCOPE(&lock);
    while (!ending) {
        if (waiters == NULL) {
            (void)pthread_cond_wait(&changed, &lock);
            pause_ms = WAIT_FIRST_MS;
        } else {
            wait_ms(pause_ms);
            pause_ms = releases != seen ? WAIT_FIRST_MS : pause_ms * 2 < WAIT_LAST_MS ? pause_ms * 2 : WAIT_LAST_MS;
        }
        seen = releases;
        try_all();
    }
    try_all();
    return NULL;
}

int lock_init(void)
{
    return -pthread_create(&thread, NULL, run, NULL);
}

void lock_end(void)
{
    {
        LOCK_SCOPE(&lock);
        ending = true;
        pthread_cond_signal(&changed);
    }
    (void)pthread_join(thread, NULL);
}

/* Takes it now, or stands in line. The request is answered in any case. */
static void take(struct waiter *once, bool sleep)
{
    LOCK_SCOPE(&lock);
    int rc = try_lock(once);
    if (rc != -EAGAIN || !sleep) {
        (void)fuse_reply_err(once->req, -rc);
        return;
    }
    struct waiter *waiter = waiting < WAITERS_MAX && !ending ? malloc(sizeof(*waiter)) : NULL;
    if (waiter == NULL) {
        (void)fuse_reply_err(once->req, ENOLCK);
        return;
    }
    *waiter = *once;
    atomic_fetch_add(&waiter->handle->refs, 1);
    struct waiter **end = &waiters;
    while (*end != NULL)
        end = &(*end)->next;
    *end = waiter;
    waiting++;
    pthread_cond_signal(&changed);
}

/* ---- The operations ---- */

void lock_set(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *wanted, int sleep)
{
    (void)ino;
    struct waiter once = {
        .req = req,
        .handle = handle_of(fi->fh),
        .wanted = *wanted,
        .owner = fi->lock_owner,
        .pid = wanted->l_pid,
    };
    take(&once, sleep != 0);
}

void lock_flock(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, int operation)
{
    (void)ino;
    struct waiter once = {
        .req = req,
        .handle = handle_of(fi->fh),
        .flock = true,
        .operation = operation & ~LOCK_NB,
    };
    take(&once, (operation & LOCK_NB) == 0);
}

/* Who of us it is: the kernel names no process for an open file description lock. */
static pid_t other_holder(const struct handle *handle, uint64_t owner_id)
{
    for (struct owner *owner = owners; owner != NULL; owner = owner->next)
        if (owner->node == handle->node && owner->id != owner_id)
            return owner->pid;
    return -1;
}

void lock_get(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *wanted)
{
    (void)ino;
    struct handle *handle = handle_of(fi->fh);
    struct owner *owner;
    LOCK_SCOPE(&lock);
    bool known = find_owner(handle->node, fi->lock_owner) != NULL;
    int rc = get_owner(handle, fi->lock_owner, fuse_req_ctx(req)->pid, &owner);
    wanted->l_pid = 0;
    if (rc == 0 && fcntl(owner->fd, F_OFD_GETLK, wanted) < 0)
        rc = -errno;
    if (rc == 0 && wanted->l_type != F_UNLCK && wanted->l_pid < 0)
        wanted->l_pid = other_holder(handle, fi->lock_owner);
    if (!known)
        drop_owners(handle->node, NULL, fi->lock_owner);
    if (rc < 0)
        (void)fuse_reply_err(req, -rc);
    else
        (void)fuse_reply_lock(req, wanted);
}

void lock_closed(struct handle *handle, uint64_t owner)
{
    LOCK_SCOPE(&lock);
    drop_owners(handle->node, NULL, owner);
}

void lock_released(struct handle *handle)
{
    LOCK_SCOPE(&lock);
    drop_owners(NULL, handle, 0);
    releases++; /* flock goes with the descriptor, in a moment */
    pthread_cond_signal(&changed);
}
