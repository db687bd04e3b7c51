/* SPDX-License-Identifier: MIT */
/*
 * syscall(2): programs that make their file calls through it get the same answers as those that call
 * libc. What is not ours goes on unchanged; io_uring is refused as on a kernel without it, because its
 * reads would pass us by and every user of it falls back.
 *
 * One row a call that libc has with the same arguments; the rest by hand.
 */
#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/open.h"
#include "preload/readable.h"
#include "preload/target.h"
#include "preload/write.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static long refuse(int error)
{
    errno = error;
    return -1;
}

/* What the kernel refuses in openat2, where openat lets it pass. */
static bool bad_how(const struct open_how *how)
{
    const uint64_t known = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC |
        O_DSYNC | FASYNC | O_DIRECT | 0100000 | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | O_TMPFILE;
    bool makes = (how->flags & O_CREAT) != 0 || (how->flags & O_TMPFILE) == O_TMPFILE;
    return (how->flags & ~known) != 0 || (makes ? (how->mode & ~07777ull) != 0 : how->mode != 0);
}

/*
 * With RESOLVE_ flags the kernel itself must walk: from a descriptor of the tree, which is a real directory,
 * by the path as it is; an absolute path, or one from elsewhere, by its place in the tree. A file is made only
 * after such a walk has been allowed.
 */
static long openat2_resolved(const struct target *t, const long a[6], const struct open_how *how)
{
    const char *path = (const char *)a[1];
    bool own_walk = (how->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) != 0;
    struct open_how kernel = *how;
    if (!own_walk)
        kernel.resolve &= ~(uint64_t)RESOLVE_NO_XDEV; /* the tree is on a file system of its own */
    if (own_walk && (int)a[0] == AT_FDCWD && path[0] == '/')
        return refuse((how->resolve & RESOLVE_BENEATH) != 0 ? EXDEV : ENOSYS);
    bool writes = write_is_wanted((int)how->flags);
    if (writes) {
        kernel.flags = O_PATH | O_CLOEXEC | (how->flags & O_NOFOLLOW);
        kernel.mode = 0;
    }
    long fd = real.syscall(SYS_openat2, own_walk ? a[0] : t->dirfd, own_walk ? path : t->path, &kernel,
        sizeof(kernel));
    if (!writes)
        return fd < 0 ? fd : open_arrived((int)fd);
    if (fd < 0 && errno != ENOENT)
        return fd;
    if (fd >= 0)
        (void)sys_close((int)fd);
    if ((how->resolve & RESOLVE_IN_ROOT) != 0 && (path[0] == '/' || strstr(path, "..") != NULL))
        return refuse(ENOSYS);
    return fs_openat((int)a[0], path, (int)how->flags, (mode_t)how->mode);
}

static long openat2_call(const long a[6])
{
    const struct open_how *how = (const struct open_how *)a[2];
    const char *path = (const char *)a[1];
    struct target t;
    if ((size_t)a[3] < sizeof(*how) || !readable_bytes(how, sizeof(*how)) || !readable_text(path) ||
        bad_how(how))
        return real.syscall(SYS_openat2, a[0], a[1], a[2], a[3]); /* refused by the kernel */
    if (target_find(&t, (int)a[0], path) < 0)
        return -1;
    if (t.inside && how->resolve != 0)
        return openat2_resolved(&t, a, how);
    if (t.inside)
        return fs_openat((int)a[0], path, (int)how->flags, (mode_t)how->mode);
    struct follow f;
    long fd = real.syscall(SYS_openat2, t.dirfd, t.path, a[2], a[3]);
    if (how->resolve == 0 && follow_leads_inside(fd < 0, &f, (int)a[0], path, FOLLOW_ALWAYS))
        return fs_openat(AT_FDCWD, f.path, (int)how->flags, (mode_t)how->mode);
    return fd >= 0 && t.magic ? open_arrived((int)fd) : fd;
}

/* Bytes into memory that may not be there: the kernel copies them. 0 or -EFAULT. */
static int copy_out(void *to, const void *from, size_t size)
{
    struct iovec here = { (void *)(uintptr_t)from, size };
    struct iovec there = { to, size };
    long got =
        sys_call(SYS_process_vm_writev, sys_getpid(), (long)&here, 1, (long)&there, 1, 0);
    if (got == (long)size)
        return 0;
    if (got == -EFAULT || got >= 0)
        return -EFAULT;
    memcpy(to, from, size); /* not allowed here (an old sandbox) */
    return 0;
}

