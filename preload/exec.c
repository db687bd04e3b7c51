/* SPDX-License-Identifier: MIT */
/*
 * Exec: inherited files are filled, the environment is completed, a program under the prefix is made
 * whole. libc's own execvp and execl reach the kernel without calling our execve, so the whole family is
 * here. All of it may run in a child of vfork: stack only, no state.
 */
#define REPORT_FAMILY REPORT_EXEC

#include "preload/exec.h"

#include <alloca.h>
#include <stdlib.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "preload/fdtable.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/lazy.h"
#include "preload/library.h"
#include "preload/readable.h"

enum {
    STALE_TRIES = 16, /* of a program that is replaced faster than it can be fetched */
    BUSY_TRIES = 100,
    BUSY_NANOSECONDS = 2000000,
    ENVIRONMENT_MAX = 131072, /* entries that are copied to the stack; more go on unchanged */
};

static int fail(int error)
{
    errno = error;
    return -1;
}

int exec_fill(const struct target *t)
{
    int follow = t->magic ? 0 : O_NOFOLLOW; /* a link of /proc is to be followed to what it stands for */
    int rc = -ESTALE;
    for (int i = 0; rc == -ESTALE && i < STALE_TRIES; i++) {
        int fd = sys_openat(t->dirfd, t->path, O_RDONLY | O_CLOEXEC | follow, 0);
        if (fd < 0)
            return t->magic || fd == -EACCES || fd == -ELOOP ? 0 : fail(-fd); /* the kernel will tell better */
        fdtable_drop(fd);
        rc = lazy_whole(fd); /* -ESTALE: the tree shows the new object by now */
        if (rc == 0)
            library_fill_needed(fd);
        fdtable_drop(fd);
        (void)sys_close(fd);
    }
    return rc < 0 ? fail(-rc) : 0;
}

bool exec_wait_if_busy(int *tries)
{
    struct timespec pause = { 0, BUSY_NANOSECONDS };
    (void)sys_nanosleep(&pause); /* cut short by a signal: tries a little earlier */
    return ++*tries <= BUSY_TRIES;
}

