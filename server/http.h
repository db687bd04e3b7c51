/* SPDX-License-Identifier: MIT */
/*
 * The HTTP side: libmicrohttpd, one thread for each connection, so that a request that waits
 * (for its delay, its bandwidth, a stall, the disk) holds up no other.
 */
#ifndef ALGOFS_SERVER_HTTP_H
#define ALGOFS_SERVER_HTTP_H

#include <microhttpd.h>

#include "server/server.h"

/** Serves on `listen_fd` (consumed by http_stop). NULL if libmicrohttpd refuses. */
struct MHD_Daemon *http_start(struct server *server, int listen_fd);
/** Ends all connections, waits for their threads. server->stop_fd must be readable before. */
void http_stop(struct MHD_Daemon *daemon);

#endif
