/* SPDX-License-Identifier: MIT */
/*
 * Reading directories: the kernel's getdents64 on the real one, whose offsets are the offsets. Nothing is
 * kept between two requests, so that seekdir, two readers of one stream, and entries that come and go meanwhile
 * are what the local file system makes of them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/client/door.h"
#include "fuse-fallback/entry.h"
#include "fuse-fallback/handle.h"

enum { RECORDS_SIZE = 16384 }; /* bytes of one getdents64 */

void directory_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    char path[PATH_MAX];
    struct node *node = node_of(ino);
    int rc = node_path(node, path);
    if (rc == 0)
        rc = door_ensure(path, strlen(path), WIRE_WANT_LISTING);
    CLEANUP_CLOSE int fd = rc < 0 ? rc : node_open(node, O_RDONLY | O_DIRECTORY, NULL);
    struct handle *handle = fd < 0 ? NULL : handle_new(node, fd, false);
    if (handle == NULL) {
        (void)fuse_reply_err(req, fd < 0 ? -fd : ENOMEM);
        return;
    }
    (void)TAKE_FD(fd); /* the handle's */
    node_attach(node, handle);
    fi->fh = (uint64_t)(uintptr_t)handle;
    if (fuse_reply_open(req, fi) < 0) {
        node_detach(node, handle);
        handle_put(handle);
    }
}

/* One entry into the answer. 0: it does not fit. */
typedef size_t add_fn(fuse_req_t req, struct node *node, char *at, size_t room,
    const struct dirent64 *record, int *ret_rc);

static size_t add_plain(fuse_req_t req, struct node *node, char *at, size_t room,
    const struct dirent64 *record, int *ret_rc)
{
    (void)node;
    struct stat st = { .st_ino = record->d_ino, .st_mode = (mode_t)record->d_type << 12 };
    *ret_rc = 0;
    size_t size = fuse_add_direntry(req, at, room, record->d_name, &st, record->d_off);
    return size > room ? 0 : size;
}

static bool is_dots(const char *name)
{
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* With attributes, and a look-up of each. What has gone meanwhile is named without them. */
static size_t add_plus(fuse_req_t req, struct node *node, char *at, size_t room,
    const struct dirent64 *record, int *ret_rc)
{
    struct fuse_entry_param entry = {
        .attr = { .st_ino = record->d_ino, .st_mode = (mode_t)record->d_type << 12 },
    };
    *ret_rc = 0;
    if (fuse_add_direntry_plus(req, NULL, 0, record->d_name, NULL, 0) > room)
        return 0;
    if (!is_dots(record->d_name)) {
        struct fuse_entry_param found;
        int rc = entry_find(node, record->d_name, &found);
        if (rc == 0)
            entry = found;
        else if (rc != -ENOENT && rc != -ESTALE)
            *ret_rc = rc;
        if (*ret_rc < 0)
            return 0;
    }
    return fuse_add_direntry_plus(req, at, room, record->d_name, &entry, record->d_off);
}

static long read_records(struct handle *handle, off_t offset, void *records, size_t size)
{
    LOCK_SCOPE(&handle->offset_lock);
    if (lseek(handle->fd, offset, SEEK_SET) < 0)
        return -errno;
    long got = syscall(SYS_getdents64, handle->fd, records, size);
    return got < 0 ? -errno : got;
}

static int fill(fuse_req_t req, struct handle *handle, off_t offset, char *out, size_t size, add_fn *add,
    size_t *ret_len)
{
    _Alignas(struct dirent64) char records[RECORDS_SIZE];
    size_t len = 0;
    for (;;) {
        long got = read_records(handle, offset, records, sizeof(records));
        if (got < 0)
            return (int)got;
        if (got == 0)
            break;
        for (long at = 0; at < got;) {
            const struct dirent64 *record = (const void *)(records + at);
            int rc;
            size_t added = add(req, handle->node, out + len, size - len, record, &rc);
            if (added == 0) {
                *ret_len = len;
                return len > 0 ? 0 : rc; /* an error is told when nothing goes before it */
            }
            len += added;
            offset = record->d_off;
            at += record->d_reclen;
        }
    }
    *ret_len = len;
    return 0;
}

static void reply_records(fuse_req_t req, size_t size, off_t offset, struct handle *handle, add_fn *add)
{
    CLEANUP_FREE char *out = malloc(size);
    size_t len = 0;
    int rc = out == NULL ? -ENOMEM : fill(req, handle, offset, out, size, add, &len);
    if (rc < 0)
        (void)fuse_reply_err(req, -rc);
    else
        (void)fuse_reply_buf(req, out, len);
}

void directory_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
    (void)ino;
    reply_records(req, size, offset, handle_of(fi->fh), add_plain);
}

void directory_read_plus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
    (void)ino;
    reply_records(req, size, offset, handle_of(fi->fh), add_plus);
}

void directory_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    (void)ino;
    struct handle *handle = handle_of(fi->fh);
    node_detach(handle->node, handle);
    handle_put(handle);
    (void)fuse_reply_err(req, 0);
}

void directory_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
    (void)ino;
    (void)datasync;
    (void)fi; /* what changes a directory is on the remote when it is answered */
    (void)fuse_reply_err(req, 0);
}
