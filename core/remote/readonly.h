/* SPDX-License-Identifier: MIT */
/*
 * A layer that refuses changes (-EROFS) while its switch is on, and tells so by its capabilities.
 *
 *     atomic_bool on = true;
 *     struct remote *r = remote_readonly_new(store, &on);     // owns store
 *
 * Threads: any; the switch may be thrown at any time, and holds from the next call on.
 */
#ifndef ALGOFS_REMOTE_READONLY_H
#define ALGOFS_REMOTE_READONLY_H

#include "core/remote/remote.h"

/** `on` is borrowed for the layer's life. `inner` NULL: NULL, errno as it is. NULL: `inner` is freed. */
struct remote *remote_readonly_new(struct remote *inner, const atomic_bool *on);

#endif
