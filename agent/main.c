/* SPDX-License-Identifier: MIT */
/*
 * algofs-agent: the per-user process that owns the cache, the keys and all traffic.
 *
 *     algofs-agent --cache DIR [--foreground] [--idle SECONDS]
 *
 * Exit status 0: an agent answers at DIR's socket (this one, or another that was there first); 1:
 * none does, and stderr and DIR/agent.log say why. With --foreground it is the agent's own end.
 *
 * Environment: ALGOFS_LOG (file), ALGOFS_DEBUG (modules), ALGOFS_IDLE (seconds, 0: never),
 * ALGOFS_CACHE_SIZE (bytes; suffix K, M or G).
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/daemon.h"
#include "agent/home.h"
#include "agent/service.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/engine/engine.h"

enum {
    AGENT_FDS_MAX = 65536,
    AGENT_START_MS = 15000, /* how long to wait for another agent to answer, or to give up its lock */
    AGENT_RETRY_MS = 5,
};

struct agent {
    const char *cache;
    bool foreground;
    unsigned idle_s;
    uint64_t cache_size;
    int ready; /* to the starter; -1: none */
    struct home home;
};

/* A number with a suffix of powers of 1024. False: not one. */
static bool agent_parse_size(const char *text, uint64_t *ret_size)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (end == text || errno != 0 || text[0] == '-')
        return false;
    static const char suffixes[] = "KMG";
    const char *suffix = *end == '\0' ? NULL : strchr(suffixes, *end & ~0x20);
    if (*end != '\0' && (suffix == NULL || end[1] != '\0'))
        return false;
    unsigned shift = suffix == NULL ? 0 : (unsigned)(suffix - suffixes + 1) * 10;
    if (number > UINT64_MAX >> shift)
        return false;
    *ret_size = (uint64_t)number << shift;
    return true;
}

static bool agent_parse_seconds(const char *text, unsigned *ret_seconds)
{
    uint64_t seconds;
    if (!agent_parse_size(text, &seconds) || seconds > UINT32_MAX)
        return false;
    *ret_seconds = (unsigned)seconds;
    return true;
}

static int agent_parse_environment(struct agent *agent)
{
    const char *idle = getenv("ALGOFS_IDLE");
    const char *size = getenv("ALGOFS_CACHE_SIZE");
    if (idle != NULL && idle[0] != '\0' && !agent_parse_seconds(idle, &agent->idle_s)) {
        (void)fprintf(stderr, "algofs-agent: ALGOFS_IDLE=\"%s\": not a number of seconds\n", idle);
        return -EINVAL;
    }
    if (size != NULL && size[0] != '\0' && !agent_parse_size(size, &agent->cache_size)) {
        (void)fprintf(stderr, "algofs-agent: ALGOFS_CACHE_SIZE=\"%s\": not a size\n", size);
        return -EINVAL;
    }
    return 0;
}

static int agent_parse(struct agent *agent, int argc, char **argv)
{
    static const struct option options[] = {
        { "cache", required_argument, NULL, 'c' },
        { "foreground", no_argument, NULL, 'f' },
        { "idle", required_argument, NULL, 'i' },
        { NULL, 0, NULL, 0 },
    };
    int rc = agent_parse_environment(agent);
    int option;
    while (rc == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c')
            agent->cache = optarg;
        else if (option == 'f')
            agent->foreground = true;
        else if (option != 'i' || !agent_parse_seconds(optarg, &agent->idle_s))
            rc = -EINVAL;
    }
    if (rc == 0 && optind == argc && agent->cache != NULL)
        return 0;
    (void)fprintf(
        stderr, "usage: algofs-agent --cache DIR [--foreground] [--idle SECONDS]\n");
    return -EINVAL;
}

/* Says on stderr, and in the log if there is one, why there is no agent. */
static int agent_fail(const struct agent *agent, const char *what, const char *path, int rc)
{
    (void)fprintf(stderr, "algofs-agent: %s \"%s\": %s\n", what, path, strerror(-rc));
    if (agent->home.log >= 0)
        log_error("agent", "%s \"%s\": %s", what, path, strerror(-rc));
    return rc;
}

