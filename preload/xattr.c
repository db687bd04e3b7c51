/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes. A store keeps none: listing gives an empty list, reading one ENODATA, setting one
 * ENOTSUP. The one exception is a collection's read ACL, which `user.algofs.acl` on its directory reads and
 * sets; it is not listed, so that nobody copies it. Our own on the tree's inodes are nobody's business.
 */
#define REPORT_FAMILY REPORT_STAT

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "core/base/sys.h"
#include "core/client/door-write.h"
#include "preload/change.h"
#include "preload/fdtable.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/place.h"
#include "preload/readable.h"
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

/* ---- The one that means something ---- */

enum { ACL_SIZE = 64 };
static const char acl_name[] = "user.algofs.acl";

static ssize_t get_inside(const struct named *n, const char *name, void *value, size_t size, int flags)
{
    if (exists(&n->t, flags) < 0)
        return -1;
    if (!readable_text(name))
        return fail(EFAULT);
    if (strcmp(name, acl_name) != 0)
        return fail(ENODATA);
    char acl[ACL_SIZE];
    int rc = door_get_acl(n->name, acl, sizeof(acl));
    if (rc < 0)
        return fail(rc == -EOPNOTSUPP || rc == -ENOTDIR ? ENODATA : -rc);
    size_t len = strlen(acl);
    if (size == 0)
        return (ssize_t)len;
    if (size < len)
        return fail(ERANGE);
    memcpy(value, acl, len);
    return (ssize_t)len;
}

static int set_inside(
    const struct named *n, const char *name, const void *value, size_t size, int flags)
{
    char acl[ACL_SIZE];
    if (change_is_refused())
        return (int)fail(change_refused(&n->t));
    if (exists(&n->t, flags) < 0)
        return -1;
    if (strcmp(name, acl_name) != 0)
        return (int)fail(ENOTSUP);
    if (size >= sizeof(acl))
        return (int)fail(EINVAL);
    memcpy(acl, value, size);
    acl[size] = '\0';
    int rc = door_set_acl(n->name, acl);
    return rc < 0 ? (int)fail(-rc) : 0;
}

static int remove_inside(const struct named *n, const char *name, int flags)
{
    if (change_is_refused())
        return (int)fail(change_refused(&n->t));
    if (exists(&n->t, flags) < 0)
        return -1;
    return (int)fail(strcmp(name, acl_name) == 0 ? EPERM : ENODATA);
}

/* ---- Reading ---- */

ssize_t fs_getxattr(const char *path, const char *name, void *value, size_t size)
{
    struct named n;
    struct follow f;
    if (target_find_name(&n, AT_FDCWD, path) < 0)
        return -1;
    if (n.t.inside)
        return get_inside(&n, name, value, size, 0);
    ssize_t rc = real.getxattr(n.t.path, name, value, size);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS) ? fs_getxattr(f.path, name, value, size) : rc;
}

ssize_t fs_lgetxattr(const char *path, const char *name, void *value, size_t size)
{
    struct named n;
    struct follow f;
    if (target_find_name(&n, AT_FDCWD, path) < 0)
        return -1;
    if (n.t.inside)
        return get_inside(&n, name, value, size, AT_SYMLINK_NOFOLLOW);
    ssize_t rc = real.lgetxattr(n.t.path, name, value, size);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_SLASH) ? fs_lgetxattr(f.path, name, value, size) : rc;
}

ssize_t fs_fgetxattr(int fd, const char *name, void *value, size_t size)
{
    return is_ours(fd) ? fail(ENODATA) : real.fgetxattr(fd, name, value, size);
}

ssize_t fs_listxattr(const char *path, char *list, size_t size)
{
    struct target t;
    struct follow f;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    if (t.inside)
        return exists(&t, 0);
    ssize_t rc = real.listxattr(t.path, list, size);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS) ? fs_listxattr(f.path, list, size) : rc;
}

ssize_t fs_llistxattr(const char *path, char *list, size_t size)
{
    struct target t;
    struct follow f;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    if (t.inside)
        return exists(&t, AT_SYMLINK_NOFOLLOW);
    ssize_t rc = real.llistxattr(t.path, list, size);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_SLASH) ? fs_llistxattr(f.path, list, size) : rc;
}

ssize_t fs_flistxattr(int fd, char *list, size_t size)
{
    return is_ours(fd) ? 0 : real.flistxattr(fd, list, size);
}

/* ---- Setting ---- */

int fs_setxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    struct named n;
    struct follow f;
    if (target_find_name(&n, AT_FDCWD, path) < 0)
        return -1;
    if (n.t.inside)
        return set_inside(&n, name, value, size, 0);
    int rc = real.setxattr(n.t.path, name, value, size, flags);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS) ? fs_setxattr(f.path, name, value, size, flags) : rc;
}

int fs_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    struct named n;
    struct follow f;
    if (target_find_name(&n, AT_FDCWD, path) < 0)
        return -1;
    if (n.t.inside)
        return set_inside(&n, name, value, size, AT_SYMLINK_NOFOLLOW);
    int rc = real.lsetxattr(n.t.path, name, value, size, flags);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_SLASH) ? fs_lsetxattr(f.path, name, value, size, flags) : rc;
}

int fs_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
    return is_ours(fd) ? (int)fail(ENOTSUP) : real.fsetxattr(fd, name, value, size, flags);
}

int fs_removexattr(const char *path, const char *name)
{
    struct named n;
    struct follow f;
    if (target_find_name(&n, AT_FDCWD, path) < 0)
        return -1;
    if (n.t.inside)
        return remove_inside(&n, name, 0);
    int rc = real.removexattr(n.t.path, name);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS) ? fs_removexattr(f.path, name) : rc;
}

int fs_lremovexattr(const char *path, const char *name)
{
    struct named n;
    struct follow f;
    if (target_find_name(&n, AT_FDCWD, path) < 0)
        return -1;
    if (n.t.inside)
        return remove_inside(&n, name, AT_SYMLINK_NOFOLLOW);
    int rc = real.lremovexattr(n.t.path, name);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_SLASH) ? fs_lremovexattr(f.path, name) : rc;
}

int fs_fremovexattr(int fd, const char *name)
{
    return is_ours(fd) ? (int)fail(ENODATA) : real.fremovexattr(fd, name);
}
