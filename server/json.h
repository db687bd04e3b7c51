/* SPDX-License-Identifier: MIT */
/*
 * Writing JSON text. Answers are built by hand, because clients compare some of them byte by byte;
 * reading is cJSON's.
 */
#ifndef ALGOFS_SERVER_JSON_H
#define ALGOFS_SERVER_JSON_H

#include <stdbool.h>

#include "core/base/strbuf.h"

/** Adds `text` as a JSON string with its quotes. Bytes of 0x80 and above are copied as they are. */
void json_add_string(struct strbuf *out, const char *text);
/** Whether `text` is UTF-8 as JSON needs it: no overlong forms, no surrogates, at most U+10FFFF. */
bool json_is_utf8(const char *text);

#endif
