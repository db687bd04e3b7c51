/* SPDX-License-Identifier: MIT */
/*
 * What stands directly below the root, and what follows from it. Paths as in names.h.
 *
 * place_of and place_is_listed ask the stores only, and may be called under any lock; the others may open
 * the connector's remote, under the connectors' lock.
 */
#ifndef ALGOFS_ENGINE_PLACE_H
#define ALGOFS_ENGINE_PLACE_H

#include <stdbool.h>

#include "core/engine/stores.h"

struct instance;

/** How the connector of `path` comes to be there. */
enum stores_place place_of(struct instance *instance, const char *path);
/** Whether `path` itself is a connector that the root lists. */
bool place_is_listed(struct instance *instance, const char *path);
/** The listed connectors by number; NULL behind the last. */
const char *place_listed(struct instance *instance, unsigned number);
/** Whether the listing of directory `path` names all that is there: not at the root, and not where only
 * the caller's own directory is listed. */
bool place_lists_all(struct instance *instance, const char *path);
/** What the remote of `path` can do; 0 if there is none. */
unsigned place_capabilities(struct instance *instance, const char *path);

#endif
