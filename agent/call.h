/* SPDX-License-Identifier: MIT */
/*
 * One call of a door: a connection, a request, its answer.
 */
#ifndef ALGOFS_AGENT_CALL_H
#define ALGOFS_AGENT_CALL_H

#include <stdbool.h>

#include "core/base/strbuf.h"
#include "core/engine/engine.h"

enum { CALL_RECEIVE_MS = 5000, CALL_SEND_MS = 5000 }; /* a silent door does not hold a worker */

/* What a call may do to the service. */
struct call_host {
    void *context;
    void (*status)(void *context, struct strbuf *out); /* adds the agent's members of the JSON object */
    void (*stop)(void *context, bool force); /* returns when no call is accepted any more */
};

/** Receives, carries out and answers; closes nothing. */
void call_serve(struct engine *engine, const struct call_host *host, int connection);

#endif
