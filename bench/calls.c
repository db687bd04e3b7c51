/* SPDX-License-Identifier: MIT */
/* calls DIR FILES TIMES: DIR holds the files 0000, 0001, … of 4096 bytes or more. Looks at all once, then, for
 * each line on stdin, does TIMES of each call over the first FILES of them and prints one line: nanoseconds
 * a call, in the order stat, open+read+close, open+fstat+close, readdir (an entry), stat of no file. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { READ_SIZE = 4096 };

static const char *folder;
static char (*there)[PATH_MAX];
static char (*missing)[PATH_MAX];
static int files;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "calls: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void do_stat(int i)
{
    struct stat st;
    if (stat(there[i], &st) < 0 || st.st_size < READ_SIZE)
        fail(there[i]);
}

static void do_read(int i)
{
    char bytes[READ_SIZE];
    int fd = open(there[i], O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, bytes, sizeof(bytes)) != READ_SIZE || close(fd) < 0)
        fail(there[i]);
}

static void do_fstat(int i)
{
    struct stat st;
    int fd = open(there[i], O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || close(fd) < 0)
        fail(there[i]);
}

static void do_missing(int i)
{
    struct stat st;
    if (stat(missing[i], &st) == 0 || errno != ENOENT)
        fail(missing[i]);
}

static double time_of(void (*call)(int), int times)
{
    double start = now_ns();
    for (int i = 0; i < times; i++)
        call(i % files);
    return (now_ns() - start) / times;
}

static double time_of_readdir(int times)
{
    long entries = 0;
    double start = now_ns();
    while (entries < times) {
        DIR *dir = opendir(folder);
        if (dir == NULL)
            fail(folder);
        while (readdir(dir) != NULL)
            entries++;
        closedir(dir);
    }
    return (now_ns() - start) / (double)entries;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: calls DIR FILES TIMES\n");
        return 2;
    }
    folder = argv[1];
    files = (int)strtol(argv[2], NULL, 10);
    int times = (int)strtol(argv[3], NULL, 10);
    there = calloc((size_t)files, PATH_MAX);
    missing = calloc((size_t)files, PATH_MAX);
    if (there == NULL || missing == NULL)
        fail("memory");
    for (int i = 0; i < files; i++) {
        snprintf(there[i], PATH_MAX, "%s/%04d", folder, i);
        snprintf(missing[i], PATH_MAX, "%s/none%04d", folder, i);
        do_read(i);
        do_missing(i);
    }
    char line[16];
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        double stats = time_of(do_stat, times);
        double reads = time_of(do_read, times);
        double fstats = time_of(do_fstat, times);
        double entries = time_of_readdir(times * 4);
        printf("%.2f %.2f %.2f %.2f %.2f\n", stats, reads, fstats, entries, time_of(do_missing, times));
        fflush(stdout);
    }
    return 0;
}
