/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/client/session.h"
#include "wrappers/agent-status.h"
#include "wrappers/command.h"
#include "wrappers/say.h"

int command_stop(int argc, char **argv)
{
    if (argc > 1) {
        say("stop takes no argument: \"%s\"", argv[1]);
        return 2;
    }
    int rc = agent_stop(session_cache());
    if (rc == -ENOTCONN) {
        printf("no agent runs for %s\n", session_cache());
        return 0;
    }
    if (rc < 0) {
        say("the agent of %s cannot be stopped: %s", session_cache(), strerror(-rc));
        return 1;
    }
    printf("the agent of %s has stopped\n", session_cache());
    return 0;
}
