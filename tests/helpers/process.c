/* SPDX-License-Identifier: MIT */
/*
 * process WHAT PLACE: what programs do with processes, descriptors and signals, on the files of PLACE
 * (`small` holds "small\n", `big` is large text). Prints what it saw, or dies. The same on a plain folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *place;
static char small_path[4096];
static char big_path[4096];

static void die(const char *what)
{
    fprintf(stderr, "process: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static long need(long rc, const char *what)
{
    if (rc < 0)
        die(what);
    return rc;
}

static const char *in_place(const char *name)
{
    static char path[4200];

    (void)snprintf(path, sizeof(path), "%s/%s", place, name);
    return path;
}

/* The sum of the file's bytes: async-signal-safe, by open, read and close. */
static unsigned long sum_of(const char *path)
{
    char buffer[8192];
    unsigned long sum = 0;
    ssize_t n;
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        return 0;
    while ((n = read(fd, buffer, sizeof(buffer))) > 0 || (n < 0 && errno == EINTR))
        for (ssize_t i = 0; i < n; i++)
            sum = sum * 31 + (unsigned char)buffer[i];
    (void)close(fd);
    return n < 0 ? 0 : sum;
}

static void wait_for(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            die("waitpid");
    if (status != 0) {
        printf("child: status %x\n", (unsigned)status);
        _exit(1);
    }
}

static void put(const char *name, const char *text)
{
    int fd = (int)need(open(in_place(name), O_WRONLY | O_CREAT | O_TRUNC, 0666), name);

    need(write(fd, text, strlen(text)), "write");
    need(close(fd), "close");
}

/* ---- Environment ---- */

static void cleared(void)
{
    char command[4200];
    char line[100] = "";
    FILE *stream;

    (void)clearenv();
    fflush(stdout);
    (void)snprintf(command, sizeof(command), "cat '%s'; exit 3", small_path);
    printf("system: %d\n", WEXITSTATUS(system(command)));
    (void)snprintf(command, sizeof(command), "cat '%s'", small_path);
    stream = popen(command, "r");
    if (stream == NULL || fgets(line, sizeof(line), stream) == NULL)
        die("popen");
    printf("popen: %s", line);
    printf("pclose: %d\n", pclose(stream));
    (void)snprintf(command, sizeof(command), "cat >'%s'", in_place("piped"));
    stream = popen(command, "w");
    fputs("through a pipe\n", stream);
    printf("pclose: %d\n", pclose(stream));
    printf("environment: %s\n", environ == NULL || environ[0] == NULL ? "empty" : environ[0]);
    (void)setenv("LD_PRELOAD", "/nonexistent/other.so", 1);
    fflush(stdout);
    printf("no command: %d\n", system("exit 5") >> 8);
}

/* ---- Descriptors ---- */

static void closing(const char *how)
{
    int fd = (int)need(open(big_path, O_RDONLY), big_path);
    char byte;

    need(read(fd, &byte, 1), "read");
    if (strcmp(how, "range") == 0) {
        need(close_range(3, ~0u, 0), "close_range");
    } else if (strcmp(how, "unshare") == 0) {
        need(close_range(3, ~0u, CLOSE_RANGE_UNSHARE), "close_range");
    } else if (strcmp(how, "from") == 0) {
        closefrom(3);
    } else if (strcmp(how, "loop") == 0) {
        for (int i = 3; i < 5000; i++)
            (void)close(i);
    } else {
        DIR *dir = opendir("/proc/self/fd");
        struct dirent *entry;
        int self = dirfd(dir);
        int seen[64];
        int count = 0;

        while ((entry = readdir(dir)) != NULL && count < 64)
            if (atoi(entry->d_name) > 2 && atoi(entry->d_name) != self)
                seen[count++] = atoi(entry->d_name);
        (void)closedir(dir);
        printf("open besides: %d\n", count);
        while (count > 0)
            (void)close(seen[--count]);
    }
    printf("closed: %d\n", fcntl(fd, F_GETFD) < 0);
    printf("again: %d\n", open(small_path, O_RDONLY) == fd);
    printf("sum: %lx\n", sum_of(big_path));
}

