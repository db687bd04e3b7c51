/* SPDX-License-Identifier: MIT */
/* transfer sendfile|copy_file_range|splice IN OUT: copies a file by a call that moves bytes inside
 * the kernel, in requests larger than most files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 7000001 };

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* From a pipe into OUT, all of it. */
static void empty_pipe(int pipe_fd, int out, ssize_t size)
{
    while (size > 0) {
        ssize_t n = splice(pipe_fd, NULL, out, NULL, (size_t)size, 0);

        if (n <= 0)
            die("splice out");
        size -= n;
    }
}

static ssize_t move_piece(const char *how, int in, int out, int *pipes)
{
    ssize_t n;

    if (strcmp(how, "sendfile") == 0)
        return sendfile(out, in, NULL, PIECE);
    if (strcmp(how, "copy_file_range") == 0)
        return copy_file_range(in, NULL, out, NULL, PIECE, 0);
    n = splice(in, NULL, pipes[1], NULL, PIECE, 0);
    if (n > 0)
        empty_pipe(pipes[0], out, n);
    return n;
}

int main(int argc, char **argv)
{
    int in, out, pipes[2];
    ssize_t n;

    if (argc != 4) {
        fprintf(stderr, "usage: transfer sendfile|copy_file_range|splice IN OUT\n");
        return 2;
    }
    in = open(argv[2], O_RDONLY);
    if (in < 0)
        die(argv[2]);
    out = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (out < 0)
        die(argv[3]);
    if (pipe(pipes) < 0)
        die("pipe");
    while ((n = move_piece(argv[1], in, out, pipes)) > 0)
        ;
    /* A kernel or a file system may refuse it; then there is nothing to show. */
    if (n < 0 && (errno == EXDEV || errno == EOPNOTSUPP || errno == ENOSYS)) {
        perror(argv[1]);
        return 77;
    }
    if (n < 0)
        die(argv[1]);
    return 0;
}
