/* SPDX-License-Identifier: MIT */
#include "core/base/strbuf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRBUF_FIRST = 64 };

void strbuf_free(struct strbuf *sb)
{
    free(sb->buf);
    *sb = (struct strbuf)STRBUF_INIT;
}

void strbuf_reset(struct strbuf *sb)
{
    sb->len = 0;
    if (sb->buf != NULL)
        sb->buf[0] = '\0';
}

int strbuf_reserve(struct strbuf *sb, size_t extra)
{
    if (sb->failed || extra > SIZE_MAX / 2 - sb->len - 1) {
        sb->failed = true;
        return -ENOMEM;
    }
    size_t need = sb->len + extra + 1;
    if (need <= sb->cap)
        return 0;
    size_t cap = sb->cap == 0 ? STRBUF_FIRST : sb->cap;
    while (cap < need)
        cap *= 2;
    char *grown = realloc(sb->buf, cap);
    if (grown == NULL) {
        sb->failed = true;
        return -ENOMEM;
    }
    sb->buf = grown;
    sb->cap = cap;
    return 0;
}

void strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
    if (strbuf_reserve(sb, len) < 0)
        return;
    if (len > 0)
        memcpy(sb->buf + sb->len, data, len);
    sb->len += len;
    sb->buf[sb->len] = '\0';
}

void strbuf_addch(struct strbuf *sb, char c)
{
    strbuf_add(sb, &c, 1);
}

void strbuf_addstr(struct strbuf *sb, const char *s)
{
    strbuf_add(sb, s, strlen(s));
}

void strbuf_vaddf(struct strbuf *sb, const char *format, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, format, ap);
    if (len < 0 || strbuf_reserve(sb, (size_t)len) < 0) {
        sb->failed = true;
    } else {
        (void)vsnprintf(sb->buf + sb->len, (size_t)len + 1, format, again); /* measured above */
        sb->len += (size_t)len;
    }
    va_end(again);
}

void strbuf_addf(struct strbuf *sb, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    strbuf_vaddf(sb, format, ap);
    va_end(ap);
}

const char *strbuf_cstr(const struct strbuf *sb)
{
    return sb->buf == NULL ? "" : sb->buf;
}

char *strbuf_detach(struct strbuf *sb)
{
    if (!sb->failed && sb->buf == NULL)
        strbuf_add(sb, "", 0);
    char *out = NULL;
    if (!sb->failed) {
        out = sb->buf;
        sb->buf = NULL;
    }
    strbuf_free(sb);
    return out;
}
