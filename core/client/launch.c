/* SPDX-License-Identifier: MIT */
#include "core/client/launch.h"

#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "core/base/sys.h"
#include "core/client/environment.h"

enum {
    CHILD_STACK = 65536,
    FIRST_FD_TO_CLOSE = 3,
    LAST_SIGNAL = 64,
    KERNEL_SIGSET_SIZE = 8,
    EXEC_FAILED = 127,
};

static const char *agent_path;

void launch_use_agent(const char *path)
{
    agent_path = path;
}

struct child_plan {
    const char *program;
    char *const *argv;
    char *const *envp;
    void *agent_stack; /* its upper end */
};

/* The kernel's struct sigaction: handler, flags, restorer, mask. */
struct kernel_sigaction {
    unsigned long handler;
    unsigned long flags;
    unsigned long restorer;
    uint64_t mask;
};

static void close_descriptors(void)
{
    if (sys_call(SYS_close_range, FIRST_FD_TO_CLOSE, ~0u, 0, 0, 0, 0) == 0)
        return;
    for (int fd = FIRST_FD_TO_CLOSE; fd < 65536; fd++) /* kernels before 5.9 */
        (void)sys_close(fd);
}

/* A program's own limits are not its agent's: as far as the hard limits go. */
static void raise_limits(void)
{
    static const int kinds[] = { RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_AS, RLIMIT_DATA, RLIMIT_CPU };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint64_t limit[2]; /* soft, hard */
        if (sys_call(SYS_prlimit64, 0, kinds[i], 0, (long)limit, 0, 0) < 0)
            continue;
        limit[0] = limit[1];
        (void)sys_call(SYS_prlimit64, 0, kinds[i], (long)limit, 0, 0, 0); /* else it keeps the low one */
    }
}

static void reset_signals(void)
{
    struct kernel_sigaction defaults = { 0 };
    for (int number = 1; number <= LAST_SIGNAL; number++)
        (void)sys_call(
            SYS_rt_sigaction, number, (long)&defaults, 0, KERNEL_SIGSET_SIZE, 0, 0);
    uint64_t none = 0;
    (void)sys_sigprocmask(SIG_SETMASK, &none, NULL);
}

static pid_t wait_any_kind(pid_t child, int *status)
{
    pid_t got;
    do
        got = sys_wait4(child, status, __WALL);
    while (got == -EINTR);
    return got;
}

/*
 * The two below run on stacks of their own in the parent's memory: no libc, no writes to globals.
 * The second becomes the agent. What the agent must not inherit is put right here: descriptors, ignored
 * signals, the mask, the session.
 */
static int run_agent(void *argument)
{
    const struct child_plan *plan = argument;
    (void)sys_call(SYS_setsid, 0, 0, 0, 0, 0, 0);
    raise_limits();
    int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);
    for (int fd = 0; null >= 0 && fd < FIRST_FD_TO_CLOSE; fd++)
        if (fd != null)
            (void)sys_call(SYS_dup3, null, fd, 0, 0, 0, 0);
    close_descriptors();
    (void)sys_call(SYS_execve, (long)plan->program, (long)plan->argv, (long)plan->envp, 0, 0, 0);
    sys_call(SYS_exit, EXEC_FAILED, 0, 0, 0, 0, 0);
    return EXEC_FAILED;
}

/* The first stays between: exec would turn its exit signal into SIGCHLD (begin_new_exec, fs/exec.c), and
 * the host would meet a child that it did not make. */
static int run_between(void *argument)
{
    struct child_plan *plan = argument;
    reset_signals();
    int status = 0;
    pid_t agent = clone(
        run_agent, plan->agent_stack, CLONE_VM | CLONE_VFORK | SIGCHLD, argument);
    bool started = agent > 0 && wait_any_kind(agent, &status) == agent && WIFEXITED(status) &&
        WEXITSTATUS(status) == 0;
    sys_call(SYS_exit, started ? 0 : EXEC_FAILED, 0, 0, 0, 0, 0);
    return EXEC_FAILED;
}

static int start(struct child_plan *plan)
{
    char *stacks = sys_mmap(NULL, 2 * CHILD_STACK, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (sys_is_error(stacks))
        return -ENOTCONN;
    plan->agent_stack = stacks + 2 * CHILD_STACK;
    uint64_t all = ~(uint64_t)0;
    uint64_t before = 0;
    (void)sys_sigprocmask(SIG_SETMASK, &all, &before); /* no handler may run in the shared memory */
    int status = 0;
    pid_t child = clone(run_between, stacks + CHILD_STACK, CLONE_VM | CLONE_VFORK, plan);
    bool started = child > 0 && wait_any_kind(child, &status) == child && WIFEXITED(status) &&
        WEXITSTATUS(status) == 0;
    (void)sys_sigprocmask(SIG_SETMASK, &before, NULL);
    (void)sys_munmap(stacks, 2 * CHILD_STACK);
    return started ? 0 : -ENOTCONN;
}

int launch_agent(const char *cache)
{
    const char *override = environment_get(ENVIRONMENT_ALGOFS_AGENT);
    const char *program = override[0] != '\0' ? override : agent_path;
    if (program == NULL)
        return -ENOTCONN;
    char *argv[] = {
        (char *)(uintptr_t)program,
        (char *)(uintptr_t) "--cache",
        (char *)(uintptr_t)cache,
        NULL,
    };
    char *envp[ENVIRONMENT_COUNT + 1];
    int count = 0;
    for (int i = 0; i < ENVIRONMENT_COUNT; i++) {
        const char *assignment = environment_assignment((enum environment_variable)i);
        if (assignment != NULL &&
            (environment_flags((enum environment_variable)i) & ENVIRONMENT_AGENT) != 0)
            envp[count++] = (char *)(uintptr_t)assignment;
    }
    envp[count] = NULL;
    struct child_plan plan = { program, argv, envp, NULL };
    return start(&plan);
}
