/* SPDX-License-Identifier: MIT */
/*
 * What a request is answered with, before any HTTP library has seen it.
 *
 * An operation fills one of these and returns; reply.c turns it into a response. The body is either
 * text in `body` or a part of the file `fd`. The strings are static unless said otherwise.
 *
 *     struct answer answer = ANSWER_INIT;
 *     answer_error(&answer, 404, "path not found");
 *     ...
 *     answer_free(&answer);
 *
 * Not thread-safe: an answer belongs to one request.
 */
#ifndef ALGOFS_SERVER_ANSWER_H
#define ALGOFS_SERVER_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/strbuf.h"

enum { ANSWER_ETAG_LEN = 32 };

struct answer {
    unsigned status;                /* HTTP status; 0: nothing decided yet */
    const char *data_type;          /* X-Data-Type: "file", "directory", or NULL for none */
    const char *media_type;         /* Content-Type, or NULL for none */
    const char *message;            /* of an error, for X-Error-Message; NULL on success */
    unsigned retry_after;           /* seconds for Retry-After; 0: none */
    char etag[ANSWER_ETAG_LEN + 1]; /* hex MD5, or "" when unknown */

    struct strbuf body; /* the body when fd < 0 */

    int fd;          /* owned; the body is `length` bytes of it from `offset` */
    uint64_t offset; /* bytes */
    uint64_t length; /* bytes */
    uint64_t total;  /* size of the whole file, bytes */
    bool has_range;  /* send Content-Range for offset, length and total */
    bool accepts_ranges;
};

#define ANSWER_INIT                                                                                \
    {                                                                                              \
        .fd = -1, .body = STRBUF_INIT                                                              \
    }

/** Frees what the answer owns and makes it empty again. */
void answer_free(struct answer *answer);
/** Bytes of the body. */
uint64_t answer_length(const struct answer *answer);
/** Makes the answer a 200 whose JSON body the caller then writes into `answer->body`. */
void answer_json(struct answer *answer);
/** Makes the answer a 200 naming an object: `<connector>://<path>`, with `/<name>` if not NULL. */
void answer_uri(struct answer *answer, const char *connector, const char *path, const char *name);
/** Replaces whatever the answer was by an error in the API's envelope. `message` is static text. */
void answer_error(struct answer *answer, unsigned status, const char *message);
/** As answer_error, for a failed operation: chooses status and message for `rc`, a -errno. */
void answer_errno(struct answer *answer, int rc);
/** An error part-way through a deletion: the envelope also counts the files that are gone. */
void answer_partial_delete(struct answer *answer, int rc, uint64_t deleted);

#endif
