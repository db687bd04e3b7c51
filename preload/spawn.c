/* SPDX-License-Identifier: MIT */
/* posix_spawn: what its child will do inside libc is prepared here, in the parent. */
#define REPORT_FAMILY REPORT_EXEC

#include <alloca.h>
#include <stdlib.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "preload/exec.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/lazy.h"
#include "preload/write.h"

enum { ARGUMENTS_MAX = 131072 }; /* that are copied to the stack */

typedef int spawn_function(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);

/*
 * Descriptors that a dup2 action ever named: what stands there at the time of the spawn goes to the child,
 * close-on-exec or not. Beyond the table: all are meant.
 */
enum { DOUBLED_MAX = 1024, WORD_BITS = 64 };
static _Atomic uint64_t doubled[DOUBLED_MAX / WORD_BITS];
static _Atomic bool doubled_beyond;

static void note_doubled(int fd)
{
    if ((unsigned)fd < DOUBLED_MAX)
        atomic_fetch_or(&doubled[fd / WORD_BITS], (uint64_t)1 << (fd % WORD_BITS));
    else
        atomic_store(&doubled_beyond, true);
}

static void fill_if_doubled(int fd, fd_word word, void *context)
{
    (void)word;
    int *rc = context;
    bool meant = fd < DOUBLED_MAX
        ? (atomic_load(&doubled[fd / WORD_BITS]) >> (fd % WORD_BITS) & 1) != 0
        : atomic_load(&doubled_beyond);
    if (meant && *rc == 0)
        *rc = lazy_whole(fd);
}

static int fill_doubled(void)
{
    int rc = 0;
    fdtable_each(FD_LAZY, fill_if_doubled, &rc);
    return rc;
}

static int spawn(spawn_function *next, pid_t *pid, const char *path,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
    char *const argv[], char *const envp[])
{
    int rc = lazy_before_exec();
    if (rc == 0 && actions != NULL)
        rc = fill_doubled();
    if (rc < 0)
        return -rc;
    int tries = 0;
    struct exec_buffer buffer;
    char **room = alloca(exec_environment_room(envp) * sizeof(*room));
    char *const *full = exec_environment(envp, room, &buffer);
    int error = next(pid, path, actions, attributes, argv, full);
    while (error == ETXTBSY && exec_wait_if_busy(&tries))
        error = next(pid, path, actions, attributes, argv, full);
    return error;
}

/* posix_spawn answers with the error number; errno stays what it was. */
static int find(struct target *t, const char *path)
{
    int saved = errno;
    int error = target_find(t, AT_FDCWD, path) < 0 ||
            ((t->inside || t->magic) && exec_fill(t) < 0)
        ? errno
        : 0;
    errno = saved;
    return error;
}

/* For the report of algofs-run: libc is about to search PATH. */
static void report_search(const char *file)
{
    char path[PATH_MAX];
    const char *search = getenv("PATH");
    size_t file_len = strlen(file);
    for (const char *at = search; at != NULL && *at != '\0'; at += *at == ':') {
        size_t len = strcspn(at, ":");
        if (len > 0 && len + 1 + file_len < PATH_MAX) {
            memcpy(path, at, len);
            path[len] = '/';
            memcpy(path + len + 1, file, file_len + 1);
            if (sys_faccessat(AT_FDCWD, path, X_OK) == 0) {
                report_exec(AT_FDCWD, path, NULL);
                return;
            }
        }
        at += len;
    }
}

static int spawn_path(spawn_function *next, pid_t *pid, const char *path,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
    char *const argv[], char *const envp[], int depth);

/* A script of the tree: the kernel would hand the cache's path to the interpreter (see exec.c). */
static int spawn_script(spawn_function *next, pid_t *pid, const char *path,
    const struct exec_script *script, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[], int depth)
{
    size_t count = 0;
    while (argv != NULL && argv[count] != NULL)
        count++;
    if (count > ARGUMENTS_MAX)
        return E2BIG;
    char **full = alloca((count + 4) * sizeof(*full));
    exec_script_arguments(script, path, argv, full);
    spawn_function *plain = next == real.posix_spawnp ? real.posix_spawn
        : next == real.pidfd_spawnp                   ? real.pidfd_spawn
                                                      : next; /* an interpreter is not searched for */
    return spawn_path(
        plain, pid, script->interpreter, actions, attributes, full, envp, depth + 1);
}

