/* SPDX-License-Identifier: MIT */
/*
 * What the linker sees: one exported shell a row of calls.def, which forwards to the policy function.
 * The C name is shim_X, the exported one X by assembler label, so that no header's inline, alias or
 * redirection of X is in the way. Each row's types are checked against libc's header.
 */
#include <fcntl.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/swap.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "preload/fs.h"

#define EXPORT __attribute__((visibility("default")))
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* old names are wrapped too */

/* Declaration by label, type check, definition. */
#define SHELL(name, policy, ret, params, args)                                                   \
    EXPORT ret shim_##name params __asm__(#name);                                                \
    ret shim_##name params                                                                       \
    {                                                                                            \
        real_need();                                                                             \
        return fs_##policy args;                                                                 \
    }
#define CHECK(name, ret, params)                                                                 \
    _Static_assert(__builtin_types_compatible_p(__typeof__(&name), ret(*) params), #name);

#define CALL(name, ret, params, args)                                                            \
    CHECK(name, ret, params)                                                                     \
    SHELL(name, name, ret, params, args)
#define TWIN(name, policy, ret, params, args)                                                    \
    CHECK(name, ret, params)                                                                     \
    SHELL(name, policy, ret, params, args)
#define VCALL(name, ret, params) EXPORT ret shim_##name params __asm__(#name);
#define LEGACY(name, policy, ret, params, args) SHELL(name, policy, ret, params, args)
#include "preload/calls.def"
#undef CALL
#undef TWIN
#undef VCALL
#undef LEGACY

/* ---- Variadic shells: the argument exists only where the call's rules say so ---- */

static mode_t mode_argument(int flags, va_list ap)
{
    bool given = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    return given ? va_arg(ap, mode_t) : 0;
}

#define OPEN_SHELL(name)                                                                         \
    int shim_##name(const char *path, int flags, ...)                                            \
    {                                                                                            \
        va_list ap;                                                                              \
        va_start(ap, flags);                                                                     \
        mode_t mode = mode_argument(flags, ap);                                                  \
        va_end(ap);                                                                              \
        real_need();                                                                             \
        return fs_open(path, flags, mode);                                                       \
    }
OPEN_SHELL(open)
OPEN_SHELL(open64)
OPEN_SHELL(__open)
OPEN_SHELL(__open64)

#define OPENAT_SHELL(name)                                                                       \
    int shim_##name(int dirfd, const char *path, int flags, ...)                                 \
    {                                                                                            \
        va_list ap;                                                                              \
        va_start(ap, flags);                                                                     \
        mode_t mode = mode_argument(flags, ap);                                                  \
        va_end(ap);                                                                              \
        real_need();                                                                             \
        return fs_openat(dirfd, path, flags, mode);                                              \
    }
OPENAT_SHELL(openat)
OPENAT_SHELL(openat64)

/* fcntl and ioctl take an int, a long or a pointer, or nothing: one register, handed on as it is. */
#define FCNTL_SHELL(name)                                                                        \
    int shim_##name(int fd, int command, ...)                                                    \
    {                                                                                            \
        va_list ap;                                                                              \
        va_start(ap, command);                                                                   \
        long argument = va_arg(ap, long);                                                        \
        va_end(ap);                                                                              \
        real_need();                                                                             \
        return fs_fcntl(fd, command, argument);                                                  \
    }
FCNTL_SHELL(fcntl)
FCNTL_SHELL(fcntl64)
FCNTL_SHELL(__fcntl)

int shim_ioctl(int fd, unsigned long request, ...)
{
    va_list ap;
    va_start(ap, request);
    long argument = va_arg(ap, long);
    va_end(ap);
    real_need();
    return fs_ioctl(fd, request, argument);
}

void *shim_mremap(void *at, size_t len, size_t new_len, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    void *new_at = (flags & MREMAP_FIXED) != 0 ? va_arg(ap, void *) : NULL;
    va_end(ap);
    real_need();
    return fs_mremap(at, len, new_len, flags, new_at);
}

long shim_syscall(long number, ...)
{
    long argument[6];
    va_list ap;
    va_start(ap, number);
    for (int i = 0; i < 6; i++)
        argument[i] = va_arg(ap, long);
    va_end(ap);
    real_need();
    return fs_syscall(number, argument);
}

/* ---- execl and its kin: the list becomes a vector on the stack ---- */

static size_t count_arguments(const char *first, va_list ap)
{
    size_t count = 0;
    for (const char *arg = first; arg != NULL; arg = va_arg(ap, const char *))
        count++;
    return count;
}

static void copy_arguments(char **argv, const char *first, va_list ap)
{
    for (const char *arg = first; arg != NULL; arg = va_arg(ap, const char *))
        *argv++ = (char *)(uintptr_t)arg;
    *argv = NULL;
}

#define EXEC_SHELL(name, policy)                                                                 \
    int shim_##name(const char *file, const char *arg, ...)                                      \
    {                                                                                            \
        va_list ap;                                                                              \
        va_start(ap, arg);                                                                       \
        size_t count = count_arguments(arg, ap);                                                 \
        va_end(ap);                                                                              \
        char **argv = alloca((count + 1) * sizeof(*argv));                                       \
        va_start(ap, arg);                                                                       \
        copy_arguments(argv, arg, ap);                                                           \
        va_end(ap);                                                                              \
        real_need();                                                                             \
        return policy(file, argv, environ);                                                      \
    }
EXEC_SHELL(execl, fs_execve)
EXEC_SHELL(execlp, fs_execvpe)

int shim_execle(const char *file, const char *arg, ...)
{
    va_list ap;
    va_start(ap, arg);
    size_t count = count_arguments(arg, ap);
    char *const *envp = va_arg(ap, char *const *);
    va_end(ap);
    char **argv = alloca((count + 1) * sizeof(*argv));
    va_start(ap, arg);
    copy_arguments(argv, arg, ap);
    va_end(ap);
    real_need();
    return fs_execve(file, argv, envp);
}