static void limit(const char *most)
{
    struct rlimit wanted;
    int fds[64];
    int count = 0;

    need(getrlimit(RLIMIT_NOFILE, &wanted), "getrlimit");
    wanted.rlim_cur = (rlim_t)strtoul(most, NULL, 10);
    if (wanted.rlim_cur > wanted.rlim_max)
        wanted.rlim_cur = wanted.rlim_max;
    need(setrlimit(RLIMIT_NOFILE, &wanted), "setrlimit");
    printf("sum: %lx\n", sum_of(big_path));
    if (wanted.rlim_cur > 100) {
        int high = (int)wanted.rlim_cur - 1;
        int fd = open(big_path, O_RDONLY);
        char byte = 0;

        need(dup2(fd, high), "dup2 to the highest");
        (void)close(fd);
        need(pread(high, &byte, 1, 4000000), "pread");
        printf("byte by the highest: %d\n", byte);
        (void)close(high);
    } else {
        while (count < 64 && (fds[count] = open(small_path, O_RDONLY)) >= 0)
            count++;
        printf("error at the limit: %d\n", errno);
        (void)close(fds[--count]);
        printf("one free: %d\n", open(small_path, O_RDONLY) == fds[count]);
        while (count >= 0)
            (void)close(fds[count--]);
        printf("sum: %lx\n", sum_of(big_path));
    }
}

/* Started with 0, 1, 2 closed: what it opens gets these numbers. Its answer goes to a file. */
static void nothing_open(void)
{
    int first = open(big_path, O_RDONLY);
    int second = open(small_path, O_RDONLY);
    int third = open(in_place("answer"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    char text[200];
    int n = snprintf(text, sizeof(text), "%d %d %d sum %lx", first, second, third, sum_of(big_path));

    if (write(third, text, (size_t)n) != n || close(third) < 0)
        _exit(1);
}

/* ---- Processes ---- */

static void storm(void)
{
    unsigned long want = sum_of(small_path);
    pid_t children[40];

    for (int i = 0; i < 40; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            char name[30];
            pid_t grandchild = fork();

            if (grandchild == 0)
                _exit(sum_of(small_path) == want ? 0 : 1);
            (void)snprintf(name, sizeof(name), "storm%d", i);
            put(name, name);
            wait_for(grandchild);
            _exit(sum_of(big_path) != 0 ? 0 : 1);
        }
    }
    for (int i = 0; i < 40; i++)
        wait_for(children[i]);
    printf("all right\n");
}

static _Atomic int stop;

static void *read_on(void *argument)
{
    unsigned long want = *(unsigned long *)argument;

    while (!stop)
        if (sum_of(small_path) != want)
            die("a thread read something else");
    return NULL;
}

static int prepared, in_parent, in_child;
static void count_prepare(void) { prepared++; }
static void count_parent(void) { in_parent++; }
static void count_child(void) { in_child += sum_of(small_path) != 0; }

static void threads(void)
{
    unsigned long want = sum_of(small_path);
    pthread_t readers[4];

    (void)pthread_atfork(count_prepare, count_parent, count_child);
    for (int i = 0; i < 4; i++)
        (void)pthread_create(&readers[i], NULL, read_on, &want);
    for (int i = 0; i < 60; i++) {
        pid_t child = fork();

        if (child == 0)
            _exit(sum_of(small_path) == want && in_child == 1 && chdir(place) == 0 ? 0 : 1);
        wait_for(child);
    }
    stop = 1;
    for (int i = 0; i < 4; i++)
        (void)pthread_join(readers[i], NULL);
    printf("prepared %d parent %d\n", prepared, in_parent);
}

static void run_cat(void)
{
    execlp("cat", "cat", small_path, NULL);
    _exit(9);
}

static int run_cat_cloned(void *argument)
{
    (void)argument;
    run_cat();
    return 9;
}

static void raw(void)
{
    struct clone_args how = { .exit_signal = SIGCHLD };
    char *stack = malloc(1 << 20);
    pid_t child;

    fflush(stdout);
    child = vfork();
    if (child == 0)
        run_cat();
    wait_for(child);
    child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0)
        _exit(sum_of(big_path) != 0 && chdir(place) == 0 && sum_of("small") != 0 ? 0 : 1);
    wait_for(child);
    child = (pid_t)syscall(SYS_clone3, &how, sizeof(how));
    if (child == 0)
        run_cat();
    if (child < 0 && errno == ENOSYS)
        run_cat(); /* sandboxes refuse it: the same as the others */
    wait_for(child);
    child = clone(run_cat_cloned, stack + (1 << 20), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    wait_for(child);
    child = _Fork();
    if (child == 0)
        run_cat();
    wait_for(child);
    printf("sum: %lx\n", sum_of(big_path));
}

static void spawned(void)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    char *argv[] = { (char *)"sh", (char *)"-c",
        (char *)"test \"$(ps -o sid= -p $$ | tr -d ' ')\" = $$ && cat small", NULL };
    char *none[] = { NULL };
    pid_t child;
    int error;

    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_RESETIDS);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    need(chdir(place), "chdir");
    fflush(stdout);
    error = posix_spawnp(&child, "sh", &actions, &attributes, argv, none);
    printf("error %d\n", error);
    if (error == 0)
        wait_for(child);
}

