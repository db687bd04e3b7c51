/* SPDX-License-Identifier: MIT */
/*
 * A layer that asks its store nothing while its switch is on: working offline.
 *
 * Every call is -EIO then, with the reason "cache_only=yes", and the capabilities have REMOTE_IS_OFFLINE and
 * no change in them. That what the cache has is served all the same is the engine's doing (question.c,
 * offline.h), which asks for that capability.
 *
 *     atomic_bool on = true;
 *     struct remote *r = remote_cache_only_new(store, &on);     // owns store
 *
 * Threads: any; the switch may be thrown at any time, and holds from the next call on.
 */
#ifndef ALGOFS_REMOTE_CACHE_ONLY_H
#define ALGOFS_REMOTE_CACHE_ONLY_H

#include "core/remote/remote.h"

/** As remote_readonly_new. */
struct remote *remote_cache_only_new(struct remote *inner, const atomic_bool *on);

#endif
