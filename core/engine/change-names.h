/* SPDX-License-Identifier: MIT */
/* What the operations that change the name space share. */
#ifndef ALGOFS_ENGINE_CHANGE_NAMES_H
#define ALGOFS_ENGINE_CHANGE_NAMES_H

#include "core/engine/claim.h"
#include "core/remote/remote.h"

/** The claimed entries have come, gone or become others: what was known of them is out of date. */
void names_changed(struct claim *claim);

/** Removes an object; one that is not there is fine. Logs a failure. -ENOTEMPTY is none. */
int names_remove_remote(struct instance *instance, const char *path, enum remote_remove_kind kind);

/** Renames an object in one step of the remote. `again`: an earlier agent may have done it. Logs a
 * failure. */
int names_rename_remote(
    struct instance *instance, const char *from, const char *to, bool again);

/** Makes a directory. -EEXIST is no failure. */
int names_make_remote(struct instance *instance, const char *path);

#endif
