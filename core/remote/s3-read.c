/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/remote/call.h"
#include "core/remote/s3-internal.h"
#include "core/remote/s3-xml.h"

enum { EXPECTED_UNKNOWN = 1 << 20 }; /* what a read to the end is taken for in the HTTP budget */

struct reading {
    struct remote_call *call;
    const struct remote_read_sink *sink;
    const char *path;
    uint64_t offset, length; /* as asked for */
    uint64_t next;           /* where in the object the next body byte belongs */
    uint64_t end;            /* where the body must end; UINT64_MAX: unknown */
};

static int begin(struct reading *reading, uint64_t size, const char *version)
{
    const struct remote_read_sink *sink = reading->sink;
    return sink->begin == NULL ? 0 : sink->begin(sink->context, size, version);
}

/* A range must be the one that was asked for, as far as the object goes. */
static int head_range(struct reading *reading, const struct http_response *response)
{
    uint64_t last = reading->length - 1 <= UINT64_MAX - reading->offset
                        ? reading->offset + (reading->length - 1)
                        : UINT64_MAX;
    if (!response->has_total || response->range_total == 0)
        return remote_call_fail(
            reading->call, -EIO, "'%s': the store does not tell the size", reading->path);
    if (response->range_total - 1 < last)
        last = response->range_total - 1;
    if (!response->has_range || response->range_start != reading->offset ||
        response->range_end != last)
        return remote_call_fail(
            reading->call, -EIO, "'%s': the store sent another range than asked", reading->path);
    reading->next = reading->offset;
    reading->end = last + 1;
    return begin(reading, response->range_total, response->etag);
}

static int read_head(void *context, const struct http_response *response)
{
    struct reading *reading = context;
    if (response->status == 206)
        return head_range(reading, response);
    reading->next = 0;
    reading->end = response->has_length ? response->length : UINT64_MAX;
    return begin(reading, reading->end, response->etag);
}

static int read_body(void *context, const void *bytes, size_t len)
{
    struct reading *reading = context;
    if (len > reading->end - reading->next)
        return remote_call_fail(
            reading->call, -EIO, "'%s': more bytes than announced", reading->path);
    uint64_t offset = reading->next;
    reading->next += len;
    return reading->sink->data(reading->sink->context, offset, bytes, len);
}

/*
 * 416. An empty object has no range that could be asked for, so reading it from its start is a success
 * without bytes. Anything else: whoever asked believes in a size that the object no longer has.
 */
static int end_unsatisfiable(struct s3 *store, struct reading *reading, const char *key,
    const struct s3_answer *refused)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    char why[REMOTE_WHY_MAX];
    (void)snprintf(why, sizeof(why), "%s", reading->call->why);
    if (reading->offset != 0)
        return -ESTALE;
    if (refused->response.has_total && refused->response.range_total == 0)
        return begin(reading, 0, refused->response.etag);
    int rc = s3_head(store, reading->call, key, reading->path, &answer);
    if (rc == 0 && answer.response.has_length && answer.response.length == 0)
        return begin(reading, 0, answer.response.etag);
    return rc < 0 ? rc : remote_call_fail(reading->call, -ESTALE, "%s", why);
}

/* No object of that name: a directory, then. */
static int end_absent(struct s3 *store, struct remote_call *call, const char *path)
{
    CLEANUP_S3_FOUND struct s3_found found = S3_FOUND_INIT;
    int rc = path[0] == '\0' ? 0 : s3_find_file(store, call, path, &found);
    if (rc < 0)
        return rc;
    if (path[0] == '\0' || found.kind == S3_DIRECTORY)
        return remote_call_fail(call, -EISDIR, "'%s': a directory", path);
    return remote_call_fail(call, -ENOENT, "'%s': no such object", path);
}

int s3_read(struct remote *remote, struct remote_call *call, const char *path, uint64_t offset,
    uint64_t length, const struct remote_read_sink *sink)
{
    struct s3 *store = (struct s3 *)remote;
    struct reading reading = {
        .call = call, .sink = sink, .path = path, .offset = offset, .length = length
    };
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    char range[48];
    if (length == 0 || (length != UINT64_MAX && length - 1 > UINT64_MAX - 1 - offset))
        return remote_call_fail(call, -EINVAL, "'%s': not a range", path);
    if (path[0] == '\0')
        return end_absent(store, call, path);
    int rc = s3_key(store, call, path, "", &key);
    if (rc < 0)
        return rc;
    if (length != UINT64_MAX)
        (void)snprintf(
            range, sizeof(range), "%" PRIu64 "-%" PRIu64, offset, offset + (length - 1));
    else
        (void)snprintf(range, sizeof(range), "%" PRIu64 "-", offset);
    const struct s3_request request = { .method = HTTP_GET,
        .key = key.buf,
        .what = path,
        .range = offset != 0 || length != UINT64_MAX ? range : NULL,
        .expected_bytes = length == UINT64_MAX ? EXPECTED_UNKNOWN : length,
        .context = &reading,
        .head = read_head,
        .body = read_body };
    rc = s3_perform(store, call, &request, &answer);
    if (rc < 0 && answer.response.status == 416)
        return end_unsatisfiable(store, &reading, key.buf, &answer);
    if (rc == -ENOENT)
        return end_absent(store, call, path);
    if (rc == 0 && reading.end != UINT64_MAX && reading.next != reading.end)
        return remote_call_fail_transient(call, -EIO,
            "'%s': the answer ended at byte %" PRIu64 " of %" PRIu64, path, reading.next,
            reading.end);
    return rc;
}
