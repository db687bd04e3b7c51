/* SPDX-License-Identifier: MIT */
/* fork-threads DIR PLAIN NAMES: six threads and, meanwhile, children forked by two more threads,
 * each read every file that NAMES lists (relative, each ended by a NUL) in DIR and compare it with
 * PLAIN. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READERS = 6, FORKERS = 2, CHILDREN = 3, PIECE = 65536 };

static const char *dir, *plain;
static char *names;
static size_t names_size;

struct pair {
    int a, b;
    char piece[2][PIECE];
};

/* Reads up to PIECE bytes, however few a call gives. */
static ssize_t read_full(int fd, char *to)
{
    ssize_t got = 0, n;

    while (got < PIECE && (n = read(fd, to + got, (size_t)(PIECE - got))) != 0) {
        if (n < 0)
            return -1;
        got += n;
    }
    return got;
}

static int same_content(struct pair *pair, const char *name)
{
    for (;;) {
        ssize_t a = read_full(pair->a, pair->piece[0]);
        ssize_t b = read_full(pair->b, pair->piece[1]);

        if (a != b || (a > 0 && memcmp(pair->piece[0], pair->piece[1], (size_t)a) != 0)) {
            printf("%d: %s differs\n", (int)getpid(), name);
            return 0;
        }
        if (a <= 0)
            return a == 0;
    }
}

static int open_in(const char *folder, const char *name)
{
    char path[8192];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_RDONLY);
    if (fd < 0)
        perror(path);
    return fd;
}

/* Every file, from a different start each time; 0 when all are right. */
static int read_all(size_t turn)
{
    struct pair *pair = malloc(sizeof(*pair));
    size_t start = names_size / (READERS + FORKERS * CHILDREN) * turn;
    size_t at, passed = 0;
    int bad = 0;

    while (start < names_size && start > 0 && names[start - 1] != '\0')
        start++;
    at = start < names_size ? start : 0;
    while (passed < names_size) {
        size_t length = strlen(names + at) + 1;

        pair->a = open_in(dir, names + at);
        pair->b = open_in(plain, names + at);
        if (pair->a < 0 || pair->b < 0 || !same_content(pair, names + at))
            bad = 1;
        close(pair->a);
        close(pair->b);
        passed += length;
        at = at + length < names_size ? at + length : 0;
    }
    free(pair);
    return bad;
}

static void *reader(void *turn)
{
    return (void *)(long)read_all((size_t)turn);
}

static void *forker(void *turn)
{
    long bad = 0;
    int i, status;

    for (i = 0; i < CHILDREN; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            int wrong = read_all((size_t)turn + (size_t)i);

            fflush(stdout);
            _exit(wrong);
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
            bad = 1;
    }
    return (void *)bad;
}

static int load_names(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &st) < 0)
        return -1;
    names_size = (size_t)st.st_size;
    names = malloc(names_size + 1);
    if (!names || read(fd, names, names_size) != st.st_size)
        return -1;
    return close(fd);
}

int main(int argc, char **argv)
{
    pthread_t threads[READERS + FORKERS];
    long bad = 0;
    size_t i;

    if (argc != 4 || load_names(argv[3]) < 0) {
        fprintf(stderr, "usage: fork-threads DIR PLAIN NAMES\n");
        return 2;
    }
    dir = argv[1];
    plain = argv[2];
    for (i = 0; i < READERS + FORKERS; i++) {
        void *turn = (void *)(i < READERS ? i : READERS + (i - READERS) * CHILDREN);

        if (pthread_create(&threads[i], NULL, i < READERS ? reader : forker, turn) != 0)
            return 2;
    }
    for (i = 0; i < READERS + FORKERS; i++) {
        void *wrong;

        pthread_join(threads[i], &wrong);
        bad |= (long)wrong;
    }
    return bad ? 1 : 0;
}
