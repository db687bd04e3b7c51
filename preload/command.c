/* SPDX-License-Identifier: MIT */
/*
 * system and popen: libc hands its own `environ` to the shell. Where the program has cleared what the shell
 * needs to see the prefix, the shell gets it back here, as any other child does.
 */
#define REPORT_FAMILY REPORT_EXEC

#include <alloca.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "preload/exec.h"
#include "preload/fs.h"
#include "preload/lazy.h"

enum { EXEC_FAILED = 127 };

static int fill_inherited(void)
{
    int rc = lazy_before_exec();
    if (rc == 0)
        return 0;
    errno = -rc;
    return -1;
}

static bool same_environment(char *const *a, char *const *b)
{
    if (b == NULL)
        return a[0] == NULL;
    while (*a != NULL && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* ---- system ---- */

/* While any thread is in here, the process ignores the keyboard's signals, as POSIX wants. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned inside;
static struct sigaction interrupt_before;
static struct sigaction quit_before;

/* Another thread may have held the lock when this process was forked. */
void command_after_fork(void)
{
    (void)pthread_mutex_init(&lock, NULL);
}

static void ignore_signals(void)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    (void)pthread_mutex_lock(&lock); /* short, and held over no call that blocks */
    if (inside++ == 0) {
        (void)sigaction(SIGINT, &ignore, &interrupt_before);
        (void)sigaction(SIGQUIT, &ignore, &quit_before);
    }
    (void)pthread_mutex_unlock(&lock);
}

static void restore_signals(void)
{
    (void)pthread_mutex_lock(&lock);
    if (--inside == 0) {
        (void)sigaction(SIGINT, &interrupt_before, NULL);
        (void)sigaction(SIGQUIT, &quit_before, NULL);
    }
    (void)pthread_mutex_unlock(&lock);
}

static int spawn_shell(pid_t *child, const char *command, const sigset_t *mask, char *const envp[])
{
    char *argv[] = { (char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)command,
        NULL };
    posix_spawnattr_t attributes;
    sigset_t defaults;
    (void)sigemptyset(&defaults);
    if (interrupt_before.sa_handler != SIG_IGN)
        (void)sigaddset(&defaults, SIGINT);
    if (quit_before.sa_handler != SIG_IGN)
        (void)sigaddset(&defaults, SIGQUIT);
    int error = posix_spawnattr_init(&attributes);
    if (error != 0)
        return error;
    (void)posix_spawnattr_setsigmask(&attributes, mask);
    (void)posix_spawnattr_setsigdefault(&attributes, &defaults);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    error = real.posix_spawn(child, "/bin/sh", NULL, &attributes, argv, envp);
    (void)posix_spawnattr_destroy(&attributes);
    return error;
}

/* libc's system, with another environment. */
static int run_shell(const char *command, char *const envp[])
{
    sigset_t children;
    sigset_t before;
    pid_t child;
    int status = -1;
    int cancel;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* the signals are to be restored */
    ignore_signals();
    (void)sigemptyset(&children);
    (void)sigaddset(&children, SIGCHLD);
    (void)pthread_sigmask(SIG_BLOCK, &children, &before);
    int error = spawn_shell(&child, command, &before, envp);
    if (error != 0) {
        status = EXEC_FAILED << 8; /* as if the shell had ended so */
    } else {
        pid_t got;
        while ((got = waitpid(child, &status, 0)) < 0 && errno == EINTR)
            ;
        error = got < 0 ? errno : 0;
        status = got < 0 ? -1 : status;
    }
    restore_signals();
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_setcancelstate(cancel, NULL);
    if (error != 0)
        errno = error;
    return status;
}

int fs_system(const char *command)
{
    struct exec_buffer buffer;
    if (command == NULL)
        return real.system(command);
    if (fill_inherited() < 0)
        return -1;
    char **room = alloca(exec_environment_room(environ) * sizeof(*room));
    char *const *full = exec_environment(environ, room, &buffer);
    return same_environment(full, environ) ? real.system(command) : run_shell(command, full);
}

/* ---- popen ---- */

/* libc alone can make a stream that pclose knows, and it reads `environ`: another one stands there while
 * it does. Whoever looks meanwhile sees what was there, and more. */
static FILE *open_with(char **envp, const char *command, const char *type)
{
    (void)pthread_mutex_lock(&lock);
    char **before = environ;
    environ = envp;
    FILE *stream = real.popen(command, type);
    if (environ == envp)
        environ = before;
    (void)pthread_mutex_unlock(&lock);
    return stream;
}

FILE *fs_popen(const char *command, const char *type)
{
    struct exec_buffer buffer;
    if (fill_inherited() < 0)
        return NULL;
    char **room = alloca(exec_environment_room(environ) * sizeof(*room));
    char *const *full = exec_environment(environ, room, &buffer);
    if (same_environment(full, environ))
        return real.popen(command, type);
    return open_with((char **)(uintptr_t)full, command, type);
}
