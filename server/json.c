/* SPDX-License-Identifier: MIT */
#include "server/json.h"

#include <stdint.h>

void json_add_string(struct strbuf *out, const char *text)
{
    strbuf_addch(out, '"');
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\') {
            strbuf_addch(out, '\\');
            strbuf_addch(out, *p);
        } else if (c < 0x20 || c == 0x7f) {
            strbuf_addf(out, "\\u%04x", c);
        } else {
            strbuf_addch(out, *p);
        }
    }
    strbuf_addch(out, '"');
}

/* The bytes of the UTF-8 sequence at `p`, or 0 if there is none. Stops at the NUL by itself. */
static unsigned json_sequence_length(const unsigned char *p)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned len = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : (*p & 0xf0) == 0xe0 ? 3 : 4;
    if (len == 1)
        return 1;
    if (*p < 0xc2 || *p > 0xf4)
        return 0;
    uint32_t code = *p & (0xffU >> (len + 1));
    for (unsigned i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < smallest[len] || code > 0x10ffff || surrogate ? 0 : len;
}

bool json_is_utf8(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    while (*p != '\0') {
        unsigned len = json_sequence_length(p);
        if (len == 0)
            return false;
        p += len;
    }
    return true;
}
