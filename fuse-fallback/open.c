/* SPDX-License-Identifier: MIT */
/*
 * Opening. For reading: natively, and the agent is asked if data is missing. For writing: by the agent, which
 * writes an intent first.
 *
 * What the kernel may do with the pages: a descriptor that only writes, or appends, goes past its cache, so that
 * two doors that append to one file never write over each other. What can be mapped goes through the cache,
 * which is emptied at each open and asks for the file's time and size before each read.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/client/door-write.h"
#include "core/wire/entry.h"
#include "fuse-fallback/entry.h"
#include "fuse-fallback/handle.h"
#include "fuse-fallback/lock.h"

static bool is_write(int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_TRUNC | O_CREAT)) != 0;
}

/* What concerns the tree's file. The rest (alignment, blocking, the kernel's own mark of an exec) is between the
 * kernel and the program, and openat2 refuses what it does not know. */
static int native_flags(int flags)
{
    return (flags & (O_ACCMODE | O_APPEND | O_TRUNC | O_CREAT | O_EXCL | O_SYNC | O_DSYNC)) | O_CLOEXEC;
}

static void set_cache_mode(struct fuse_file_info *fi, bool writer)
{
    fi->direct_io = writer && ((fi->flags & O_ACCMODE) == O_WRONLY || (fi->flags & O_APPEND) != 0);
    fi->keep_cache = 0;
}

static int open_to_read(struct node *node, int flags, struct handle **ret_handle)
{
    char path[PATH_MAX];
    struct stat st;
    int rc = node_path(node, path);
    CLEANUP_CLOSE int fd = rc < 0 ? rc : node_open(node, native_flags(flags) & ~O_CREAT, &st);
    if (fd < 0)
        return fd;
    struct handle *handle = handle_new(node, fd, false);
    if (handle == NULL)
        return -ENOMEM;
    (void)TAKE_FD(fd); /* the handle's */
    rc = entry_is_incomplete(st.st_mode) ? handle_adopt(handle, path, flags, (uint64_t)st.st_size) : 0;
    if (rc < 0) {
        handle_put(handle);
        return rc;
    }
    *ret_handle = handle;
    return 0;
}

/* A name that has gone is looked up anew; what it was before is not written to. */
static int open_by_agent(struct node *node, int flags, int *ret_fd)
{
    char path[PATH_MAX];
    struct native_key key;
    struct stat st;
    CLEANUP_CLOSE int before = node_open(node, O_PATH, NULL);
    int rc = before < 0 ? before : node_path(node, path);
    CLEANUP_CLOSE int fd = -1;
    if (rc >= 0)
        rc = door_open_write(path, native_flags(flags) & ~O_CREAT, 0, &fd);
    if (rc < 0)
        return rc == -ENOENT ? -ESTALE : rc;
    rc = node_check(node, fd, &st);
    if (rc == -ESTALE && (flags & O_TRUNC) != 0 && native_stat(fd, &key, &st) == 0)
        rc = node_become(node, &key); /* emptied by a fresh file: the kernel's inode is that from now on */
    if (rc < 0)
        return rc;
    *ret_fd = TAKE_FD(fd);
    return 0;
}

static int open_to_write(struct node *node, int flags, struct handle **ret_handle)
{
    CLEANUP_CLOSE int fd = -1;
    int rc = open_by_agent(node, flags, &fd);
    if (rc < 0)
        return rc;
    struct handle *handle = handle_new(node, fd, true);
    if (handle == NULL)
        return -ENOMEM;
    (void)TAKE_FD(fd); /* the handle's */
    *ret_handle = handle;
    return 0;
}

static void undo(struct node *node, struct handle *handle)
{
    lock_released(handle);
    node_detach(node, handle);
    handle_put(handle);
}

void file_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    struct node *node = node_of(ino);
    struct handle *handle = NULL;
    int rc = is_write(fi->flags) ? open_to_write(node, fi->flags, &handle)
                                 : open_to_read(node, fi->flags, &handle);
    if (rc < 0) {
        (void)fuse_reply_err(req, -rc);
        return;
    }
    node_attach(node, handle);
    fi->fh = (uint64_t)(uintptr_t)handle;
    set_cache_mode(fi, handle->writer);
    if (fuse_reply_open(req, fi) < 0)
        undo(node, handle);
}

void file_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *fi)
{
    char path[PATH_MAX];
    struct fuse_entry_param entry;
    CLEANUP_CLOSE int fd = -1;
    int rc = node_child_path(node_of(parent), name, path);
    if (rc == 0)
        rc = door_open_write(path, native_flags(fi->flags) | O_CREAT, mode & 07777, &fd);
    if (rc == 0)
        rc = entry_found(node_of(parent), name, fd, &entry);
    if (rc < 0) {
        (void)fuse_reply_err(req, -rc);
        return;
    }
    struct node *node = node_of(entry.ino);
    struct handle *handle = handle_new(node, fd, true);
    if (handle == NULL) {
        node_forget(node, 1);
        (void)fuse_reply_err(req, ENOMEM);
        return;
    }
    (void)TAKE_FD(fd); /* the handle's */
    node_attach(node, handle);
    fi->fh = (uint64_t)(uintptr_t)handle;
    set_cache_mode(fi, true);
    if (fuse_reply_create(req, &entry, fi) < 0) {
        undo(node, handle);
        node_forget(node, 1);
    }
}

/*
 * Whether the process `pid` has the file `path` open: what is closed has left its table already, so it has
 * another descriptor of it. A shell that redirects makes one, and closes the first before anything is written.
 */
static bool has_another(pid_t pid, const char *path)
{
    char name[64];
    char wanted[2 * PATH_MAX];
    char target[2 * PATH_MAX];
    (void)snprintf(wanted, sizeof(wanted), "%s/%s", mount_state.point, path);
    (void)snprintf(name, sizeof(name), "/proc/%d/fd", (int)pid);
    CLEANUP_CLOSEDIR DIR *fds = pid > 0 ? opendir(name) : NULL;
    const struct dirent *fd;
    while (fds != NULL && (fd = readdir(fds)) != NULL) {
        ssize_t len = readlinkat(dirfd(fds), fd->d_name, target, sizeof(target) - 1);
        target[len < 0 ? 0 : len] = '\0';
        if (strcmp(target, wanted) == 0)
            return true;
    }
    return false;
}

static unsigned how_to_commit(const struct handle *handle, pid_t pid)
{
    char path[PATH_MAX];
    struct stat st;
    if (fstat(handle->fd, &st) < 0 || st.st_size > 0 || node_path(handle->node, path) < 0)
        return 0;
    return has_another(pid, path) ? WIRE_COMMIT_SHARED : 0; /* a new, empty file can wait */
}

void file_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    (void)ino;
    struct handle *handle = handle_of(fi->fh);
    int rc = handle->writer ? door_commit_closing(handle->fd, how_to_commit(handle, fuse_req_ctx(req)->pid)) : 0;
    lock_closed(handle, fi->lock_owner);
    (void)fuse_reply_err(req, -rc);
}

void file_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    (void)ino;
    struct handle *handle = handle_of(fi->fh);
    undo(handle->node, handle);
    (void)fuse_reply_err(req, 0);
}
