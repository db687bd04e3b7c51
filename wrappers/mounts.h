/* SPDX-License-Identifier: MIT */
/*
 * Mounts as the kernel lists them, and who uses one. Nothing here touches the mount itself: a dead one answers
 * ENOTCONN, and one that hangs does not answer.
 */
#ifndef ALGOFS_WRAPPERS_MOUNTS_H
#define ALGOFS_WRAPPERS_MOUNTS_H

#include <limits.h>
#include <stdbool.h>

/** The absolute path that `given` means, without asking what its last component is. 0 or -errno. */
int mounts_path(const char *given, char out[PATH_MAX]);
/** Whether an algofs mount stands at `path`. */
bool mounts_has(const char *path);
/** Says one line for each process of which we can see that it uses what is below `path`. How many. */
unsigned mounts_say_users(const char *path);

#endif
