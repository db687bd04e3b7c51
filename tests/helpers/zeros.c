/* SPDX-License-Identifier: MIT */
/*
 * zeros WAY FILE: reads FILE by that way of reading and prints the hash of the bytes, so that a hole that
 * was read as zeros shows. FILE is ASCII text of lines without blanks. `zeros list` prints the ways.
 * Status 77: this machine has no such way of reading.
 */
#include <aio.h>
#include <linux/aio_abi.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <wchar.h>

#include "zeros.h"

/* ---- read and its kin ---- */

static void way_read(void) { hash_reads(open_it(0)); }
static void way_pread(void) { hash_preads(open_it(0)); }

static void split(struct iovec parts[3], size_t count)
{
    parts[0] = (struct iovec){ piece, 1 };
    parts[1] = (struct iovec){ piece + 1, 100 };
    parts[2] = (struct iovec){ piece + 101, count - 101 };
}

static void way_readv(void)
{
    int fd = open_it(0);
    struct iovec parts[3];
    ssize_t n;

    split(parts, sizeof(piece));
    while ((n = need(readv(fd, parts, 3), "readv")) > 0)
        feed(piece, (size_t)n);
}

static void vectors(int kind)
{
    int fd = open_it(0);
    struct iovec parts[3];
    ssize_t n = 1;

    split(parts, sizeof(piece));
    for (off_t at = 0; n > 0; at += n) {
        if (kind == 0)
            n = preadv(fd, parts, 3, at);
        else
            n = preadv2(fd, parts, 3, kind == 1 ? at : -1, 0);
        need(n, "preadv");
        feed(piece, (size_t)n);
    }
}

static void way_preadv(void) { vectors(0); }
static void way_preadv2(void) { vectors(1); }
static void way_preadv2_offset(void) { vectors(2); }

/* From the end to the beginning; fed to the hash in order. */
static void way_backwards(void)
{
    int fd = open_it(0);
    char *all = malloc((size_t)size);

    for (off_t at = (size - 1) / PIECE * PIECE; at >= 0; at -= PIECE) {
        size_t left = size - at < PIECE ? (size_t)(size - at) : PIECE;

        need(lseek(fd, at, SEEK_SET), "lseek");
        if (read(fd, all + at, left) != (ssize_t)left)
            die("short read");
    }
    feed(all, (size_t)size);
}

static void way_beyond(void)
{
    int fd = open_it(0);
    char *all = malloc((size_t)size + 5000);

    if (pread(fd, all, 10, size) != 0 || pread(fd, all, 10, size + 100000) != 0)
        die("something behind the end");
    if (pread(fd, all + size - 7, 5000, size - 7) != 7)
        die("the last seven bytes");
    need(pread(fd, all, (size_t)size - 7, 0), "pread");
    feed(all, (size_t)size);
}

static void way_direct(void)
{
    char *buffer = aligned_alloc(4096, PIECE);
    int fd = open(path, O_RDONLY | O_DIRECT);
    ssize_t n;

    if (fd < 0 && errno == EINVAL)
        skip("no O_DIRECT on this file system");
    need(fd, path);
    while ((n = need(read(fd, buffer, PIECE), "read")) > 0)
        feed(buffer, (size_t)n);
}

/* Follows what SEEK_DATA and SEEK_HOLE say, as tar and cp do. */
static void way_seek_data(void)
{
    int fd = open_it(0);
    off_t at = 0;

    while (at < size) {
        off_t data = lseek(fd, at, SEEK_DATA);
        off_t hole;

        if (data < 0)
            break;
        hole = need(lseek(fd, data, SEEK_HOLE), "SEEK_HOLE");
        for (at = data; at < hole;) {
            ssize_t n = need(pread(fd, piece, sizeof(piece), at), "pread");

            feed(piece, (size_t)n);
            at += n;
        }
    }
}

