/* SPDX-License-Identifier: MIT */
/*
 * path-random TOP SEED COUNT: looks at COUNT random paths below TOP and prints what each call said. TOP holds
 *
 *     algo/data/set/c/…   what is in the prefix, or on a plain folder the same tree
 *     out/…               a folder with links into it
 *
 * What is printed does not depend on where TOP is, so two of them can be compared. A path is a random walk over
 * the names that are there (and some that are not), ".", "..", empty components and slashes at the end, from an
 * absolute start, a working directory, a directory descriptor, or /proc.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *top;
static size_t top_len;
static unsigned long long state;

static unsigned below(unsigned n)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(state >> 33) % n;
}

/* Every entry, to tell what a call has found. */
static const char *const entries[] = { "", "algo", "algo/data", "algo/data/set", "algo/data/set/c",
    "algo/data/set/c/d", "algo/data/set/c/d/e", "algo/data/set/c/d/e/f", "algo/data/set/c/f",
    "algo/data/set/c/d/g", "out", "out/file", "out/sub", "out/sub/deep", "out/abs", "out/whole", "out/chain",
    "out/rel", "out/tofile", "out/new", "out/loop", "out/self", "out/sub/up", "out/slash", "out/dots",
    "algo/data/.my", "out/my" };
enum { ENTRIES = sizeof(entries) / sizeof(entries[0]) };
static struct stat known[ENTRIES];

/* The folders that relative paths start from. */
static const char *const starts[] = { "", "out", "out/sub", "algo", "algo/data", "algo/data/set/c",
    "algo/data/set/c/d", "algo/data/set/c/d/e", "algo/data/set/c/f" };
enum { STARTS = sizeof(starts) / sizeof(starts[0]) };
static int descriptors[STARTS];

static const char *const names[] = { "algo", "data", "set", "c", "d", "e", "f", "g", "out", "file", "sub",
    "deep", "abs", "whole", "chain", "rel", "tofile", "new", "loop", "self", "up", "slash", "dots", "none",
    ".my", "my" };
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static void in(char out[PATH_MAX], const char *name)
{
    snprintf(out, PATH_MAX, "%s%s%s", top, name[0] == '\0' ? "" : "/", name);
}

static const char *label(const struct stat *st)
{
    for (int i = 0; i < ENTRIES; i++)
        if (known[i].st_ino == st->st_ino && known[i].st_dev == st->st_dev)
            return entries[i];
    return "something else";
}

/* A path that may show where TOP is: one of the folders above it. */
static bool below_root(const char *path)
{
    return strncmp(path, top, strlen(path)) == 0 || strncmp(path, top, 5) == 0;
}

/* Without the part that depends on where TOP is. */
static const char *shown(const char *path)
{
    static char out[2][PATH_MAX];
    static int turn;
    turn = !turn;
    const char *at = strstr(path, top + 1);
    if (at != NULL)
        snprintf(out[turn], PATH_MAX, "%.*sTOP%s", (int)(at - path), path, at + top_len - 1);
    else
        snprintf(out[turn], PATH_MAX, "%s", path[0] == '/' && below_root(path) ? "elsewhere" : path);
    return out[turn];
}

static void add(char *path, const char *name)
{
    size_t len = strlen(path);
    if (len + strlen(name) + 1 < PATH_MAX)
        memcpy(path + len, name, strlen(name) + 1);
}

/* One more component: mostly one that is there. */
static void add_component(int dirfd, char *path)
{
    struct stat st;
    size_t len = strlen(path);
    unsigned kind = below(30);
    if (kind < 3) {
        add(path, "..");
        return;
    }
    if (kind < 5) {
        add(path, ".");
        return;
    }
    for (int i = 0; i < 60; i++) {
        path[len] = '\0';
        add(path, names[below(NAMES)]);
        if (kind == 29 || fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
            return;
    }
    path[len] = '\0';
    add(path, "..");
}

static void make_path(int dirfd, char path[PATH_MAX], bool absolute)
{
    unsigned count = 1 + below(7);
    path[0] = '\0';
    if (absolute) {
        switch (below(12)) {
        case 0:
            add(path, "/proc/self/cwd/");
            break;
        case 1:
            snprintf(path, PATH_MAX, "/proc/self/fd/%d/", descriptors[below(STARTS)]);
            break;
        case 2:
            snprintf(path, PATH_MAX, "/dev/fd/%d/", descriptors[below(STARTS)]);
            break;
        case 3:
            snprintf(path, PATH_MAX, "//.%s/", top);
            break;
        case 4:
            snprintf(path, PATH_MAX, "/proc/../%s/", top + 1);
            break;
        default:
            in(path, "");
            add(path, "/");
        }
        if (below(3) > 0)
            add(path, below(2) ? "algo/data/set/c/" : "out/");
    } else if (below(30) == 0) {
        return; /* the empty path */
    }
    for (unsigned i = 0; i < count; i++) {
        add_component(dirfd, path);
        if (i + 1 < count || below(5) == 0)
            add(path, below(10) == 0 ? "//" : "/");
    }
}

static void say(const char *call, int rc, const struct stat *st)
{
    if (rc < 0)
        printf(" %s=%s", call, strerrorname_np(errno));
    else
        printf(" %s=%s", call, st == NULL ? "ok" : label(st));
}

static void try_open(const char *call, int dirfd, const char *path, int flags)
{
    struct stat st;
    int fd = openat(dirfd, path, flags | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) == 0)
        say(call, fd, &st);
    if (fd >= 0)
        close(fd);
}

