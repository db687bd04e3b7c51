/* SPDX-License-Identifier: MIT */
/* What all requests share. The parts are immutable or have locks of their own. */
#ifndef ALGOFS_SERVER_SERVER_H
#define ALGOFS_SERVER_SERVER_H

#include "server/etag.h"
#include "server/fault.h"
#include "server/options.h"
#include "server/snapshot.h"
#include "server/space.h"

struct server {
    const struct options *options; /* borrowed */
    struct space space;
    struct snapshot_cache snapshots;
    struct etags etags;
    struct faults faults;
    int log_fd;  /* -1: no request log */
    int stop_fd; /* becomes readable when the server is to end */
};

#endif