static void way_fiemap(void)
{
    int fd = open_it(0);
    static struct {
        struct fiemap map;
        struct fiemap_extent extents[512];
    } all = { .map = { .fm_length = ~0ull, .fm_extent_count = 512, .fm_flags = FIEMAP_FLAG_SYNC } };

    if (ioctl(fd, FS_IOC_FIEMAP, &all.map) < 0)
        skip("no FIEMAP on this file system");
    for (unsigned i = 0; i < all.map.fm_mapped_extents; i++) {
        off_t at = (off_t)all.extents[i].fe_logical;
        off_t end = at + (off_t)all.extents[i].fe_length;

        if ((all.extents[i].fe_flags & FIEMAP_EXTENT_UNWRITTEN) != 0)
            continue;
        for (; at < end && at < size;) {
            ssize_t n = need(pread(fd, piece, sizeof(piece) < (size_t)(end - at) ? sizeof(piece) : (size_t)(end - at), at), "pread");

            feed(piece, (size_t)n);
            at += n;
        }
    }
}

static void *read_some(void *argument)
{
    int fd = *(int *)argument;
    static _Atomic int turns;
    char *mine = malloc(PIECE);

    for (int i = 0; i < 20; i++) {
        off_t at = (off_t)(turns++ % 20) * size / 20;

        need(pread(fd, mine, PIECE, at), "pread");
    }
    free(mine);
    return NULL;
}

static void way_threads(void)
{
    int fd = open_it(0);
    pthread_t threads[8];

    for (int i = 0; i < 8; i++)
        (void)pthread_create(&threads[i], NULL, read_some, &fd);
    for (int i = 0; i < 8; i++)
        (void)pthread_join(threads[i], NULL);
    hash_preads(fd);
}

/* ---- by syscall(2) ---- */

static void way_syscall_read(void)
{
    int fd = (int)need(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0), path);
    ssize_t n;

    while ((n = need(syscall(SYS_read, fd, piece, sizeof(piece)), "read")) > 0)
        feed(piece, (size_t)n);
}

static void way_syscall_pread(void)
{
    int fd = open_it(0);
    ssize_t n;

    for (off_t at = 0; (n = need(syscall(SYS_pread64, fd, piece, sizeof(piece), at), "pread")) > 0; at += n)
        feed(piece, (size_t)n);
}

static void way_syscall_preadv2(void)
{
    int fd = open_it(0);
    struct iovec parts[3];
    ssize_t n;

    split(parts, sizeof(piece));
    while ((n = need(syscall(SYS_preadv2, fd, parts, 3, -1L, -1L, 0), "preadv2")) > 0)
        feed(piece, (size_t)n);
}

static void way_syscall_mmap(void)
{
    int fd = open_it(0);
    char *at = (char *)syscall(SYS_mmap, 0, size, PROT_READ, MAP_PRIVATE, fd, 0);

    if (at == MAP_FAILED)
        die("mmap");
    feed(at, (size_t)size);
}

static void way_syscall_dup(void)
{
    int fd = open_it(0);
    int second = (int)need(syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 50), "fcntl");

    need(syscall(SYS_close, fd), "close");
    hash_reads(second);
}

/* ---- asynchronous ---- */

static void way_aio_read(void)
{
    int fd = open_it(0);
    char *all = malloc((size_t)size);
    struct aiocb one = { .aio_fildes = fd, .aio_buf = all, .aio_nbytes = (size_t)size };
    const struct aiocb *list[1] = { &one };

    need(aio_read(&one), "aio_read");
    while (aio_error(&one) == EINPROGRESS)
        (void)aio_suspend(list, 1, NULL);
    feed(all, (size_t)need(aio_return(&one), "aio_return"));
}

static void way_lio_listio(void)
{
    int fd = open_it(0);
    char *all = malloc((size_t)size);
    struct aiocb half[2];
    struct aiocb *list[2] = { &half[0], &half[1] };
    size_t middle = (size_t)size / 2;

    memset(half, 0, sizeof(half));
    half[0] = (struct aiocb){ .aio_fildes = fd, .aio_buf = all, .aio_nbytes = middle, .aio_lio_opcode = LIO_READ };
    half[1] = (struct aiocb){ .aio_fildes = fd, .aio_buf = all + middle, .aio_nbytes = (size_t)size - middle,
        .aio_offset = (off_t)middle, .aio_lio_opcode = LIO_READ };
    need(lio_listio(LIO_WAIT, list, 2, NULL), "lio_listio");
    feed(all, (size_t)size);
}

