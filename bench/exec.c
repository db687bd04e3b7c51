/* SPDX-License-Identifier: MIT */
/* exec TIMES LIBRARY PROGRAM: starts PROGRAM without and with LIBRARY in LD_PRELOAD, in turns, and prints
 * the median of each in microseconds, from posix_spawn to the end of wait. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double spawn_us(char *program, char **envp)
{
    char *argv[] = { program, NULL };
    int status;
    pid_t pid;
    double start = now_us();
    int rc = posix_spawn(&pid, program, NULL, NULL, argv, envp);
    if (rc != 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "exec: %s: %s\n", program, rc != 0 ? strerror(rc) : "failed");
        exit(1);
    }
    return now_us() - start;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), by_value);
    return values[count / 2];
}

int main(int argc, char **argv)
{
    int times = argc == 4 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (times < 1) {
        fprintf(stderr, "usage: exec TIMES LIBRARY PROGRAM\n");
        return 2;
    }
    static char preload[4096];
    static char path[] = "PATH=/usr/bin:/bin";
    static char home[] = "HOME=/nonexistent";
    snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", argv[2]);
    char *without[] = { path, home, NULL };
    char *with[] = { path, home, preload, NULL };
    double *plain = calloc((size_t)times, sizeof(double));
    double *shim = calloc((size_t)times, sizeof(double));
    if (plain == NULL || shim == NULL)
        return 1;
    for (int i = 0; i < 10; i++)
        (void)(spawn_us(argv[3], without) + spawn_us(argv[3], with)); /* into the page cache */
    for (int i = 0; i < times; i++) {
        if (i % 2 == 0)
            plain[i] = spawn_us(argv[3], without);
        shim[i] = spawn_us(argv[3], with);
        if (i % 2 == 1)
            plain[i] = spawn_us(argv[3], without);
    }
    printf("%.3f %.3f\n", median(plain, times), median(shim, times));
    free(plain);
    free(shim);
    return 0;
}
