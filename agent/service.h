/* SPDX-License-Identifier: MIT */
/*
 * The agent at work: accepts calls, has them answered by a pool of workers, and knows when to
 * leave.
 *
 * Leaving: the socket's name is removed first, so that new doors start (and wait for) the next
 * agent; who had connected before is still answered; then the socket is closed. The lock is the
 * caller's and is given up last.
 */
#ifndef ALGOFS_AGENT_SERVICE_H
#define ALGOFS_AGENT_SERVICE_H

#include "agent/home.h"
#include "core/engine/engine.h"

enum {
    SERVICE_WORKERS_MAX = 512,
    SERVICE_QUEUE_MAX = 4096, /* calls that run or wait; above, new ones stay in the socket's backlog */
    SERVICE_IDLE_S = 120,
};

struct service_options {
    const struct home *home;
    int listener;         /* non-blocking; closed by service_run */
    int signals;          /* a signalfd: what comes from it ends the service */
    unsigned idle_s;      /* without a call or a transfer; 0: never */
};

/** Serves until idle, STOP or a signal. 0 or -errno. */
int service_run(struct engine *engine, const struct service_options *options);

#endif
