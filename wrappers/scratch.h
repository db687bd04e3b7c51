/* SPDX-License-Identifier: MIT */
/* A private folder for the life of one command. */
#ifndef ALGOFS_WRAPPERS_SCRATCH_H
#define ALGOFS_WRAPPERS_SCRATCH_H

#include <limits.h>

/** Makes it (0700) in $TMPDIR or /tmp. 0 or -errno. */
int scratch_make(char out[PATH_MAX]);
/** Removes it with all that is in it; symbolic links are not followed. */
void scratch_remove(const char *path);

#endif
