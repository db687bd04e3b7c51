/* SPDX-License-Identifier: MIT */
/*
 * The operations of the Data API. A request goes through
 *
 *     api_begin      its head is complete: who, where, may it, and the start of an upload
 *     api_receive    for each piece of its body
 *     api_finish     the body is complete: does the work
 *
 * Each may set request->answer; once it is set the rest of the body is only counted. After
 * api_finish it is set. After api_begin, request->answer_now asks to send it without reading the
 * body.
 */
#ifndef ALGOFS_SERVER_API_H
#define ALGOFS_SERVER_API_H

#include <stddef.h>

#include "server/request.h"

void api_begin(struct request *request);
void api_receive(struct request *request, const void *data, size_t len);
void api_finish(struct request *request);

#endif
