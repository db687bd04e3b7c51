/* SPDX-License-Identifier: MIT */
#include "server/reply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"

/* A body on its way out, for the callback. */
struct reply_stream {
    struct request *request; /* the callback runs only while it is there */
    struct throttle *throttle;
    struct answer answer; /* owned: the body */
    uint64_t length;      /* bytes */
    uint64_t end;         /* stops here: `length`, or earlier for a fault */
    bool stalls;          /* at `end` */
    uint64_t stall_s;
};

static ssize_t reply_read_body(
    const struct answer *answer, uint64_t position, char *buffer, size_t len)
{
    if (answer->fd >= 0)
        return pread(answer->fd, buffer, len, (off_t)(answer->offset + position));
    memcpy(buffer, answer->body.buf + position, len);
    return (ssize_t)len;
}

static ssize_t reply_stream_read(void *context, uint64_t position, char *buffer, size_t max)
{
    struct reply_stream *stream = context;
    const struct server *server = stream->request->server;
    if (position >= stream->end) {
        if (stream->stalls)
            (void)throttle_sleep(server->stop_fd, stream->stall_s * UINT64_C(1000000000));
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    uint64_t left = stream->end - position;
    size_t len = throttle_piece(server->options->bandwidth, left < max ? (size_t)left : max);
    if (!throttle_pass(stream->throttle, server->stop_fd, server->options->bandwidth, len))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    ssize_t got = reply_read_body(&stream->answer, position, buffer, len);
    if (got <= 0)
        return MHD_CONTENT_READER_END_WITH_ERROR; /* cut off on disk, or unreadable */
    stream->request->sent += (uint64_t)got;
    return got;
}

static void reply_stream_free(void *context)
{
    struct reply_stream *stream = context;
    answer_free(&stream->answer);
    free(stream);
}

/* Takes the body out of `answer`, leaving the rest of it in place. */
static struct answer reply_take_body(struct answer *answer)
{
    struct answer body = ANSWER_INIT;
    body.body = answer->body;
    body.fd = answer->fd;
    body.offset = answer->offset;
    body.length = answer->length;
    answer->body = (struct strbuf)STRBUF_INIT;
    answer->fd = -1;
    return body;
}

static struct MHD_Response *reply_create_stream(struct request *request, struct throttle *throttle)
{
    struct reply_stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL)
        return NULL;
    const struct fault_plan *faults = &request->faults;
    stream->request = request;
    stream->throttle = throttle;
    stream->length = answer_length(&request->answer);
    stream->end = stream->length;
    if (faults->has_cut && faults->cut < stream->end)
        stream->end = faults->cut;
    if (faults->has_stall && stream->length / 2 < stream->end) {
        stream->end = stream->length / 2;
        stream->stalls = true;
        stream->stall_s = faults->stall_s;
    }
    stream->answer = reply_take_body(&request->answer);
    request->sent_known = true;
    struct MHD_Response *response = MHD_create_response_from_callback(
        stream->length, THROTTLE_PIECE_MAX, reply_stream_read, stream, reply_stream_free);
    if (response == NULL)
        reply_stream_free(stream);
    return response;
}

static struct MHD_Response *reply_create(struct request *request, struct throttle *throttle)
{
    const struct fault_plan *faults = &request->faults;
    struct answer *answer = &request->answer;
    uint64_t length = answer_length(answer);
    bool piecewise =
        request->server->options->bandwidth > 0 || faults->has_cut || faults->has_stall;
    if (piecewise && length > 0)
        return reply_create_stream(request, throttle);
    struct answer body = reply_take_body(answer);
    struct MHD_Response *response;
    if (body.fd >= 0) {
        response = MHD_create_response_from_fd_at_offset64(length, body.fd, body.offset);
        if (response != NULL)
            body.fd = -1; /* the response closes it */
    } else {
        request->sent_known = true;
        response = MHD_create_response_from_buffer(length, body.body.buf, MHD_RESPMEM_MUST_FREE);
        if (response != NULL)
            body.body = (struct strbuf)STRBUF_INIT; /* the response frees it */
    }
    request->sent = length;
    answer_free(&body);
    return response;
}

static void reply_add(struct MHD_Response *response, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0')
        (void)MHD_add_response_header(response, name, value); /* fails for lack of memory only */
}

static void reply_add_range(struct MHD_Response *response, const struct answer *answer)
{
    char text[96]; /* three numbers of 20 digits */
    if (answer->status == 416)
        (void)snprintf(text, sizeof(text), "bytes */%" PRIu64, answer->total);
    else
        (void)snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, answer->offset,
            answer->offset + answer->length - 1, answer->total);
    reply_add(response, "Content-Range", text);
}

/* A Content-Length that is a lie; the connection cannot be used any more after it. */
static void reply_add_wrong_length(struct MHD_Response *response, int64_t length, int64_t change)
{
    char text[32]; /* one number */
    int64_t wrong = length + change < 0 ? 0 : length + change;
    (void)snprintf(text, sizeof(text), "%" PRId64, wrong);
    (void)MHD_set_response_options(response, MHD_RF_INSANITY_HEADER_CONTENT_LENGTH, MHD_RO_END);
    reply_add(response, MHD_HTTP_HEADER_CONTENT_LENGTH, text);
    reply_add(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

static void reply_add_headers(
    struct MHD_Response *response, const struct request *request, uint64_t length)
{
    const struct answer *answer = &request->answer;
    bool is_head = strcmp(request->method, "HEAD") == 0;
    bool wrong_etag = request->faults.wrong_etag && answer->etag[0] != '\0';
    reply_add(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->media_type);
    reply_add(response, "X-Data-Type", answer->data_type);
    reply_add(response, MHD_HTTP_HEADER_ETAG,
        wrong_etag ? "00000000000000000000000000000000" : answer->etag);
    if (is_head)
        reply_add(response, "X-Error-Message", answer->message);
    if (answer->status == 405) /* RFC 9110, 15.5.6 */
        reply_add(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, PUT, POST, PATCH, DELETE");
    if (answer->accepts_ranges)
        reply_add(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    if (answer->has_range)
        reply_add_range(response, answer);
    if (answer->retry_after > 0) {
        char text[16]; /* one number */
        (void)snprintf(text, sizeof(text), "%u", answer->retry_after);
        reply_add(response, MHD_HTTP_HEADER_RETRY_AFTER, text);
    }
    if (request->faults.length != 0)
        reply_add_wrong_length(response, (int64_t)length, request->faults.length);
}

enum MHD_Result reply_send(
    struct request *request, struct MHD_Connection *connection, struct throttle *throttle)
{
    struct answer *answer = &request->answer;
    if (answer->body.failed)
        answer_errno(answer, -ENOMEM);
    uint64_t length = answer_length(answer);
    struct MHD_Response *response = reply_create(request, throttle);
    if (response == NULL)
        return MHD_NO;
    reply_add_headers(response, request, length);
    enum MHD_Result queued = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response); /* gives up our reference */
    if (queued == MHD_YES)
        request->status = answer->status;
    return queued;
}