/* The call answers with the length, libc's function with the text. */
static long getcwd_call(char *buffer, size_t size)
{
    char text[PATH_MAX];
    int saved = errno;
    if (fs_getcwd(text, sizeof(text)) == NULL) {
        errno = saved;
        return real.syscall(SYS_getcwd, buffer, size);
    }
    size_t need = strlen(text) + 1;
    if (need > size)
        return refuse(ERANGE);
    int rc = copy_out(buffer, text, need);
    return rc < 0 ? refuse(-rc) : (long)need;
}

/* The kernel, unlike libc, takes a NULL path for the descriptor itself. */
static long utimensat_call(const long a[6])
{
    const struct timespec *times = (const struct timespec *)a[2];
    if (a[1] == 0)
        return a[3] == 0 && (int)a[0] >= 0 ? fs_futimens((int)a[0], times)
                                           : real.syscall(SYS_utimensat, a[0], a[1], a[2], a[3]);
    return fs_utimensat((int)a[0], (const char *)a[1], times, (int)a[3]);
}

#define ROW(number, call)                                                                        \
    case SYS_##number:                                                                           \
        *ret = call;                                                                             \
        return true;

/* Calls that take a path. False: none of these. */
static bool path_call(long number, const long a[6], long *ret)
{
    const char *path = (const char *)a[0];
    const char *at = (const char *)a[1];
    switch (number) {
    ROW(openat, fs_openat((int)a[0], at, (int)a[2], (mode_t)a[3]))
    ROW(openat2, openat2_call(a))
    ROW(newfstatat, fs_fstatat((int)a[0], at, (struct stat *)a[2], (int)a[3]))
    ROW(statx, fs_statx((int)a[0], at, (int)a[2], (unsigned)a[3], (struct statx *)a[4]))
    ROW(statfs, fs_statfs(path, (struct statfs *)a[1]))
    ROW(faccessat, fs_faccessat((int)a[0], at, (int)a[2], 0))
    ROW(faccessat2, fs_faccessat((int)a[0], at, (int)a[2], (int)a[3]))
    ROW(readlinkat, fs_readlinkat((int)a[0], at, (char *)a[2], (size_t)a[3]))
    ROW(chdir, fs_chdir(path))
    ROW(fchdir, fs_fchdir((int)a[0]))
    ROW(getcwd, getcwd_call((char *)a[0], (size_t)a[1]))
    ROW(execve, fs_execve(path, (char *const *)a[1], (char *const *)a[2]))
    ROW(execveat, fs_execveat((int)a[0], at, (char *const *)a[2], (char *const *)a[3], (int)a[4]))
    ROW(inotify_add_watch, fs_inotify_add_watch((int)a[0], at, (uint32_t)a[2]))
    ROW(fanotify_mark, fs_fanotify_mark((int)a[0], (unsigned)a[1], (uint64_t)a[2], (int)a[3], (const char *)a[4]))
    ROW(name_to_handle_at, fs_name_to_handle_at((int)a[0], at, (struct file_handle *)a[2], (int *)a[3], (int)a[4]))
    ROW(chroot, fs_chroot(path))
    ROW(acct, fs_acct(path))
    ROW(swapon, fs_swapon(path, (int)a[1]))
    ROW(swapoff, fs_swapoff(path))
    ROW(mount, fs_mount(path, at, (const char *)a[2], (unsigned long)a[3], (const void *)a[4]))
    ROW(umount2, fs_umount2(path, (int)a[1]))
    default:
        return false;
    }
}

