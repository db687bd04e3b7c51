/* SPDX-License-Identifier: MIT */
/* What the programs of the zeros tests share: hash the bytes that were read, by whatever way. */
#ifndef ALGOFS_TESTS_ZEROS_H
#define ALGOFS_TESTS_ZEROS_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECE = 65536, SKIP = 77 };

static uint64_t hash = 14695981039346656037u;
static const char *self;
static const char *path;
static off_t size;
static char piece[PIECE];

static inline void feed(const void *bytes, size_t count)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < count; i++)
        hash = (hash ^ p[i]) * 1099511628211u;
}

static inline void show(void)
{
    printf("%016llx\n", (unsigned long long)hash);
    fflush(stdout);
}

static inline void die(const char *what)
{
    fprintf(stderr, "zeros: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static inline void skip(const char *why)
{
    printf("%s\n", why);
    fflush(stdout);
    _exit(SKIP);
}

static inline long need(long rc, const char *what)
{
    if (rc < 0)
        die(what);
    return rc;
}

static inline int open_it(int flags)
{
    struct stat st;
    int fd = (int)need(open(path, O_RDONLY | flags), path);

    need(fstat(fd, &st), "fstat");
    size = st.st_size;
    return fd;
}

static inline void hash_reads(int fd)
{
    ssize_t n;

    while ((n = need(read(fd, piece, sizeof(piece)), "read")) > 0)
        feed(piece, (size_t)n);
}

static inline void hash_preads(int fd)
{
    ssize_t n;

    for (off_t at = 0; (n = need(pread(fd, piece, sizeof(piece), at), "pread")) > 0; at += n)
        feed(piece, (size_t)n);
}

static inline void wait_for(pid_t child)
{
    int status;

    need(waitpid(child, &status, 0), "waitpid");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    _exit(0); /* the child has printed the hash */
}

struct way {
    const char *name;
    void (*run)(void);
};

/* `list`, or WAY FILE. -1: neither. */
static inline int run_way(int argc, char **argv, const struct way *ways, size_t count)
{
    static char own[4096];

    for (size_t i = 0; argc == 2 && strcmp(argv[1], "list") == 0 && i < count; i++)
        puts(ways[i].name);
    if (argc == 2)
        return 0;
    need(readlink("/proc/self/exe", own, sizeof(own) - 1), "/proc/self/exe");
    self = own;
    for (size_t i = 0; argc == 3 && i < count; i++)
        if (strcmp(argv[1], ways[i].name) == 0) {
            path = argv[2];
            ways[i].run();
            show();
            return 0;
        }
    return -1;
}

#endif
