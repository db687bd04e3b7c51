/* SPDX-License-Identifier: MIT */
#include "fuse-fallback/native.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/base/beneath.h"
#include "core/base/cleanup.h"
#include "core/client/session.h"

/* Replaced only when the session is (the agent was started again); the old one stays for who still uses it. */
struct root {
    const struct session *session;
    int fd;
    struct root *before;
};

static _Atomic(struct root *) current;
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* The descriptor of before, if it is of the same directory; else `fd`. Takes `fd` over. */
static int one_root(const struct root *before, int fd)
{
    struct stat old, st;
    if (before == NULL || fstat(before->fd, &old) < 0 || fstat(fd, &st) < 0 || old.st_dev != st.st_dev ||
        old.st_ino != st.st_ino)
        return fd;
    (void)close(fd); /* O_PATH */
    return before->fd;
}

static int open_root(const struct session *session)
{
    LOCK_SCOPE(&opening);
    struct root *root = atomic_load(&current);
    if (root != NULL && root->session == session)
        return root->fd;
    struct root *fresh = malloc(sizeof(*fresh));
    if (fresh == NULL)
        return -ENOMEM;
    fresh->session = session;
    fresh->before = root;
    fresh->fd = open(session->tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fresh->fd < 0) {
        int rc = -errno;
        free(fresh);
        return rc;
    }
    fresh->fd = one_root(root, fresh->fd);
    atomic_store(&current, fresh);
    return fresh->fd;
}

int native_root(void)
{
    const struct session *session;
    int rc = session_get(&session);
    if (rc < 0)
        return rc;
    struct root *root = atomic_load(&current);
    return root != NULL && root->session == session ? root->fd : open_root(session);
}

int native_open(const char *path, int flags)
{
    int root = native_root();
    return root < 0 ? root : beneath_open(root, path, flags);
}

bool native_same(const struct native_key *a, const struct native_key *b)
{
    return a->inode == b->inode && a->device == b->device && a->birth_sec == b->birth_sec &&
        a->birth_nsec == b->birth_nsec;
}

static struct timespec time_of(const struct statx_timestamp *time)
{
    return (struct timespec){ time->tv_sec, time->tv_nsec };
}

int native_stat(int fd, struct native_key *ret_key, struct stat *ret_st)
{
    struct statx stx;
    if (statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &stx) < 0)
        return -errno;
    bool born = (stx.stx_mask & STATX_BTIME) != 0;
    *ret_st = (struct stat){
        .st_dev = makedev(stx.stx_dev_major, stx.stx_dev_minor),
        .st_ino = stx.stx_ino,
        .st_mode = stx.stx_mode,
        .st_nlink = stx.stx_nlink,
        .st_uid = stx.stx_uid,
        .st_gid = stx.stx_gid,
        .st_size = (off_t)stx.stx_size,
        .st_blksize = (blksize_t)stx.stx_blksize,
        .st_blocks = (blkcnt_t)stx.stx_blocks,
        .st_atim = time_of(&stx.stx_atime),
        .st_mtim = time_of(&stx.stx_mtime),
        .st_ctim = time_of(&stx.stx_ctime),
    };
    *ret_key = (struct native_key){
        .device = ret_st->st_dev,
        .inode = stx.stx_ino,
        .birth_sec = born ? stx.stx_btime.tv_sec : 0,
        .birth_nsec = born ? stx.stx_btime.tv_nsec : 0,
    };
    return 0;
}
