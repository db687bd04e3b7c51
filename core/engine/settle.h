/* SPDX-License-Identifier: MIT */
/*
 * Uploaded files that a listing leaves in doubt.
 *
 * A store that tells no versions in its listings gives an uploaded file a time of its own, in whole seconds,
 * that was not known when it was uploaded. The first listing after that shows a time which may be the
 * upload's, or that of somebody else's object a moment later. Then the version is asked for, once, before the
 * listing counts as an answer; if it is another one the file gives way to a placeholder as after any change.
 *
 *     struct settle settle = { .instance = instance, .directory = path, .keep = &keep };
 *     … settle_add(&settle, name, &attributes) for each that the tree is unsure of …
 *     settle_run(&settle);                    // asks, several at a time; frees what was added
 *
 * What cannot be asked stays in doubt: the next listing brings it up again. Threads: one for each struct.
 */
#ifndef ALGOFS_ENGINE_SETTLE_H
#define ALGOFS_ENGINE_SETTLE_H

#include <stddef.h>

#include "core/tree/tree.h"

struct instance;
struct doubt;

struct settle {
    struct instance *instance;
    const char *directory;
    const struct tree_keep *keep;
    struct doubt *first;
};

/** Without memory the doubt stays. */
void settle_add(struct settle *settle, const char *name, const struct tree_attributes *listed);
void settle_run(struct settle *settle);

#endif
