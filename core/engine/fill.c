/* SPDX-License-Identifier: MIT */
#include "core/engine/fill.h"

#include "core/engine/hydration.h"
#include "core/engine/internal.h"
#include "core/engine/ranges.h"
#include "core/engine/whole.h"

int fill_file(struct instance *instance, const char *path, int fd)
{
    struct hydration *h;
    uint64_t complete;
    int rc = hydration_open(instance, path, fd, &h);
    if (rc < 0 || h == NULL)
        return rc;
    if (h->state.size > instance->engine->options.whole_size)
        rc = ranges_need(h, 0, UINT64_MAX, &complete);
    else
        rc = whole_fetch(h, REMOTE_DEMAND);
    hydration_put(h);
    return rc;
}
