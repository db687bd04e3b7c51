/* SPDX-License-Identifier: MIT */
/*
 * Streams: libc's own FILE over a file that is all here, for what libc reads behind our back it cannot
 * ask for. (fopencookie streams have no fileno and crash in fgetwc and freopen: interposition.md, 3.8.)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "core/base/sys.h"
#include "preload/change.h"
#include "preload/fdtable.h"
#include "preload/fs.h"
#include "preload/lazy.h"
#include "preload/open.h"
#include "preload/target.h"

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

FILE *fs_fopen(const char *path, const char *mode)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return NULL;
    if (t.inside && !only_reads(mode))
        return change_fopen(&t, mode);
    for (int i = 0; i < REOPENS; i++) {
        FILE *stream = real.fopen(t.path, mode);
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

FILE *fs_freopen(const char *path, const char *mode, FILE *stream)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return NULL;
    if (t.inside && path != NULL && !only_reads(mode))
        return give_up(stream, change_refused(&t));
    fdtable_drop(fileno(stream)); /* libc closes it without calling us */
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
    if (stream != NULL) {
        int saved = errno;
        int fd = fileno(stream); /* -1 for a stream without one */
        errno = saved;
        fdtable_drop(fd); /* libc closes it without calling us */
    }
    return real.fclose(stream);
}

static int fill_inherited(void)
{
    int rc = lazy_before_exec();
    if (rc == 0)
        return 0;
    errno = -rc;
    return -1;
}

FILE *fs_popen(const char *command, const char *type)
{
    return fill_inherited() < 0 ? NULL : real.popen(command, type);
}

int fs_system(const char *command)
{
    return fill_inherited() < 0 ? -1 : real.system(command);
}