static void try_all(int dirfd, const char *path)
{
    char text[PATH_MAX];
    struct stat st;
    struct statx stx;
    int rc = fstatat(dirfd, path, &st, 0);
    say("stat", rc, &st);
    rc = fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW);
    say("lstat", rc, &st);
    rc = fstatat(dirfd, path, &st, AT_EMPTY_PATH);
    say("empty", rc, &st);
    say("statx", statx(dirfd, path, 0, STATX_INO, &stx), NULL);
    say("access", faccessat(dirfd, path, R_OK, 0), NULL);
    try_open("open", dirfd, path, O_RDONLY);
    try_open("nofollow", dirfd, path, O_RDONLY | O_NOFOLLOW);
    try_open("directory", dirfd, path, O_RDONLY | O_DIRECTORY);
    try_open("path", dirfd, path, O_PATH);
    try_open("path-nofollow", dirfd, path, O_PATH | O_NOFOLLOW);
    ssize_t got = readlinkat(dirfd, path, text, sizeof(text) - 1);
    text[got < 0 ? 0 : got] = '\0';
    printf(" readlink=%s", got < 0 ? strerrorname_np(errno) : shown(text));
    say("unlink", unlinkat(dirfd, path, AT_REMOVEDIR | 0x40000000), NULL); /* an unknown flag: changes nothing */
}

static void try_here(const char *path, const char *home)
{
    char text[PATH_MAX];
    DIR *dir = opendir(path);
    struct stat st;
    if (dir != NULL && fstat(dirfd(dir), &st) == 0)
        say("opendir", 0, &st);
    else
        say("opendir", -1, NULL);
    if (dir != NULL)
        closedir(dir);
    char *real = realpath(path, text);
    printf(" realpath=%s", real == NULL ? strerrorname_np(errno) : shown(real));
    int rc = chdir(path);
    say("chdir", rc, NULL);
    if (rc == 0) {
        char *here = getcwd(text, sizeof(text));
        printf(" getcwd=%s", here == NULL ? strerrorname_np(errno) : shown(here));
        rc = stat(".", &st);
        say("here", rc, &st);
        rc = stat("..", &st);
        say("above", rc, &st);
        if (chdir(home) < 0)
            perror(home);
    }
}

int main(int argc, char **argv)
{
    char path[PATH_MAX];
    char home[PATH_MAX];
    if (argc != 4) {
        fprintf(stderr, "usage: path-random TOP SEED COUNT\n");
        return 2;
    }
    top = argv[1];
    top_len = strlen(top);
    unsigned long long seed = strtoull(argv[2], NULL, 10);
    for (int i = 0; i < ENTRIES; i++) {
        in(path, entries[i]);
        if (lstat(path, &known[i]) < 0)
            printf("%s: %s\n", entries[i], strerrorname_np(errno));
    }
    for (int i = 0; i < STARTS; i++) {
        in(path, starts[i]);
        descriptors[i] = open(path, i % 2 ? O_RDONLY : O_PATH);
    }
    for (int count = atoi(argv[3]); count > 0; count--) {
        state = seed * 1000003 + (unsigned)count; /* one path that differs shall not change the next */
        (void)below(2);
        int start = (int)below(STARTS - 1);
        in(home, starts[start]);
        if (chdir(home) < 0)
            perror(home);
        int dirfd = descriptors[below(STARTS)];
        unsigned way = below(3);
        make_path(way == 2 ? dirfd : AT_FDCWD, path, way == 0);
        printf("from %s, %s %s:", starts[start], way == 2 ? "descriptor" : "path", shown(path));
        try_all(way == 2 ? dirfd : AT_FDCWD, path);
        if (way != 2)
            try_here(path, home);
        printf("\n");
    }
    return 0;
}
