/* SPDX-License-Identifier: MIT */
/* What the walks (glob, ftw, fts) share: libc's own walks reach the kernel without calling our wrappers. */
#ifndef ALGOFS_PRELOAD_WALK_H
#define ALGOFS_PRELOAD_WALK_H

#include <stdbool.h>

/** Whether a walk from `path` is ours to make: it is inside, or why it cannot be told is for our calls to
 *  say. errno untouched. */
bool walk_starts_inside(const char *path);
/** Whether the kernel does not know `path`, but links on its way lead into the prefix. errno untouched. */
bool walk_is_led_inside(const char *path);
/** Whether a pattern may match names in the prefix; `flags`: those of glob. errno untouched. */
bool walk_pattern_is_inside(const char *pattern, int flags);

#endif
