/* SPDX-License-Identifier: MIT */
#include "agent/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/wire/location.h"

enum {
    HOME_LOG_MAX = 16 << 20, /* bytes; a longer log is moved away at the start */
    HOME_BACKLOG = 1024,
};

/* A folder that only we can write to. */
static int home_check_private(const char *path)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode))
        return -ENOTDIR;
    return st.st_uid == geteuid() && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 ? 0 : -EPERM;
}

static int home_make(const char *path)
{
    CLEANUP_FREE char *copy = strdup(path);
    if (copy == NULL)
        return -ENOMEM;
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0700) < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
            return -errno;
        *slash = '/';
    }
    return mkdir(copy, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int home_open(const char *path, struct home *ret_home)
{
    *ret_home = (struct home){ .lock = -1, .log = -1 };
    int rc = path[0] == '/' ? home_make(path) : -EINVAL;
    if (rc < 0)
        return rc;
    if (realpath(path, ret_home->cache) == NULL)
        return -errno;
    /* Doors derive the address from the path as they know it: so must we, before links are
     * resolved. */
    location_socket(path, geteuid(), &ret_home->address);
    return home_check_private(ret_home->cache);
}

int home_lock(struct home *home)
{
    char path[PATH_MAX + 16];
    (void)snprintf(path, sizeof(path), "%s/agent.lock", home->cache);
    if (home->lock < 0)
        home->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (home->lock < 0 || flock(home->lock, LOCK_EX | LOCK_NB) < 0)
        return -errno;
    return 0;
}

int home_open_log(struct home *home, const char *path)
{
    char own[PATH_MAX + 16];
    char old[PATH_MAX + 20];
    struct stat st;
    if (path == NULL || path[0] == '\0') {
        (void)snprintf(own, sizeof(own), "%s/agent.log", home->cache);
        path = own;
    }
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > HOME_LOG_MAX &&
        (size_t)snprintf(old, sizeof(old), "%s.1", path) < sizeof(old))
        (void)rename(path, old); /* else it goes on growing */
    home->log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    return home->log < 0 ? -errno : 0;
}

static int home_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
}

int home_answers(const struct home *home)
{
    CLEANUP_CLOSE int fd = home_socket();
    if (fd < 0)
        return fd;
    /* A full backlog (-EAGAIN) is an agent too. */
    if (connect(fd, (const struct sockaddr *)&home->address, sizeof(home->address)) < 0 &&
        errno != EAGAIN)
        return -errno;
    return 0;
}

int home_listen(struct home *home)
{
    char folder[sizeof(home->address.sun_path)];
    (void)stpcpy(folder, home->address.sun_path);
    *strrchr(folder, '/') = '\0';
    if (mkdir(folder, 0700) < 0 && errno != EEXIST) /* the short name in /tmp */
        return -errno;
    char resolved[PATH_MAX];
    int rc = realpath(folder, resolved) == NULL ? -errno : home_check_private(resolved);
    if (rc < 0)
        return rc;
    CLEANUP_CLOSE int fd = home_socket();
    if (fd < 0)
        return fd;
    if (unlink(home->address.sun_path) < 0 && errno != ENOENT)
        return -errno;
    if (bind(fd, (const struct sockaddr *)&home->address, sizeof(home->address)) < 0 ||
        listen(fd, HOME_BACKLOG) < 0)
        return -errno;
    return TAKE_FD(fd);
}