/* Keys stay in this process: no core dump, no reading of its memory by other processes of the user.
 * (gdb and /proc/PID of the agent are root's therefore.) */
static void agent_harden(void)
{
    const struct rlimit no_core = { 0, 0 };
    struct rlimit files;
    (void)prctl(PR_SET_DUMPABLE, 0);         /* both are precautions: without them */
    (void)setrlimit(RLIMIT_CORE, &no_core);  /* everything works */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < AGENT_FDS_MAX ? files.rlim_max : AGENT_FDS_MAX;
        (void)setrlimit(RLIMIT_NOFILE, &files); /* fewer files at a time, then */
    }
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* 0: we are the agent. 1: another is, and answers. -errno. */
static int agent_win(struct agent *agent)
{
    uint64_t until = clock_ms() + AGENT_START_MS;
    const struct timespec pause = clock_timespec(AGENT_RETRY_MS);
    for (;;) {
        int rc = home_lock(&agent->home);
        if (rc != -EWOULDBLOCK)
            return rc;
        if (home_answers(&agent->home) == 0)
            return 1;
        if (clock_ms() > until)
            return -ETIMEDOUT;
        (void)nanosleep(&pause, NULL); /* it is about to listen, or to leave */
    }
}

static int agent_serve(struct agent *agent, int listener)
{
    sigset_t signals;
    struct stores stores;
    struct engine *engine;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL); /* valid arguments; threads inherit it */
    CLEANUP_CLOSE int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0)
        return -errno;
    int rc = stores_online_new(agent->home.cache, &stores);
    if (rc < 0)
        return rc;
    const struct engine_options engine_options = {
        .cache = agent->home.cache,
        .stores = &stores,
        .cache_size = agent->cache_size,
    };
    rc = engine_new(&engine_options, &engine);
    if (rc == 0) {
        const struct service_options options = {
            .home = &agent->home,
            .listener = listener,
            .signals = signal_fd,
            .idle_s = agent->idle_s,
        };
        if (!agent->foreground)
            daemon_ready(agent->ready);
        rc = service_run(engine, &options);
        engine_free(engine);
    }
    stores_online_free(&stores);
    return rc;
}

static int agent_run(struct agent *agent)
{
    int rc = home_open(agent->cache, &agent->home);
    if (rc < 0)
        return agent_fail(agent, "cannot use the cache folder", agent->cache, rc);
    rc = agent_win(agent);
    if (rc > 0)
        return 0;
    if (rc < 0)
        return agent_fail(agent, "cannot become the agent of", agent->cache, rc);
    rc = home_open_log(&agent->home, getenv("ALGOFS_LOG"));
    if (rc < 0)
        return agent_fail(agent, "cannot write the log of", agent->cache, rc);
    log_init(agent->home.log, getenv("ALGOFS_DEBUG"));
    if (!agent->foreground && (rc = daemon_start(&agent->ready)) < 0)
        return agent_fail(agent, "cannot start a daemon for", agent->cache, rc);
    int listener = home_listen(&agent->home);
    if (listener < 0)
        return agent_fail(agent, "cannot listen at", agent->home.address.sun_path, listener);
    log_info("agent", "version " ALGOFS_VERSION " serves \"%s\"", agent->home.cache);
    rc = agent_serve(agent, listener);
    return rc < 0 ? agent_fail(agent, "cannot serve", agent->cache, rc) : 0;
}

int main(int argc, char **argv)
{
    struct agent agent = { .idle_s = SERVICE_IDLE_S, .ready = -1, .home = { .lock = -1, .log = -1 } };
    daemon_close_inherited();
    if (agent_parse(&agent, argc, argv) < 0)
        return 1;
    agent_harden();
    return agent_run(&agent) < 0 ? 1 : 0;
}
