/* SPDX-License-Identifier: MIT */
/* warm-loop stat|read PATH N: after one warming round, N times stat(PATH), or open, read of 4 KiB,
 * close. Two calls of access() with telling names frame the loop, for strace (refused for their mode, EINVAL: a name
 * that is not there would be looked for behind links). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char buffer[4096];

static int stat_once(const char *path)
{
    struct stat st;

    return stat(path, &st);
}

static int read_once(const char *path)
{
    int fd = open(path, O_RDONLY);
    ssize_t n;

    if (fd < 0)
        return -1;
    n = read(fd, buffer, sizeof(buffer));
    return close(fd) < 0 || n <= 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
    int (*once)(const char *);
    int n, bad;

    if (argc != 4) {
        fprintf(stderr, "usage: warm-loop stat|read PATH N\n");
        return 2;
    }
    once = strcmp(argv[1], "stat") == 0 ? stat_once : read_once;
    n = (int)strtol(argv[3], NULL, 10);
    bad = once(argv[2]);
    (void)access("/tmp/algofs-loop-begins", 0x100);
    while (n-- > 0)
        bad |= once(argv[2]);
    (void)access("/tmp/algofs-loop-ends", 0x100);
    if (bad)
        perror(argv[2]);
    return bad ? 1 : 0;
}
