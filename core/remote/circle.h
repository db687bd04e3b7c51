/* SPDX-License-Identifier: MIT */
/*
 * Notices a server whose listing leads in circles (Brent): one old marker is kept and compared with
 * each new one; it is replaced at page 1, 2, 4, 8, …, so that any circle is met sooner or later.
 *
 *     struct circle circle = CIRCLE_INIT;
 *     … for each page: rc = circle_check(&circle, call, marker);
 *     circle_free(&circle);
 */
#ifndef ALGOFS_REMOTE_CIRCLE_H
#define ALGOFS_REMOTE_CIRCLE_H

#include "core/remote/remote.h"

struct circle {
    char *marker;
    unsigned long pages, next_keep;
};

#define CIRCLE_INIT { NULL, 0, 1 }

/** 0, -EIO with call->why when this marker came before, -ENOMEM. */
int circle_check(struct circle *circle, struct remote_call *call, const char *marker);
void circle_free(struct circle *circle);

#endif
