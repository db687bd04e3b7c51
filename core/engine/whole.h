/* SPDX-License-Identifier: MIT */
/*
 * Fetching a small file whole, by one GET into its inode.
 *
 * Who asks while the GET runs waits for it and gets its result. A body that is short, changes its
 * version, or does not have the MD5 that the server's ETag announces never completes the file: it
 * stays an honest placeholder. Threads: any.
 */
#ifndef ALGOFS_ENGINE_WHOLE_H
#define ALGOFS_ENGINE_WHOLE_H

#include "core/engine/hydration.h"

/** 0: the file is complete. -ESTALE: the object has changed, and the tree shows it (or its
 * absence). */
int whole_fetch(struct hydration *hydration, enum remote_priority priority);

#endif
