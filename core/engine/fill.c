/* SPDX-License-Identifier: MIT */
#include "core/engine/fill.h"

#include "core/engine/drop.h"
#include "core/engine/hydration.h"
#include "core/engine/internal.h"
#include "core/engine/ranges.h"
#include "core/engine/whole.h"

/* All of it, so nothing of it is dropped on the way. */
static int fill_ranges(struct hydration *h)
{
    uint64_t complete;
    int rc = ranges_prepare(h);
    if (rc == 0)
        rc = drop_never(h);
    return rc < 0 ? rc : ranges_need(h, 0, UINT64_MAX, &complete);
}

int fill_file(struct instance *instance, const char *path, int fd)
{
    struct hydration *h;
    int rc = hydration_open(instance, path, fd, &h);
    if (rc < 0 || h == NULL)
        return rc;
    if (h->state.size > instance->engine->options.whole_size)
        rc = fill_ranges(h);
    else
        rc = whole_fetch(h, REMOTE_DEMAND);
    hydration_put(h);
    return rc;
}
