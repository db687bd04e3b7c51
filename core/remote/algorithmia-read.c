/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/remote/algorithmia-internal.h"
#include "core/remote/call.h"

enum { EXPECTED_UNKNOWN = 1 << 20 }; /* what a read to the end is taken for in the HTTP budget */

struct reading {
    struct algorithmia *store;
    struct remote_call *call;
    const struct remote_read_sink *sink;
    const char *path;
    uint64_t offset, length; /* as asked for */
    bool keeps_body;         /* the answer is an error: its text goes to answer.body */
    uint64_t next;           /* where in the object the next body byte belongs */
    uint64_t end;            /* where the body must end; UINT64_MAX: unknown */
    struct algorithmia_answer answer;
};

static int begin(struct reading *reading, uint64_t size, const char *version)
{
    const struct remote_read_sink *sink = reading->sink;
    return sink->begin == NULL ? 0 : sink->begin(sink->context, size, version);
}

static int head_whole(struct reading *reading, const struct http_response *response)
{
    if (reading->offset != 0 || reading->length != UINT64_MAX)
        atomic_store_explicit(&reading->store->no_range, true, memory_order_relaxed);
    reading->next = 0;
    reading->end = response->has_length ? response->length : UINT64_MAX;
    return begin(reading, reading->end, response->etag);
}

/* A range must be the one that was asked for, as far as the object goes. */
static int head_range(struct reading *reading, const struct http_response *response)
{
    uint64_t last = reading->length - 1 <= UINT64_MAX - reading->offset
                        ? reading->offset + (reading->length - 1)
                        : UINT64_MAX;
    if (response->has_total && response->range_total - 1 < last)
        last = response->range_total - 1;
    if (!response->has_range || response->range_start != reading->offset ||
        response->range_end > last)
        return remote_call_fail(
            reading->call, -EIO, "'%s': the server sent another range than asked", reading->path);
    if (response->has_length && response->length != response->range_end - response->range_start + 1)
        return remote_call_fail_transient(
            reading->call, -EIO, "'%s': the answer's range and length do not agree", reading->path);
    reading->next = reading->offset;
    /* A server may send less of a range. The end wanted is known when the total is, or the length.
     */
    reading->end = response->has_total || reading->length != UINT64_MAX ? last + 1 : UINT64_MAX;
    return begin(reading, response->has_total ? response->range_total : UINT64_MAX, response->etag);
}

static int read_head(void *context, const struct http_response *response)
{
    struct reading *reading = context;
    reading->keeps_body = response->status != 200 && response->status != 206;
    if (reading->keeps_body)
        return 0;
    if (response->data_type == HTTP_DATA_DIRECTORY)
        return remote_call_fail(reading->call, -EISDIR, "'%s': a directory", reading->path);
    if (response->data_type != HTTP_DATA_FILE)
        return remote_call_fail(reading->call, -EIO,
            "'%s': the answer has no X-Data-Type; is this an Algorithmia server?", reading->path);
    if (response->encoded)
        return remote_call_fail(
            reading->call, -EIO, "'%s': the server compressed what it must not", reading->path);
    return response->status == 200 ? head_whole(reading, response) : head_range(reading, response);
}

static int read_body(void *context, const void *bytes, size_t len)
{
    struct reading *reading = context;
    if (reading->keeps_body) {
        if (reading->answer.body.len < ALGORITHMIA_ERROR_BODY_MAX)
            strbuf_add(&reading->answer.body, bytes, len);
        return 0;
    }
    if (len > reading->end - reading->next)
        return remote_call_fail(
            reading->call, -EIO, "'%s': more bytes than announced", reading->path);
    uint64_t offset = reading->next;
    reading->next += len;
    return reading->sink->data(reading->sink->context, offset, bytes, len);
}

/*
 * 416. An empty object has no range that could be asked for, so reading it from its start is a
 * success without bytes. Anything else: whoever asked believes in a size the object no longer has.
 */
static int end_unsatisfiable(struct reading *reading, const struct http_response *response)
{
    if (response->has_total && response->range_total == 0 && reading->offset == 0)
        return begin(reading, 0, response->etag);
    return remote_call_fail(reading->call, -ESTALE, "'%s': the object ends before byte %" PRIu64,
        reading->path, reading->offset);
}

static int end_read(struct reading *reading)
{
    const struct http_response *response = &reading->answer.response;
    if (response->status == 416)
        return end_unsatisfiable(reading, response);
    if (reading->keeps_body)
        return algorithmia_error(
            reading->call, ALGORITHMIA_READ, reading->path, response, &reading->answer.body);
    if (reading->end != UINT64_MAX && reading->next != reading->end)
        return remote_call_fail_transient(reading->call, -EIO,
            "'%s': the answer ended at byte %" PRIu64 " of %" PRIu64, reading->path, reading->next,
            reading->end);
    return 0;
}

int algorithmia_read(struct remote *remote, struct remote_call *call, const char *path,
    uint64_t offset, uint64_t length, const struct remote_read_sink *sink)
{
    struct algorithmia *store = (struct algorithmia *)remote;
    struct reading reading = { .store = store,
        .call = call,
        .sink = sink,
        .path = path,
        .offset = offset,
        .length = length,
        .answer = { .body = STRBUF_INIT } };
    char range[48];
    if (length == 0 || (length != UINT64_MAX && length - 1 > UINT64_MAX - 1 - offset))
        return remote_call_fail(call, -EINVAL, "'%s': not a range", path);

    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    algorithmia_url(store, path, &url);
    if (url.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    struct http_request request = { .method = HTTP_GET,
        .url = strbuf_cstr(&url),
        .body_fd = -1,
        .context = &reading,
        .head = read_head,
        .body = read_body,
        .expected_bytes = length == UINT64_MAX ? EXPECTED_UNKNOWN : length };
    if (length != UINT64_MAX)
        (void)snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64, offset, offset + (length - 1));
    else
        (void)snprintf(range, sizeof(range), "%" PRIu64 "-", offset);
    if (offset != 0 || length != UINT64_MAX)
        request.range = range;

    int rc = algorithmia_perform(store, call, &request, &reading.answer.response);
    if (rc == 0)
        rc = end_read(&reading);
    strbuf_free(&reading.answer.body);
    return rc;
}
