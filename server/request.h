/* SPDX-License-Identifier: MIT */
/*
 * One request, from its first line to its answer. It belongs to the thread of its connection.
 */
#ifndef ALGOFS_SERVER_REQUEST_H
#define ALGOFS_SERVER_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/strbuf.h"
#include "server/answer.h"
#include "server/fault.h"
#include "server/route.h"
#include "server/server.h"
#include "server/space.h"
#include "server/upload.h"

enum { REQUEST_METHOD_MAX = 16 };

/* What the API looks at in the head of a request. Strings are borrowed, NULL if absent. */
struct request_head {
    const char *authorization;
    const char *range;
    const char *if_range;
    const char *content_type;
    const char *marker;    /* query */
    bool wants_acl;        /* query */
    bool force;            /* query */
    bool has_length;       /* of the body; false if chunked or none */
    uint64_t length;       /* bytes, if has_length */
    bool expects_continue; /* the client waits for our consent before it sends the body */
};

struct request {
    struct server *server;
    char *target_text;               /* owned; the request target as received */
    char method[REQUEST_METHOD_MAX]; /* cut if longer, which is no method of ours */
    struct request_head head;
    struct fault_plan faults;

    struct route route;
    struct target target;
    struct upload upload; /* PUT */
    struct strbuf body;   /* POST and PATCH */
    uint64_t received;    /* bytes of the body */
    struct answer answer; /* status 0 until decided */
    bool answer_now;      /* the body cannot or need not be read before the answer */

    bool begun;          /* the head has been looked at */
    unsigned status;     /* sent; 0: none */
    uint64_t started_ns; /* monotonic */
    uint64_t sent;       /* bytes of the answer's body given to the connection */
    bool sent_known;     /* `sent` counts while sending, also when it ends early */
};

/** A new request for `target_text` (copied), or NULL for lack of memory. */
struct request *request_new(struct server *server, const char *target_text);
/** Frees all of it; an upload that was not finished disappears. NULL is fine. */
void request_free(struct request *request);

#endif
