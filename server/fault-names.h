/* SPDX-License-Identifier: MIT */
/*
 * Hostile names for listings.
 *
 * The file holds a JSON array. Each entry is a string, the name of a file of one byte, or an
 * object:
 *
 *     ["..", "a/b", "", {"name": "looks-like-a-folder", "dir": true}, {"json": "nul\\u0000inside"}]
 *
 * `json` is put between the quotes as it is, for what a JSON string of ours could not say.
 */
#ifndef ALGOFS_SERVER_FAULT_NAMES_H
#define ALGOFS_SERVER_FAULT_NAMES_H

#include "server/fault.h"

/** Reads `path`. 0, -EINVAL if it is not such a file, or another -errno. One reference. */
int fault_names_load(const char *path, struct fault_names **ret_names);
void fault_names_ref(struct fault_names *names);
/** NULL is fine. */
void fault_names_unref(struct fault_names *names);

#endif
