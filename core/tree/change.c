/* SPDX-License-Identifier: MIT */
#include "core/tree/change.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/beneath.h"
#include "core/tree/internal.h"

_Static_assert((int)CHANGE_NAME_MAX == (int)TREE_TEMPORARY_MAX, "names in tmp/ are of one kind");

int change_open(struct tree *tree, const char *path, int flags)
{
    LOCK_SCOPE(&tree->names);
    return beneath_open(tree->root, path, flags);
}

/* Opens the directory that `path` stands in; its last component must be a possible name. */
static int change_open_parent(struct tree *tree, const char *path, const char **ret_name)
{
    CLEANUP_CLOSE int parent = beneath_path_parent(tree->root, path, ret_name);
    if (parent < 0)
        return parent;
    size_t len = strlen(*ret_name);
    if (!beneath_name_valid(*ret_name, len))
        return len > NAME_MAX ? -ENAMETOOLONG : -EINVAL;
    return TAKE_FD(parent);
}

int change_prepare(struct tree *tree, int flags, mode_t mode, char ret_made[CHANGE_NAME_MAX])
{
    entry_temporary(tree, ret_made);
    CLEANUP_CLOSE int fd =
        openat(tree->tmp, ret_made, flags | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    if (fchmod(fd, mode & 06777) < 0) {
        int rc = -errno;
        change_discard(tree, ret_made);
        return rc;
    }
    return TAKE_FD(fd);
}

void change_discard(struct tree *tree, const char *made)
{
    (void)unlinkat(tree->tmp, made, 0); /* else the next start removes it */
}

static int change_name(struct tree *tree, const char *made, const char *path, ino_t replaced)
{
    const char *name;
    struct stat st;
    CLEANUP_CLOSE int parent = change_open_parent(tree, path, &name);
    if (parent < 0)
        return parent;
    LOCK_SCOPE(&tree->names);
    bool found = fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!found && errno != ENOENT)
        return -errno;
    if (found != (replaced != 0) || (found && (st.st_ino != replaced || !S_ISREG(st.st_mode))))
        return -EEXIST;
    if (renameat(tree->tmp, made, parent, name) < 0)
        return -errno;
    if (found)
        entry_forget_map(tree, &st);
    entry_tell(tree, parent, name);
    return 0;
}

int change_publish(struct tree *tree, const char *made, const char *path, ino_t replaced)
{
    int rc = change_name(tree, made, path, replaced);
    if (rc < 0)
        change_discard(tree, made);
    return rc;
}

int change_check_parent(struct tree *tree, const char *path)
{
    const char *name;
    CLEANUP_CLOSE int parent = change_open_parent(tree, path, &name);
    if (parent < 0)
        return parent;
    return faccessat(parent, ".", W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

int change_check_directory(struct tree *tree, const char *path)
{
    CLEANUP_CLOSE int fd = change_open(tree, path, O_PATH | O_DIRECTORY);
    if (fd < 0)
        return fd;
    return faccessat(fd, ".", W_OK, AT_EACCESS) < 0 ? -errno : 0;
}

int change_make_directory(struct tree *tree, const char *path, mode_t mode)
{
    char made[TREE_TEMPORARY_MAX];
    const char *name;
    CLEANUP_CLOSE int parent = change_open_parent(tree, path, &name);
    if (parent < 0)
        return parent;
    entry_temporary(tree, made);
    if (mkdirat(tree->tmp, made, 0700) < 0)
        return -errno;
    CLEANUP_CLOSE int fd = beneath_open(tree->tmp, made, O_RDONLY | O_DIRECTORY);
    int rc = fd < 0 ? fd : 0;
    struct stat st;
    LOCK_SCOPE(&tree->names);
    if (rc == 0 && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        rc = -EEXIST; /* rename would replace an empty directory */
    if (rc == 0 && renameat(tree->tmp, made, parent, name) < 0)
        rc = -errno;
    if (rc < 0) {
        (void)unlinkat(tree->tmp, made, AT_REMOVEDIR); /* else the next start removes it */
        return rc;
    }
    entry_tell(tree, parent, name);
    /* Only now: a directory that may not be written to cannot change its parent. */
    return fchmod(fd, mode & 07777) < 0 ? -errno : 0;
}

static int change_remove(struct tree *tree, const char *path, int flags)
{
    const char *name;
    struct stat st;
    CLEANUP_CLOSE int parent = change_open_parent(tree, path, &name);
    if (parent < 0)
        return parent;
    LOCK_SCOPE(&tree->names);
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (flags == 0 && S_ISDIR(st.st_mode))
        return -EISDIR;
    if (unlinkat(parent, name, flags) < 0)
        return errno == EEXIST ? -ENOTEMPTY : -errno;
    entry_forget_map(tree, &st);
    entry_tell(tree, parent, name);
    return 0;
}

int change_unlink(struct tree *tree, const char *path)
{
    return change_remove(tree, path, 0);
}

int change_remove_directory(struct tree *tree, const char *path)
{
    return change_remove(tree, path, AT_REMOVEDIR);
}

int change_make_link(
    struct tree *tree, const char *target, const char *path, const struct timespec *mtime)
{
    const char *name;
    CLEANUP_CLOSE int parent = change_open_parent(tree, path, &name);
    if (parent < 0)
        return parent;
    LOCK_SCOPE(&tree->names);
    if (symlinkat(target, parent, name) < 0)
        return -errno;
    if (mtime != NULL) {
        const struct timespec times[2] = { *mtime, *mtime };
        (void)utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW); /* else a listing makes it anew */
    }
    entry_tell(tree, parent, name);
    return 0;
}

int change_set_times(struct tree *tree, const char *path, const struct timespec times[2])
{
    const char *name;
    CLEANUP_CLOSE int parent = change_open_parent(tree, path, &name);
    if (parent < 0)
        return parent;
    LOCK_SCOPE(&tree->names);
    return utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int change_link(struct tree *tree, const char *from, const char *to)
{
    const char *from_name, *to_name;
    CLEANUP_CLOSE int from_parent = change_open_parent(tree, from, &from_name);
    if (from_parent < 0)
        return from_parent;
    CLEANUP_CLOSE int to_parent = change_open_parent(tree, to, &to_name);
    if (to_parent < 0)
        return to_parent;
    LOCK_SCOPE(&tree->names);
    if (linkat(from_parent, from_name, to_parent, to_name, 0) < 0)
        return -errno;
    entry_tell(tree, to_parent, to_name);
    return 0;
}

int change_rename(struct tree *tree, const char *from, const char *to)
{
    const char *from_name, *to_name;
    struct stat replaced;
    CLEANUP_CLOSE int from_parent = change_open_parent(tree, from, &from_name);
    if (from_parent < 0)
        return from_parent;
    CLEANUP_CLOSE int to_parent = change_open_parent(tree, to, &to_name);
    if (to_parent < 0)
        return to_parent;
    LOCK_SCOPE(&tree->names);
    bool found = fstatat(to_parent, to_name, &replaced, AT_SYMLINK_NOFOLLOW) == 0;
    if (renameat(from_parent, from_name, to_parent, to_name) < 0)
        return errno == EEXIST ? -ENOTEMPTY : -errno;
    if (found)
        entry_forget_map(tree, &replaced);
    entry_tell(tree, from_parent, from_name);
    entry_tell(tree, to_parent, to_name);
    return 0;
}
