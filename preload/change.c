/* SPDX-License-Identifier: MIT */
#include "preload/change.h"

#include <errno.h>
#include <string.h>

#include "core/base/sys.h"
#include "core/client/environment.h"
#include "preload/fs.h"

static int fail(int error)
{
    errno = error;
    return -1;
}

bool change_is_refused(void)
{
    return strcmp(environment_get(ENVIRONMENT_ALGOFS_READONLY), "1") == 0;
}

int change_refused(const struct target *t)
{
    struct stat st;
    int rc = sys_fstatat(t->dirfd, t->path, &st, AT_SYMLINK_NOFOLLOW);
    return rc < 0 ? -rc : EROFS;
}

int change_refused_new(const struct target *t)
{
    struct stat st;
    int rc = sys_fstatat(t->dirfd, t->path, &st, AT_SYMLINK_NOFOLLOW);
    if (rc == 0)
        return EEXIST;
    if (rc != -ENOENT || t->near)
        return rc == -ENOENT ? EROFS : -rc;
    rc = target_check_parent(t); /* a missing parent is ENOENT even on a read-only file system */
    return rc < 0 ? -rc : EROFS;
}

/* A name with a slash behind it, that no directory is to be made of: it is there, or there is none. */
static int refused_with_slash(const struct target *t)
{
    char path[PATH_MAX];
    struct stat st;
    size_t len = strnlen(t->path, sizeof(path) - 1);
    memcpy(path, t->path, len);
    while (len > 1 && path[len - 1] == '/')
        len--;
    path[len] = '\0';
    int rc = sys_fstatat(t->dirfd, path, &st, AT_SYMLINK_NOFOLLOW);
    if (rc == -ENOENT)
        rc = target_check_parent(t) < 0 ? target_check_parent(t) : -ENOENT;
    return rc < 0 ? -rc : EEXIST;
}

int change_cannot_hold(const struct target *t)
{
    if (t->slash)
        return refused_with_slash(t);
    int error = change_refused_new(t);
    return error == EROFS && !change_is_refused() ? EPERM : error;
}

int change_access(const struct target *t, int mode)
{
    if (!t->inside || (mode & W_OK) == 0 || !change_is_refused())
        return 0;
    return fail(change_refused(t));
}

int change_open(const struct target *t, int flags)
{
    struct stat st;
    int rc = sys_fstatat(t->dirfd, t->path, &st, 0);
    if (rc == -ENOENT && (flags & O_CREAT) != 0)
        return fail(change_refused_new(t));
    if (rc < 0)
        return fail(-rc);
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        return fail(EEXIST);
    if ((flags & O_ACCMODE) == O_RDONLY && (flags & (O_TRUNC | O_CREAT)) == O_CREAT)
        return S_ISDIR(st.st_mode) ? fail(EISDIR)
                                   : fs_openat(t->dirfd, t->path, flags & ~O_CREAT, 0);
    return fail(S_ISDIR(st.st_mode) && (flags & O_TMPFILE) != O_TMPFILE ? EISDIR : EROFS);
}
