/* SPDX-License-Identifier: MIT */
/* Open files: natively on the tree's file, once what is read is here. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/client/door-write.h"
#include "fuse-fallback/handle.h"
#include "fuse-fallback/mount.h"

/* Read, then believed only if no chunk was dropped meanwhile. */
static ssize_t read_partial(struct handle *handle, char *out, size_t size, off_t offset)
{
    for (int i = 0; i < PARTIAL_TRIES; i++) {
        uint64_t epoch;
        int rc = handle_need(handle, (uint64_t)offset, size, &epoch);
        if (rc < 0)
            return rc;
        ssize_t got = pread(handle->fd, out, size, offset);
        if (got < 0)
            return -errno;
        if (handle_is_steady(handle, epoch))
            return got;
    }
    return -EIO;
}

void file_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
    (void)ino;
    struct handle *handle = handle_of(fi->fh);
    if (handle_is_native(handle) && !atomic_load(&handle->stale)) {
        struct fuse_bufvec all = FUSE_BUFVEC_INIT(size);
        all.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
        all.buf[0].fd = handle->fd;
        all.buf[0].pos = offset;
        (void)fuse_reply_data(req, &all, 0); /* page to page where it is long enough to be worth it */
        return;
    }
    CLEANUP_FREE char *out = malloc(size);
    ssize_t got = out == NULL ? -ENOMEM : read_partial(handle, out, size, offset);
    if (got < 0)
        (void)fuse_reply_err(req, (int)-got);
    else
        (void)fuse_reply_buf(req, out, (size_t)got);
}

void file_write_buf(fuse_req_t req, fuse_ino_t ino, struct fuse_bufvec *in, off_t offset,
    struct fuse_file_info *fi)
{
    (void)ino;
    struct handle *handle = handle_of(fi->fh);
    struct fuse_bufvec out = FUSE_BUFVEC_INIT(fuse_buf_size(in));
    out.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
    out.buf[0].fd = handle->fd;
    out.buf[0].pos = offset;
    ssize_t written = fuse_buf_copy(&out, in, 0);
    if (written < 0)
        (void)fuse_reply_err(req, (int)-written);
    else
        (void)fuse_reply_write(req, (size_t)written);
}

void file_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
    (void)ino;
    struct handle *handle = handle_of(fi->fh);
    int rc = 0;
    if (handle->writer)
        rc = door_commit_synchronised(handle->fd, 0);
    else if ((datasync != 0 ? fdatasync(handle->fd) : fsync(handle->fd)) < 0)
        rc = -errno;
    (void)fuse_reply_err(req, -rc);
}

void file_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
    struct fuse_file_info *fi)
{
    (void)ino;
    struct handle *handle = handle_of(fi->fh);
    (void)fuse_reply_err(req, fallocate(handle->fd, mode, offset, length) < 0 ? errno : 0);
}

void file_copy_range(fuse_req_t req, fuse_ino_t in_ino, off_t in_offset, struct fuse_file_info *in_fi,
    fuse_ino_t out_ino, off_t out_offset, struct fuse_file_info *out_fi, size_t count, int flags)
{
    (void)in_ino;
    (void)out_ino;
    struct handle *in = handle_of(in_fi->fh);
    struct handle *out = handle_of(out_fi->fh);
    int rc = handle_hold(in, (uint64_t)in_offset, count);
    ssize_t copied = rc < 0
        ? -1
        : copy_file_range(in->fd, &in_offset, out->fd, &out_offset, count, (unsigned)flags);
    if (copied < 0)
        (void)fuse_reply_err(req, rc < 0 ? -rc : errno);
    else
        (void)fuse_reply_write(req, (size_t)copied);
}

/* A partial file is dense to everybody: data up to its end, one hole behind it. */
void file_lseek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence, struct fuse_file_info *fi)
{
    (void)ino;
    struct handle *handle = handle_of(fi->fh);
    struct stat st;
    if (handle_is_native(handle)) {
        LOCK_SCOPE(&handle->offset_lock);
        off_t at = lseek(handle->fd, offset, whence);
        if (at < 0)
            (void)fuse_reply_err(req, errno);
        else
            (void)fuse_reply_lseek(req, at);
    } else if (fstat(handle->fd, &st) < 0 || offset < 0 || offset >= st.st_size) {
        (void)fuse_reply_err(req, ENXIO);
    } else {
        (void)fuse_reply_lseek(req, whence == SEEK_DATA ? offset : st.st_size);
    }
}
