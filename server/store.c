/* SPDX-License-Identifier: MIT */
#include "server/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"

#define STORE_TEMP_PREFIX "upload-"

enum { STORE_SETTLE_MS = 50 };

/* glibc has no wrapper. The modes of `flags` are those of open(2) without O_CREAT. */
static int store_openat2(int dir_fd, const char *path, int flags)
{
    struct open_how how = {
        .flags = (unsigned)flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall(SYS_openat2, dir_fd, path[0] == '\0' ? "." : path, &how, sizeof(how));
    return fd < 0 ? -errno : (int)fd;
}

/* Removes uploads nobody is writing: a live one holds a lock, a killed server's has none. */
static void store_remove_leftovers(const struct store *store)
{
    int fd = store_openat2(store->root_fd, STORE_PRIVATE_NAME, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return;
    CLEANUP_CLOSEDIR DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        (void)close(fd); /* read-only */
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, STORE_TEMP_PREFIX, strlen(STORE_TEMP_PREFIX)) != 0)
            continue;
        CLEANUP_CLOSE int left = store_openat2(fd, entry->d_name, O_RDONLY | O_NONBLOCK);
        if (left >= 0 && flock(left, LOCK_EX | LOCK_NB) == 0)
            (void)unlinkat(fd, entry->d_name, 0); /* only tidying: the next start tries again */
    }
}

int store_open(struct store *store, const char *dir, bool read_only)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int self = store_openat2(fd, "", O_RDONLY | O_DIRECTORY);
    if (self < 0) { /* a kernel or sandbox without openat2: better no service than an unsafe one */
        (void)close(fd);
        return self;
    }
    (void)close(self);
    *store = (struct store){ .root_fd = fd, .read_only = read_only };
    if (!read_only)
        store_remove_leftovers(store);
    return 0;
}

void store_close(struct store *store)
{
    if (!store->read_only)
        (void)unlinkat(store->root_fd, STORE_PRIVATE_NAME, AT_REMOVEDIR); /* stays if in use */
    (void)close(store->root_fd);
    store->root_fd = -1;
}

int store_open_object(
    const struct store *store, const char *path, int *ret_fd, struct stat *ret_stat)
{
    /* O_NONBLOCK: opening a FIFO somebody put there must not wait for its writer */
    CLEANUP_CLOSE int fd = store_openat2(store->root_fd, path, O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return fd == -ENXIO ? -ENOENT : fd; /* a socket */
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return -ENOENT;
    *ret_stat = st;
    *ret_fd = TAKE_FD(fd);
    return 0;
}

int store_open_parent(
    const struct store *store, const char *path, int *ret_fd, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    CLEANUP_FREE char *parent = strndup(path, slash == NULL ? 0 : (size_t)(slash - path));
    if (parent == NULL)
        return -ENOMEM;
    int fd = store_openat2(store->root_fd, parent, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    *ret_fd = fd;
    *ret_name = slash == NULL ? path : slash + 1;
    return 0;
}

bool store_is_settled(const struct stat *st)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t age_ms = (now.tv_sec - st->st_mtim.tv_sec) * INT64_C(1000) +
                     (now.tv_nsec - st->st_mtim.tv_nsec) / 1000000;
    return age_ms > STORE_SETTLE_MS;
}

int store_open_private(const struct store *store, int *ret_fd)
{
    int fd = store_openat2(store->root_fd, STORE_PRIVATE_NAME, O_RDONLY | O_DIRECTORY);
    if (fd == -ENOENT) {
        if (mkdirat(store->root_fd, STORE_PRIVATE_NAME, 0700) < 0 && errno != EEXIST)
            return -errno;
        fd = store_openat2(store->root_fd, STORE_PRIVATE_NAME, O_RDONLY | O_DIRECTORY);
    }
    if (fd < 0)
        return fd;
    *ret_fd = fd;
    return 0;
}

int store_temp_create(const struct store *store, struct store_temp *temp)
{
    static atomic_ulong serial;
    struct store_temp made = STORE_TEMP_INIT;
    int rc = store_open_private(store, &made.private_fd);
    if (rc < 0)
        return rc;
    (void)snprintf(made.name, sizeof(made.name), STORE_TEMP_PREFIX "%ld-%lu", (long)getpid(),
        atomic_fetch_add(&serial, 1)); /* the buffer holds any two longs */
    made.fd = openat(
        made.private_fd, made.name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (made.fd < 0) {
        rc = -errno;
        (void)close(made.private_fd);
        return rc;
    }
    (void)flock(made.fd, LOCK_EX | LOCK_NB); /* marks it as alive; without locks, only less tidy */
    *temp = made;
    return 0;
}

static void store_temp_end(struct store_temp *temp)
{
    if (temp->fd >= 0)
        (void)close(temp->fd); /* commit has checked it; an aborted file is of no use */
    if (temp->private_fd >= 0)
        (void)close(temp->private_fd);
    *temp = (struct store_temp)STORE_TEMP_INIT;
}

int store_temp_commit(struct store_temp *temp, int dir_fd, const char *name)
{
    struct stat st;
    int rc = 0;
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
        rc = -EISDIR;
    int fd = TAKE_FD(temp->fd);
    if (close(fd) < 0 && rc == 0) /* a network file system may tell of a full disk only now */
        rc = -errno;
    if (rc == 0 && renameat(temp->private_fd, temp->name, dir_fd, name) < 0)
        rc = -errno;
    if (rc < 0)
        (void)unlinkat(temp->private_fd, temp->name, 0);
    store_temp_end(temp);
    return rc;
}

void store_temp_abort(struct store_temp *temp)
{
    if (temp->private_fd >= 0)
        (void)unlinkat(temp->private_fd, temp->name, 0);
    store_temp_end(temp);
}
