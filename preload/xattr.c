/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes. Entries of the prefix have none: listing gives an empty list, reading one ENODATA,
 * changing one is refused. Our own (user.algofs.*) on the tree's inodes are nobody's business.
 */
#include <errno.h>
#include <sys/xattr.h>

#include "core/base/sys.h"
#include "preload/change.h"
#include "preload/fdtable.h"
#include "preload/fs.h"
#include "preload/place.h"
#include "preload/target.h"

static ssize_t fail(int error)
{
    errno = error;
    return -1;
}

/* 0 if the entry exists, -1 with errno if not: no attribute call succeeds on what is not there. */
static int exists(const struct target *t, int flags)
{
    struct stat st;
    int rc = sys_fstatat(t->dirfd, t->path, &st, flags);
    return rc < 0 ? (int)fail(-rc) : 0;
}

static bool is_ours(int fd)
{
    switch (fd_kind_of(fdtable_get(fd))) {
    case FD_OUTSIDE:
        return false;
    case FD_DIRECTORY:
    case FD_LAZY:
        return true;
    default:
        return place_has_fd(fd);
    }
}

ssize_t fs_getxattr(const char *path, const char *name, void *value, size_t size)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    if (!t.inside)
        return real.getxattr(t.path, name, value, size);
    return exists(&t, 0) < 0 ? -1 : fail(ENODATA);
}

ssize_t fs_lgetxattr(const char *path, const char *name, void *value, size_t size)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    if (!t.inside)
        return real.lgetxattr(t.path, name, value, size);
    return exists(&t, AT_SYMLINK_NOFOLLOW) < 0 ? -1 : fail(ENODATA);
}

ssize_t fs_fgetxattr(int fd, const char *name, void *value, size_t size)
{
    return is_ours(fd) ? fail(ENODATA) : real.fgetxattr(fd, name, value, size);
}

ssize_t fs_listxattr(const char *path, char *list, size_t size)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    return t.inside ? exists(&t, 0) : real.listxattr(t.path, list, size);
}

ssize_t fs_llistxattr(const char *path, char *list, size_t size)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    return t.inside ? exists(&t, AT_SYMLINK_NOFOLLOW) : real.llistxattr(t.path, list, size);
}

ssize_t fs_flistxattr(int fd, char *list, size_t size)
{
    return is_ours(fd) ? 0 : real.flistxattr(fd, list, size);
}

int fs_setxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    return t.inside ? (int)fail(change_refused(&t))
                    : real.setxattr(t.path, name, value, size, flags);
}

int fs_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    return t.inside ? (int)fail(change_refused(&t))
                    : real.lsetxattr(t.path, name, value, size, flags);
}

int fs_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
    return is_ours(fd) ? (int)fail(EROFS) : real.fsetxattr(fd, name, value, size, flags);
}

int fs_removexattr(const char *path, const char *name)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    return t.inside ? (int)fail(change_refused(&t)) : real.removexattr(t.path, name);
}

int fs_lremovexattr(const char *path, const char *name)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    return t.inside ? (int)fail(change_refused(&t)) : real.lremovexattr(t.path, name);
}

int fs_fremovexattr(int fd, const char *name)
{
    return is_ours(fd) ? (int)fail(EROFS) : real.fremovexattr(fd, name);
}