/* Calls that change the name space or attributes. False: none of these. */
static bool change_call(long number, const long a[6], long *ret)
{
    const char *path = (const char *)a[0];
    const char *at = (const char *)a[1];
    switch (number) {
    ROW(mkdirat, fs_mkdirat((int)a[0], at, (mode_t)a[2]))
    ROW(mknodat, fs_mknodat((int)a[0], at, (mode_t)a[2], (dev_t)a[3]))
    ROW(unlinkat, fs_unlinkat((int)a[0], at, (int)a[2]))
    ROW(symlinkat, fs_symlinkat(path, (int)a[1], (const char *)a[2]))
    ROW(linkat, fs_linkat((int)a[0], at, (int)a[2], (const char *)a[3], (int)a[4]))
    ROW(renameat2, fs_renameat2((int)a[0], at, (int)a[2], (const char *)a[3], (unsigned)a[4]))
    ROW(truncate, fs_truncate(path, a[1]))
    ROW(fchmodat, fs_fchmodat((int)a[0], at, (mode_t)a[2], 0))
    ROW(fchmodat2, fs_fchmodat((int)a[0], at, (mode_t)a[2], (int)a[3]))
    ROW(fchmod, fs_fchmod((int)a[0], (mode_t)a[1]))
    ROW(fchownat, fs_fchownat((int)a[0], at, (uid_t)a[2], (gid_t)a[3], (int)a[4]))
    ROW(fchown, fs_fchown((int)a[0], (uid_t)a[1], (gid_t)a[2]))
    ROW(utimensat, utimensat_call(a))
    ROW(umask, (long)fs_umask((mode_t)a[0]))
    ROW(setxattr, fs_setxattr(path, at, (const void *)a[2], (size_t)a[3], (int)a[4]))
    ROW(lsetxattr, fs_lsetxattr(path, at, (const void *)a[2], (size_t)a[3], (int)a[4]))
    ROW(fsetxattr, fs_fsetxattr((int)a[0], at, (const void *)a[2], (size_t)a[3], (int)a[4]))
    ROW(getxattr, fs_getxattr(path, at, (void *)a[2], (size_t)a[3]))
    ROW(lgetxattr, fs_lgetxattr(path, at, (void *)a[2], (size_t)a[3]))
    ROW(fgetxattr, fs_fgetxattr((int)a[0], at, (void *)a[2], (size_t)a[3]))
    ROW(listxattr, fs_listxattr(path, (char *)a[1], (size_t)a[2]))
    ROW(llistxattr, fs_llistxattr(path, (char *)a[1], (size_t)a[2]))
    ROW(flistxattr, fs_flistxattr((int)a[0], (char *)a[1], (size_t)a[2]))
    ROW(removexattr, fs_removexattr(path, at))
    ROW(lremovexattr, fs_lremovexattr(path, at))
    ROW(fremovexattr, fs_fremovexattr((int)a[0], at))
    default:
        return false;
    }
}

/* Calls that only the older architectures have. False: none of these. */
static bool old_call(long number, const long a[6], long *ret)
{
#ifdef SYS_open
    const char *path = (const char *)a[0];
    const char *at = (const char *)a[1];
    switch (number) {
    ROW(open, fs_open(path, (int)a[1], (mode_t)a[2]))
    ROW(creat, fs_creat(path, (mode_t)a[1]))
    ROW(stat, fs_stat(path, (struct stat *)a[1]))
    ROW(lstat, fs_lstat(path, (struct stat *)a[1]))
    ROW(access, fs_access(path, (int)a[1]))
    ROW(readlink, fs_readlink(path, (char *)a[1], (size_t)a[2]))
    ROW(dup2, fs_dup2((int)a[0], (int)a[1]))
    ROW(mkdir, fs_mkdir(path, (mode_t)a[1]))
    ROW(mknod, fs_mknod(path, (mode_t)a[1], (dev_t)a[2]))
    ROW(rmdir, fs_rmdir(path))
    ROW(unlink, fs_unlink(path))
    ROW(symlink, fs_symlink(path, at))
    ROW(link, fs_link(path, at))
    ROW(rename, fs_rename(path, at))
    ROW(renameat, fs_renameat((int)a[0], at, (int)a[2], (const char *)a[3]))
    ROW(chmod, fs_chmod(path, (mode_t)a[1]))
    ROW(chown, fs_chown(path, (uid_t)a[1], (gid_t)a[2]))
    ROW(lchown, fs_lchown(path, (uid_t)a[1], (gid_t)a[2]))
    ROW(utime, fs_utime(path, (const struct utimbuf *)a[1]))
    ROW(utimes, fs_utimes(path, (const struct timeval *)a[1]))
    ROW(futimesat, fs_futimesat((int)a[0], at, (const struct timeval *)a[2]))
    default:
        return false;
    }
#else
    (void)number, (void)a, (void)ret;
    return false;
#endif
}

