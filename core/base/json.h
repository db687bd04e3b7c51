/* SPDX-License-Identifier: MIT */
/* Writing JSON strings. Numbers and braces are the caller's. No state. */
#ifndef ALGOFS_BASE_JSON_H
#define ALGOFS_BASE_JSON_H

#include "core/base/strbuf.h"

/** Adds `text` as a JSON string, with its quotes. Bytes that are not ASCII pass as they are; so the
 * output is UTF-8 if they are. */
void json_add_string(struct strbuf *out, const char *text);

#endif
