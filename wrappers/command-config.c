/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/client/session.h"
#include "core/config/config.h"
#include "wrappers/command.h"
#include "wrappers/say.h"

int command_config(int argc, char **argv)
{
    CLEANUP_CONFIG struct config config = CONFIG_INIT;
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    struct wire_hello_request environment;
    char why[CONFIG_WHY_MAX];
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !json) {
        say("usage: algofs config [--json]");
        return 2;
    }
    session_environment(&environment);
    if (config_load(&environment, why, sizeof(why), &config) < 0 ||
        config_check_keys(&config, why, sizeof(why)) < 0) {
        say("%s", why);
        return 1;
    }
    if (config.warning != NULL)
        say("warning: %s", config.warning);
    if (json)
        config_print_json(&config, &out);
    else
        config_print(&config, &out);
    if (out.failed || fputs(strbuf_cstr(&out), stdout) == EOF || fflush(stdout) == EOF) {
        say("cannot print: %s", strerror(out.failed ? ENOMEM : errno));
        return 1;
    }
    return 0;
}
