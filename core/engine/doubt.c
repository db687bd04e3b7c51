/* SPDX-License-Identifier: MIT */
#include "core/engine/doubt.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/engine/hydration.h"
#include "core/engine/internal.h"

/* How long after an object's time it can still get the same time again. One second is the store's
 * resolution; a store may stamp an object a moment before it shows it. */
enum { DOUBT_RACY_S = 3 };

static bool doubt_is_racy(struct timespec mtime, const struct remote_call *call)
{
    int64_t now_s = call->server_time_s != 0 ? call->server_time_s : (int64_t)time(NULL);
    return now_s < (int64_t)mtime.tv_sec + DOUBT_RACY_S;
}

void doubt_note_read(struct hydration *hydration, const struct remote_call *call)
{
    bool racy = doubt_is_racy(file_remote_mtime(hydration->fd, &hydration->state), call);
    LOCK_SCOPE(&hydration->lock);
    hydration->synced.racy = racy; /* the last read counts: all are of one version */
}

bool doubt_is_one(int fd, const struct file_state *state)
{
    return !state->complete && state->version[0] != '\0' && file_is_racy(fd);
}

int doubt_resolve(
    struct instance *instance, const char *path, int fd, const struct file_state *state)
{
    struct remote *remote;
    struct remote_entry entry = { .version = "" };
    const char *rest;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = instance_remote(instance, path, &remote, &rest);
    if (rc < 0)
        return rc;
    rc = remote_probe(remote, &call, rest, &entry);
    bool same = rc == 0 && !entry.is_dir && entry.size == state->size &&
        (entry.version[0] == '\0' || strcmp(entry.version, state->version) == 0);
    if (rc == -ENOENT || (rc == 0 && !same)) {
        hydration_renew(instance, path, state->inode);
        return -ESTALE;
    }
    if (rc < 0)
        return instance_failed(instance, "look up", path, &call, rc);
    if (!doubt_is_racy(file_remote_mtime(fd, state), &call))
        file_set_racy(fd, false);
    map_delete(instance->tree, state->inode); /* of one whose agent died as it became complete */
    return file_trust(instance->tree, fd);
}
