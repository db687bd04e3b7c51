/* SPDX-License-Identifier: MIT */
/* algofs: looks after the agent. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/unshimmed.h"
#include "core/client/environment.h"
#include "core/client/launch.h"
#include "core/client/session.h"
#include "wrappers/beside.h"
#include "wrappers/command.h"
#include "wrappers/say.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    { "status", command_status, "what the agent does and has; --json for programs" },
    { "flush", command_flush, "waits until all that was written is on the remote" },
    { "mount", command_mount, "shows the prefix as a folder, to every program; --help tells the options" },
    { "umount", command_umount, "ends such a folder, when all is uploaded; --lazy: at once" },
    { "stop", command_stop, "ends the agent; the next touch of the prefix starts another" },
    { "config", command_config, "which remotes there are, and where each setting came from; --json" },
    { "keygen", command_keygen, "makes a key file for encrypt=FILE" },
    { "version", command_version, "which algofs this is" },
};

static void print_usage(FILE *out)
{
    (void)fprintf(out, "usage: algofs COMMAND\n\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        (void)fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
    (void)fprintf(out, "\nTo run a program on remote data: algofs-run COMMAND\n");
}

int main(int argc, char **argv)
{
    if (argc > 1 && (strcmp(argv[1], "mount") == 0 || strcmp(argv[1], "umount") == 0))
        unshimmed_restart(argv);
    if (argc < 2) {
        print_usage(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return 0;
    }
    char agent[PATH_MAX];
    if (beside_find(BESIDE_AGENT, agent) == 0)
        launch_use_agent(agent);
    environment_load(environ);
    if (session_configure() < 0) {
        say("ALGOFS_CACHE and ALGOFS_PREFIX must be absolute paths");
        return 2;
    }
    const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    say("unknown command \"%s\": algofs --help lists them", argv[1]);
    return 2;
}
