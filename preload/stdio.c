/* SPDX-License-Identifier: MIT */
/*
 * Streams: libc's own FILE over a file that is all here, for what libc reads behind our back it cannot
 * ask for. (fopencookie streams have no fileno and crash in fgetwc and freopen: interposition.md, 3.8.)
 */
#define REPORT_FAMILY REPORT_OPEN

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/sys.h"
#include "preload/fdtable.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/lazy.h"
#include "preload/open.h"
#include "preload/target.h"
#include "preload/write.h"

enum { REOPENS = 16 };

static bool only_reads(const char *mode)
{
    if (mode == NULL || mode[0] != 'r')
        return false;
    for (const char *p = mode; *p != '\0' && *p != ','; p++)
        if (*p == '+')
            return false;
    return true;
}

static FILE *give_up(FILE *stream, int error)
{
    if (stream != NULL) {
        fdtable_drop(fileno(stream));
        (void)real.fclose(stream); /* nothing was written to it */
    }
    errno = error;
    return NULL;
}

/* The open(2) flags of a stream mode that writes; -1: no such mode. */
static int flags_of(const char *mode)
{
    int flags;
    bool update = strchr(mode, '+') != NULL;
    switch (mode[0]) {
    case 'r':
        flags = O_RDWR;
        break;
    case 'w':
        flags = (update ? O_RDWR : O_WRONLY) | O_CREAT | O_TRUNC;
        break;
    case 'a':
        flags = (update ? O_RDWR : O_WRONLY) | O_CREAT | O_APPEND;
        break;
    default:
        return -1;
    }
    for (const char *p = mode + 1; *p != '\0' && *p != ','; p++)
        flags |= *p == 'x' ? O_EXCL : *p == 'e' ? O_CLOEXEC : 0;
    return flags;
}

static FILE *open_to_write(const char *path, const char *mode)
{
    int flags = mode == NULL ? -1 : flags_of(mode);
    if (flags < 0) {
        errno = EINVAL;
        return NULL;
    }
    int fd = fs_open(path, flags, 0666);
    if (fd < 0)
        return NULL;
    if ((flags & (O_APPEND | O_ACCMODE)) == (O_APPEND | O_WRONLY)) /* as fopen does, not fdopen */
        (void)sys_lseek(fd, 0, SEEK_END);
    FILE *stream = real.fdopen(fd, mode);
    if (stream == NULL) {
        int saved = errno;
        (void)fs_close(fd); /* nothing was written through it */
        errno = saved;
    }
    return stream;
}

FILE *fs_fopen(const char *path, const char *mode)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return NULL;
    if (t.inside && !only_reads(mode))
        return open_to_write(path, mode);
    for (int i = 0; i < REOPENS; i++) {
        struct follow f;
        FILE *stream = real.fopen(t.path, mode);
        if (follow_leads_inside(stream == NULL && !t.inside, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
            return fs_fopen(f.path, mode);
        if (stream == NULL)
            return NULL;
        if (!t.inside && !t.magic) {
            fdtable_opened_outside(fileno(stream));
            return stream;
        }
        int rc = open_adopt(fileno(stream), O_RDONLY);
        if (rc == 0)
            return stream;
        (void)give_up(stream, -rc);
        if (rc != -ESTALE)
            return NULL;
    }
    return NULL;
}

/* The stream is about to lose its descriptor. What was written is flushed and judged: 0 or -errno. */
static int end_stream(FILE *stream)
{
    int saved = errno;
    int fd = fileno(stream); /* -1 for a stream without one */
    int rc = 0;
    if (write_is_writer(fd)) {
        rc = fflush(stream) == 0 ? 0 : -errno;
        int verdict = write_closing(fd);
        rc = rc < 0 ? rc : verdict;
    }
    fdtable_drop(fd);
    errno = saved;
    return rc;
}

/* The intent and the file come from an open of our own; libc's reopening finds them there. */
static FILE *reopen_to_write(
    const struct target *t, const char *path, const char *mode, FILE *stream)
{
    int flags = mode == NULL ? -1 : flags_of(mode);
    (void)end_stream(stream); /* freopen ignores what closing says */
    int fd = flags < 0 ? -1 : fs_open(path, flags, 0666);
    if (fd < 0)
        return give_up(stream, flags < 0 ? EINVAL : errno);
    char plain[16] = { 0 };
    size_t len = 0;
    for (const char *p = mode; *p != '\0' && *p != ',' && len < sizeof(plain) - 1; p++)
        if (*p != 'x') /* it exists by now */
            plain[len++] = *p;
    FILE *again = real.freopen(t->path, plain, stream);
    int saved = errno;
    if (again != NULL)
        write_adopt(fileno(again));
    (void)fs_close(fd); /* the stream's own descriptor is committed when it is closed */
    errno = saved;
    return again;
}

FILE *fs_freopen(const char *path, const char *mode, FILE *stream)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return NULL;
    if (t.inside && path != NULL && !only_reads(mode))
        return reopen_to_write(&t, path, mode, stream);
    struct follow f;
    if (!t.inside && follow_links_inside(&f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_freopen(f.path, mode, stream);
    (void)end_stream(stream); /* libc closes it without calling us */
    FILE *again = real.freopen(t.path, mode, stream);
    if (again == NULL || (!t.inside && !t.magic))
        return again;
    int rc = open_adopt(fileno(again), O_RDONLY);
    return rc == 0 ? again : give_up(again, -rc);
}

FILE *fs_fdopen(int fd, const char *mode)
{
    int rc = fdtable_is_lazy(fd) ? lazy_whole(fd) : 0;
    if (rc < 0) {
        errno = -rc;
        return NULL;
    }
    return real.fdopen(fd, mode);
}

int fs_fclose(FILE *stream)
{
    int verdict = stream == NULL ? 0 : end_stream(stream); /* libc closes without calling us */
    int rc = real.fclose(stream);
    if (rc == 0 && verdict < 0) {
        errno = -verdict;
        return EOF;
    }
    return rc;
}

FILE *fs_setmntent(const char *path, const char *mode)
{
    if (path != NULL && target_may_be_inside(path))
        return fs_fopen(path, mode);
    return real.setmntent(path, mode);
}

int fs_endmntent(FILE *stream)
{
    if (stream != NULL)
        (void)fs_fclose(stream); /* endmntent always says 1 */
    return 1;
}
