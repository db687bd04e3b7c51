/* SPDX-License-Identifier: MIT */
#include "wrappers/beside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PLACES_MAX = 4 };

/* Relative to the folder of the running program. */
static const char *const places[][PLACES_MAX] = {
    [BESIDE_LIBRARY] = { "../lib/libalgofs.so", "libalgofs.so" },
    [BESIDE_AGENT] = { "../libexec/algofs/algofs-agent", "algofs-agent" },
    [BESIDE_SERVER] = { "algofs-server" },
    [BESIDE_MOUNT] = { "../libexec/algofs/algofs-mount", "algofs-mount" },
};

int beside_find(enum beside_part part, char out[PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (len < 0)
        return -errno;
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    for (int i = 0; i < PLACES_MAX && places[part][i] != NULL; i++) {
        char candidate[2 * PATH_MAX];
        (void)snprintf(candidate, sizeof(candidate), "%s/%s", self, places[part][i]);
        char resolved[PATH_MAX];
        if (realpath(candidate, resolved) != NULL && access(resolved, R_OK) == 0) {
            memcpy(out, resolved, strlen(resolved) + 1);
            return 0;
        }
    }
    return -ENOENT;
}
