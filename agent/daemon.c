/* SPDX-License-Identifier: MIT */
#include "agent/daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"

void daemon_close_inherited(void)
{
    if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) == 0)
        return;
    CLEANUP_CLOSEDIR DIR *fds = opendir("/proc/self/fd");
    const struct dirent *found;
    while (fds != NULL && (found = readdir(fds)) != NULL) {
        int fd = (int)strtol(found->d_name, NULL, 10); /* "." is 0 */
        if (fd > STDERR_FILENO && fd != dirfd(fds))
            (void)close(fd); /* nothing of ours yet */
    }
}

/* The starter: waits for the word of the daemon. */
_Noreturn static void daemon_wait(int ready, pid_t child)
{
    char word;
    ssize_t len;
    do
        len = read(ready, &word, 1);
    while (len < 0 && errno == EINTR);
    if (len != 1)
        (void)waitpid(child, NULL, 0); /* the middle process, or a daemon that could not start */
    _exit(len == 1 ? 0 : 1);
}

int daemon_start(int *ret_ready)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid_t child = fork();
    if (child < 0) {
        int rc = -errno;
        (void)close(ends[0]);
        (void)close(ends[1]);
        return rc;
    }
    if (child > 0) {
        (void)close(ends[1]);
        daemon_wait(ends[0], child);
    }
    (void)close(ends[0]);
    if (setsid() < 0)
        _exit(1);
    pid_t daemon = fork(); /* not a session leader: never gets a terminal */
    if (daemon != 0)
        _exit(daemon < 0 ? 1 : 0);
    *ret_ready = ends[1];
    return 0;
}

void daemon_ready(int ready)
{
    CLEANUP_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (chdir("/") < 0)
        return; /* the starter reports it: no word came */
    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd); /* both are open: cannot fail */
    (void)!write(ready, "", 1); /* a starter that was killed does not care */
    (void)close(ready);
}
