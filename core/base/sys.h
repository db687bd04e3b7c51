/* SPDX-License-Identifier: MIT */
/*
 * System calls without libc.
 *
 * The client layer runs inside strangers' processes, where `open`, `close` or `connect` may be our own
 * wrapper, another preload's, or unsafe (in a signal handler, between vfork and exec). These go to the
 * kernel directly: they return 0 or more, or -errno, never touch errno, are async-signal-safe and no
 * cancellation point. Nothing here interprets its arguments.
 */
#ifndef ALGOFS_BASE_SYS_H
#define ALGOFS_BASE_SYS_H

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

#if defined(__x86_64__)
static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
#error "algofs knows the system call convention of x86-64 and AArch64 only"
#endif

static inline int sys_openat(int dir, const char *path, int flags, mode_t mode)
{
    return (int)sys_call(SYS_openat, dir, (long)path, flags, (long)mode, 0, 0);
}

static inline int sys_close(int fd)
{
    return (int)sys_call(SYS_close, fd, 0, 0, 0, 0, 0);
}

static inline int sys_fstat(int fd, struct stat *st)
{
    return (int)sys_call(SYS_fstat, fd, (long)st, 0, 0, 0, 0);
}

static inline int sys_fstatat(int dir, const char *path, struct stat *st, int flags)
{
    return (int)sys_call(SYS_newfstatat, dir, (long)path, (long)st, flags, 0, 0);
}

static inline int sys_faccessat(int dir, const char *path, int mode)
{
    return (int)sys_call(SYS_faccessat, dir, (long)path, mode, 0, 0, 0);
}

static inline int sys_mkdirat(int dir, const char *path, mode_t mode)
{
    return (int)sys_call(SYS_mkdirat, dir, (long)path, (long)mode, 0, 0, 0);
}

static inline ssize_t sys_readlinkat(int dir, const char *path, char *buffer, size_t size)
{
    return sys_call(SYS_readlinkat, dir, (long)path, (long)buffer, (long)size, 0, 0);
}

static inline ssize_t sys_read(int fd, void *buffer, size_t size)
{
    return sys_call(SYS_read, fd, (long)buffer, (long)size, 0, 0, 0);
}

static inline ssize_t sys_write(int fd, const void *buffer, size_t size)
{
    return sys_call(SYS_write, fd, (long)buffer, (long)size, 0, 0, 0);
}

static inline off_t sys_lseek(int fd, off_t offset, int whence)
{
    return sys_call(SYS_lseek, fd, offset, whence, 0, 0, 0);
}

static inline int sys_memfd_create(const char *name, unsigned flags)
{
    return (int)sys_call(SYS_memfd_create, (long)name, flags, 0, 0, 0, 0);
}

static inline int sys_fcntl(int fd, int command, long argument)
{
    return (int)sys_call(SYS_fcntl, fd, command, argument, 0, 0, 0);
}

static inline int sys_flock(int fd, int operation)
{
    return (int)sys_call(SYS_flock, fd, operation, 0, 0, 0, 0);
}

/** The kernel's getcwd: length including the NUL, or -errno. */
static inline ssize_t sys_getcwd(char *buffer, size_t size)
{
    return sys_call(SYS_getcwd, (long)buffer, (long)size, 0, 0, 0, 0);
}

static inline int sys_socket(int domain, int type, int protocol)
{
    return (int)sys_call(SYS_socket, domain, type, protocol, 0, 0, 0);
}

static inline int sys_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    return (int)sys_call(SYS_connect, fd, (long)address, (long)len, 0, 0, 0);
}

static inline ssize_t sys_sendmsg(int fd, const struct msghdr *message, int flags)
{
    return sys_call(SYS_sendmsg, fd, (long)message, flags, 0, 0, 0);
}

static inline ssize_t sys_recvmsg(int fd, struct msghdr *message, int flags)
{
    return sys_call(SYS_recvmsg, fd, (long)message, flags, 0, 0, 0);
}

static inline int sys_is_error(const void *pointer)
{
    return (unsigned long)pointer >= (unsigned long)-4095;
}

/** The mapping, or a value in [-4095, -1] cast to a pointer: test with sys_is_error. */
static inline void *sys_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    void *made = (void *)sys_call(SYS_mmap, (long)at, (long)len, protection, flags, fd, offset);
    ASAN_UNPOISON_MEMORY_REGION(made, sys_is_error(made) ? 0 : len); /* it does not see our calls */
    return made;
}

static inline int sys_munmap(void *at, size_t len)
{
    return (int)sys_call(SYS_munmap, (long)at, (long)len, 0, 0, 0, 0);
}

static inline pid_t sys_getpid(void)
{
    return (pid_t)sys_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static inline pid_t sys_wait4(pid_t pid, int *status, int options)
{
    return (pid_t)sys_call(SYS_wait4, pid, (long)status, options, 0, 0, 0);
}

static inline int sys_nanosleep(const struct timespec *wanted)
{
    return (int)sys_call(SYS_nanosleep, (long)wanted, 0, 0, 0, 0, 0);
}

static inline int sys_clock_gettime(clockid_t clock, struct timespec *ret_now)
{
    return (int)sys_call(SYS_clock_gettime, clock, (long)ret_now, 0, 0, 0, 0);
}

static inline int sys_poll_one(int fd, short events, int timeout_ms)
{
    struct {
        int fd;
        short events;
        short revents;
    } one = { fd, events, 0 };
    struct timespec limit = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
    return (int)sys_call(SYS_ppoll, (long)&one, 1, timeout_ms < 0 ? 0 : (long)&limit, 0, 8, 0);
}

/** Sets the kernel's signal mask; both sets are the kernel's 64 bits. */
static inline int sys_sigprocmask(int how, const uint64_t *set, uint64_t *old)
{
    return (int)sys_call(SYS_rt_sigprocmask, how, (long)set, (long)old, 8, 0, 0);
}

#endif