bool exec_read_script(const struct target *t, struct exec_script *script)
{
    int fd = sys_openat(t->dirfd, t->path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    ssize_t got = sys_read(fd, script->line, EXEC_SCRIPT_LINE);
    (void)sys_close(fd);
    if (got < 3 || script->line[0] != '#' || script->line[1] != '!')
        return false;
    script->line[got] = '\0';
    char *end = strchr(script->line, '\n');
    if (end == NULL)
        end = script->line + got;
    while (end > script->line + 2 && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    script->interpreter = script->line + 2 + strspn(script->line + 2, " \t");
    char *gap = strpbrk(script->interpreter, " \t");
    script->argument = NULL;
    if (gap != NULL) {
        *gap = '\0';
        script->argument = gap + 1 + strspn(gap + 1, " \t");
    }
    return script->interpreter[0] != '\0';
}

void exec_script_arguments(
    const struct exec_script *script, const char *path, char *const argv[], char **out)
{
    *out++ = script->interpreter;
    if (script->argument != NULL)
        *out++ = script->argument;
    *out++ = (char *)(uintptr_t)path;
    for (size_t i = 1; argv != NULL && argv[0] != NULL && argv[i] != NULL; i++)
        *out++ = argv[i];
    *out = NULL;
}

static int exec_program(
    const char *path, char *const argv[], char *const envp[], int depth);

/*
 * A script of the tree: the kernel would hand the cache's path to the interpreter, so what the kernel
 * does is done here with the path that the program used.
 */
static int exec_script(const struct exec_script *script, const char *path, char *const argv[],
    char *const envp[], int depth)
{
    size_t count = 0;
    while (argv != NULL && argv[count] != NULL)
        count++;
    if (count > ENVIRONMENT_MAX)
        return fail(E2BIG);
    char **full = alloca((count + 4) * sizeof(*full));
    exec_script_arguments(script, path, argv, full);
    return exec_program(script->interpreter, full, envp, depth + 1);
}

static int exec_program(const char *path, char *const argv[], char *const envp[], int depth)
{
    struct target t;
    struct exec_script script;
    if (depth >= EXEC_SCRIPT_DEPTH)
        return fail(ELOOP);
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    if (t.magic && exec_fill(&t) < 0)
        return -1;
    if (!t.inside) {
        struct follow f;
        report_exec(t.dirfd, t.path, NULL);
        int rc = real.execve(t.path, argv, envp);
        if (!follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
            return rc;
        return exec_program(f.path, argv, envp, depth + 1);
    }
    if (exec_fill(&t) < 0)
        return -1;
    if (sys_faccessat(t.dirfd, t.path, X_OK) == 0 && exec_read_script(&t, &script))
        return exec_script(&script, path, argv, envp, depth);
    report_exec(t.dirfd, t.path, path);
    int tries = 0;
    int rc = real.execve(t.path, argv, envp);
    while (rc < 0 && errno == ETXTBSY && exec_wait_if_busy(&tries))
        rc = real.execve(t.path, argv, envp);
    return rc;
}

/* A list that cannot be read: the kernel finds out in its own order. */
static bool bad_list(char *const list[])
{
    return list != NULL && !readable_bytes(list, sizeof(*list));
}

int fs_execve(const char *path, char *const argv[], char *const envp[])
{
    if (bad_list(argv) || bad_list(envp)) {
        struct target t;
        return target_find(&t, AT_FDCWD, path) < 0 ? -1 : real.execve(t.path, argv, envp);
    }
    int rc = lazy_before_exec();
    if (rc < 0)
        return fail(-rc);
    size_t room = exec_environment_room(envp);
    struct exec_buffer buffer;
    char *const *full = envp;
    if (room <= ENVIRONMENT_MAX)
        full = exec_environment(envp, alloca(room * sizeof(char *)), &buffer);
    return exec_program(path, argv, full, 0);
}

int fs_execv(const char *path, char *const argv[])
{
    return fs_execve(path, argv, environ);
}

/* A file that the kernel does not know how to run is given to the shell, as execvp promises. */
static int exec_by_shell(const char *path, char *const argv[], char *const envp[])
{
    size_t count = 0;
    while (argv != NULL && argv[count] != NULL)
        count++;
    if (count > ENVIRONMENT_MAX)
        return fail(E2BIG);
    char **full = alloca((count + 3) * sizeof(*full));
    full[0] = (char *)(uintptr_t) "/bin/sh";
    full[1] = (char *)(uintptr_t)path;
    for (size_t i = 1; i < count; i++)
        full[i + 1] = argv[i];
    full[count > 0 ? count + 1 : 2] = NULL;
    return fs_execve(full[0], full, envp);
}

static int exec_or_shell(const char *path, char *const argv[], char *const envp[])
{
    int rc = fs_execve(path, argv, envp);
    return errno == ENOEXEC ? exec_by_shell(path, argv, envp) : rc;
}

/* POSIX: these say that a candidate is not it, and the search goes on. */
static bool search_goes_on(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ESTALE ||
        error == ENODEV || error == ETIMEDOUT;
}

int fs_execvpe(const char *file, char *const argv[], char *const envp[])
{
    if (file[0] == '\0')
        return fail(ENOENT);
    if (strchr(file, '/') != NULL)
        return exec_or_shell(file, argv, envp);
    const char *search = getenv("PATH");
    if (search == NULL)
        search = "/bin:/usr/bin";
    size_t file_len = strlen(file);
    bool denied = false;
    char path[PATH_MAX];
    for (const char *at = search;; at++) {
        size_t len = strcspn(at, ":");
        if (len + 1 + file_len < sizeof(path)) {
            memcpy(path, at, len);
            size_t slash = len > 0;
            path[len] = '/';
            memcpy(path + len + slash, file, file_len + 1);
            (void)exec_or_shell(path, argv, envp);
            if (!search_goes_on(errno))
                return -1;
            denied |= errno == EACCES;
        }
        at += len;
        if (*at == '\0')
            break;
    }
    return denied ? fail(EACCES) : -1;
}

int fs_execvp(const char *file, char *const argv[])
{
    return fs_execvpe(file, argv, environ);
}

int fs_fexecve(int fd, char *const argv[], char *const envp[])
{
    int rc = lazy_before_exec();
    if (rc == 0)
        rc = lazy_whole(fd);
    if (rc < 0)
        return fail(-rc);
    size_t room = exec_environment_room(envp);
    struct exec_buffer buffer;
    report_exec(fd, "", NULL);
    if (room > ENVIRONMENT_MAX)
        return real.fexecve(fd, argv, envp);
    return real.fexecve(fd, argv, exec_environment(envp, alloca(room * sizeof(char *)), &buffer));
}

/* As the kernel does it: the interpreter is given "/dev/fd/N/path", which must still be there then. */
static int exec_script_at(const struct exec_script *script, int dirfd, const char *path,
    char *const argv[], char *const envp[])
{
    static const char stem[] = "/dev/fd/";
    char name[PATH_MAX];
    if (path[0] == '/' || dirfd == AT_FDCWD)
        return exec_script(script, path, argv, envp, 0);
    int flags = sys_fcntl(dirfd, F_GETFD, 0);
    size_t len = strlen(path);
    if (flags < 0 || (flags & FD_CLOEXEC) != 0)
        return fail(ENOENT);
    if (sizeof(stem) + 12 + len >= sizeof(name))
        return fail(ENAMETOOLONG);
    memcpy(name, stem, sizeof(stem) - 1);
    char digits[12];
    size_t count = 0;
    size_t at = sizeof(stem) - 1;
    unsigned value = (unsigned)dirfd;
    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    while (count > 0)
        name[at++] = digits[--count];
    name[at++] = '/';
    memcpy(name + at, path, len + 1);
    return exec_script(script, name, argv, envp, 0);
}

int fs_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
    if (readable_text(path) && path[0] == '\0' && (flags & AT_EMPTY_PATH) != 0)
        return fs_fexecve(dirfd, argv, envp);
    struct target t;
    if (target_find(&t, dirfd, path) < 0)
        return -1;
    if (t.inside && (dirfd == AT_FDCWD || path[0] == '/') && flags == 0)
        return fs_execve(path, argv, envp);
    int rc = lazy_before_exec();
    if (rc < 0)
        return fail(-rc);
    if (t.inside && exec_fill(&t) < 0)
        return -1;
    size_t room = exec_environment_room(envp);
    struct exec_buffer buffer;
    char *const *full = envp;
    if (room <= ENVIRONMENT_MAX)
        full = exec_environment(envp, alloca(room * sizeof(char *)), &buffer);
    struct exec_script script;
    if (t.inside && sys_faccessat(t.dirfd, t.path, X_OK) == 0 && exec_read_script(&t, &script))
        return exec_script_at(&script, dirfd, path, argv, full);
    report_exec(t.dirfd, t.path, t.inside ? path : NULL);
    return real.execveat(t.dirfd, t.path, argv, full, flags);
}
