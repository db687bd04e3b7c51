/* SPDX-License-Identifier: MIT */
/*
 * One request on one curl easy handle: the set-up, the callbacks, and what its end means.
 * Private to http.c. A job stands on the stack of the thread that called http_perform; from the
 * moment it is queued until `done` is posted it belongs to the transfer thread.
 */
#ifndef ALGOFS_REMOTE_HTTP_TRANSFER_H
#define ALGOFS_REMOTE_HTTP_TRANSFER_H

#include <curl/curl.h>
#include <semaphore.h>

#include "core/remote/http.h"

struct http_job {
    struct http_job *prev, *next;
    const struct http_request *request;
    struct remote_call *call;
    struct http_response *response;
    size_t origin_len;    /* of "scheme://host:port" at the start of request->url */
    uint64_t deadline_ms; /* on the clock; UINT64_MAX: none */
    sem_t done;           /* posted once, as the transfer thread's last touch */
    int result;           /* what http_perform returns */

    /* Only while running. */
    CURL *easy;
    struct curl_slist *headers;
    uint64_t started_us;  /* when the request was sent: connecting and waiting are not latency */
    uint64_t progress_ms; /* the last byte either way; 0: not connected yet */
    uint64_t sent;        /* bytes of body_fd handed to curl */
    uint64_t received;    /* body bytes handed to the caller */
    unsigned redirects;
    bool headed;        /* request->head was called: later header lines are trailers */
    bool discards_body; /* of a redirect that will be followed */
    int stopped;        /* why a callback ended the transfer, -errno */
    char error[CURL_ERROR_SIZE];
};

/** The length of "scheme://host:port" at the start of `url`; 0 if it is not an http or https URL.
 */
size_t http_origin_len(const char *url);

/** Whether `target` has the scheme, host and port of `url`. */
bool http_same_origin(const char *url, const char *target);

/** Sets `easy` up for `job`. 0, or -errno with call->why. */
int http_transfer_prepare(struct http_job *job, CURL *easy, CURLSH *share, uint32_t connect_ms);

/** Releases what prepare made, but for the handle. */
void http_transfer_clear(struct http_job *job);

/**
 * Whether the finished transfer is a redirect to follow: then the handle is set to the new address
 * and only needs to be added to the multi handle again.
 */
bool http_transfer_redirect(struct http_job *job, CURLcode code);

/** What the end of a transfer means: 0 or -errno, with call->why and call->transient. */
int http_transfer_result(struct http_job *job, CURLcode code);

/** Whether the transfer must end now: 0 or -errno with call->why. For waiting jobs too. */
int http_transfer_overdue(struct http_job *job, uint64_t now_ms);

#endif
