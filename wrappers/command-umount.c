/* SPDX-License-Identifier: MIT */
/*
 * Ends a mount. What is not uploaded is waited for first; algofs-mount is asked, by extended attributes of the
 * mount's root (fuse-fallback/attribute.c), because it has the account's key and we need not.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "wrappers/command.h"
#include "wrappers/mounts.h"
#include "wrappers/say.h"

enum { ANSWER_SIZE = 65536, END_TRIES = 1200, END_PAUSE_MS = 50 };

/* 0 when all is uploaded, 1 when some of it could not be (said), -errno when nobody answers. */
static int flush(const char *path)
{
    static char answer[ANSWER_SIZE + 1];
    for (;;) {
        unsigned long long pending = 0;
        unsigned long long failed = 0;
        ssize_t len = getxattr(path, "user.algofs.flush", answer, ANSWER_SIZE);
        if (len < 0)
            return -errno;
        answer[len] = '\0';
        char *rest = answer;
        const char *line = strsep(&rest, "\n");
        if (sscanf(line, "%llu %llu", &pending, &failed) != 2)
            return -EPROTO;
        if (pending == 0)
            return 0;
        if (failed < pending)
            continue;
        while ((line = strsep(&rest, "\n")) != NULL)
            if (line[0] != '\0')
                say("not uploaded: %s", line);
        say("the data is kept in the cache and tried again; `algofs flush` waits");
        return 1;
    }
}

static pid_t mount_process(const char *path)
{
    char text[32];
    ssize_t len = getxattr(path, "user.algofs.pid", text, sizeof(text) - 1);
    if (len < 0)
        return 0;
    text[len] = '\0';
    return (pid_t)strtol(text, NULL, 10);
}

/* Root asks the kernel, others fusermount3, quietly: we say what is wrong. */
static int unmount(const char *path, bool lazy)
{
    if (geteuid() == 0)
        return umount2(path, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) < 0 ? -errno : 0;
    pid_t child = fork();
    if (child < 0)
        return -errno;
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(126);
        (void)execlp("fusermount3", "fusermount3", lazy ? "-uz" : "-u", "--", path, (char *)NULL);
        _exit(127);
    }
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    if (!WIFEXITED(status) || WEXITSTATUS(status) >= 126)
        return -ENOENT;
    return WEXITSTATUS(status) == 0 ? 0 : mounts_has(path) ? -EBUSY : 0;
}

/* Its last words are uploads: not to be cut off by whoever shuts down next. */
static void wait_for_end(pid_t process)
{
    const struct timespec pause = { 0, END_PAUSE_MS * 1000000L };
    for (int i = 0; process > 0 && i < END_TRIES && kill(process, 0) == 0; i++)
        (void)nanosleep(&pause, NULL);
}

static int end(const char *given, const char *path, bool lazy)
{
    int flushed = lazy ? 0 : flush(path);
    pid_t process = lazy ? 0 : mount_process(path);
    bool dead = flushed == -ENOTCONN || flushed == -ECONNABORTED;
    if (flushed < 0 && !dead)
        say("cannot ask the mount what is left to upload: %s", strerror(-flushed));
    int rc = unmount(path, lazy || dead);
    if (rc == -EBUSY) {
        say("\"%s\" is in use; `algofs umount --lazy` takes it away nevertheless", given);
        (void)mounts_say_users(path);
        return 1;
    }
    if (rc < 0) {
        say("cannot unmount \"%s\": %s", given, rc == -ENOENT ? "there is no fusermount3" : strerror(-rc));
        return 1;
    }
    wait_for_end(process);
    return flushed == 0 || dead ? 0 : 1;
}

int command_umount(int argc, char **argv)
{
    char path[PATH_MAX];
    bool lazy = argc > 1 && (strcmp(argv[1], "--lazy") == 0 || strcmp(argv[1], "-l") == 0);
    if (argc != (lazy ? 3 : 2) || argv[argc - 1][0] == '-') {
        say("usage: algofs umount [--lazy] DIR");
        return 2;
    }
    const char *given = argv[argc - 1];
    int rc = mounts_path(given, path);
    if (rc == 0 && !mounts_has(path)) {
        char resolved[PATH_MAX]; /* a link that leads to one */
        if (realpath(given, resolved) != NULL && mounts_has(resolved))
            memcpy(path, resolved, strlen(resolved) + 1);
        else
            rc = access(path, F_OK) < 0 ? -errno : -EINVAL;
    }
    if (rc < 0) {
        say("\"%s\" is no algofs mount%s%s", given, rc == -EINVAL ? "" : ": ", rc == -EINVAL ? "" : strerror(-rc));
        return 1;
    }
    return end(given, path, lazy);
}
