/* SPDX-License-Identifier: MIT */
#include "fuse-fallback/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/client/door-write.h"
#include "core/client/door.h"
#include "core/client/present.h"
#include "fuse-fallback/handle.h"

enum { TIMEOUT_MAX_S = 86400, MS_PER_SECOND = 1000 };

/* How long the kernel may remember the name `path`: as long as we may. */
static double name_timeout(const char *path)
{
    if (!atomic_load(&mount_state.hears))
        return 0;
    uint64_t left_ms = door_lease_left_ms(path, strlen(path));
    return left_ms > (uint64_t)TIMEOUT_MAX_S * MS_PER_SECOND ? TIMEOUT_MAX_S
                                                              : (double)left_ms / MS_PER_SECOND;
}

static double attribute_timeout(double of_name)
{
    return of_name < mount_state.attr_timeout ? of_name : mount_state.attr_timeout;
}

static void present(struct node *node, struct stat *st)
{
    if (S_ISREG(st->st_mode) && node_opened_incomplete(node))
        present_stat_opened_incomplete(st); /* tar compares what it saw before reading and after */
    else
        present_stat(st);
}

static int fill_entry(struct node *parent, const char *name, const char *path,
    const struct native_key *key, const struct stat *raw, struct fuse_entry_param *ret_entry)
{
    struct node *node = node_look_up(parent, name, key);
    if (node == NULL)
        return -ENOMEM;
    memset(ret_entry, 0, sizeof(*ret_entry));
    ret_entry->ino = node_ino(node);
    ret_entry->generation = node_generation(node);
    ret_entry->attr = *raw;
    present(node, &ret_entry->attr);
    ret_entry->entry_timeout = name_timeout(path);
    ret_entry->attr_timeout = attribute_timeout(ret_entry->entry_timeout);
    return 0;
}

int entry_found(struct node *parent, const char *name, int fd, struct fuse_entry_param *ret_entry)
{
    char path[PATH_MAX];
    struct native_key key;
    struct stat st;
    int rc = node_child_path(parent, name, path);
    if (rc == 0)
        rc = native_stat(fd, &key, &st);
    return rc < 0 ? rc : fill_entry(parent, name, path, &key, &st, ret_entry);
}

int entry_find(struct node *parent, const char *name, struct fuse_entry_param *ret_entry)
{
    char path[PATH_MAX];
    int rc = node_child_path(parent, name, path);
    if (rc == 0)
        rc = door_ensure(path, strlen(path), WIRE_WANT_ENTRY);
    if (rc < 0)
        return rc;
    CLEANUP_CLOSE int fd = native_open(path, O_PATH);
    if (fd < 0)
        return fd;
    return entry_found(parent, name, fd, ret_entry);
}

int entry_stat(struct node *node, struct stat *ret_st)
{
    CLEANUP_CLOSE int fd = node_open(node, O_PATH, ret_st);
    if (fd == -ESTALE) { /* no name, or another's by now: but it may be open */
        struct native_key key;
        struct handle *handle = node_borrow_handle(node, false);
        if (handle == NULL)
            return -ESTALE;
        int rc = native_stat(handle->fd, &key, ret_st);
        handle_put(handle);
        if (rc < 0)
            return rc;
    } else if (fd < 0) {
        return fd;
    }
    present(node, ret_st);
    return 0;
}

void entry_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct fuse_entry_param entry;
    int rc = entry_find(node_of(parent), name, &entry);
    if (rc < 0)
        (void)fuse_reply_err(req, -rc);
    else if (fuse_reply_entry(req, &entry) < 0)
        node_forget(node_of(entry.ino), 1); /* nobody waits for it any more */
}

void entry_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count)
{
    node_forget(node_of(ino), count);
    fuse_reply_none(req);
}

void entry_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
    for (size_t i = 0; i < count; i++)
        node_forget(node_of(forgets[i].ino), forgets[i].nlookup);
    fuse_reply_none(req);
}

static void reply_attributes(fuse_req_t req, struct node *node)
{
    char path[PATH_MAX];
    struct stat st;
    int rc = entry_stat(node, &st);
    if (rc < 0) {
        (void)fuse_reply_err(req, -rc);
        return;
    }
    double timeout = node_path(node, path) < 0 ? 0 : attribute_timeout(name_timeout(path));
    (void)fuse_reply_attr(req, &st, timeout);
}

void entry_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    (void)fi; /* the kernel seldom says through which file it asks */
    reply_attributes(req, node_of(ino));
}

/* ---- Setting ---- */

