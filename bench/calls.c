/* SPDX-License-Identifier: MIT */
/* calls DIR FILES TIMES: DIR holds the files 0000, 0001, … of 4096 bytes or more, and "large" of a few MiB. Looks
 * at all once, then, for each line on stdin, does TIMES of each call over the first FILES of them and prints one
 * line: nanoseconds a call, in the order of `calls` below; readdir counts entries. */
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

enum { READ_SIZE = 4096, LARGE_READ = 1 << 20, LARGE_SHARE = 100 /* fewer large reads, by this */ };

static const char *folder;
static char (*there)[PATH_MAX];
static char (*missing)[PATH_MAX];
static int files, large_fd;
static off_t large_size;
static char *large_buffer;

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
    char bytes[READ_SIZE];
    int fd = open(there[i], O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || read(fd, bytes, sizeof(bytes)) != READ_SIZE || close(fd) < 0)
        fail(there[i]);
}

static void do_open(int i)
{
    int fd = open(there[i], O_RDONLY | O_CLOEXEC);
    if (fd < 0 || close(fd) < 0)
        fail(there[i]);
}

static void do_lstat_missing(int i)
{
    struct stat st;
    if (lstat(missing[i], &st) == 0 || errno != ENOENT)
        fail(missing[i]);
}

static void do_pread(int i)
{
    char bytes[READ_SIZE];
    if (pread(large_fd, bytes, sizeof(bytes), (off_t)i * READ_SIZE % (large_size - READ_SIZE)) != READ_SIZE)
        fail("pread");
}

static void do_large_read(int i)
{
    if (pread(large_fd, large_buffer, LARGE_READ, (off_t)i * LARGE_READ % (large_size - LARGE_READ)) != LARGE_READ)
        fail("read");
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
    char large[PATH_MAX];
    there = calloc((size_t)files, PATH_MAX);
    missing = calloc((size_t)files, PATH_MAX);
    if (there == NULL || missing == NULL)
        fail("memory");
    for (int i = 0; i < files; i++) {
        snprintf(there[i], PATH_MAX, "%s/%04d", folder, i);
        snprintf(missing[i], PATH_MAX, "%s/none%04d", folder, i);
        do_read(i);
        do_lstat_missing(i);
    }
    snprintf(large, sizeof(large), "%s/large", folder);
    large_fd = open(large, O_RDONLY | O_CLOEXEC);
    large_buffer = malloc(LARGE_READ);
    struct stat st;
    if (large_fd < 0 || large_buffer == NULL || fstat(large_fd, &st) < 0 || st.st_size <= LARGE_READ)
        fail(large);
    large_size = st.st_size;
    for (off_t at = 0; at + LARGE_READ <= large_size; at += LARGE_READ)
        do_large_read((int)(at / LARGE_READ));
    static const struct {
        void (*call)(int);
        int share;
    } calls[] = {
        { do_stat, 1 }, { do_lstat_missing, 1 }, { do_open, 1 }, { do_read, 1 }, { do_fstat, 1 }, { do_pread, 1 },
        { do_large_read, LARGE_SHARE },
    };
    char line[16];
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
            printf("%.2f ", time_of(calls[i].call, times / calls[i].share + 1));
        printf("%.2f\n", time_of_readdir(times * 4));
        fflush(stdout);
    }
    return 0;
}
