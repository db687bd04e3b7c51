/* SPDX-License-Identifier: MIT */
/* The name space: one message each; the agent does the remote half, then the tree's. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/client/door-write.h"
#include "fuse-fallback/entry.h"

static void reply_found(fuse_req_t req, int rc, struct node *parent, const char *name)
{
    struct fuse_entry_param entry;
    if (rc == 0)
        rc = entry_find(parent, name, &entry);
    if (rc < 0)
        (void)fuse_reply_err(req, -rc);
    else if (fuse_reply_entry(req, &entry) < 0)
        node_forget(node_of(entry.ino), 1); /* nobody waits for it any more */
}

void name_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
    char path[PATH_MAX];
    struct node *node = node_of(parent);
    int rc = node_child_path(node, name, path);
    if (rc == 0)
        rc = door_make_directory(path, mode & 07777);
    reply_found(req, rc, node, name);
}

void name_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
    (void)device;
    char path[PATH_MAX];
    struct node *node = node_of(parent);
    CLEANUP_CLOSE int fd = -1;
    int rc = (mode & S_IFMT) != 0 && !S_ISREG(mode) ? -EPERM : node_child_path(node, name, path);
    if (rc == 0)
        rc = door_open_write(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode & 07777, &fd);
    if (rc == 0)
        rc = door_commit_closing(fd, 0);
    reply_found(req, rc, node, name);
}

static void remove_name(fuse_req_t req, fuse_ino_t parent, const char *name, int flags)
{
    char path[PATH_MAX];
    struct node *node = node_of(parent);
    int rc = node_child_path(node, name, path);
    if (rc == 0)
        rc = door_remove(path, flags);
    if (rc == 0)
        node_renamed(node, name, NULL, NULL);
    (void)fuse_reply_err(req, -rc);
}

void name_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    remove_name(req, parent, name, 0);
}

void name_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    remove_name(req, parent, name, AT_REMOVEDIR);
}

void name_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
    const char *new_name, unsigned flags)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    int rc = node_child_path(node_of(parent), name, from);
    if (rc == 0)
        rc = node_child_path(node_of(new_parent), new_name, to);
    if (rc == 0)
        rc = door_rename(from, to, flags);
    if (rc == 0)
        node_renamed(node_of(parent), name, node_of(new_parent), new_name);
    (void)fuse_reply_err(req, -rc);
}

/* Links: the agent knows which stores can hold them. */

void name_symlink(fuse_req_t req, const char *text, fuse_ino_t parent, const char *name)
{
    char path[PATH_MAX];
    struct node *node = node_of(parent);
    int rc = node_child_path(node, name, path);
    if (rc == 0)
        rc = door_make_symlink(text, path);
    reply_found(req, rc, node, name);
}

void name_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t new_parent, const char *new_name)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    struct node *node = node_of(new_parent);
    CLEANUP_CLOSE int fd = node_open(node_of(ino), O_PATH, NULL);
    int rc = fd < 0 ? fd : node_path(node_of(ino), from);
    if (rc >= 0)
        rc = node_child_path(node, new_name, to);
    if (rc == 0)
        rc = door_link(from, to);
    reply_found(req, rc, node, new_name);
}
