/* SPDX-License-Identifier: MIT */
#include "server/space.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int space_open_store(struct store *store, const char *dir, bool read_only)
{
    int rc = store_open(store, dir, read_only);
    if (rc < 0)
        fprintf(stderr, "algofs-server: cannot serve %s: %s\n", dir, strerror(-rc));
    return rc;
}

static int space_open_list(struct space *space, const struct options_list *list, bool is_home)
{
    for (size_t i = 0; i < list->count; i++) {
        struct space_mount *mount = &space->mounts[space->mount_count];
        int rc = space_open_store(&mount->store, list->entries[i].dir, list->entries[i].read_only);
        if (rc < 0)
            return rc;
        mount->name = list->entries[i].name;
        mount->is_home = is_home;
        space->mount_count++;
    }
    return 0;
}

static const struct space_mount *space_find(
    const struct space *space, const char *name, size_t name_len, bool is_home)
{
    for (size_t i = 0; i < space->mount_count; i++) {
        const struct space_mount *mount = &space->mounts[i];
        if (mount->is_home == is_home && strlen(mount->name) == name_len &&
            memcmp(mount->name, name, name_len) == 0)
            return mount;
    }
    return NULL;
}

/* The caller's own account is there from the start. */
static void space_make_account(const struct space *space)
{
    if (!space->has_root || space_find(space, space->user, strlen(space->user), true) != NULL)
        return;
    if (mkdirat(space->root.root_fd, space->user, 0777) < 0 && errno != EEXIST)
        fprintf(stderr, "algofs-server: cannot make the folder of %s: %s\n", space->user,
            strerror(errno)); /* perhaps read-only: what is there can still be served */
}

int space_open(struct space *space, const struct options *options)
{
    *space = (struct space){ .user = options->user };
    space->mounts =
        calloc(options->homes.count + options->connectors.count + 1, sizeof(*space->mounts));
    if (space->mounts == NULL)
        return -ENOMEM;
    int rc = 0;
    if (options->root != NULL) {
        rc = space_open_store(&space->root, options->root, false);
        space->has_root = rc == 0;
    }
    if (rc == 0)
        rc = space_open_list(space, &options->homes, true);
    if (rc == 0)
        rc = space_open_list(space, &options->connectors, false);
    if (rc < 0) {
        space_close(space);
        return rc;
    }
    space_make_account(space);
    return 0;
}

void space_close(struct space *space)
{
    for (size_t i = 0; i < space->mount_count; i++)
        store_close(&space->mounts[i].store);
    if (space->has_root)
        store_close(&space->root);
    free(space->mounts);
    *space = (struct space){ 0 };
}

/* data://<user>/<rest>: by home, else below the root. */
static int space_resolve_hosted(const struct space *space, const char *path, struct target *target)
{
    size_t name_len = strcspn(path, "/");
    const char *name = path;
    const char *rest = path + name_len; /* "" or "/..." */
    if (name_len == 3 && memcmp(name, ".my", 3) == 0) {
        name = space->user;
        name_len = strlen(name);
    }
    const struct space_mount *home = space_find(space, name, name_len, true);
    if (home == NULL && !space->has_root)
        return -ENOENT;
    if (home != NULL) {
        target->store = &home->store;
        target->path = strdup(*rest == '/' ? rest + 1 : rest);
    } else {
        target->store = &space->root;
        if (asprintf(&target->path, "%.*s%s", (int)name_len, name, rest) < 0)
            target->path = NULL;
    }
    return target->path == NULL ? -ENOMEM : 0;
}

int space_resolve(const struct space *space, const struct route *route, struct target *target)
{
    *target = (struct target){ .level = route->depth };
    target->hosted = strcmp(route->connector, "data") == 0;
    if (target->hosted && route->depth == 0)
        return 0;
    if (target->hosted)
        return space_resolve_hosted(space, route->path, target);
    const struct space_mount *mount =
        space_find(space, route->connector, strlen(route->connector), false);
    if (mount == NULL)
        return -ENOENT;
    target->store = &mount->store;
    target->path = strdup(route->path);
    return target->path == NULL ? -ENOMEM : 0;
}

void target_free(struct target *target)
{
    free(target->path);
    *target = (struct target)TARGET_INIT;
}

bool target_is_fixed(const struct target *target)
{
    return target->level < (target->hosted ? 2U : 1U);
}
