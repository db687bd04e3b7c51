/* SPDX-License-Identifier: MIT */
/*
 * algofs-run: runs a command with the shim in front of it, after checking that this will work.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/client/environment.h"
#include "core/client/session.h"
#include "core/config/config.h"
#include "wrappers/agent-status.h"
#include "wrappers/beside.h"
#include "wrappers/child.h"
#include "wrappers/flush.h"
#include "wrappers/local-server.h"
#include "wrappers/probe.h"
#include "wrappers/run-report.h"
#include "wrappers/say.h"
#include "wrappers/scratch.h"

enum {
    NOT_UPLOADED = 1,  /* the command succeeded, but not all that it wrote is on the remote */
    OWN_FAILURE = 125, /* as env and timeout: the command was not started */
};

struct run {
    const char *prefix;
    const char *local;
    const char *api;
    const char *cache;
    bool readonly;
    bool stats;
    bool report;
    bool help;
    char **command;
};

static const struct run_option {
    const char *name;
    const char *argument; /* NULL: a switch */
    const char *help;
    size_t offset;
} options[] = {
    { "--prefix", "DIR", "where the data appears; default /algo, or ALGOFS_PREFIX",
        offsetof(struct run, prefix) },
    { "--local", "DIR", "serve this folder as /algo/data/local, with no account and no network",
        offsetof(struct run, local) },
    { "--api", "URL", "the server; default ALGORITHMIA_API or the profile's",
        offsetof(struct run, api) },
    { "--cache", "DIR", "the cache folder; default ALGOFS_CACHE or ~/.cache/algofs",
        offsetof(struct run, cache) },
    { "--readonly", NULL, "refuse every change below the prefix with EROFS",
        offsetof(struct run, readonly) },
    { "--stats", NULL, "say at the end what was asked of the server",
        offsetof(struct run, stats) },
    { "--report", NULL, "say at the end which programs made how many calls below the prefix",
        offsetof(struct run, report) },
    { "--help", NULL, "show this", offsetof(struct run, help) },
};

static void print_help(void)
{
    printf("usage: algofs-run [OPTION]... [--] COMMAND [ARGUMENT]...\n\n"
           "Runs COMMAND with remote data as plain files below /algo.\n\n");
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        printf("  %-10s %-4s  %s\n", options[i].name,
            options[i].argument == NULL ? "" : options[i].argument, options[i].help);
    printf("\nThe exit status is COMMAND's (128+n if signal n killed it), 127 if it is not found,\n"
           "126 if it cannot be run, 125 if algofs-run itself failed.\n");
}

static const struct run_option *find_option(const char *argument, const char **ret_value)
{
    size_t len = strcspn(argument, "=");
    *ret_value = argument[len] == '=' ? argument + len + 1 : NULL;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (strlen(options[i].name) == len && strncmp(options[i].name, argument, len) == 0)
            return &options[i];
    return NULL;
}

/* 0, or -1 (said). */
static int parse(struct run *run, char **argv)
{
    for (argv++; *argv != NULL && (*argv)[0] == '-'; argv++) {
        if (strcmp(*argv, "--") == 0) {
            argv++;
            break;
        }
        const char *value;
        const struct run_option *option = find_option(*argv, &value);
        if (option == NULL || (option->argument == NULL && value != NULL)) {
            say("unknown option \"%s\": algofs-run --help lists them", *argv);
            return -1;
        }
        if (option->argument == NULL) {
            *(bool *)((char *)run + option->offset) = true;
            continue;
        }
        if (value == NULL)
            value = *++argv;
        if (value == NULL || value[0] == '\0') {
            say("%s needs its %s: algofs-run --help", option->name, option->argument);
            return -1;
        }
        *(const char **)((char *)run + option->offset) = value;
    }
    run->command = argv;
    if (run->command[0] == NULL && !run->help) {
        say("which command? usage: algofs-run [OPTION]... [--] COMMAND [ARGUMENT]...");
        return -1;
    }
    return 0;
}

static int set(const char *name, const char *value)
{
    if (value == NULL || setenv(name, value, 1) == 0)
        return 0;
    say("no memory for the environment");
    return -1;
}

/* An absolute folder for --cache, made if need be. */
static int set_cache(const char *cache)
{
    char absolute[PATH_MAX];
    if (cache == NULL)
        return 0;
    if ((mkdir(cache, 0700) < 0 && errno != EEXIST) || realpath(cache, absolute) == NULL) {
        say("--cache %s: %s", cache, strerror(errno));
        return -1;
    }
    return set("ALGOFS_CACHE", absolute);
}

static int set_preload(void)
{
    char library[PATH_MAX];
    if (beside_find(BESIDE_LIBRARY, library) < 0) {
        say("libalgofs.so is neither in ../lib nor beside algofs-run: install them together");
        return -1;
    }
    if (strpbrk(library, " :") != NULL) {
        say("\"%s\": the loader cannot preload a path with spaces or colons: install elsewhere",
            library);
        return -1;
    }
    const char *others = getenv("LD_PRELOAD");
    char list[3 * PATH_MAX];
    if (others == NULL || others[0] == '\0')
        return set("LD_PRELOAD", library);
    if (strstr(others, "libalgofs.so") != NULL)
        return 0;
    if (snprintf(list, sizeof(list), "%s:%s", others, library) >= (int)sizeof(list)) {
        say("LD_PRELOAD is too long");
        return -1;
    }
    return set("LD_PRELOAD", list);
}

