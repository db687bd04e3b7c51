/* SPDX-License-Identifier: MIT */
/* preads FILE PLAIN THREADS COUNT SEED: each thread compares COUNT pieces of FILE, at random
 * offsets and of random lengths up to 300 kB, some across the end, with PLAIN; half of the threads
 * share a descriptor. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST = 300000, THREADS_MAX = 64 };

static const char *path;
static int shared_fd, plain_fd, count, seed;
static off_t size;

static ssize_t pread_full(int fd, char *to, size_t length, off_t offset)
{
    size_t got = 0;

    while (got < length) {
        ssize_t n = pread(fd, to + got, length - got, offset + (off_t)got);

        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

static int compare_piece(int fd, unsigned *state, char *got, char *want)
{
    off_t offset = (off_t)(((unsigned long)rand_r(state) << 16 ^ (unsigned long)rand_r(state)) %
                           (unsigned long)(size + 1000));
    size_t length = (size_t)rand_r(state) % LONGEST + 1;
    ssize_t n = pread_full(fd, got, length, offset);
    ssize_t m = pread_full(plain_fd, want, length, offset);

    if (n == m && (n <= 0 || memcmp(got, want, (size_t)n) == 0))
        return 0;
    printf("%s: %zu bytes at %lld: got %zd, %s\n", path, length, (long long)offset, n,
        n == m ? "other bytes" : "another count");
    return 1;
}

static void *reader(void *argument)
{
    long number = (long)argument, bad = 0;
    unsigned state = (unsigned)(seed * 1000 + number);
    int fd = number % 2 ? open(path, O_RDONLY) : shared_fd, i;
    char *got = malloc(LONGEST), *want = malloc(LONGEST);

    for (i = 0; i < count && fd >= 0; i++)
        bad += compare_piece(fd, &state, got, want);
    if (fd < 0)
        perror(path);
    if (fd != shared_fd)
        close(fd);
    free(got);
    free(want);
    return (void *)(fd < 0 ? 1 : bad);
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS_MAX];
    struct stat st;
    long i, number, bad = 0;

    if (argc != 6 || (number = strtol(argv[3], NULL, 10)) > THREADS_MAX) {
        fprintf(stderr, "usage: preads FILE PLAIN THREADS COUNT SEED\n");
        return 2;
    }
    path = argv[1];
    count = (int)strtol(argv[4], NULL, 10);
    seed = (int)strtol(argv[5], NULL, 10);
    shared_fd = open(path, O_RDONLY);
    plain_fd = open(argv[2], O_RDONLY);
    if (shared_fd < 0 || plain_fd < 0 || fstat(plain_fd, &st) < 0) {
        perror(path);
        return 2;
    }
    size = st.st_size;
    for (i = 0; i < number; i++)
        if (pthread_create(&threads[i], NULL, reader, (void *)i) != 0)
            return 2;
    for (i = 0; i < number; i++) {
        void *wrong;

        pthread_join(threads[i], &wrong);
        bad += (long)wrong;
    }
    return bad ? 1 : 0;
}
