/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes. Those of the user (user.*) are the store's where it keeps them; elsewhere listing gives
 * an empty list, reading one ENODATA, setting one ENOTSUP. `user.algofs.acl` of a directory reads and sets a
 * collection's read ACL; it is not listed, so that nobody copies it. All other names that begin like it are
 * ours, on the tree's inodes, and nobody's business.
 */
#define REPORT_FAMILY REPORT_STAT

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "core/base/sys.h"
#include "core/client/door-write.h"
#include "core/client/session.h"
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

/* ---- Inside ---- */

enum { ACL_SIZE = 64 };
static const char acl_name[] = "user.algofs.acl";

/* What a store may be asked to keep. */
static bool is_users(const char *name)
{
    return strncmp(name, "user.", 5) == 0 && strncmp(name, "user.algofs.", 12) != 0 &&
        session_may_have(BOARD_HAS_XATTRS);
}

static ssize_t get_users(const char *path, const char *name, void *value, size_t size)
{
    if (!is_users(name))
        return fail(ENODATA);
    ssize_t got = door_get_xattr(path, name, value, size);
    return got >= 0 ? got : fail(got == -EOPNOTSUPP || got == -EPERM ? ENODATA : (int)-got);
}

static int set_users(
    const char *path, const char *name, const void *value, size_t size, int flags)
{
    int rc = is_users(name) ? door_set_xattr(path, name, value, size, flags) : -EOPNOTSUPP;
    return rc < 0 ? (int)fail(-rc) : 0;
}

static ssize_t list_users(const char *path, char *list, size_t size)
{
    if (!session_may_have(BOARD_HAS_XATTRS))
        return 0;
    ssize_t got = door_get_xattr(path, "", list, size);
    return got >= 0 ? got : got == -EOPNOTSUPP || got == -EPERM ? 0 : fail((int)-got);
}

/* The path of a descriptor of the tree; false: it has none any more. */
static bool path_of(int fd, char path[PATH_MAX])
{
    size_t len;
    return place_of_fd(fd, path, PATH_MAX, &len) == 0;
}

static ssize_t get_inside(const struct named *n, const char *name, void *value, size_t size, int flags)
{
    if (exists(&n->t, flags) < 0)
        return -1;
    if (!readable_text(name))
        return fail(EFAULT);
    if (strcmp(name, acl_name) != 0)
        return get_users(n->name, name, value, size);
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

static int set_inside(const struct named *n, const char *name, const void *value, size_t size,
    int how, int flags)
{
    char acl[ACL_SIZE];
    if (change_is_refused())
        return (int)fail(change_refused(&n->t));
    if (exists(&n->t, flags) < 0)
        return -1;
    if (strcmp(name, acl_name) != 0)
        return set_users(n->name, name, value == NULL ? "" : value, size, how);
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
    if (strcmp(name, acl_name) == 0)
        return (int)fail(EPERM);
    int rc = set_users(n->name, name, NULL, 0, 0);
    return rc < 0 && errno == EOPNOTSUPP ? (int)fail(ENODATA) : rc;
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
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_SLASH) < 0)
        return -1;
    if (n.t.inside)
        return get_inside(&n, name, value, size, AT_SYMLINK_NOFOLLOW);
    ssize_t rc = real.lgetxattr(n.t.path, name, value, size);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_SLASH) ? fs_lgetxattr(f.path, name, value, size) : rc;
}

ssize_t fs_fgetxattr(int fd, const char *name, void *value, size_t size)
{
    char path[PATH_MAX];
    if (!is_ours(fd))
        return real.fgetxattr(fd, name, value, size);
    return path_of(fd, path) ? get_users(path, name, value, size) : fail(ENODATA);
}

ssize_t fs_listxattr(const char *path, char *list, size_t size)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_ALWAYS) < 0)
        return -1;
    if (n.t.inside)
        return exists(&n.t, 0) < 0 ? -1 : list_users(n.name, list, size);
    ssize_t rc = real.listxattr(n.t.path, list, size);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS) ? fs_listxattr(f.path, list, size) : rc;
}

ssize_t fs_llistxattr(const char *path, char *list, size_t size)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_SLASH) < 0)
        return -1;
    if (n.t.inside)
        return exists(&n.t, AT_SYMLINK_NOFOLLOW) < 0 ? -1 : list_users(n.name, list, size);
    ssize_t rc = real.llistxattr(n.t.path, list, size);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_SLASH) ? fs_llistxattr(f.path, list, size) : rc;
}

ssize_t fs_flistxattr(int fd, char *list, size_t size)
{
    char path[PATH_MAX];
    if (!is_ours(fd))
        return real.flistxattr(fd, list, size);
    return path_of(fd, path) ? list_users(path, list, size) : 0;
}

/* ---- Setting ---- */

int fs_setxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    struct named n;
    struct follow f;
    if (target_find_name(&n, AT_FDCWD, path) < 0)
        return -1;
    if (n.t.inside)
        return set_inside(&n, name, value, size, flags, 0);
    int rc = real.setxattr(n.t.path, name, value, size, flags);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS) ? fs_setxattr(f.path, name, value, size, flags) : rc;
}

int fs_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_SLASH) < 0)
        return -1;
    if (n.t.inside)
        return set_inside(&n, name, value, size, flags, AT_SYMLINK_NOFOLLOW);
    int rc = real.lsetxattr(n.t.path, name, value, size, flags);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_SLASH) ? fs_lsetxattr(f.path, name, value, size, flags) : rc;
}

int fs_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
    char path[PATH_MAX];
    if (!is_ours(fd))
        return real.fsetxattr(fd, name, value, size, flags);
    if (change_is_refused())
        return (int)fail(EROFS);
    return path_of(fd, path) ? set_users(path, name, value == NULL ? "" : value, size, flags)
                             : (int)fail(ENOTSUP);
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
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_SLASH) < 0)
        return -1;
    if (n.t.inside)
        return remove_inside(&n, name, AT_SYMLINK_NOFOLLOW);
    int rc = real.lremovexattr(n.t.path, name);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_SLASH) ? fs_lremovexattr(f.path, name) : rc;
}

int fs_fremovexattr(int fd, const char *name)
{
    char path[PATH_MAX];
    if (!is_ours(fd))
        return real.fremovexattr(fd, name);
    if (change_is_refused())
        return (int)fail(EROFS);
    int rc = path_of(fd, path) ? set_users(path, name, NULL, 0, 0) : (int)fail(ENODATA);
    return rc < 0 && errno == EOPNOTSUPP ? (int)fail(ENODATA) : rc;
}