static int set_agent(void)
{
    char agent[PATH_MAX];
    if (getenv("ALGOFS_AGENT") != NULL)
        return 0;
    if (beside_find(BESIDE_AGENT, agent) < 0) {
        say("algofs-agent is neither in ../libexec/algofs nor beside algofs-run: install it there");
        return -1;
    }
    return set("ALGOFS_AGENT", agent);
}

/* Everything that the command will inherit. */
static int prepare_environment(const struct run *run)
{
    if (set("ALGOFS_PREFIX", run->prefix) < 0 || set("ALGORITHMIA_API", run->api) < 0 ||
        set_cache(run->cache) < 0 || set("ALGOFS_READONLY", run->readonly ? "1" : NULL) < 0 || set_agent() < 0 || set_preload() < 0)
        return -1;
    environment_load(environ);
    if (session_configure() == 0)
        return 0;
    say("prefix and cache must be absolute paths: --prefix \"%s\", ALGOFS_CACHE \"%s\"",
        environment_get(ENVIRONMENT_ALGOFS_PREFIX), environment_get(ENVIRONMENT_ALGOFS_CACHE));
    return -1;
}

static int check(void)
{
    size_t len;
    const char *prefix = session_prefix(&len);
    int rc = probe_prefix(prefix);
    if (rc == 0)
        return 0;
    if (rc == -EINVAL || rc == -EACCES) { /* of the settings? Then say which */
        CLEANUP_CONFIG struct config config = CONFIG_INIT;
        struct wire_hello_request environment;
        char why[CONFIG_WHY_MAX];
        session_environment(&environment);
        int told = config_load(&environment, why, sizeof(why), &config);
        if (told == 0)
            told = config_check_keys(&config, why, sizeof(why));
        if (told < 0) {
            say("%s", why);
            return -1;
        }
    }
    say("%s does not answer (%s): %s", prefix, strerror(-rc), say_advice(-rc));
    return -1;
}

static double sum_of(const cJSON *status, const char *member)
{
    double sum = 0;
    const cJSON *instance;
    cJSON_ArrayForEach(instance, cJSON_GetObjectItem(status, "instances"))
    {
        const cJSON *value = cJSON_GetObjectItem(instance, member);
        if (cJSON_IsNumber(value))
            sum += value->valuedouble;
    }
    return sum;
}

static void print_stats(const cJSON *before)
{
    cJSON *after = NULL;
    if (agent_status_read(session_cache(), &after) < 0) {
        say("no statistics: the agent has left");
        return;
    }
    say("%.0f requests, %.0f bytes received, %.0f files fetched, %.0f errors",
        sum_of(after, "requests") - sum_of(before, "requests"),
        sum_of(after, "bytes_in") - sum_of(before, "bytes_in"),
        sum_of(after, "files_hydrated") - sum_of(before, "files_hydrated"),
        sum_of(after, "errors") - sum_of(before, "errors"));
    cJSON_Delete(after);
}

static int run_command(const struct run *run)
{
    cJSON *before = NULL;
    if (prepare_environment(run) < 0 || check() < 0)
        return OWN_FAILURE;
    if (run->stats)
        (void)agent_status_read(session_cache(), &before); /* none yet: all counts from zero */
    struct run_report *report = NULL;
    size_t len;
    if (run_report_start(session_cache(), run->report, &report) < 0 && run->report)
        say("no report: its file cannot be made in the cache folder");
    int status = child_run(run->command);
    if (flush_is_needed() && flush_all() != 0 && status == 0)
        status = NOT_UPLOADED;
    run_report_end(report, session_prefix(&len));
    if (run->stats)
        print_stats(before);
    cJSON_Delete(before);
    return status;
}

/* With a server and, unless one is given, a cache of its own: its key is new, so nothing could be reused. */
static int run_local(struct run *run)
{
    char scratch[PATH_MAX];
    char cache[PATH_MAX + 8];
    struct local_server server = { 0 };
    int rc = scratch_make(scratch);
    if (rc < 0) {
        say("cannot make a temporary folder: %s: set TMPDIR", strerror(-rc));
        return OWN_FAILURE;
    }
    int status = OWN_FAILURE;
    (void)snprintf(cache, sizeof(cache), "%s/cache", scratch);
    if (run->cache == NULL)
        run->cache = cache;
    if (local_server_start(&server, run->local, scratch) == 0) {
        run->api = server.url;
        /* The folder is all there is: no connector of a configuration file stands beside it. */
        if (set("ALGORITHMIA_API_KEY", server.key) == 0 && set("ALGOFS_CONFIG", "/dev/null") == 0)
            status = run_command(run);
        if (run->cache == cache)
            (void)agent_stop(session_cache()); /* if it has left already, so much the better */
        local_server_stop(&server);
    }
    scratch_remove(scratch);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], PROBE_ARGUMENT) == 0)
        return probe_main(argv[2]);
    if (argc > 2 && strcmp(argv[1], CHILD_EXEC_ARGUMENT) == 0)
        child_exec(argv + 2);
    struct run run = { 0 };
    if (parse(&run, argv) < 0)
        return OWN_FAILURE;
    if (run.help) {
        print_help();
        return 0;
    }
    return run.local != NULL ? run_local(&run) : run_command(&run);
}
