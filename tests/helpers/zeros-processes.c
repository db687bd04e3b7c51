/* SPDX-License-Identifier: MIT */
/*
 * zeros-processes WAY FILE: as zeros, where another process reads what this one has opened. The others are
 * this program again: hash-fd N, hash-path PATH, receive N (a descriptor over socket N), pidfd PID N.
 * ZEROS_STATIC names a statically linked zeros-processes; without it that way is skipped.
 */
#include <linux/sched.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "zeros.h"

static char *const bare[] = { (char *)"ALGOFS_INHERIT=0", NULL };

static void number(char out[12], int value)
{
    (void)snprintf(out, 12, "%d", value);
}

static void run_bare(const char *program, const char *what, int fd)
{
    char text[12];
    char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)what, text, NULL };

    number(text, fd);
    execve(program, argv, bare);
    die(program);
}

static void way_exec(void)
{
    int fd = open_it(0);

    run_bare(self, "hash-fd", fd);
}

static void way_exec_static(void)
{
    const char *program = getenv("ZEROS_STATIC");
    int fd = open_it(0);

    if (program == NULL)
        skip("nothing can be linked statically here");
    need(dup2(fd, 0), "dup2");
    run_bare(program, "hash-fd", 0);
}

static void way_exec_cleared(void) /* not close-on-exec any more, by the latest moment */
{
    int fd = open_it(O_CLOEXEC);

    need(fcntl(fd, F_SETFD, 0), "fcntl");
    run_bare(self, "hash-fd", fd);
}

static void way_vfork_dup2(void)
{
    static int fd;
    pid_t child;

    fd = open_it(O_CLOEXEC);
    child = vfork();
    if (child == 0) {
        (void)dup2(fd, 9);
        run_bare(self, "hash-fd", 9);
    }
    wait_for((pid_t)need(child, "vfork"));
}

static void spawn(posix_spawn_file_actions_t *actions, int fd)
{
    char text[12];
    char *argv[] = { (char *)(uintptr_t)self, (char *)"hash-fd", text, NULL };
    pid_t child;
    int error;

    number(text, fd);
    error = posix_spawn(&child, self, actions, NULL, argv, bare);
    if (error != 0) {
        errno = error;
        die("posix_spawn");
    }
    wait_for(child);
}

static void way_spawn(void)
{
    spawn(NULL, open_it(0));
}

static void way_spawn_dup2(void)
{
    posix_spawn_file_actions_t actions;
    int fd = open_it(O_CLOEXEC);

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, fd, 8);
    spawn(&actions, 8);
}

/* The action is made before the file is opened. */
static void way_spawn_dup2_early(void)
{
    posix_spawn_file_actions_t actions;
    int fd = (int)need(dup(2), "dup");

    (void)close(fd);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, fd, 8);
    if (open_it(O_CLOEXEC) != fd)
        die("another descriptor");
    spawn(&actions, 8);
}

static void way_spawn_open(void)
{
    posix_spawn_file_actions_t actions;

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, 7, path, O_RDONLY, 0);
    spawn(&actions, 7);
}

static void way_system(void)
{
    char command[4096];

    (void)snprintf(command, sizeof(command), "exec env -i ALGOFS_INHERIT=0 '%s' hash-fd %d", self, open_it(0));
    if (system(command) != 0)
        die("system");
    _exit(0);
}

static void way_popen(void)
{
    char command[4096];
    FILE *pipe_end;
    size_t n;

    (void)snprintf(command, sizeof(command), "exec cat <&%d", open_it(0));
    pipe_end = popen(command, "r");
    while (pipe_end != NULL && (n = fread(piece, 1, sizeof(piece), pipe_end)) > 0)
        feed(piece, n);
}

static void way_reopen(void) /* through /proc, from an O_PATH descriptor */
{
    char name[64];
    int fd = (int)need(open(path, O_PATH), path);

    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    hash_reads((int)need(open(name, O_RDONLY), name));
}

/* Another shimmed process looks into this one. */
static void way_proc_fd(void)
{
    char name[64];
    int fd = open_it(0);
    pid_t parent = getpid();
    pid_t child = fork();

    need(child, "fork");
    if (child == 0) {
        (void)snprintf(name, sizeof(name), "/proc/%d/fd/%d", (int)parent, fd);
        (void)close(fd);
        execl(self, self, "hash-path", name, NULL);
        die(self);
    }
    wait_for(child);
}

