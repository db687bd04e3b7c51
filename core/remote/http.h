/* SPDX-License-Identifier: MIT */
/*
 * HTTP for all remotes of the process: many callers, one transfer thread, one pool of connections.
 *
 * A caller describes a request, blocks in http_perform, and gets the answer's head; the body goes
 * to a callback while it arrives. Inside, one thread runs curl_multi. Connections are kept and
 * reused, HTTP/2 is used where TLS negotiates it.
 *
 *     struct http_client *http = http_client_new(NULL);
 *     struct http_request request = { .method = HTTP_GET, .url = url, .authorization = auth,
 *         .body_fd = -1, .context = &page, .body = page_add };
 *     struct http_response response;
 *     int rc = http_perform(http, &call, &request, &response); // 0: an answer, of any status
 *     http_client_free(http);
 *
 * When the limits are reached requests wait: demand goes before read-ahead before warm-up, each in
 * the order of arrival. Read-ahead may fill three quarters of the places, warm-up one half, so that
 * a demand never waits for a whole warm-up to end.
 *
 * Security: only http and https; a redirect is followed only to the same scheme, host and port (and
 * not at all if the request says so), so the Authorization header goes nowhere else; no netrc; no key
 * in any log line.
 *
 * Threads: http_perform and http_client_wake from any. The callbacks run on the transfer thread and
 * hold up every other transfer while they run: local disk is fine, waiting for anybody is not.
 */
#ifndef ALGOFS_REMOTE_HTTP_H
#define ALGOFS_REMOTE_HTTP_H

#include "core/remote/remote.h"

struct http_client;

/* Zero means the default. */
struct http_limits {
    unsigned transfers;          /* in flight at a time; 64 */
    unsigned transfers_per_host; /* of them to one scheme://host:port; 64 */
    uint64_t bytes;              /* expected body bytes in flight; 256 MiB */
    uint32_t connect_ms;         /* name look-up, TCP and TLS together; 5 s */
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_PUT, HTTP_POST, HTTP_PATCH, HTTP_DELETE };

enum http_data_type { HTTP_DATA_UNSAID, HTTP_DATA_FILE, HTTP_DATA_DIRECTORY, HTTP_DATA_OTHER };

/* The head of an answer. */
struct http_response {
    int status; /* 0: none came */
    bool has_length;
    bool has_range;  /* a Content-Range with a start: of a 206 */
    bool has_total;  /* a Content-Range with a total: of a 206 or a 416 */
    bool encoded;    /* a Content-Encoding other than identity: the lengths are not the object's */
    uint64_t length; /* Content-Length; for HEAD that of the object */
    uint64_t range_start, range_end; /* first and last byte */
    uint64_t range_total;
    enum http_data_type data_type; /* X-Data-Type */
    uint32_t retry_after_ms;       /* 0: not said */
    uint32_t first_byte_ms;        /* from the sending of the request to its answer's first byte */
    int64_t date;                  /* Date, seconds of the epoch; 0: not said */
    char etag[REMOTE_VERSION_MAX]; /* without quotes; "" if none or too long */
    char error_message[REMOTE_WHY_MAX]; /* X-Error-Message; cut when longer */
};

/* All pointers are borrowed until http_perform returns. */
struct http_request {
    enum http_method method;
    const char *url;           /* absolute; sent as it is, dot segments included */
    const char *authorization; /* the header's value, or NULL */
    const char *content_type;  /* of what is sent, or NULL */
    const char *ca_cert;       /* PEM file that replaces the system's authorities, or NULL */
    const char *range;         /* "first-last" or "first-", or NULL */
    const char *const *headers; /* further "Name: value" lines, NULL-terminated; or NULL */
    bool keep_redirects;       /* a 3xx is an answer like any other: what is signed for one address is
                                  of no use at another */
    uint64_t expected_bytes;   /* counted against http_limits.bytes; an estimate will do */
    uint32_t stall_ms;         /* give up after this long without a byte either way; 0: never */
    uint32_t answer_ms;        /* the same for the answer to an upload sent wholly; 0: stall_ms */

    /* What is sent. HTTP_POST, HTTP_PATCH: `post`. HTTP_PUT: body_size bytes of body_fd, read by pread
     * from body_offset. */
    const char *post;
    int body_fd;
    uint64_t body_offset;
    uint64_t body_size;

    /* What is received. All may be NULL; 0 goes on, -errno ends the transfer and is its result. */
    void *context;
    /* Each line of an answer's head, as http_header_take sees it, with its end. A line that starts with
     * "HTTP/" starts over: what came before was another answer's. */
    void (*header)(void *context, const char *line, size_t len);
    int (*head)(void *context, const struct http_response *response); /* before any body byte */
    int (*body)(void *context, const void *bytes, size_t len);
    /* Sees the bytes of body_fd as they are sent, offsets counted from body_offset. An offset of 0 means:
     * from the start (again). */
    void (*sent)(void *context, uint64_t offset, const void *bytes, size_t len);
};

/** Starts the transfer thread. `limits` is copied; NULL: all defaults. NULL on failure (errno set).
 */
struct http_client *http_client_new(const struct http_limits *limits);

/** Ends the thread and closes the connections. NULL is allowed. No http_perform may be in progress.
 */
void http_client_free(struct http_client *client);

/**
 * Sends `request` and waits for the end of its answer. Of `call` it reads priority, deadline_ms and
 * cancel, and sets status, attempts and, on failure, why and transient.
 *
 * 0 when an answer came whole, whatever its status; *ret_response is filled as far as it came in
 * any case. Otherwise what a callback returned, or -EHOSTUNREACH (transient), -ETIMEDOUT
 * (transient), -EIO, -EINVAL (not an http URL), -ESTALE (body_fd is shorter than body_size),
 * -ECANCELED, -ENOMEM.
 */
int http_perform(struct http_client *client, struct remote_call *call,
    const struct http_request *request, struct http_response *ret_response);

/** How many http_perform are in progress, those that wait for a place included. */
unsigned http_client_pending(struct http_client *client);

/** Has cancel flags looked at now, and not at the next tick (100 ms). Call it after setting one. */
void http_client_wake(struct http_client *client);

#endif
