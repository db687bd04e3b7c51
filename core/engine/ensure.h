/* SPDX-License-Identifier: MIT */
/*
 * Making the tree's names true (the ENSURE message; engine_ensure in engine.h), and the account's
 * own directory: where its name is known, data/.my is a symbolic link to it in the tree, and a path
 * through data/.my means data/<account>. Where it cannot be found out, .my is a name like any
 * other.
 *
 * Threads: any.
 */
#ifndef ALGOFS_ENGINE_ENSURE_H
#define ALGOFS_ENGINE_ENSURE_H

#include <stddef.h>

struct instance;

/** Checks `path` (from a door) and writes what it means to out[size]. 0, -EINVAL, -ENAMETOOLONG. */
int ensure_translate(struct instance *instance, const char *path, char *out, size_t size);

/** Makes data/.my. -ENOENT if the account's name is not known. */
int ensure_own_link(struct instance *instance);

#endif
