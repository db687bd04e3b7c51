/* SPDX-License-Identifier: MIT */
#include "core/engine/settle.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/pool.h"
#include "core/engine/internal.h"

enum { SETTLE_PARALLEL = 16, SETTLE_IDLE_MS = 1000 };

struct doubt {
    struct doubt *next;
    struct settle *settle;
    struct tree_attributes listed; /* without a version */
    char name[];
};

void settle_add(struct settle *settle, const char *name, const struct tree_attributes *listed)
{
    size_t size = strlen(name) + 1;
    struct doubt *doubt = malloc(sizeof(*doubt) + size);
    if (doubt == NULL)
        return;
    *doubt = (struct doubt){ .next = settle->first, .settle = settle, .listed = *listed };
    memcpy(doubt->name, name, size);
    settle->first = doubt;
}

/* The listing's attributes with the version, and the size, that the object has now. */
static void settle_ask(void *argument)
{
    struct doubt *doubt = argument;
    const struct settle *settle = doubt->settle;
    struct instance *instance = settle->instance;
    struct remote_entry entry = { .version = "" };
    struct remote *remote;
    const char *rest;
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", settle->directory, doubt->name) >= sizeof(path) ||
        instance_remote(instance, path, &remote, &rest) < 0)
        return;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = remote_probe(remote, &call, rest, &entry);
    if (rc < 0)
        (void)instance_failed(instance, "look up", path, &call, rc);
    if (rc < 0 || entry.is_dir || entry.version[0] == '\0')
        return;
    doubt->listed.size = entry.size;
    doubt->listed.version = entry.version;
    rc = tree_put(instance->tree, path, &doubt->listed, settle->keep);
    if (rc < 0)
        log_error("engine", "cannot write \"%s\" to the cache: %s", path, strerror(-rc));
}

void settle_run(struct settle *settle)
{
    struct pool *pool = settle->first == NULL ? NULL : pool_new(SETTLE_PARALLEL, SETTLE_IDLE_MS);
    for (struct doubt *doubt = settle->first; pool != NULL && doubt != NULL; doubt = doubt->next)
        if (pool_submit(pool, settle_ask, doubt) < 0)
            settle_ask(doubt);
    pool_free(pool); /* waits for all */
    while (settle->first != NULL) {
        struct doubt *doubt = settle->first;
        settle->first = doubt->next;
        free(doubt);
    }
}
