/* SPDX-License-Identifier: MIT */
/* Calls that answer with a path: what the kernel says of the tree is said of the prefix. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/sys.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/place.h"
#include "preload/target.h"

/* A link's text that names the tree, said in the program's words; -1: leave the answer as it is. */
static ssize_t narrow_link(int dirfd, const char *path, char *buffer, size_t size)
{
    char native[PATH_MAX];
    char narrowed[PATH_MAX];
    int saved = errno;
    ssize_t got = sys_readlinkat(dirfd, path, native, sizeof(native) - 1);
    if (got < 0)
        return -1;
    native[got] = '\0';
    long len = native[0] == '/' ? target_narrow(native, narrowed, sizeof(narrowed)) : -1;
    errno = saved;
    if (len < 0)
        return -1;
    size_t fits = (size_t)len < size ? (size_t)len : size;
    memcpy(buffer, narrowed, fits);
    return (ssize_t)fits;
}

/* Only what begins like a path may be the tree's. */
static ssize_t narrowed_link(int dirfd, const char *path, char *buffer, size_t size, ssize_t got)
{
    if (got < 1 || buffer[0] != '/')
        return got;
    ssize_t better = narrow_link(dirfd, path, buffer, size);
    return better < 0 ? got : better;
}

ssize_t fs_readlink(const char *path, char *buffer, size_t size)
{
    struct target t;
    if (target_find_as(&t, AT_FDCWD, path, FOLLOW_SLASH) < 0)
        return -1;
    struct follow f;
    ssize_t got = real.readlink(t.path, buffer, size);
    if (follow_leads_inside(got < 0 && !t.inside, &f, AT_FDCWD, path, FOLLOW_SLASH))
        return fs_readlink(f.path, buffer, size);
    return narrowed_link(AT_FDCWD, t.path, buffer, size, got);
}

ssize_t fs_readlinkat(int dirfd, const char *path, char *buffer, size_t size)
{
    struct target t;
    if (target_find_as(&t, dirfd, path, FOLLOW_SLASH) < 0)
        return -1;
    struct follow f;
    ssize_t got = real.readlinkat(t.dirfd, t.path, buffer, size);
    if (follow_leads_inside(got < 0 && !t.inside, &f, dirfd, path, FOLLOW_SLASH))
        return fs_readlink(f.path, buffer, size);
    return narrowed_link(t.dirfd, t.path, buffer, size, got);
}

ssize_t fs_readlink_chk(const char *path, char *buffer, size_t size, size_t room)
{
    if (size > room)
        return real.__readlink_chk(path, buffer, size, room);
    return fs_readlink(path, buffer, size);
}

ssize_t fs_readlinkat_chk(int dirfd, const char *path, char *buffer, size_t size, size_t room)
{
    if (size > room)
        return real.__readlinkat_chk(dirfd, path, buffer, size, room);
    return fs_readlinkat(dirfd, path, buffer, size);
}

/* Gives a resolved native path to the caller, narrowed if it is the tree's. */
static char *narrowed_path(char *native, char *resolved)
{
    char narrowed[PATH_MAX];
    int saved = errno;
    long len = native == NULL ? -1 : target_narrow(native, narrowed, sizeof(narrowed));
    errno = native == NULL ? errno : saved;
    if (len < 0)
        return native;
    if (resolved != NULL)
        return memcpy(resolved, narrowed, (size_t)len + 1);
    free(native); /* shorter or longer: the caller frees what it gets */
    return strdup(narrowed);
}

char *fs_realpath(const char *path, char *resolved)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return NULL;
    struct follow f;
    char *native = real.realpath(t.path, resolved);
    if (follow_leads_inside(native == NULL && !t.inside, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_realpath(f.path, resolved);
    return t.inside || t.magic ? narrowed_path(native, resolved) : native;
}

char *fs_realpath_chk(const char *path, char *resolved, size_t room)
{
    if (resolved != NULL && room < PATH_MAX)
        return real.__realpath_chk(path, resolved, room);
    return fs_realpath(path, resolved);
}

char *fs_canonicalize_file_name(const char *path)
{
    return fs_realpath(path, NULL);
}

int fs_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
    struct target t;
    struct follow f;
    if (target_find(&t, AT_FDCWD, path) < 0) {
        errno = sys_fcntl(fd, F_GETFD, 0) < 0 ? EBADF : errno; /* looked at first */
        return -1;
    }
    int rc = real.inotify_add_watch(fd, t.path, mask);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_inotify_add_watch(fd, f.path, mask);
    return rc;
}
