/* SPDX-License-Identifier: MIT */
/*
 * From an answer to a response of libmicrohttpd, with the faults and the bandwidth that apply to
 * it.
 *
 * A body goes out by sendfile or from memory in one piece, unless something has to happen on the
 * way: then a callback hands it out piece by piece.
 */
#ifndef ALGOFS_SERVER_REPLY_H
#define ALGOFS_SERVER_REPLY_H

#include <microhttpd.h>

#include "server/request.h"
#include "server/throttle.h"

/**
 * Queues request->answer, whose body is consumed. `throttle` belongs to the connection and outlives
 * the response.
 */
enum MHD_Result reply_send(
    struct request *request, struct MHD_Connection *connection, struct throttle *throttle);

#endif
