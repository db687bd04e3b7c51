/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/engine/ahead.h"
#include "core/engine/drop.h"
#include "core/engine/ensure.h"
#include "core/engine/hydration.h"
#include "core/engine/internal.h"
#include "core/engine/ranges.h"
#include "core/engine/whole.h"

static int open_hydration(
    struct hydration *h, struct wire_open_reply *ret_reply, int *ret_map)
{
    if (h->state.size > h->instance->engine->options.whole_size)
        return ranges_open(h, &ret_reply->complete, ret_map);
    int rc = whole_fetch(h, REMOTE_DEMAND);
    ret_reply->complete = rc == 0;
    return rc;
}

int engine_open(struct engine *engine, const struct wire_open_request *request, int fd,
    struct wire_open_reply *ret_reply, int *ret_map)
{
    char path[PATH_MAX];
    struct hydration *h;
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    if ((request->flags & O_ACCMODE) != O_RDONLY || (request->flags & (O_CREAT | O_TRUNC)) != 0)
        return -EROFS;
    int rc = ensure_translate(instance, request->path, path, sizeof(path));
    if (rc == 0)
        rc = hydration_open(instance, path, fd, &h);
    if (rc < 0)
        return rc;
    ret_reply->complete = true;
    *ret_map = -1;
    ahead_opened(instance, path);
    if (h == NULL)
        return 0;
    rc = open_hydration(h, ret_reply, ret_map);
    hydration_put(h);
    return rc;
}

static int need_ranges(struct hydration *h, const struct wire_need_request *request,
    struct wire_need_reply *ret_reply)
{
    int rc = ranges_prepare(h);
    if (rc == 0 && (request->hold != 0 || request->length == UINT64_MAX))
        rc = drop_never(h);
    return rc < 0 ? rc : ranges_need(h, request->offset, request->length, &ret_reply->complete);
}

int engine_need(struct engine *engine, const struct wire_need_request *request, int fd,
    struct wire_need_reply *ret_reply)
{
    struct hydration *h;
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    int rc = hydration_open(instance, NULL, fd, &h);
    if (rc < 0)
        return rc;
    ret_reply->complete = true;
    if (h == NULL)
        return 0;
    if (h->state.size > engine->options.whole_size)
        rc = need_ranges(h, request, ret_reply);
    else
        rc = whole_fetch(h, REMOTE_DEMAND);
    hydration_put(h);
    return rc;
}

void engine_hint(struct engine *engine, const struct wire_hint_request *request, int fd)
{
    struct hydration *h;
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL || hydration_open(instance, NULL, fd, &h) < 0 || h == NULL)
        return;
    if (h->state.size > engine->options.whole_size)
        ranges_hint(h, request->offset);
    hydration_put(h);
}
