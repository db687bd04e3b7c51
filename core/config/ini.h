/* SPDX-License-Identifier: MIT */
/*
 * The lines of our configuration file, read with inih, and nothing cut or guessed on the way.
 *
 *     # a comment has a line of its own, as has ; one
 *     [section]
 *     key = value
 *
 * inih alone would cut lines at 200 bytes and names at 49, join an indented line to the one before, and
 * take what follows " ;" in a value away. So its limits are set through the variables that Debian's
 * libinih has for that, and each line is looked at before inih gets it: what inih would take otherwise
 * than it reads is an error that names the line. An indented line is a line like any other. Values have
 * no quotes and no escapes.
 *
 * Threads: any.
 */
#ifndef ALGOFS_CONFIG_INI_H
#define ALGOFS_CONFIG_INI_H

#include <stddef.h>

enum {
    INI_LINE_BYTES = 8192, /* a path of PATH_MAX, or an AWS session token, with room */
    INI_NAME_BYTES = 49,   /* of a section or key: what inih holds */
};

/* Each returns 0, or -errno (with its own reason) to end the reading with it. */
struct ini_sink {
    void *context;
    int (*section)(void *context, const char *name, unsigned line);
    int (*pair)(void *context, const char *name, const char *value, unsigned line);
};

/** Reads a whole file's bytes. 0; -EINVAL with "FILE:LINE: reason" in why[]; or what the sink said. */
int ini_read(const char *file, const char *bytes, size_t len, const struct ini_sink *sink,
    char *why, size_t why_size);

#endif
