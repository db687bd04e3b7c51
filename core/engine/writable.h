/* SPDX-License-Identifier: MIT */
/*
 * What may be written at all, as far as that is known before the remote is asked.
 *
 * The top of the name space is not made of directories that a program could add to; another
 * account's directory is that account's; and a key that was refused a change once is not asked
 * again for WRITABLE_REFUSED_MS, so that a program learns it from its open and not from its close.
 *
 * The API does not tell what a key may do. Before the first change of a connector something is
 * asked for that needs the permission and changes nothing: the removal of a file of a random name,
 * which is not there.
 *
 * Threads: any.
 */
#ifndef ALGOFS_ENGINE_WRITABLE_H
#define ALGOFS_ENGINE_WRITABLE_H

#include "core/remote/remote.h"

enum { WRITABLE_REFUSED_MS = 60000 };

struct instance;

/** Whether an entry `path` can be made, changed or removed. 0; -EACCES; -EPERM: the path is one
 * that is always there; -EROFS: its remote takes no changes. */
int writable_check(struct instance *instance, const char *path);

/** -EROFS if the remote of `path` takes no changes; else 0. */
int writable_store(struct instance *instance, const char *path);

/** Finds out, unless it is known, whether the key may change anything beside `path`. 0, also where
 * that cannot be told; -EACCES. */
int writable_try(struct instance *instance, const char *path);

/** How a change of `path` ended at the remote. */
void writable_learn(
    struct instance *instance, const char *path, int rc, const struct remote_call *call);

/** Has the answer to the question whether `path`'s directory and `path` itself are there, at most a
 * lease old, in the tree. 0 or what prevented it. */
int writable_ensure(struct instance *instance, const char *path);

#endif
