/* SPDX-License-Identifier: MIT */
/*
 * Reads that the kernel makes later: for io_submit the range is here before the request is. io_uring would
 * read with nobody to ask, so it is refused as on a kernel without it, by every name it has.
 */
#include <errno.h>
#include <linux/aio_abi.h>
#include <sys/uio.h>

#include "core/base/sys.h"
#include "preload/fdtable.h"
#include "preload/fs.h"
#include "preload/lazy.h"
#include "preload/open.h"

static int fill(int fd, off_t offset, size_t count)
{
    if (!fdtable_is_lazy(fd) || offset < 0)
        return 0;
    return lazy_range(fd, (uint64_t)offset, count);
}

static size_t wanted_bytes(const struct iocb *request)
{
    if (request->aio_lio_opcode == IOCB_CMD_PREAD)
        return request->aio_nbytes;
    const struct iovec *parts = (const struct iovec *)(uintptr_t)request->aio_buf;
    size_t total = 0;
    for (uint64_t i = 0; i < request->aio_nbytes; i++)
        total += parts[i].iov_len;
    return total;
}

/* libaio's io_submit has the kernel's arguments, and answers -errno itself. */
int fs_io_submit(aio_context_t context, long count, struct iocb **list)
{
    for (long i = 0; i < count; i++) {
        const struct iocb *request = list[i];
        int opcode = request->aio_lio_opcode;
        if (opcode != IOCB_CMD_PREAD && opcode != IOCB_CMD_PREADV)
            continue;
        int fd = (int)request->aio_fildes;
        int rc = fdtable_is_lazy(fd) ? fill(fd, (off_t)request->aio_offset, wanted_bytes(request))
                                     : 0;
        if (rc < 0)
            return rc;
    }
    return (int)sys_call(SYS_io_submit, (long)context, count, (long)list, 0, 0, 0);
}

int fs_io_uring_setup(unsigned entries, void *parameters)
{
    (void)entries;
    (void)parameters;
    return -ENOSYS;
}

int fs_io_uring_queue_init(unsigned entries, void *ring, unsigned flags)
{
    (void)entries;
    (void)ring;
    (void)flags;
    return -ENOSYS;
}

int fs_io_uring_queue_init_params(unsigned entries, void *ring, void *parameters)
{
    (void)entries;
    (void)ring;
    (void)parameters;
    return -ENOSYS;
}

int fs_io_uring_queue_init_mem(
    unsigned entries, void *ring, void *parameters, void *memory, size_t size)
{
    (void)entries;
    (void)ring;
    (void)parameters;
    (void)memory;
    (void)size;
    return -ENOSYS;
}

/* What comes out of another process may be a file that is not all here. */
int fs_pidfd_getfd(int pidfd, int wanted, unsigned flags)
{
    int fd = (int)sys_call(SYS_pidfd_getfd, pidfd, wanted, flags, 0, 0, 0);
    if (fd >= 0)
        return open_arrived(fd);
    errno = -fd;
    return -1;
}
