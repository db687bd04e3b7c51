/* SPDX-License-Identifier: MIT */
/*
 * A growing string.
 *
 * Always NUL-terminated once something was added; may hold NUL bytes. Running out of memory is
 * sticky: later additions do nothing and `failed` stays set, so that a caller builds a whole string
 * and checks once:
 *
 *     struct strbuf url = STRBUF_INIT;
 *     strbuf_addstr(&url, base);
 *     strbuf_addf(&url, "?marker=%s", marker);
 *     if (url.failed) ...
 *     strbuf_free(&url);
 *
 * Not for the shim: it allocates. No thread safety of its own.
 */
#ifndef ALGOFS_BASE_STRBUF_H
#define ALGOFS_BASE_STRBUF_H

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>

struct strbuf {
    char *buf; /* NULL while nothing was added */
    size_t len;
    size_t cap;
    bool failed; /* an allocation failed; the content is incomplete */
};

#define STRBUF_INIT { NULL, 0, 0, false }
#define CLEANUP_STRBUF __attribute__((cleanup(strbuf_free)))

/** Frees the content and makes `sb` empty again; also clears `failed`. */
void strbuf_free(struct strbuf *sb);
/** Empties `sb` and keeps its memory; `failed` is kept too. */
void strbuf_reset(struct strbuf *sb);
/** Makes room for `extra` more bytes. 0 or -ENOMEM. */
int strbuf_reserve(struct strbuf *sb, size_t extra);
void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_addch(struct strbuf *sb, char c);
void strbuf_addstr(struct strbuf *sb, const char *s);
void strbuf_addf(struct strbuf *sb, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *sb, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));
/** The content as a C string, never NULL ("" when empty). Owned by `sb`. */
const char *strbuf_cstr(const struct strbuf *sb);
/** Hands the malloc'ed string to the caller and empties `sb`. NULL if `failed`. */
char *strbuf_detach(struct strbuf *sb);

#endif
