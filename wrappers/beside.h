/* SPDX-License-Identifier: MIT */
/* The other parts of an installation (or of the build folder), found from where this program is. */
#ifndef ALGOFS_WRAPPERS_BESIDE_H
#define ALGOFS_WRAPPERS_BESIDE_H

#include <limits.h>

enum beside_part { BESIDE_LIBRARY, BESIDE_AGENT, BESIDE_SERVER, BESIDE_MOUNT };

/** Absolute path of a part. 0, or -ENOENT if it is in none of its places. */
int beside_find(enum beside_part part, char out[PATH_MAX]);

#endif
