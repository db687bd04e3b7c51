/* SPDX-License-Identifier: MIT */
#include "wrappers/scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OPEN_FOLDERS = 32 };

int scratch_make(char out[PATH_MAX])
{
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] != '/' || access(base, W_OK | X_OK) < 0)
        base = "/tmp";
    int len = snprintf(out, PATH_MAX, "%s/algofs-run-XXXXXX", base);
    if (len >= PATH_MAX)
        return -ENAMETOOLONG;
    return mkdtemp(out) == NULL ? -errno : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *info)
{
    (void)st;
    (void)type;
    (void)info;
    (void)remove(path); /* what cannot go now is left for the system's own clean-up of /tmp */
    return 0;
}

void scratch_remove(const char *path)
{
    (void)nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