static void way_io_submit(void)
{
    int fd = open_it(0);
    aio_context_t context = 0;
    char *all = aligned_alloc(4096, (size_t)size + 4096);
    struct iocb one = { .aio_fildes = (unsigned)fd, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_buf = (uint64_t)(uintptr_t)all,
        .aio_nbytes = (uint64_t)size };
    struct iocb *list[1] = { &one };
    struct io_event event;

    if (syscall(SYS_io_setup, 1, &context) < 0)
        skip("no io_setup here");
    need(syscall(SYS_io_submit, context, 1, list), "io_submit");
    need(syscall(SYS_io_getevents, context, 1, 1, &event, NULL), "io_getevents");
    feed(all, (size_t)need((long)event.res, "event"));
}

/* ---- streams ---- */

static FILE *stream_of(void)
{
    FILE *stream = fopen(path, "r");

    if (stream == NULL)
        die(path);
    return stream;
}

static void hash_getc(FILE *stream)
{
    for (int c; (c = fgetc(stream)) != EOF;) {
        char byte = (char)c;

        feed(&byte, 1);
    }
    if (ferror(stream))
        die("fgetc");
}

static void way_fgetc(void) { hash_getc(stream_of()); }

static void way_fread(void)
{
    FILE *stream = stream_of();
    size_t n;

    while ((n = fread(piece, 1, sizeof(piece), stream)) > 0)
        feed(piece, n);
}

static void way_unbuffered(void)
{
    FILE *stream = stream_of();
    size_t n;

    setvbuf(stream, NULL, _IONBF, 0);
    while ((n = fread(piece, 1, 5000, stream)) > 0)
        feed(piece, n);
}

static void way_fgets(void)
{
    FILE *stream = stream_of();

    while (fgets(piece, sizeof(piece), stream) != NULL)
        feed(piece, strlen(piece));
}

static void way_getline(void)
{
    FILE *stream = stream_of();
    char *line = NULL;
    size_t room = 0;

    for (ssize_t n; (n = getline(&line, &room, stream)) > 0;)
        feed(line, (size_t)n);
}

static void way_fgetwc(void)
{
    FILE *stream = stream_of();

    for (wint_t c; (c = fgetwc(stream)) != WEOF;) {
        char byte = (char)c;

        feed(&byte, 1);
    }
    if (ferror(stream))
        die("fgetwc");
}

static void way_fscanf(void)
{
    FILE *stream = stream_of();
    char word[256];

    while (fscanf(stream, "%255s", word) == 1) {
        feed(word, strlen(word));
        feed("\n", 1);
    }
}

static void way_fdopen(void)
{
    FILE *stream = fdopen(open_it(0), "r");

    if (stream == NULL)
        die("fdopen");
    hash_getc(stream);
}

static void way_freopen(void)
{
    if (freopen(path, "r", stdin) == NULL)
        die("freopen");
    hash_getc(stdin);
}

static void way_fseek(void)
{
    FILE *stream = stream_of();
    char *all;
    long end;

    need(fseek(stream, -5, SEEK_END), "fseek");
    end = ftell(stream);
    all = malloc((size_t)end + 5);
    if (fread(all + end, 1, 5, stream) != 5)
        die("fread");
    rewind(stream);
    if (fread(all, 1, (size_t)end, stream) != (size_t)end)
        die("fread");
    feed(all, (size_t)end + 5);
}

/* A descriptor that libc's stdin reads from without asking anybody. */
static void way_stdin_dup2(void)
{
    int fd = open_it(0);

    need(dup2(fd, 0), "dup2");
    hash_getc(stdin);
}

