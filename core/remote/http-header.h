/* SPDX-License-Identifier: MIT */
/*
 * Reads one header line at a time into a struct http_response. Pure: no I/O, no state elsewhere.
 * Lines are a stranger's bytes, not NUL-terminated; what does not parse is left out.
 */
#ifndef ALGOFS_REMOTE_HTTP_HEADER_H
#define ALGOFS_REMOTE_HTTP_HEADER_H

#include "core/remote/http.h"

/** Takes one line, with or without its CRLF. A status line starts the response afresh. */
void http_header_take(struct http_response *response, const char *line, size_t len);

/** Whether `line` is the empty line that ends a head. */
bool http_header_is_end(const char *line, size_t len);

#endif
