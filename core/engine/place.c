/* SPDX-License-Identifier: MIT */
#include "core/engine/place.h"

#include <string.h>

#include "core/engine/internal.h"
#include "core/engine/names.h"

static const struct stores *place_stores(const struct instance *instance)
{
    return instance->engine->options.stores;
}

enum stores_place place_of(struct instance *instance, const char *path)
{
    const struct stores *stores = place_stores(instance);
    char name[ENGINE_CONNECTOR_NAME_MAX];
    if (names_split(path, name, sizeof(name)) == NULL || name[0] == '\0')
        return STORES_NOWHERE;
    if (stores->place != NULL)
        return stores->place(stores->context, &instance->account, name);
    return strcmp(name, "data") == 0 ? STORES_LISTED
        : names_is_connector(name)   ? STORES_LOOKUP
                                     : STORES_NOWHERE;
}

bool place_is_listed(struct instance *instance, const char *path)
{
    return strchr(path, '/') == NULL && place_of(instance, path) == STORES_LISTED;
}

const char *place_listed(struct instance *instance, unsigned number)
{
    const struct stores *stores = place_stores(instance);
    if (stores->listed != NULL)
        return stores->listed(stores->context, &instance->account, number);
    return number == 0 ? "data" : NULL;
}

unsigned place_capabilities(struct instance *instance, const char *path)
{
    struct connector *connector;
    return instance_connector(instance, path, &connector) < 0
        ? 0
        : remote_capabilities(connector->remote);
}

bool place_lists_all(struct instance *instance, const char *path)
{
    return strchr(path, '/') != NULL ||
        (path[0] != '\0' && (place_capabilities(instance, path) & REMOTE_HAS_OWNER_DIR) == 0);
}
