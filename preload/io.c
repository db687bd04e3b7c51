/* SPDX-License-Identifier: MIT */
/* Reading: natively, once the bytes are here. */
#include <errno.h>

#include "core/base/sys.h"
#include "preload/fdtable.h"
#include "preload/fs.h"
#include "preload/lazy.h"

static ssize_t result(ssize_t rc)
{
    if (rc >= 0)
        return rc;
    errno = (int)-rc;
    return -1;
}

ssize_t fs_read(int fd, void *buffer, size_t size)
{
    if (!fdtable_is_lazy(fd))
        return real.read(fd, buffer, size);
    struct iovec part = { buffer, size };
    return result(lazy_readv(fd, &part, 1));
}

ssize_t fs_readv(int fd, const struct iovec *parts, int count)
{
    if (!fdtable_is_lazy(fd) || count <= 0)
        return real.readv(fd, parts, count);
    return result(lazy_readv(fd, parts, count));
}

ssize_t fs_pread(int fd, void *buffer, size_t size, off_t offset)
{
    if (!fdtable_is_lazy(fd))
        return real.pread(fd, buffer, size, offset);
    struct iovec part = { buffer, size };
    return result(lazy_preadv(fd, &part, 1, offset, 0));
}

ssize_t fs_preadv(int fd, const struct iovec *parts, int count, off_t offset)
{
    if (!fdtable_is_lazy(fd) || count <= 0)
        return real.preadv(fd, parts, count, offset);
    return result(lazy_preadv(fd, parts, count, offset, 0));
}

ssize_t fs_preadv2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
    if (!fdtable_is_lazy(fd) || count <= 0)
        return real.preadv2(fd, parts, count, offset, flags);
    if (offset == -1) /* at the file offset, which moves */
        return result(lazy_readv(fd, parts, count));
    return result(lazy_preadv(fd, parts, count, offset, flags));
}

/* Fortified: libc aborts when the buffer is smaller than what may be read into it. */
ssize_t fs_read_chk(int fd, void *buffer, size_t size, size_t room)
{
    if (size > room)
        return real.__read_chk(fd, buffer, size, room);
    return fs_read(fd, buffer, size);
}

ssize_t fs_pread_chk(int fd, void *buffer, size_t size, off_t offset, size_t room)
{
    if (size > room)
        return real.__pread_chk(fd, buffer, size, offset, room);
    return fs_pread(fd, buffer, size, offset);
}

/* A partial file is dense to everybody: data up to its end, one hole behind it. */
off_t fs_lseek(int fd, off_t offset, int whence)
{
    if ((whence != SEEK_DATA && whence != SEEK_HOLE) || !fdtable_is_lazy(fd))
        return real.lseek(fd, offset, whence);
    struct stat st;
    if (sys_fstat(fd, &st) < 0)
        return real.lseek(fd, offset, whence);
    if (offset < 0 || offset >= st.st_size) {
        errno = ENXIO;
        return -1;
    }
    return real.lseek(fd, whence == SEEK_DATA ? offset : st.st_size, SEEK_SET);
}