static void way_stdin_open(void)
{
    (void)close(0);
    if (open_it(0) != 0)
        die("not descriptor 0");
    hash_getc(stdin);
}

static void way_stream_dup2(void)
{
    FILE *stream = fopen("/dev/null", "r");
    int fd = open_it(0);

    need(dup2(fd, fileno(stream)), "dup2");
    hash_getc(stream);
}

static void way_dev_stdin(void)
{
    char name[64];
    int fd = open_it(0);

    (void)snprintf(name, sizeof(name), "/dev/fd/%d", fd);
    path = name;
    hash_getc(stream_of());
}

/* ---- mappings ---- */

static char *map_it(int fd, size_t length, int flags, off_t offset)
{
    char *at = mmap(NULL, length, PROT_READ, flags, fd, offset);

    if (at == MAP_FAILED)
        die("mmap");
    return at;
}

static void hash_map(int flags)
{
    int fd = open_it(0);
    char *at = map_it(fd, (size_t)size, flags, 0);

    (void)close(fd);
    feed(at, (size_t)size);
}

static void way_mmap_private(void) { hash_map(MAP_PRIVATE); }
static void way_mmap_shared(void) { hash_map(MAP_SHARED); }
static void way_mmap_populate(void) { hash_map(MAP_PRIVATE | MAP_POPULATE); }

static void way_mmap_pages(void)
{
    int fd = open_it(0);
    char *all = malloc((size_t)size + 4096);

    for (off_t at = (size - 1) / 4096 * 4096; at >= 0; at -= 4096) {
        char *page = map_it(fd, 1, MAP_SHARED, at);

        memcpy(all + at, page, 4096);
        (void)munmap(page, 4096);
    }
    feed(all, (size_t)size);
}

static void way_mremap(void)
{
    int fd = open_it(0);
    char *at = map_it(fd, 4096, MAP_SHARED, 0);

    (void)close(fd);
    at = mremap(at, 4096, (size_t)size, MREMAP_MAYMOVE);
    if (at == MAP_FAILED)
        die("mremap");
    feed(at, (size_t)size);
}

static void in_child(void (*way)(int fd, char *at), int fd, char *at)
{
    pid_t child = fork();

    need(child, "fork");
    if (child == 0) {
        way(fd, at);
        show();
        _exit(0);
    }
    wait_for(child);
}

static void child_map(int fd, char *at)
{
    (void)fd;
    feed(at, (size_t)size);
}

static void child_maps(int fd, char *at)
{
    (void)at;
    feed(map_it(fd, (size_t)size, MAP_PRIVATE, 0), (size_t)size);
}

static void child_reads(int fd, char *at)
{
    (void)at;
    hash_reads(fd);
}

static void way_mmap_then_fork(void)
{
    int fd = open_it(0);

    in_child(child_map, fd, map_it(fd, (size_t)size, MAP_SHARED, 0));
}

static void way_fork_then_mmap(void) { in_child(child_maps, open_it(0), NULL); }
static void way_fork_then_read(void) { in_child(child_reads, open_it(0), NULL); }

/* ---- the kernel copies ---- */

static int scratch(void)
{
    char name[] = "/tmp/zeros-XXXXXX";
    int fd = (int)need(mkstemp(name), "mkstemp");

    (void)unlink(name);
    return fd;
}

static void way_sendfile(void)
{
    int fd = open_it(0);
    int out = scratch();

    while (need(sendfile(out, fd, NULL, 1 << 20), "sendfile") > 0)
        ;
    hash_preads(out);
}

static void way_sendfile_offset(void)
{
    int fd = open_it(0);
    int out = scratch();
    off_t at = 0;

    while (need(sendfile(out, fd, &at, (size_t)size), "sendfile") > 0)
        ;
    hash_preads(out);
}

static void way_syscall_sendfile(void)
{
    int fd = open_it(0);
    int out = scratch();

    while (need(syscall(SYS_sendfile, out, fd, NULL, 1L << 20), "sendfile") > 0)
        ;
    hash_preads(out);
}

