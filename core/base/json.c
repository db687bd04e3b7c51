/* SPDX-License-Identifier: MIT */
#include "core/base/json.h"

void json_add_string(struct strbuf *out, const char *text)
{
    strbuf_addch(out, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            strbuf_addf(out, "\\%c", c);
        else if (c < ' ')
            strbuf_addf(out, "\\u%04x", c);
        else
            strbuf_addch(out, *text);
    }
    strbuf_addch(out, '"');
}
