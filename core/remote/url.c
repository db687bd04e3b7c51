/* SPDX-License-Identifier: MIT */
#include "core/remote/url.h"

#include <string.h>

/* RFC 3986 "unreserved". By hand: isalnum() depends on the locale. */
static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

static void add_encoded(struct strbuf *url, const char *text, const char *also_plain)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        if (is_unreserved(*c) || strchr(also_plain, *c) != NULL) {
            strbuf_addch(url, *c);
        } else {
            char coded[] = { '%', hex[byte >> 4], hex[byte & 15] };
            strbuf_add(url, coded, sizeof(coded));
        }
    }
}

void url_add_path(struct strbuf *url, const char *path)
{
    add_encoded(url, path, "/");
}

void url_add_value(struct strbuf *url, const char *value)
{
    add_encoded(url, value, "");
}