static void way_copy_file_range(void)
{
    int fd = open_it(0);
    int out = scratch();

    while (need(copy_file_range(fd, NULL, out, NULL, 1 << 20, 0), "copy_file_range") > 0)
        ;
    hash_preads(out);
}

static void way_splice(void)
{
    int fd = open_it(0);
    int ends[2];
    ssize_t n;

    need(pipe(ends), "pipe");
    while ((n = need(splice(fd, NULL, ends[1], NULL, 16384, 0), "splice")) > 0)
        for (ssize_t got = 0, m; got < n; got += m) {
            m = need(read(ends[0], piece, (size_t)(n - got)), "read");
            feed(piece, (size_t)m);
        }
}

/* What tee gives is what splice had put into the pipe. */
static void way_tee(void)
{
    int fd = open_it(0);
    int first[2];
    int second[2];
    off_t at = 0;
    ssize_t n;

    need(pipe(first), "pipe");
    need(pipe(second), "pipe");
    while ((n = need(syscall(SYS_splice, fd, &at, first[1], NULL, 16384L, 0L), "splice")) > 0) {
        if (tee(first[0], second[1], (size_t)n, 0) != n)
            die("tee");
        for (ssize_t got = 0, m; got < n; got += m) {
            m = need(read(second[0], piece, (size_t)(n - got)), "read");
            feed(piece, (size_t)m);
        }
        for (ssize_t got = 0; got < n;)
            got += need(read(first[0], piece, (size_t)(n - got)), "read");
    }
}

static void way_clone(void)
{
    int fd = open_it(0);
    int out = scratch();

    if (ioctl(out, FICLONE, fd) < 0)
        skip("this file system cannot share blocks");
    hash_preads(out);
}

static const struct way ways[] = {
    { "read", way_read }, { "pread", way_pread }, { "readv", way_readv }, { "preadv", way_preadv },
    { "preadv2", way_preadv2 }, { "preadv2-offset", way_preadv2_offset },
    { "backwards", way_backwards }, { "beyond", way_beyond }, { "direct", way_direct },
    { "seek-data", way_seek_data }, { "fiemap", way_fiemap }, { "threads", way_threads },
    { "syscall-read", way_syscall_read }, { "syscall-pread", way_syscall_pread },
    { "syscall-preadv2", way_syscall_preadv2 }, { "syscall-mmap", way_syscall_mmap },
    { "syscall-dup", way_syscall_dup }, { "syscall-sendfile", way_syscall_sendfile },
    { "aio_read", way_aio_read }, { "lio_listio", way_lio_listio }, { "io_submit", way_io_submit },
    { "fgetc", way_fgetc }, { "fread", way_fread }, { "unbuffered", way_unbuffered },
    { "fgets", way_fgets }, { "getline", way_getline }, { "fgetwc", way_fgetwc },
    { "fscanf", way_fscanf }, { "fdopen", way_fdopen }, { "freopen", way_freopen },
    { "fseek", way_fseek }, { "stdin-dup2", way_stdin_dup2 }, { "stdin-open", way_stdin_open },
    { "stream-dup2", way_stream_dup2 }, { "dev-fd", way_dev_stdin },
    { "mmap-private", way_mmap_private }, { "mmap-shared", way_mmap_shared },
    { "mmap-populate", way_mmap_populate }, { "mmap-pages", way_mmap_pages },
    { "mremap", way_mremap }, { "mmap-then-fork", way_mmap_then_fork },
    { "fork-then-mmap", way_fork_then_mmap },
    { "fork-then-read", way_fork_then_read }, { "sendfile", way_sendfile },
    { "sendfile-offset", way_sendfile_offset }, { "copy_file_range", way_copy_file_range },
    { "splice", way_splice }, { "tee", way_tee }, { "clone", way_clone },
};

int main(int argc, char **argv)
{
    int rc = run_way(argc, argv, ways, sizeof(ways) / sizeof(ways[0]));

    return rc < 0 ? 2 : rc;
}
