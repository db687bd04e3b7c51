/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/remote/call.h"
#include "core/remote/local-internal.h"

enum { NEW_DIR_MODE = 0755, TREE_DEPTH_MAX = 500 }; /* a descriptor a level */

static int flush_directory(struct remote_call *call, const struct place *place, const char *path)
{
    return fsync(place->parent) < 0 ? local_fail(call, -errno, "flush the directory of", path) : 0;
}

int local_make_dir(struct remote *remote, struct remote_call *call, const char *path)
{
    struct local *local = local_called(remote, call);
    LOCAL_PLACE place = LOCAL_PLACE_INIT;
    int rc = local_find(local, call, path, &place);
    if (rc < 0)
        return rc;
    if (mkdirat(place.parent, place.name, NEW_DIR_MODE) < 0)
        return local_fail(call, -errno, "make directory", path);
    CLEANUP_CLOSE int fd =
        openat(place.parent, place.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        (void)fchmod(fd, NEW_DIR_MODE); /* whatever our umask; it is ours, and new */
    return flush_directory(call, &place, path);
}

/* --- remove --- */

/* What is in directory `dir` goes. */
static int remove_below(int dir, unsigned depth)
{
    CLEANUP_CLOSE int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    CLEANUP_CLOSEDIR DIR *stream = fdopendir(fd);
    if (stream == NULL)
        return -errno;
    (void)TAKE_FD(fd); /* the stream's now */
    const struct dirent *found;
    while ((found = readdir(stream)) != NULL) {
        const char *name = found->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
            continue;
        if (errno != EISDIR && errno != EPERM)
            return -errno;
        if (depth >= TREE_DEPTH_MAX)
            return -ENAMETOOLONG;
        CLEANUP_CLOSE int below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0)
            return -errno;
        int rc = remove_below(below, depth + 1);
        if (rc == 0 && unlinkat(dir, name, AT_REMOVEDIR) < 0)
            rc = -errno;
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int remove_directory(const struct place *place)
{
    if (unlinkat(place->parent, place->name, AT_REMOVEDIR) == 0)
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return -errno;
    /* Perhaps only what a crash left. */
    CLEANUP_CLOSE int fd =
        openat(place->parent, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -ENOTEMPTY;
    local_sweep_all(fd);
    if (unlinkat(place->parent, place->name, AT_REMOVEDIR) == 0)
        return 0;
    return errno == EEXIST ? -ENOTEMPTY : -errno;
}

static int remove_tree(const struct place *place)
{
    if (unlinkat(place->parent, place->name, 0) == 0)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    CLEANUP_CLOSE int fd =
        openat(place->parent, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = remove_below(fd, 0);
    return rc < 0 ? rc : remove_directory(place);
}

int local_remove(
    struct remote *remote, struct remote_call *call, const char *path, enum remote_remove_kind kind)
{
    struct local *local = local_called(remote, call);
    LOCAL_PLACE place = LOCAL_PLACE_INIT;
    if (path[0] == '\0')
        return remote_call_fail(call, -EINVAL, "the root is not removed");
    int rc = local_find(local, call, path, &place);
    if (rc < 0)
        return rc;
    switch (kind) {
    case REMOTE_REMOVE_FILE:
        rc = unlinkat(place.parent, place.name, 0) < 0 ? -errno : 0;
        break;
    case REMOTE_REMOVE_EMPTY_DIR:
        rc = remove_directory(&place);
        break;
    case REMOTE_REMOVE_TREE:
        rc = remove_tree(&place);
        break;
    }
    return rc < 0 ? local_fail(call, rc, "remove", path) : 0;
}

/* --- two names --- */

static int find_two(struct local *local, struct remote_call *call, const char *from,
    const char *to, struct place *ret_from, struct place *ret_to)
{
    if (from[0] == '\0' || to[0] == '\0')
        return remote_call_fail(call, -EINVAL, "the root has no other name");
    int rc = local_find(local, call, from, ret_from);
    return rc < 0 ? rc : local_find(local, call, to, ret_to);
}

int local_rename(struct remote *remote, struct remote_call *call, const char *from, const char *to)
{
    struct local *local = local_called(remote, call);
    LOCAL_PLACE old = LOCAL_PLACE_INIT;
    LOCAL_PLACE new = LOCAL_PLACE_INIT;
    int rc = find_two(local, call, from, to, &old, &new);
    if (rc < 0)
        return rc;
    if (renameat(old.parent, old.name, new.parent, new.name) < 0)
        return local_fail(call, errno == EEXIST ? -ENOTEMPTY : -errno, "rename", from);
    rc = flush_directory(call, &new, to);
    return rc < 0 ? rc : flush_directory(call, &old, from);
}

int local_link(struct remote *remote, struct remote_call *call, const char *from, const char *to)
{
    struct local *local = local_called(remote, call);
    LOCAL_PLACE old = LOCAL_PLACE_INIT;
    LOCAL_PLACE new = LOCAL_PLACE_INIT;
    int rc = find_two(local, call, from, to, &old, &new);
    if (rc < 0)
        return rc;
    if (linkat(old.parent, old.name, new.parent, new.name, 0) < 0)
        return local_fail(call, -errno, "link", to);
    return flush_directory(call, &new, to);
}

/* --- symbolic links --- */

int local_make_symlink(struct remote *remote, struct remote_call *call, const char *target,
    const char *path, const struct remote_attributes *attributes, struct remote_entry *ret_entry)
{
    struct local *local = local_called(remote, call);
    LOCAL_PLACE place = LOCAL_PLACE_INIT;
    int rc = local_find(local, call, path, &place);
    if (rc < 0)
        return rc;
    if (symlinkat(target, place.parent, place.name) < 0)
        return local_fail(call, -errno, "make the link", path);
    if (attributes != NULL && (attributes->valid & REMOTE_SET_OWNER) != 0 &&
        fchownat(place.parent, place.name, attributes->uid, attributes->gid, AT_SYMLINK_NOFOLLOW) <
            0 &&
        errno != EPERM) /* only root gives files away */
        return local_fail(call, -errno, "set the owner of", path);
    if (attributes != NULL && (attributes->valid & REMOTE_SET_MTIME) != 0) {
        const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, attributes->mtime };
        (void)utimensat(place.parent, place.name, times, AT_SYMLINK_NOFOLLOW); /* it is ours */
    }
    rc = flush_directory(call, &place, path);
    if (rc == 0 && ret_entry != NULL) {
        rc = local_describe(place.parent, place.name, ret_entry);
        if (rc < 0)
            rc = local_fail(call, rc, "look at", path);
    }
    return rc;
}

int local_read_link(
    struct remote *remote, struct remote_call *call, const char *path, char *target, size_t size)
{
    struct local *local = local_called(remote, call);
    LOCAL_PLACE place = LOCAL_PLACE_INIT;
    int rc = local_find(local, call, path, &place);
    if (rc < 0)
        return rc;
    ssize_t len = readlinkat(place.parent, place.name, target, size);
    if (len < 0)
        return local_fail(call, -errno, "read the link", path);
    if ((size_t)len >= size)
        return remote_call_fail(call, -ENAMETOOLONG, "'%s': its target is too long", path);
    target[len] = '\0';
    return 0;
}
