/* SPDX-License-Identifier: MIT */
/*
 * Multipart uploads: begun, parts in parallel, completed. Each part is tried again alone; what cannot be
 * completed is aborted, so that nothing is left that costs money and is seen by nobody.
 */
#include <errno.h>
#include <inttypes.h>
#include <md5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/remote/call.h"
#include "core/remote/s3-internal.h"
#include "core/remote/s3-xml.h"

enum { UPLOAD_ID_MAX = 1024, EXPECTED_PART = 1 << 20 };

struct upload {
    struct s3 *store;
    const struct s3_parts *parts;
    char id[UPLOAD_ID_MAX];
    uint64_t part_size;
    unsigned count;
    char (*etags)[S3_ETAG_MAX]; /* of each part */
};

uint64_t s3_part_size(const struct s3 *store, uint64_t size)
{
    uint64_t part = store->part_size, mib = UINT64_C(1) << 20;
    if (size / part >= S3_PARTS_MAX)
        part = (size / (S3_PARTS_MAX - 1) / mib + 1) * mib;
    return part;
}

static int upload_begin(struct upload *upload, struct remote_call *call)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    const struct s3_parts *parts = upload->parts;
    const struct s3_request request = { .method = HTTP_POST,
        .key = parts->key,
        .what = parts->what,
        .query = { { "uploads", "" } },
        .headers = parts->metadata,
        .content_type = parts->content_type,
        .post = "" };
    int rc = s3_perform(upload->store, call, &request, &answer);
    if (rc < 0)
        return rc;
    s3_xml_text(strbuf_cstr(&answer.body), answer.body.len,
        "InitiateMultipartUploadResult/UploadId", upload->id, sizeof(upload->id));
    if (upload->id[0] == '\0')
        return remote_call_fail_transient(
            call, -EIO, "'%s': the store gives no upload id", parts->what);
    return 0;
}

/* --- a part --- */

struct part {
    struct upload *upload;
    unsigned index;
};

static int part_send(struct upload *upload, struct remote_call *call, unsigned index,
    struct s3_request *request)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    CLEANUP_S3_LINES struct s3_lines headers = { 0 };
    request->body_fd = upload->parts->fd;
    request->body_offset = index * upload->part_size;
    request->body_size = upload->parts->size - request->body_offset;
    if (request->body_size > upload->part_size)
        request->body_size = upload->part_size;
    request->expected_bytes = EXPECTED_PART;
    int rc = s3_put(upload->store, call, request, &headers, &answer);
    if (rc == 0)
        memcpy(upload->etags[index], answer.response.etag, S3_ETAG_MAX);
    return rc;
}

static int part_copy(struct upload *upload, struct remote_call *call, unsigned index,
    struct s3_request *request)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    CLEANUP_S3_LINES struct s3_lines headers = { 0 };
    uint64_t first = index * upload->part_size, last = upload->parts->size - 1;
    if (last - first >= upload->part_size)
        last = first + upload->part_size - 1;
    s3_lines_addf(&headers, "x-amz-copy-source: %s", upload->parts->copy_source);
    s3_lines_addf(&headers, "x-amz-copy-source-range: bytes=%" PRIu64 "-%" PRIu64, first, last);
    if (upload->parts->copy_etag[0] != '\0' && !atomic_load(&upload->store->no_copy_condition))
        s3_lines_addf(
            &headers, "x-amz-copy-source-if-match: \"%s\"", upload->parts->copy_etag);
    if (headers.failed)
        return -ENOMEM;
    request->headers = &headers;
    request->slow = true;
    int rc = s3_perform(upload->store, call, request, &answer);
    if (rc == 0)
        rc = s3_check_body(upload->store, call, request, &answer, "CopyPartResult");
    if (rc < 0)
        return rc;
    s3_take_etag(&answer, "CopyPartResult/ETag");
    memcpy(upload->etags[index], answer.response.etag, S3_ETAG_MAX);
    return 0;
}

