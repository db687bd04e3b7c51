/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "core/wire/message.h"
#include "wrappers/command.h"

int command_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("algofs %s (protocol %d)\n", ALGOFS_VERSION, WIRE_VERSION);
    return 0;
}