/* Calls on a descriptor or a mapping. False: none of these. */
static bool fd_call(long number, const long a[6], long *ret)
{
    switch (number) {
    ROW(fstat, fs_fstat((int)a[0], (struct stat *)a[1]))
    ROW(read, fs_read((int)a[0], (void *)a[1], (size_t)a[2]))
    ROW(pread64, fs_pread((int)a[0], (void *)a[1], (size_t)a[2], a[3]))
    ROW(readv, fs_readv((int)a[0], (const struct iovec *)a[1], (int)a[2]))
    ROW(preadv, fs_preadv((int)a[0], (const struct iovec *)a[1], (int)a[2], a[3]))
    ROW(preadv2, fs_preadv2((int)a[0], (const struct iovec *)a[1], (int)a[2], a[3], (int)a[5]))
    ROW(lseek, fs_lseek((int)a[0], a[1], (int)a[2]))
    ROW(close, fs_close((int)a[0]))
    ROW(close_range, fs_close_range((unsigned)a[0], (unsigned)a[1], (int)a[2]))
    ROW(dup, fs_dup((int)a[0]))
    ROW(dup3, fs_dup3((int)a[0], (int)a[1], (int)a[2]))
    ROW(fcntl, fs_fcntl((int)a[0], (int)a[1], a[2]))
    ROW(ioctl, fs_ioctl((int)a[0], (unsigned long)a[1], a[2]))
    ROW(fsync, fs_fsync((int)a[0]))
    ROW(fdatasync, fs_fdatasync((int)a[0]))
    ROW(getdents64, fs_getdents64((int)a[0], (void *)a[1], (size_t)a[2]))
    ROW(readahead, fs_readahead((int)a[0], a[1], (size_t)a[2]))
    ROW(sendfile, fs_sendfile((int)a[0], (int)a[1], (off_t *)a[2], (size_t)a[3]))
    ROW(copy_file_range, fs_copy_file_range((int)a[0], (off64_t *)a[1], (int)a[2], (off64_t *)a[3], (size_t)a[4], (unsigned)a[5]))
    ROW(splice, fs_splice((int)a[0], (off64_t *)a[1], (int)a[2], (off64_t *)a[3], (size_t)a[4], (unsigned)a[5]))
    ROW(mmap, (long)fs_mmap((void *)a[0], (size_t)a[1], (int)a[2], (int)a[3], (int)a[4], a[5]))
    ROW(munmap, fs_munmap((void *)a[0], (size_t)a[1]))
    ROW(msync, fs_msync((void *)a[0], (size_t)a[1], (int)a[2]))
    ROW(mremap, (long)fs_mremap((void *)a[0], (size_t)a[1], (size_t)a[2], (int)a[3], (void *)a[4]))
    ROW(pidfd_getfd, fs_pidfd_getfd((int)a[0], (int)a[1], (unsigned)a[2]))
    ROW(bind, fs_bind((int)a[0], (const struct sockaddr *)a[1], (socklen_t)a[2]))
    ROW(connect, fs_connect((int)a[0], (const struct sockaddr *)a[1], (socklen_t)a[2]))
    ROW(sendto, fs_sendto((int)a[0], (const void *)a[1], (size_t)a[2], (int)a[3], (const struct sockaddr *)a[4], (socklen_t)a[5]))
    ROW(sendmsg, fs_sendmsg((int)a[0], (const struct msghdr *)a[1], (int)a[2]))
    ROW(sendmmsg, fs_sendmmsg((int)a[0], (struct mmsghdr *)a[1], (unsigned)a[2], (int)a[3]))
    case SYS_io_submit: {
        int rc = fs_io_submit((aio_context_t)a[0], a[1], (struct iocb **)a[2]);
        *ret = rc < 0 ? refuse(-rc) : rc;
        return true;
    }
    default:
        return false;
    }
}

long fs_syscall(long number, const long a[6])
{
    long ret;
    if (path_call(number, a, &ret) || fd_call(number, a, &ret) || change_call(number, a, &ret) ||
        old_call(number, a, &ret))
        return ret;
    switch (number) {
#ifdef SYS_getdents
    case SYS_getdents:
        (void)fs_getdents64((int)a[0], NULL, 0); /* for the names; the answer is the call's own */
        return real.syscall(number, a[0], a[1], a[2]);
#endif
    case SYS_exit_group:
        fs_exit_now((int)a[0]);
    case SYS_io_uring_setup:
        return refuse(ENOSYS);
    default:
        return real.syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
}
