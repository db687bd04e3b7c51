/* SPDX-License-Identifier: MIT */
/* Descriptors closed, doubled and asked about. */
#include <errno.h>
#include <linux/close_range.h>
#include <linux/fiemap.h>
#include <linux/fs.h>

#include "core/base/sys.h"
#include "preload/fdtable.h"
#include "preload/fs.h"
#include "preload/lazy.h"
#include "preload/write.h"

/* The descriptor is closed whatever the verdict; the agent keeps what could not be uploaded. */
static int close_writer(int fd)
{
    int verdict = write_closing(fd);
    fdtable_drop(fd);
    int rc = real.close(fd);
    if (rc == 0 && verdict < 0) {
        errno = -verdict;
        return -1;
    }
    return rc;
}

int fs_close(int fd)
{
    if (write_is_writer(fd))
        return close_writer(fd);
    if (fdtable_get(fd) != 0)
        fdtable_drop(fd);
    return real.close(fd);
}

static int synchronise(int fd)
{
    int rc = write_synchronise(fd);
    if (rc == 0)
        return 0;
    errno = -rc;
    return -1;
}

int fs_fsync(int fd)
{
    return write_is_writer(fd) ? synchronise(fd) : real.fsync(fd);
}

int fs_fdatasync(int fd)
{
    return write_is_writer(fd) ? synchronise(fd) : real.fdatasync(fd);
}

int fs_close_range(unsigned first, unsigned last, int flags)
{
    if ((flags & CLOSE_RANGE_CLOEXEC) == 0 && first <= last) {
        write_closing_range(first, last);
        fdtable_drop_range(first, last);
    }
    return real.close_range(first, last, flags);
}

void fs_closefrom(int first)
{
    write_closing_range(first < 0 ? 0 : (unsigned)first, FDTABLE_MAX);
    fdtable_drop_range(first < 0 ? 0 : (unsigned)first, FDTABLE_MAX);
    real.closefrom(first);
}

/* `made` is a new descriptor of what `fd` is. */
static int doubled(int fd, int made)
{
    if (made < 0 || made == fd)
        return made;
    fd_word word = fdtable_get(fd);
    if (word != 0)
        lazy_share(made, word);
    else
        fdtable_drop(made);
    return made;
}

int fs_dup(int fd)
{
    return doubled(fd, real.dup(fd));
}

/*
 * dup2 closes what `wanted` was; it cannot tell that file's verdict, the agent keeps what failed. Where
 * something was open there may be a stream of libc's, which goes on reading without asking: what replaces
 * it is filled. 0, or -1 with errno.
 */
static int replacing(int fd, int wanted)
{
    if (fd == wanted)
        return 0;
    if (write_is_writer(wanted))
        (void)write_closing(wanted);
    if (!fdtable_is_lazy(fd) || (wanted != 0 && sys_fcntl(wanted, F_GETFD, 0) < 0))
        return 0;
    int rc = lazy_whole(fd);
    if (rc == 0)
        return 0;
    errno = -rc;
    return -1;
}

int fs_dup2(int fd, int wanted)
{
    return replacing(fd, wanted) < 0 ? -1 : doubled(fd, real.dup2(fd, wanted));
}

int fs_dup3(int fd, int wanted, int flags)
{
    return replacing(fd, wanted) < 0 ? -1 : doubled(fd, real.dup3(fd, wanted, flags));
}

int fs_fcntl(int fd, int command, long argument)
{
    fd_word word = fdtable_get(fd);
    int rc = real.fcntl(fd, command, argument);
    if (rc < 0)
        return rc;
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        return doubled(fd, rc);
    bool ours = fd_kind_of(word) == FD_LAZY || fd_kind_of(word) == FD_FILLED;
    if (command == F_GETFL && ours)
        rc &= ~O_NOATIME; /* set by us: atime holds the remote's mtime */
    if (command == F_SETFL && fd_kind_of(word) == FD_LAZY)
        (void)sys_fcntl(fd, F_SETFL, argument | O_NOATIME);
    return rc;
}

/* The file whose blocks an ioctl shares, compares or lists; -1: it is none of these. */
static int block_source(int fd, unsigned long request, long argument)
{
    if (request == FICLONE)
        return (int)argument;
    if (request == FICLONERANGE && argument != 0)
        return (int)((const struct file_clone_range *)argument)->src_fd;
    return request == FIDEDUPERANGE || request == FS_IOC_FIEMAP ? fd : -1;
}

int fs_ioctl(int fd, unsigned long request, long argument)
{
    int source = block_source(fd, request, argument);
    if (source >= 0) {
        int rc = lazy_whole(source);
        if (rc < 0) {
            errno = -rc;
            return -1;
        }
    }
    return real.ioctl(fd, request, argument);
}