static void way_pidfd(void)
{
    char pid[12];
    char text[12];
    int fd = open_it(0);
    pid_t parent = getpid();
    pid_t child;

    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    child = fork();
    need(child, "fork");
    if (child == 0) {
        number(pid, (int)parent);
        number(text, fd);
        (void)close(fd);
        execl(self, self, "pidfd", pid, text, NULL);
        die(self);
    }
    wait_for(child);
}

union control {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

static void make_message(struct msghdr *message, union control *control, struct iovec *part, int fd)
{
    memset(control, 0, sizeof(*control));
    control->header.cmsg_level = SOL_SOCKET;
    control->header.cmsg_type = SCM_RIGHTS;
    control->header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control->header), &fd, sizeof(int));
    *part = (struct iovec){ (void *)"x", 1 };
    *message = (struct msghdr){ .msg_iov = part, .msg_iovlen = 1, .msg_control = control,
        .msg_controllen = sizeof(control->space) };
}

/* kind 0: sendmsg, 1: sendmmsg, 2: syscall(SYS_sendmsg) */
static void pass(int kind)
{
    union control control;
    struct iovec part;
    struct mmsghdr message = { .msg_len = 0 };
    int ends[2];
    int fd = open_it(O_CLOEXEC);
    pid_t child;
    long sent;

    need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    child = fork();
    need(child, "fork");
    if (child == 0) {
        (void)close(fd);
        run_bare(self, "receive", ends[0]);
    }
    make_message(&message.msg_hdr, &control, &part, fd);
    if (kind == 0)
        sent = sendmsg(ends[1], &message.msg_hdr, 0);
    else if (kind == 1)
        sent = sendmmsg(ends[1], &message, 1, 0);
    else
        sent = syscall(SYS_sendmsg, ends[1], &message.msg_hdr, 0);
    need(sent, "sendmsg");
    wait_for(child);
}

static void way_sendmsg(void) { pass(0); }
static void way_sendmmsg(void) { pass(1); }
static void way_syscall_sendmsg(void) { pass(2); }

/* ---- what the other processes do ---- */

static int receive(int socket)
{
    union control control;
    char byte;
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
        .msg_controllen = sizeof(control.space) };
    int fd;

    need(recvmsg(socket, &message, 0), "recvmsg");
    if (CMSG_FIRSTHDR(&message) == NULL)
        die("no descriptor came");
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
    return fd;
}

static int take_over(int pid, int number_there)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    int fd = (int)syscall(SYS_pidfd_getfd, pidfd, number_there, 0);

    if (fd < 0 && (errno == EPERM || errno == ENOSYS))
        skip("pidfd_getfd is not allowed here");
    return (int)need(fd, "pidfd_getfd");
}

static int other(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "hash-fd") == 0)
        hash_preads(atoi(argv[2]));
    else if (argc == 3 && strcmp(argv[1], "hash-path") == 0)
        hash_preads((int)need(open(argv[2], O_RDONLY), argv[2]));
    else if (argc == 3 && strcmp(argv[1], "receive") == 0)
        hash_preads(receive(atoi(argv[2])));
    else if (argc == 4 && strcmp(argv[1], "pidfd") == 0)
        hash_preads(take_over(atoi(argv[2]), atoi(argv[3])));
    else
        return 2;
    show();
    return 0;
}

static const struct way ways[] = {
    { "exec", way_exec }, { "exec-static", way_exec_static }, { "exec-cleared", way_exec_cleared },
    { "vfork-dup2", way_vfork_dup2 }, { "spawn", way_spawn }, { "spawn-dup2", way_spawn_dup2 },
    { "spawn-dup2-early", way_spawn_dup2_early }, { "spawn-open", way_spawn_open },
    { "system", way_system }, { "popen", way_popen }, { "reopen", way_reopen },
    { "proc-fd", way_proc_fd }, { "pidfd", way_pidfd }, { "sendmsg", way_sendmsg },
    { "sendmmsg", way_sendmmsg }, { "syscall-sendmsg", way_syscall_sendmsg },
};

int main(int argc, char **argv)
{
    int rc = run_way(argc, argv, ways, sizeof(ways) / sizeof(ways[0]));

    return rc < 0 ? other(argc, argv) : rc;
}
