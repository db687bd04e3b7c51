/* SPDX-License-Identifier: MIT */
/*
 * syscall(2): programs that make their file calls through it get the same answers as those that call
 * libc. What is not ours goes on unchanged; io_uring is refused as on a kernel without it, because its
 * reads would pass us by and every user of it falls back.
 */
#include <errno.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/fs.h"
#include "preload/target.h"

static long refuse(int error)
{
    errno = error;
    return -1;
}

static long openat2_call(const long a[6])
{
    const struct open_how *how = (const struct open_how *)a[2];
    struct target t;
    if (target_translate(&t, (int)a[0], (const char *)a[1]) < 0)
        return -1;
    if (!t.inside)
        return real.syscall(SYS_openat2, a[0], a[1], a[2], a[3]);
    if (how->resolve != 0)
        return refuse(ENOSYS); /* callers fall back to openat */
    return fs_openat((int)a[0], (const char *)a[1], (int)how->flags, (mode_t)how->mode);
}

/* What few programs do: a second switch, so that neither grows out of sight. */
static long rarer_call(long number, const long a[6])
{
    switch (number) {
    case SYS_mremap:
        return (long)fs_mremap(
            (void *)a[0], (size_t)a[1], (size_t)a[2], (int)a[3], (void *)a[4]);
    case SYS_ioctl:
        return fs_ioctl((int)a[0], (unsigned long)a[1], a[2]);
    case SYS_sendmsg:
        return fs_sendmsg((int)a[0], (const struct msghdr *)a[1], (int)a[2]);
    case SYS_sendmmsg:
        return fs_sendmmsg((int)a[0], (struct mmsghdr *)a[1], (unsigned)a[2], (int)a[3]);
    case SYS_pidfd_getfd:
        return fs_pidfd_getfd((int)a[0], (int)a[1], (unsigned)a[2]);
    case SYS_io_submit: {
        int rc = fs_io_submit((aio_context_t)a[0], a[1], (struct iocb **)a[2]);
        return rc < 0 ? refuse(-rc) : rc;
    }
    case SYS_execveat:
        return fs_execveat((int)a[0], (const char *)a[1], (char *const *)a[2], (char *const *)a[3], (int)a[4]);
    case SYS_io_uring_setup:
        return refuse(ENOSYS);
    default:
        return real.syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
}

long fs_syscall(long number, const long a[6])
{
    const char *path = (const char *)a[0];
    const char *at_path = (const char *)a[1];
    switch (number) {
#ifdef SYS_open
    case SYS_open:
        return fs_open(path, (int)a[1], (mode_t)a[2]);
    case SYS_stat:
        return fs_stat(path, (struct stat *)a[1]);
    case SYS_lstat:
        return fs_lstat(path, (struct stat *)a[1]);
    case SYS_access:
        return fs_access(path, (int)a[1]);
    case SYS_readlink:
        return fs_readlink(path, (char *)a[1], (size_t)a[2]);
    case SYS_dup2:
        return fs_dup2((int)a[0], (int)a[1]);
#endif
    case SYS_openat:
        return fs_openat((int)a[0], at_path, (int)a[2], (mode_t)a[3]);
    case SYS_openat2:
        return openat2_call(a);
    case SYS_newfstatat:
        return fs_fstatat((int)a[0], at_path, (struct stat *)a[2], (int)a[3]);
    case SYS_fstat:
        return fs_fstat((int)a[0], (struct stat *)a[1]);
    case SYS_statx:
        return fs_statx((int)a[0], at_path, (int)a[2], (unsigned)a[3], (struct statx *)a[4]);
    case SYS_faccessat:
        return fs_faccessat((int)a[0], at_path, (int)a[2], 0);
    case SYS_faccessat2:
        return fs_faccessat((int)a[0], at_path, (int)a[2], (int)a[3]);
    case SYS_readlinkat:
        return fs_readlinkat((int)a[0], at_path, (char *)a[2], (size_t)a[3]);
    case SYS_read:
        return fs_read((int)a[0], (void *)a[1], (size_t)a[2]);
    case SYS_pread64:
        return fs_pread((int)a[0], (void *)a[1], (size_t)a[2], a[3]);
    case SYS_readv:
        return fs_readv((int)a[0], (const struct iovec *)a[1], (int)a[2]);
    case SYS_preadv:
        return fs_preadv((int)a[0], (const struct iovec *)a[1], (int)a[2], a[3]);
    case SYS_preadv2:
        return fs_preadv2((int)a[0], (const struct iovec *)a[1], (int)a[2], a[3], (int)a[5]);
    case SYS_lseek:
        return fs_lseek((int)a[0], a[1], (int)a[2]);
    case SYS_close:
        return fs_close((int)a[0]);
    case SYS_close_range:
        return fs_close_range((unsigned)a[0], (unsigned)a[1], (int)a[2]);
    case SYS_dup:
        return fs_dup((int)a[0]);
    case SYS_dup3:
        return fs_dup3((int)a[0], (int)a[1], (int)a[2]);
    case SYS_fcntl:
        return fs_fcntl((int)a[0], (int)a[1], a[2]);
    case SYS_getdents64:
        return fs_getdents64((int)a[0], (void *)a[1], (size_t)a[2]);
    case SYS_sendfile:
        return fs_sendfile((int)a[0], (int)a[1], (off_t *)a[2], (size_t)a[3]);
    case SYS_copy_file_range:
        return fs_copy_file_range((int)a[0], (off64_t *)a[1], (int)a[2], (off64_t *)a[3],
            (size_t)a[4], (unsigned)a[5]);
    case SYS_splice:
        return fs_splice((int)a[0], (off64_t *)a[1], (int)a[2], (off64_t *)a[3], (size_t)a[4],
            (unsigned)a[5]);
    case SYS_mmap:
        return (long)fs_mmap(
            (void *)a[0], (size_t)a[1], (int)a[2], (int)a[3], (int)a[4], a[5]);
    case SYS_chdir:
        return fs_chdir(path);
    case SYS_fchdir:
        return fs_fchdir((int)a[0]);
    case SYS_execve:
        return fs_execve(path, (char *const *)a[1], (char *const *)a[2]);
    case SYS_mkdirat:
        return fs_mkdirat((int)a[0], at_path, (mode_t)a[2]);
    case SYS_unlinkat:
        return fs_unlinkat((int)a[0], at_path, (int)a[2]);
    case SYS_renameat2:
        return fs_renameat2((int)a[0], at_path, (int)a[2], (const char *)a[3], (unsigned)a[4]);
    default:
        return rarer_call(number, a);
    }
}
