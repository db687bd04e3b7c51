/* SPDX-License-Identifier: MIT */
#include "preload/shim.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "core/client/environment.h"
#include "core/client/launch.h"
#include "core/client/lease.h"
#include "core/client/report.h"
#include "core/client/session.h"
#include "preload/cwd.h"
#include "preload/exec.h"
#include "preload/fdtable.h"
#include "preload/real.h"
#include "preload/target.h"
#include "preload/write.h"

static atomic_flag started = ATOMIC_FLAG_INIT;
static char own_path[PATH_MAX];
static char agent_path[PATH_MAX];

const char *shim_path(void)
{
    return own_path[0] == '\0' ? NULL : own_path;
}

/* The agent is beside us: in lib/../bin (the build folder) or lib/../libexec/algofs (installed). */
static const char *find_agent(void)
{
    static const char *const places[] = { "/../libexec/algofs/algofs-agent",
        "/../bin/algofs-agent" };
    const char *slash = strrchr(own_path, '/');
    if (slash == NULL)
        return NULL;
    size_t len = (size_t)(slash - own_path);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        size_t more = strlen(places[i]) + 1;
        if (len + more > sizeof(agent_path))
            return NULL;
        memcpy(agent_path, own_path, len);
        memcpy(agent_path + len, places[i], more);
        if (sys_faccessat(AT_FDCWD, agent_path, X_OK) == 0)
            return agent_path;
    }
    return NULL;
}

static void find_own_path(void)
{
    Dl_info info;
    if (dladdr((void *)(uintptr_t)shim_setup, &info) == 0 || info.dli_fname == NULL)
        return;
    size_t len = strlen(info.dli_fname);
    if (info.dli_fname[0] == '/' && len < sizeof(own_path)) {
        memcpy(own_path, info.dli_fname, len + 1);
        return;
    }
    ssize_t cwd = sys_getcwd(own_path, sizeof(own_path)); /* a relative LD_PRELOAD */
    if (cwd < 1 || (size_t)cwd + len + 1 > sizeof(own_path)) {
        own_path[0] = '\0';
        return;
    }
    own_path[cwd - 1] = '/';
    memcpy(own_path + cwd, info.dli_fname, len + 1);
}

/* What depends on the environment. */
static void configure(void)
{
    report_setup(environment_get(ENVIRONMENT_ALGOFS_REPORT));
    if (session_configure() < 0) {
        /* A prefix that cannot be one: no path is ours, and the program runs as without the shim. */
    }
    target_init();
    write_inherit(environment_get(ENVIRONMENT_ALGOFS_FDS));
}

/* A sanitizer's runtime calls us before libc has an environment; it is read by the constructor then. */
static bool configured;

void shim_setup(void)
{
    if (atomic_flag_test_and_set(&started))
        return;
    fdtable_own();
    find_own_path();
    const char *agent = find_agent();
    if (agent != NULL)
        launch_use_agent(agent);
    lease_use_clock(clock_gettime);
    configured = environ != NULL;
    environment_load(environ);
    configure();
}

static void after_fork(void)
{
    fdtable_own();
    command_after_fork();
}

static __attribute__((destructor)) void shim_end(void)
{
    write_at_exit();
}

static __attribute__((constructor)) void shim_start(int argc, char **argv, char **envp)
{
    (void)argc;
    (void)argv;
    real_need();
    if (!configured) {
        configured = true;
        environment_load(environ != NULL ? environ : envp);
        configure();
    }
    real_find_rest();
    (void)pthread_atfork(NULL, NULL, after_fork); /* without it children only run slower */
}
