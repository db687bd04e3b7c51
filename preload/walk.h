/* SPDX-License-Identifier: MIT */
/* What the walks (glob, ftw, fts) share: libc's own walks reach the kernel without calling our wrappers. */
#ifndef ALGOFS_PRELOAD_WALK_H
#define ALGOFS_PRELOAD_WALK_H

#include <stdbool.h>

/** Whether a walk from `path` is ours to make: it is inside, or why it cannot be told is for our calls to
 *  say. errno untouched. */
bool walk_starts_inside(const char *path);

#endif
