/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/config/keyfile.h"
#include "wrappers/command.h"
#include "wrappers/say.h"

int command_keygen(int argc, char **argv)
{
    if (argc != 2 || argv[1][0] == '-') {
        say("usage: algofs keygen FILE");
        return 2;
    }
    int rc = keyfile_make(argv[1]);
    if (rc == 0)
        return 0;
    say("cannot make %s: %s", argv[1], strerror(-rc));
    return 1;
}