static int part_attempt(void *context, struct remote_call *call, bool *progressed)
{
    const struct part *part = context;
    struct upload *upload = part->upload;
    char number[16];
    (void)progressed;
    (void)snprintf(number, sizeof(number), "%u", part->index + 1);
    struct s3_request request = { .method = HTTP_PUT,
        .key = upload->parts->key,
        .what = upload->parts->what,
        .query = { { "partNumber", number }, { "uploadId", upload->id } },
        .body_fd = -1 };
    int rc = upload->parts->fd >= 0 ? part_send(upload, call, part->index, &request)
                                    : part_copy(upload, call, part->index, &request);
    if (rc == 0 && upload->etags[part->index][0] == '\0')
        return remote_call_fail_transient(
            call, -EIO, "'%s': the store gives no ETag for a part", upload->parts->what);
    return rc;
}

static int part_work(void *context, unsigned index, struct remote_call *call)
{
    struct part part = { .upload = context, .index = index };
    struct retry_run run = {
        .policy = &part.upload->store->policy, .attempt = part_attempt, .context = &part
    };
    return retry_run(&run, call);
}

/* --- the end --- */

static int completion_attempt(void *context, struct remote_call *call, bool *progressed)
{
    struct s3_perform_context *perform = context;
    (void)progressed;
    int rc = s3_perform(perform->store, call, perform->request, perform->answer);
    return rc < 0 ? rc
                  : s3_check_body(perform->store, call, perform->request, perform->answer,
                        "CompleteMultipartUploadResult");
}

/* The ETag of an object of these parts: the MD5 of their MD5s, and how many. False: they are no MD5s. */
static bool make_etag(const struct upload *upload, char etag[S3_ETAG_MAX])
{
    char hex[2 * MD5_DIGEST_LENGTH + 1];
    uint8_t md5[MD5_DIGEST_LENGTH];
    MD5_CTX context;
    MD5Init(&context);
    for (unsigned i = 0; i < upload->count; i++) {
        const char *part = upload->etags[i];
        if (strlen(part) != 2 * sizeof(md5) || strspn(part, "0123456789abcdefABCDEF") != 2 * sizeof(md5))
            return false;
        for (size_t j = 0; j < sizeof(md5); j++) {
            const char byte[] = { part[2 * j], part[2 * j + 1], '\0' };
            md5[j] = (uint8_t)strtoul(byte, NULL, 16);
        }
        MD5Update(&context, md5, sizeof(md5));
    }
    MD5Final(md5, &context);
    s3_hex(md5, sizeof(md5), hex);
    (void)snprintf(etag, S3_ETAG_MAX, "%s-%u", hex, upload->count); /* fits */
    return true;
}

/* Whether the object is there, complete, although the answer to its completion was lost: then a second
 * completion finds no such upload. So it does when somebody else aborted it, and then an older object of as
 * many bytes and parts may be there: only the ETag tells. */
static bool is_complete(
    struct upload *upload, const struct remote_call *outer, char etag[S3_ETAG_MAX])
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    struct remote_call call = { .priority = outer->priority,
        .cancel = outer->cancel,
        .deadline_ms = upload->store->policy.deadline_ms };
    const struct s3_parts *parts = upload->parts;
    char wanted[S3_ETAG_MAX];
    if (!make_etag(upload, wanted) ||
        s3_head(upload->store, &call, parts->key, parts->what, &answer) < 0 ||
        !answer.response.has_length || answer.response.length != parts->size ||
        strcasecmp(answer.response.etag, wanted) != 0)
        return false;
    memcpy(etag, answer.response.etag, S3_ETAG_MAX);
    return true;
}