static struct timespec wanted_time(int to_set, int now, struct timespec time)
{
    return (to_set & now) != 0 ? (struct timespec){ 0, UTIME_NOW } : time;
}

static struct door_attributes wanted_attributes(const struct stat *attr, int to_set)
{
    static const struct timespec keep = { 0, UTIME_OMIT };
    bool times = (to_set & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME)) != 0;
    struct door_attributes a = {
        .valid = ((to_set & FUSE_SET_ATTR_MODE) != 0 ? WIRE_SET_MODE : 0) |
            ((to_set & FUSE_SET_ATTR_UID) != 0 ? WIRE_SET_OWNER : 0) |
            ((to_set & FUSE_SET_ATTR_GID) != 0 ? WIRE_SET_GROUP : 0) |
            ((to_set & FUSE_SET_ATTR_SIZE) != 0 ? WIRE_SET_SIZE : 0) |
            (times ? WIRE_SET_ATIME | WIRE_SET_MTIME : 0),
        .mode = attr->st_mode & 07777,
        .uid = attr->st_uid,
        .gid = attr->st_gid,
        .size = attr->st_size,
        .times = { keep, keep },
    };
    if ((to_set & FUSE_SET_ATTR_ATIME) != 0)
        a.times[0] = wanted_time(to_set, FUSE_SET_ATTR_ATIME_NOW, attr->st_atim);
    if ((to_set & FUSE_SET_ATTR_MTIME) != 0)
        a.times[1] = wanted_time(to_set, FUSE_SET_ATTR_MTIME_NOW, attr->st_mtim);
    return a;
}

/* By the name while it leads to the node, else by a descriptor. */
static int set_attributes(struct node *node, const struct door_attributes *a)
{
    char path[PATH_MAX];
    struct stat st;
    if (node_ino(node) == FUSE_ROOT_ID)
        return -EPERM;
    CLEANUP_CLOSE int fd = node_open(node, O_PATH, &st);
    int rc = fd < 0 ? fd : node_path(node, path);
    if (rc >= 0)
        return door_set_attributes(path, -1, a);
    struct handle *handle =
        rc == -ESTALE ? node_borrow_handle(node, (a->valid & WIRE_SET_SIZE) != 0) : NULL;
    if (handle == NULL)
        return rc;
    rc = door_set_attributes(NULL, handle->fd, a);
    handle_put(handle);
    return rc;
}

void entry_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set, struct fuse_file_info *fi)
{
    struct node *node = node_of(ino);
    struct handle *handle = fi == NULL ? NULL : handle_of(fi->fh);
    int rc = 0;
    if ((to_set & FUSE_SET_ATTR_SIZE) != 0 && handle != NULL && handle->writer) {
        rc = ftruncate(handle->fd, attr->st_size) < 0 ? -errno : 0; /* committed when it is closed */
        to_set &= ~FUSE_SET_ATTR_SIZE;
    }
    struct door_attributes a = wanted_attributes(attr, to_set);
    if (rc == 0 && a.valid != 0)
        rc = set_attributes(node, &a);
    if (rc < 0)
        (void)fuse_reply_err(req, -rc);
    else
        reply_attributes(req, node);
}

/* ---- Small ones ---- */

void entry_readlink(fuse_req_t req, fuse_ino_t ino)
{
    char text[PATH_MAX];
    CLEANUP_CLOSE int fd = node_open(node_of(ino), O_PATH, NULL);
    ssize_t len = fd < 0 ? -1 : readlinkat(fd, "", text, sizeof(text) - 1);
    if (len < 0) {
        (void)fuse_reply_err(req, fd < 0 ? -fd : errno);
        return;
    }
    text[len] = '\0';
    (void)fuse_reply_readlink(req, text);
}

void entry_access(fuse_req_t req, fuse_ino_t ino, int mask)
{
    CLEANUP_CLOSE int fd = node_open(node_of(ino), O_PATH, NULL);
    int rc = fd < 0 ? fd : faccessat(fd, "", mask, AT_EMPTY_PATH | AT_EACCESS) < 0 ? -errno : 0;
    (void)fuse_reply_err(req, -rc);
}

void entry_statfs(fuse_req_t req, fuse_ino_t ino)
{
    (void)ino;
    struct statvfs fs;
    int fd = native_root();
    if (fd < 0 || fstatvfs(fd, &fs) < 0)
        (void)fuse_reply_err(req, fd < 0 ? -fd : errno);
    else
        (void)fuse_reply_statfs(req, &fs);
}
