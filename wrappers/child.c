/* SPDX-License-Identifier: MIT */
#include "wrappers/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/client/report.h"
#include "core/client/session.h"
#include "wrappers/say.h"

static const int passed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM,
    SIGWINCH };

/* execvp says EACCES when a folder of PATH cannot be searched, even if no folder has the command. */
static bool is_found(const char *file)
{
    const char *search = getenv("PATH");
    if (strchr(file, '/') != NULL || search == NULL)
        return true;
    char path[PATH_MAX];
    for (const char *at = search; *at != '\0'; at += *at == ':') {
        int len = (int)strcspn(at, ":");
        if (snprintf(path, sizeof(path), "%.*s/%s", len, at, file) < (int)sizeof(path) &&
            access(path, F_OK) == 0)
            return true;
        at += len;
    }
    return false;
}

/* For the report of algofs-run: does the command itself see the prefix? */
static void report_command(const char *file)
{
    char path[PATH_MAX];
    const char *search = getenv("PATH");
    if (strchr(file, '/') != NULL) {
        report_exec(AT_FDCWD, file, NULL);
        return;
    }
    for (const char *at = search; at != NULL && *at != '\0'; at += *at == ':') {
        int len = (int)strcspn(at, ":");
        if (snprintf(path, sizeof(path), "%.*s/%s", len, at, file) < (int)sizeof(path) &&
            access(path, X_OK) == 0) {
            report_exec(AT_FDCWD, path, NULL);
            return;
        }
        at += len;
    }
}

/* Whether the search for the command passes a folder that only the shim sees. */
static bool search_meets_prefix(const char *file)
{
    size_t len;
    const char *search = strchr(file, '/') != NULL ? file : getenv("PATH");
    return search != NULL && strstr(search, session_prefix(&len)) != NULL;
}

static void run_in_child(char *const argv[], const sigset_t *mask)
{
    (void)sigprocmask(SIG_SETMASK, mask, NULL); /* cannot fail: the set was the kernel's own */
    if (!search_meets_prefix(argv[0])) {
        report_command(argv[0]);
        (void)execvp(argv[0], argv);
    }
    size_t count = 0;
    while (argv[count] != NULL)
        count++;
    char **again = calloc(count + 3, sizeof(*again));
    if (again == NULL)
        child_exec(argv);
    again[0] = (char *)(uintptr_t) "algofs-run";
    again[1] = (char *)(uintptr_t)CHILD_EXEC_ARGUMENT;
    memcpy(again + 2, argv, count * sizeof(*argv));
    (void)execv("/proc/self/exe", again);
    child_exec(argv);
}

void child_exec(char *const argv[])
{
    (void)execvp(argv[0], argv);
    int error = errno == EACCES && !is_found(argv[0]) ? ENOENT : errno;
    say("cannot run \"%s\": %s", argv[0], strerror(error));
    _exit(error == ENOENT || error == ENOTDIR ? CHILD_NOT_FOUND : CHILD_CANNOT_RUN);
}

/* The child's status if it has ended, -1 if not. */
static int ended(pid_t child)
{
    int status;
    pid_t got = waitpid(child, &status, WNOHANG);
    if (got != child)
        return -1;
    return WIFSIGNALED(status) ? CHILD_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

int child_run(char *const argv[])
{
    sigset_t wanted;
    sigset_t before;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
        sigaddset(&wanted, passed_on[i]);
    (void)signal(SIGCHLD, SIG_DFL); /* an inherited SIG_IGN would take the status away */
    (void)sigprocmask(SIG_BLOCK, &wanted, &before);
    pid_t child = fork();
    if (child < 0) {
        say("cannot start \"%s\": %s", argv[0], strerror(errno));
        return CHILD_CANNOT_RUN;
    }
    if (child == 0)
        run_in_child(argv, &before);
    int status;
    while ((status = ended(child)) < 0) {
        siginfo_t info;
        int number = sigwaitinfo(&wanted, &info);
        if (number > 0 && number != SIGCHLD && info.si_code <= 0) /* sent by a process */
            (void)kill(child, number); /* it may just have ended */
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}
