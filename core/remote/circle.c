/* SPDX-License-Identifier: MIT */
#include "core/remote/circle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/remote/call.h"

int circle_check(struct circle *circle, struct remote_call *call, const char *marker)
{
    if (circle->marker != NULL && strcmp(circle->marker, marker) == 0)
        return remote_call_fail(call, -EIO, "the server's listing has no end: a marker came again");
    if (++circle->pages < circle->next_keep)
        return 0;
    free(circle->marker);
    circle->marker = strdup(marker);
    circle->next_keep = circle->pages * 2;
    return circle->marker == NULL ? -ENOMEM : 0;
}

void circle_free(struct circle *circle)
{
    free(circle->marker);
    circle->marker = NULL;
}
