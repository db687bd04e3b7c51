/* SPDX-License-Identifier: MIT */
/* Reading a file: whole or a range of it. */
#ifndef ALGOFS_SERVER_DOWNLOAD_H
#define ALGOFS_SERVER_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "server/answer.h"

enum download_range_outcome {
    DOWNLOAD_WHOLE, /* no range, or none that we understand: send everything */
    DOWNLOAD_PART,
    DOWNLOAD_UNSATISFIABLE, /* 416 */
};

struct download_range {
    uint64_t offset; /* bytes */
    uint64_t length; /* bytes, at least one */
};

/**
 * Reads the Range header `text` (NULL: none) for a file of `total` bytes. `ret_range` is set for
 * DOWNLOAD_PART only. Several ranges are answered as the whole file, which HTTP allows.
 */
enum download_range_outcome download_parse_range(
    const char *text, uint64_t total, struct download_range *ret_range);

/**
 * Whether a Range is to be looked at beside the If-Range header `text` (NULL: none): only if that names
 * the ETag `etag`, quoted or bare. A date never matches, for no answer has a Last-Modified.
 */
bool download_if_range(const char *text, const char *etag);

/**
 * Answers with the file `fd` (consumed), whose status is `st`, name `name`, and ETag `etag` ("" if
 * unknown). `range` is the Range header or NULL; `ranges` tells whether to look at it at all.
 */
void download_file(int fd, const struct stat *st, const char *name, const char *etag,
    const char *range, bool ranges, struct answer *answer);

#endif