static int spawn_path(spawn_function *next, pid_t *pid, const char *path,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
    char *const argv[], char *const envp[], int depth)
{
    struct target t;
    struct follow f;
    struct exec_script script;
    if (depth >= EXEC_SCRIPT_DEPTH)
        return ELOOP;
    int error = find(&t, path);
    if (error != 0)
        return error;
    if (t.inside && sys_faccessat(t.dirfd, t.path, X_OK) == 0 && exec_read_script(&t, &script))
        return spawn_script(next, pid, path, &script, actions, attributes, argv, envp, depth);
    report_exec(t.dirfd, t.path, t.inside ? path : NULL);
    error = spawn(next, pid, t.path, actions, attributes, argv, envp);
    int saved = errno;
    errno = error;
    bool leads =
        !t.inside && follow_leads_inside(error != 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS);
    errno = saved;
    return leads ? spawn_path(next, pid, f.path, actions, attributes, argv, envp, depth) : error;
}

int fs_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    return spawn_path(real.posix_spawn, pid, path, actions, attributes, argv, envp, 0);
}

/* New in glibc 2.39; where libc lacks it, so did the program's check for it. */
int fs_pidfd_spawn(int *pidfd, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    if (real.pidfd_spawn == NULL)
        return ENOSYS;
    return spawn_path(real.pidfd_spawn, pidfd, path, actions, attributes, argv, envp, 0);
}

/* The first executable of that name in a PATH that holds a folder of the prefix. */
static bool search_in_prefix(const char *file, char out[PATH_MAX])
{
    const char *search = getenv("PATH");
    size_t file_len = strlen(file);
    for (const char *at = search; at != NULL && *at != '\0'; at += *at == ':') {
        size_t len = strcspn(at, ":");
        if (len > 0 && len + 1 + file_len < PATH_MAX) {
            memcpy(out, at, len);
            out[len] = '/';
            memcpy(out + len + 1, file, file_len + 1);
            struct target t;
            if (target_find(&t, AT_FDCWD, out) == 0 &&
                sys_faccessat(t.dirfd, t.path, X_OK) == 0)
                return t.inside; /* found outside first: libc finds it as well */
        }
        at += len;
    }
    return false;
}

static int spawn_file(spawn_function *next, pid_t *pid, const char *file,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
    char *const argv[], char *const envp[])
{
    char path[PATH_MAX];
    int saved = errno;
    bool prefix = file != NULL && strchr(file, '/') == NULL && search_in_prefix(file, path);
    errno = saved;
    if (prefix || file == NULL || strchr(file, '/') != NULL)
        return spawn_path(next, pid, prefix ? path : file, actions, attributes, argv, envp, 0);
    if (report_is_wanted()) /* a name to be searched for is no path, wherever the cwd is */
        report_search(file);
    return spawn(next, pid, file, actions, attributes, argv, envp);
}

int fs_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    return spawn_file(real.posix_spawnp, pid, file, actions, attributes, argv, envp);
}

int fs_pidfd_spawnp(int *pidfd, const char *file, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    if (real.pidfd_spawnp == NULL)
        return ENOSYS;
    return spawn_file(real.pidfd_spawnp, pidfd, file, actions, attributes, argv, envp);
}

int fs_posix_spawn_file_actions_addopen(
    posix_spawn_file_actions_t *actions, int fd, const char *path, int flags, mode_t mode)
{
    struct target t;
    int error = find(&t, path);
    if (error != 0 && error != ENOENT)
        return error;
    struct follow f;
    if (!t.inside && follow_links_inside(&f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_posix_spawn_file_actions_addopen(actions, fd, f.path, flags, mode);
    if (t.inside && write_is_wanted(flags)) {
        /* The child opens behind our back: the file and its intent are made now, and the agent commits
         * when the child has closed it. */
        int made = fs_open(path, flags | O_CLOEXEC, mode);
        if (made < 0)
            return errno;
        (void)fdtable_set(made, 0);
        (void)sys_close(made); /* as if never written through: the intent stays */
        flags &= ~O_EXCL;
    }
    return real.posix_spawn_file_actions_addopen(actions, fd, t.path, flags, mode);
}

int fs_posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int fd, int wanted)
{
    note_doubled(fd);
    return real.posix_spawn_file_actions_adddup2(actions, fd, wanted);
}

int fs_posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path)
{
    struct target t;
    int error = find(&t, path);
    if (error != 0 && error != ENOENT) /* that one the child will meet */
        return error;
    struct follow f;
    if (!t.inside && follow_links_inside(&f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_posix_spawn_file_actions_addchdir_np(actions, f.path);
    return real.posix_spawn_file_actions_addchdir_np(actions, t.path);
}
