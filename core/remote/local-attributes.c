/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/remote/call.h"
#include "core/remote/local-internal.h"

enum { LINK_MAX_BYTES = 64 };

/* Names that are the user's; our own (of a tree that is served again) are nobody's business. */
static bool is_users(const char *name)
{
    return strncmp(name, "user.", 5) == 0 && strncmp(name, "user.algofs.", 12) != 0;
}

static void fd_link(int fd, char link[LINK_MAX_BYTES])
{
    (void)snprintf(link, LINK_MAX_BYTES, "/proc/self/fd/%d", fd);
}

/* --- mode, owner, time --- */

int local_set_on(int fd, const struct remote_attributes *attributes)
{
    const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, attributes->mtime };
    /* Only root gives files away; for others what they may is enough. Before the mode: it clears
     * set-uid bits. */
    if ((attributes->valid & REMOTE_SET_OWNER) != 0 &&
        fchown(fd, attributes->uid, attributes->gid) < 0 && errno != EPERM)
        return -errno;
    if ((attributes->valid & REMOTE_SET_MODE) != 0 && fchmod(fd, attributes->mode & 07777) < 0)
        return -errno;
    if ((attributes->valid & REMOTE_SET_MTIME) != 0 && futimens(fd, times) < 0)
        return -errno;
    return 0;
}

/* Of an object that is open as O_PATH only. */
static int set_on_path(int fd, const struct place *place, const struct remote_attributes *attributes)
{
    char link[LINK_MAX_BYTES];
    struct stat st;
    const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, attributes->mtime };
    if (fstat(fd, &st) < 0)
        return -errno;
    fd_link(fd, link);
    if ((attributes->valid & REMOTE_SET_OWNER) != 0 &&
        fchownat(fd, "", attributes->uid, attributes->gid, AT_EMPTY_PATH) < 0)
        return -errno;
    if ((attributes->valid & REMOTE_SET_MODE) != 0 && !S_ISLNK(st.st_mode) &&
        chmod(link, attributes->mode & 07777) < 0)
        return -errno;
    if ((attributes->valid & REMOTE_SET_MTIME) == 0)
        return 0;
    /* A link's own times are to be had by its name only. */
    int rc = S_ISLNK(st.st_mode)
                 ? utimensat(place->parent, place->name, times, AT_SYMLINK_NOFOLLOW)
                 : utimensat(AT_FDCWD, link, times, 0);
    return rc < 0 ? -errno : 0;
}

int local_set_attributes(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_attributes *attributes, struct remote_entry *ret_entry)
{
    struct local *local = local_called(remote, call);
    LOCAL_PLACE place = LOCAL_PLACE_INIT;
    int rc = local_find(local, call, path, &place);
    if (rc < 0)
        return rc;
    CLEANUP_CLOSE int fd = openat(place.parent, place.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return local_fail(call, -errno, "open", path);
    rc = set_on_path(fd, &place, attributes);
    if (rc == 0 && ret_entry != NULL)
        rc = local_describe(fd, "", ret_entry);
    return rc < 0 ? local_fail(call, rc, "set attributes of", path) : 0;
}

/* --- extended attributes --- */

static char *read_names(const char *link, ssize_t *ret_len)
{
    char *names = malloc(XATTR_LIST_MAX);
    if (names == NULL)
        return NULL;
    *ret_len = listxattr(link, names, XATTR_LIST_MAX);
    return names;
}

void local_copy_xattrs(int from, int to)
{
    char link[LINK_MAX_BYTES];
    ssize_t len = 0;
    fd_link(from, link);
    CLEANUP_FREE char *names = read_names(link, &len);
    CLEANUP_FREE char *value = malloc(XATTR_SIZE_MAX);
    if (names == NULL || value == NULL)
        return;
    for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t size = is_users(names + at) ? fgetxattr(from, names + at, value, XATTR_SIZE_MAX)
                                            : -1;
        if (size >= 0)
            (void)fsetxattr(to, names + at, value, (size_t)size, 0); /* as far as it can be */
    }
}

/* Attributes are of what a name stands for; a link can have none of the user's. */
static int xattr_open(struct local *local, struct remote_call *call, const char *path,
    char link[LINK_MAX_BYTES])
{
    struct stat st;
    CLEANUP_CLOSE int fd = local_open_path(local, call, path);
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return local_fail(call, -errno, "look at", path);
    if (S_ISLNK(st.st_mode))
        return remote_call_fail(call, -EPERM, "'%s': a symbolic link has none", path);
    fd_link(fd, link);
    return TAKE_FD(fd);
}

static int check_name(struct remote_call *call, const char *name)
{
    if (is_users(name))
        return 0;
    return remote_call_fail(call, -EOPNOTSUPP, "'%s': not of the user's name space", name);
}

int local_xattr_set(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, const void *value, size_t size, int flags)
{
    char link[LINK_MAX_BYTES];
    struct local *local = local_called(remote, call);
    int rc = check_name(call, name);
    if (rc < 0)
        return rc;
    CLEANUP_CLOSE int fd = xattr_open(local, call, path, link);
    if (fd < 0)
        return fd;
    rc = value == NULL ? removexattr(link, name) : setxattr(link, name, value, size, flags);
    return rc < 0 ? local_fail(call, -errno, "set an attribute of", path) : 0;
}

ssize_t local_xattr_get(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, void *value, size_t size)
{
    char link[LINK_MAX_BYTES];
    struct local *local = local_called(remote, call);
    int rc = check_name(call, name);
    if (rc < 0)
        return rc;
    CLEANUP_CLOSE int fd = xattr_open(local, call, path, link);
    if (fd < 0)
        return fd;
    ssize_t len = getxattr(link, name, value, size);
    return len < 0 ? local_fail(call, -errno, "read an attribute of", path) : len;
}

ssize_t local_xattr_list(
    struct remote *remote, struct remote_call *call, const char *path, char *names, size_t size)
{
    char link[LINK_MAX_BYTES];
    struct local *local = local_called(remote, call);
    CLEANUP_CLOSE int fd = xattr_open(local, call, path, link);
    if (fd < 0)
        return fd == -EPERM ? 0 : fd;
    ssize_t len = 0, total = 0;
    CLEANUP_FREE char *all = read_names(link, &len);
    if (all == NULL)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    if (len < 0)
        return local_fail(call, -errno, "list the attributes of", path);
    for (ssize_t at = 0; at < len; at += (ssize_t)strlen(all + at) + 1) {
        size_t bytes = strlen(all + at) + 1;
        if (!is_users(all + at))
            continue;
        if (size != 0 && (size_t)total + bytes > size)
            return remote_call_fail(call, -ERANGE, "'%s': more names than that", path);
        if (size != 0)
            memcpy(names + total, all + at, bytes);
        total += (ssize_t)bytes;
    }
    return total;
}
