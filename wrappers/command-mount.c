/* SPDX-License-Identifier: MIT */
/* The mount is a program of its own, so that nothing else needs libfuse3. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "wrappers/beside.h"
#include "wrappers/command.h"
#include "wrappers/say.h"

int command_mount(int argc, char **argv)
{
    (void)argc;
    char program[PATH_MAX];
    if (beside_find(BESIDE_MOUNT, program) < 0) {
        say("cannot mount: this algofs was built without libfuse3: `algofs-run COMMAND` needs no mount");
        return 1;
    }
    (void)execv(program, argv);
    say("cannot run \"%s\": %s", program, strerror(errno));
    return 1;
}
