/* SPDX-License-Identifier: MIT */
#include "wrappers/probe.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Through the shim: the prefix must be there, and its hosted data must answer. */
int probe_main(const char *prefix)
{
    char data[PATH_MAX];
    struct stat st;
    if (stat(prefix, &st) < 0)
        return errno;
    (void)snprintf(data, sizeof(data), "%s/data", prefix);
    DIR *dir = opendir(data);
    if (dir == NULL && errno == ENOENT) /* a configuration may have other connectors only */
        dir = opendir(prefix);
    if (dir == NULL)
        return errno;
    (void)closedir(dir);
    return 0;
}

int probe_prefix(const char *prefix)
{
    pid_t child = fork();
    if (child < 0)
        return -errno;
    if (child == 0) {
        (void)execl("/proc/self/exe", "algofs-run", PROBE_ARGUMENT, prefix, (char *)NULL);
        _exit(EIO);
    }
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}