static void daemonised(void)
{
    int ends[2];
    char byte;

    need(pipe(ends), "pipe");
    if (fork() == 0) {
        (void)setsid();
        if (fork() != 0)
            _exit(0);
        (void)chdir("/");
        (void)umask(0);
        for (int fd = 0; fd < 1024; fd++)
            if (fd != ends[1])
                (void)close(fd);
        (void)open("/dev/null", O_RDWR);
        (void)dup(0);
        (void)dup(0);
        put("daemon", sum_of(big_path) != 0 ? "served" : "not served");
        _exit(0);
    }
    (void)close(ends[1]);
    (void)read(ends[0], &byte, 1); /* returns at the daemon's end */
    printf("%lx\n", sum_of(in_place("daemon")));
}

static void dirty(const char *how)
{
    int fd = (int)need(open(in_place("dirty"), O_WRONLY | O_CREAT, 0666), "open");

    need(write(fd, "written\n", 8), "write");
    if (strcmp(how, "kill") == 0)
        (void)kill(getpid(), SIGKILL);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "exec") == 0)
        execl("/bin/true", "true", NULL);
    _exit(0);
}

/* ---- Signals ---- */

static volatile int handled, wrong;
static unsigned long small_sum;

static void handler(int signal_number)
{
    int saved = errno;

    (void)signal_number;
    handled++;
    if (sum_of(small_path) != small_sum)
        wrong++;
    errno = saved;
}

static void signals(int flags)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
    struct itimerval often = { { 0, 3000 }, { 0, 3000 } };
    struct itimerval never = { { 0, 0 }, { 0, 0 } };
    unsigned long first;

    small_sum = sum_of(small_path);
    need(sigaction(SIGALRM, &action, NULL), "sigaction");
    need(setitimer(ITIMER_REAL, &often, NULL), "setitimer");
    first = sum_of(big_path);
    for (int i = 0; i < 2000 && (handled < 20 || i < 20); i++)
        if (sum_of(small_path) != small_sum)
            die("another sum");
    for (int i = 0; i < 20; i++)
        put("signalled", "x");
    need(setitimer(ITIMER_REAL, &never, NULL), "setitimer");
    printf("sum %lx, handled %d, wrong %d\n", first, handled > 0, wrong);
}

static sigjmp_buf back;
static volatile int jumps;

static void jump(int signal_number)
{
    (void)signal_number;
    jumps++;
    siglongjmp(back, 1);
}

static void jumping(void)
{
    struct sigaction action = { .sa_handler = jump };
    struct itimerval once = { { 0, 0 }, { 0, 700 } };

    need(sigaction(SIGALRM, &action, NULL), "sigaction");
    for (volatile int i = 0; i < 300; i++) {
        if (sigsetjmp(back, 1) != 0)
            continue;
        need(setitimer(ITIMER_REAL, &once, NULL), "setitimer");
        (void)sum_of(big_path);
        once.it_value.tv_usec = 0;
        need(setitimer(ITIMER_REAL, &once, NULL), "setitimer");
        once.it_value.tv_usec = 300 + i * 7;
    }
    closefrom(3);
    printf("jumped, sum %lx\n", sum_of(big_path));
}

