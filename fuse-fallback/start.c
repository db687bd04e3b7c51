/* SPDX-License-Identifier: MIT */
#include "fuse-fallback/start.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

int start_in_background(int *ret_ready)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid_t child = fork();
    if (child < 0)
        return -errno; /* the process ends */
    if (child > 0) {
        char word;
        int status = 1;
        (void)close(ends[1]);
        ssize_t len;
        do
            len = read(ends[0], &word, 1);
        while (len < 0 && errno == EINTR);
        if (len != 1 && waitpid(child, &status, 0) == child && WIFEXITED(status))
            _exit(WEXITSTATUS(status) == 0 ? 1 : WEXITSTATUS(status));
        _exit(len == 1 ? 0 : 1);
    }
    (void)close(ends[0]);
    (void)setsid(); /* a fresh child leads no group: cannot fail */
    *ret_ready = ends[1];
    return 0;
}

void start_done(int ready)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd); /* both are open: cannot fail */
    if (null > STDERR_FILENO)
        (void)close(null);
    (void)!chdir("/"); /* whoever unmounts our folder's file system is not kept from it */
    (void)!write(ready, "", 1); /* a starter that was killed does not care */
    (void)close(ready);
}