static int upload_complete(
    struct upload *upload, struct remote_call *call, struct s3_answer *answer)
{
    CLEANUP_STRBUF struct strbuf xml = STRBUF_INIT;
    strbuf_addstr(&xml, "<CompleteMultipartUpload>");
    for (unsigned i = 0; i < upload->count; i++) {
        strbuf_addf(&xml, "<Part><PartNumber>%u</PartNumber><ETag>\"", i + 1);
        s3_xml_add_text(&xml, upload->etags[i]);
        strbuf_addstr(&xml, "\"</ETag></Part>");
    }
    strbuf_addstr(&xml, "</CompleteMultipartUpload>");
    if (xml.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    const struct s3_request request = { .method = HTTP_POST,
        .key = upload->parts->key,
        .what = upload->parts->what,
        .query = { { "uploadId", upload->id } },
        .headers = upload->parts->condition,
        .content_type = "application/xml",
        .post = xml.buf,
        .slow = true };
    struct s3_perform_context perform = { upload->store, &request, answer };
    struct retry_run run = { .policy = &upload->store->policy,
        .attempt = completion_attempt,
        .context = &perform };
    int rc = retry_run(&run, call);
    if (rc < 0 && strcmp(answer->code, "NoSuchUpload") == 0 &&
        is_complete(upload, call, answer->response.etag))
        return 0;
    if (rc == 0)
        s3_take_etag(answer, "CompleteMultipartUploadResult/ETag");
    return rc;
}

/* Where the store cannot hold each part to one version of the source: it is still the one it was. */
static int check_source(struct upload *upload, struct remote_call *call)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    const struct s3_parts *parts = upload->parts;
    if (parts->fd >= 0 || !atomic_load(&upload->store->no_copy_condition))
        return 0;
    int rc = s3_head(upload->store, call, parts->copy_key, parts->what, &answer);
    if (rc == 0 && strcmp(answer.response.etag, parts->copy_etag) != 0)
        rc = remote_call_fail(call, -ESTALE, "'%s': replaced while it was copied", parts->what);
    return rc;
}

int s3_multipart_abort(
    struct s3 *store, struct remote_call *call, const char *key, const char *upload_id)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    const struct s3_request request = { .method = HTTP_DELETE,
        .key = key,
        .what = key,
        .query = { { "uploadId", upload_id } } };
    int rc = s3_perform_patiently(store, call, &request, &answer);
    return rc == -ENOENT || strcmp(answer.code, "NoSuchUpload") == 0 ? 0 : rc;
}

/* The reason of the failure stays in the caller's call; that of an abort that fails is logged. */
static void upload_abort(struct upload *upload)
{
    struct remote_call call = { .deadline_ms = upload->store->policy.deadline_ms };
    int rc = s3_multipart_abort(upload->store, &call, upload->parts->key, upload->id);
    if (rc < 0)
        log_error("s3", "the multipart upload of '%s' could not be aborted: %s",
            upload->parts->key, call.why);
}

int s3_multipart(struct s3 *store, struct remote_call *call, const struct s3_parts *parts,
    struct s3_answer *answer)
{
    struct upload upload = {
        .store = store, .parts = parts, .part_size = s3_part_size(store, parts->size)
    };
    upload.count = (unsigned)((parts->size + upload.part_size - 1) / upload.part_size);
    CLEANUP_FREE char(*etags)[S3_ETAG_MAX] = calloc(upload.count, sizeof(*etags));
    upload.etags = etags;
    if (etags == NULL)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    int rc = upload_begin(&upload, call);
    if (rc < 0)
        return rc;
    char *note = NULL;
    if (s3_leftovers_note(store, parts->key, upload.id, &note) < 0)
        log_error("s3", "the upload of '%s' cannot be noted: if this process is killed its parts stay",
            parts->key);
    rc = s3_parallel(store, call, upload.count, S3_PARTS_PARALLEL, part_work, &upload);
    if (rc == 0)
        rc = check_source(&upload, call);
    if (rc == 0)
        rc = upload_complete(&upload, call, answer);
    if (rc < 0) {
        upload_abort(&upload);
        call->transient = false; /* each part had its tries; all of them again are the caller's decision */
    }
    s3_leftovers_done(store, note);
    return rc;
}