static void *read_for_ever(void *argument)
{
    (void)argument;
    for (;;) {
        int fd = open(big_path, O_RDONLY);
        char buffer[4096];

        while (read(fd, buffer, sizeof(buffer)) > 0)
            ;
        (void)close(fd);
        pthread_testcancel();
    }
    return NULL;
}

static void cancelled(void)
{
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        void *result;

        (void)pthread_create(&thread, NULL, read_for_ever, NULL);
        (void)usleep((useconds_t)(i * 700));
        (void)pthread_cancel(thread);
        (void)pthread_join(thread, &result);
        if (result != PTHREAD_CANCELED)
            die("not cancelled");
    }
    printf("cancelled, sum %lx\n", sum_of(big_path));
}

static volatile int too_large;
static void on_limit(int signal_number) { too_large = signal_number; }

static void file_size(void)
{
    struct rlimit most = { 100000, RLIM_INFINITY };
    char *block = calloc(1, 200000);
    int fd;

    (void)signal(SIGXFSZ, on_limit);
    need(setrlimit(RLIMIT_FSIZE, &most), "setrlimit");
    printf("sum %lx\n", sum_of(big_path)); /* the agent's files are not ours to limit */
    fd = (int)need(open(in_place("limited"), O_WRONLY | O_CREAT | O_TRUNC, 0666), "open");
    printf("written %zd\n", write(fd, block, 200000));
    printf("more %zd", write(fd, block, 1));
    printf(" error %d signal %d\n", errno, too_large == SIGXFSZ);
    printf("close %d\n", close(fd));
}

static int handler_fd;
static void close_it(int signal_number)
{
    (void)signal_number;
    (void)close(handler_fd);
}

static void close_in_handler(void)
{
    handler_fd = (int)need(open(in_place("closed"), O_WRONLY | O_CREAT | O_TRUNC, 0666), "open");
    need(write(handler_fd, "by a handler\n", 13), "write");
    (void)signal(SIGUSR1, close_it);
    (void)raise(SIGUSR1);
    printf("open: %d sum %lx\n", fcntl(handler_fd, F_GETFD) >= 0, sum_of(in_place("closed")));
}

static void broken_pipe(void)
{
    int ends[2];
    off_t at = 0;
    int fd = open(big_path, O_RDONLY);

    (void)signal(SIGPIPE, SIG_IGN);
    need(pipe(ends), "pipe");
    (void)close(ends[0]);
    printf("splice %zd", splice(fd, &at, ends[1], NULL, 100, 0));
    printf(" error %d, then sum %lx\n", errno, sum_of(big_path));
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    const char *more = argc > 3 ? argv[3] : "";

    if (argc < 3)
        return 2;
    place = argv[2];
    (void)snprintf(small_path, sizeof(small_path), "%s/small", place);
    (void)snprintf(big_path, sizeof(big_path), "%s/big", place);
    static const struct {
        const char *name;
        void (*run)(void);
    } plain[] = {
        { "cleared", cleared }, { "nothing-open", nothing_open }, { "storm", storm }, { "threads", threads },
        { "raw", raw }, { "spawned", spawned }, { "daemon", daemonised }, { "jumping", jumping },
        { "cancelled", cancelled }, { "file-size", file_size }, { "close-in-handler", close_in_handler },
        { "broken-pipe", broken_pipe },
    };
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if (strcmp(what, plain[i].name) == 0) {
            plain[i].run();
            return 0;
        }
    if (strcmp(what, "closing") == 0)
        closing(more);
    else if (strcmp(what, "limit") == 0)
        limit(more);
    else if (strcmp(what, "dirty") == 0)
        dirty(more);
    else if (strcmp(what, "signals") == 0)
        signals(strcmp(more, "restart") == 0 ? SA_RESTART : 0);
    else
        return 2;
    return 0;
}
