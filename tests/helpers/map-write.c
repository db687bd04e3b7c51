/* SPDX-License-Identifier: MIT */
/*
 * map-write WAY: changes $DIR/mapped-WAY by a shared mapping whose descriptor is closed before.
 *
 *     msync   msync tells, then munmap
 *     munmap  munmap only
 *     exit    the process ends with the mapping there
 *     after   the mapping is changed after an msync, and unmapped in two halves
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SIZE = 100000 };

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static int work(const char *way)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/mapped-%s", getenv("DIR"), way);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || ftruncate(fd, SIZE) < 0)
        return fail(path);
    char *view = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (view == MAP_FAILED)
        return fail("mmap");
    memcpy(view, "before close", 12);
    if (close(fd) < 0)
        return fail("close");
    memcpy(view + 50000, "after close", 11);
    if (strcmp(way, "exit") == 0)
        _exit(0);
    if (strcmp(way, "munmap") != 0 && msync(view, SIZE, MS_SYNC) < 0)
        return fail("msync");
    if (strcmp(way, "after") == 0) {
        memcpy(view + 90000, "after msync", 11);
        if (munmap(view, 16 * 4096) < 0)
            return fail("munmap");
        memcpy(view + 95000, "half is gone", 12);
        return munmap(view + 16 * 4096, SIZE - 16 * 4096) < 0 ? fail("munmap") : 0;
    }
    return munmap(view, SIZE) < 0 ? fail("munmap") : 0;
}

int main(int argc, char **argv)
{
    return argc == 2 ? work(argv[1]) : 2;
}
