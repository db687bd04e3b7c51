/* SPDX-License-Identifier: MIT */
#include "wrappers/command.h"
#include "wrappers/flush.h"
#include "wrappers/say.h"

int command_flush(int argc, char **argv)
{
    if (argc > 1) {
        say("flush takes no argument: \"%s\"", argv[1]);
        return 2;
    }
    return flush_all();
}
