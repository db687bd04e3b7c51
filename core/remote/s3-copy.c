/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/cleanup.h"
#include "core/remote/call.h"
#include "core/remote/s3-internal.h"
#include "core/remote/s3-xml.h"
#include "core/remote/url.h"

void s3_take_etag(struct s3_answer *answer, const char *path)
{
    char etag[S3_ETAG_MAX + 2];
    s3_xml_text(strbuf_cstr(&answer->body), answer->body.len, path, etag, sizeof(etag));
    size_t len = strlen(etag);
    const char *start = etag;
    if (len >= 2 && etag[0] == '"' && etag[len - 1] == '"') {
        start++;
        len -= 2;
    }
    if (len >= S3_ETAG_MAX)
        len = 0; /* half of one would be a lie */
    memcpy(answer->response.etag, start, len);
    answer->response.etag[len] = '\0';
}

static bool is_in(const char *line, const char *const *but)
{
    static const char meta[] = "x-amz-meta-";
    if (but == NULL || strncasecmp(line, meta, sizeof(meta) - 1) != 0)
        return false;
    line += sizeof(meta) - 1;
    for (; *but != NULL; but++)
        if (strncasecmp(line, *but, strlen(*but)) == 0 && line[strlen(*but)] == ':')
            return true;
    return false;
}

void s3_lines_add_preserved(
    struct s3_lines *lines, const struct s3_answer *source, const char *const *but)
{
    const char *line = strbuf_cstr(&source->preserved);
    while (*line != '\0') {
        int len = (int)strcspn(line, "\n");
        if (!is_in(line, but))
            s3_lines_addf(lines, "%.*s", len, line);
        line += len + (line[len] == '\n');
    }
}

static int copy_small(struct s3 *store, struct remote_call *call, const char *what,
    const struct s3_answer *source, const char *copy_source, const char *to_key,
    const struct s3_lines *metadata, struct s3_answer *answer)
{
    CLEANUP_S3_LINES struct s3_lines headers = { 0 };
    s3_lines_addf(&headers, "x-amz-copy-source: %s", copy_source);
    if (source->response.etag[0] != '\0' && !atomic_load(&store->no_copy_condition))
        s3_lines_addf(&headers, "x-amz-copy-source-if-match: \"%s\"", source->response.etag);
    s3_lines_addf(&headers, "x-amz-metadata-directive: %s", metadata == NULL ? "COPY" : "REPLACE");
    for (unsigned i = 0; metadata != NULL && i < metadata->count; i++)
        s3_lines_addf(&headers, "%s", metadata->line[i]);
    if (headers.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    const struct s3_request request = { .method = HTTP_PUT,
        .key = to_key,
        .what = what,
        .headers = &headers,
        .body_fd = -1,
        .slow = true };
    int rc = s3_perform(store, call, &request, answer);
    if (rc == 0)
        rc = s3_check_body(store, call, &request, answer, "CopyObjectResult");
    if (rc == 0)
        s3_take_etag(answer, "CopyObjectResult/ETag");
    return rc;
}

static int copy_large(struct s3 *store, struct remote_call *call, const char *what,
    const char *from_key, const struct s3_answer *source, const char *copy_source, const char *to_key,
    const struct s3_lines *metadata, struct s3_answer *answer)
{
    CLEANUP_S3_LINES struct s3_lines same = { 0 };
    if (metadata == NULL)
        s3_lines_add_preserved(&same, source, NULL);
    if (same.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    const struct s3_parts parts = { .key = to_key,
        .what = what,
        .size = source->response.length,
        .fd = -1,
        .copy_source = copy_source,
        .copy_key = from_key,
        .copy_etag = source->response.etag,
        .metadata = metadata == NULL ? &same : metadata };
    return s3_multipart(store, call, &parts, answer);
}

static int copy_once(struct s3 *store, struct remote_call *call, const char *what,
    const char *from_key, const struct s3_answer *source, const char *copy_source,
    const char *to_key, const struct s3_lines *metadata, struct s3_answer *answer)
{
    if (source->response.length > store->copy_max)
        return copy_large(
            store, call, what, from_key, source, copy_source, to_key, metadata, answer);
    return copy_small(store, call, what, source, copy_source, to_key, metadata, answer);
}

/* A copy was refused because the source is another one: is it? Keeps the reason in `call` if so. */
static bool is_same(struct s3 *store, const struct remote_call *outer, const char *key,
    const char *what, const struct s3_answer *source)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    struct remote_call call = { .priority = outer->priority,
        .cancel = outer->cancel,
        .deadline_ms = outer->deadline_ms };
    return !atomic_load(&store->no_copy_condition) && source->response.etag[0] != '\0' &&
           s3_head(store, &call, key, what, &answer) == 0 &&
           strcmp(answer.response.etag, source->response.etag) == 0;
}

int s3_copy_object(struct s3 *store, struct remote_call *call, const char *what,
    const char *from_key, const struct s3_answer *source, const char *to_key,
    const struct s3_lines *metadata, struct s3_answer *answer)
{
    CLEANUP_STRBUF struct strbuf copy_source = STRBUF_INIT;
    strbuf_addch(&copy_source, '/');
    url_add_path(&copy_source, store->bucket);
    strbuf_addch(&copy_source, '/');
    url_add_path(&copy_source, from_key);
    if (copy_source.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    if (!source->response.has_length)
        return remote_call_fail(call, -EIO, "'%s': the store does not tell the size", what);
    if (source->oversized && (metadata != NULL || source->response.length > store->copy_max))
        return remote_call_fail(
            call, -EIO, "'%s': too much user metadata to be kept over the change", what);
    int rc = copy_once(
        store, call, what, from_key, source, copy_source.buf, to_key, metadata, answer);
    if (rc == -ESTALE && is_same(store, call, from_key, what, source)) {
        atomic_store(&store->no_copy_condition, true);
        rc = copy_once(
            store, call, what, from_key, source, copy_source.buf, to_key, metadata, answer);
    }
    return rc;
}

int s3_copy(struct remote *remote, struct remote_call *call, const char *from, const char *to,
    struct remote_entry *ret_entry)
{
    struct s3 *store = (struct s3 *)remote;
    CLEANUP_S3_ANSWER struct s3_answer source = S3_ANSWER_INIT, answer = S3_ANSWER_INIT;
    CLEANUP_STRBUF struct strbuf from_key = STRBUF_INIT, to_key = STRBUF_INIT;
    if (from[0] == '\0' || to[0] == '\0')
        return remote_call_fail(call, -EISDIR, "'': a directory");
    int rc = s3_key(store, call, from, "", &from_key);
    if (rc == 0)
        rc = s3_key(store, call, to, "", &to_key);
    if (rc == 0)
        rc = s3_head(store, call, from_key.buf, from, &source);
    if (rc < 0)
        return rc;
    rc = s3_copy_object(store, call, from, from_key.buf, &source, to_key.buf, NULL, &answer);
    if (rc == -ESTALE) { /* replaced between the HEAD and the copy: the next try takes the new one */
        call->transient = true;
        return rc;
    }
    if (rc == 0 && ret_entry != NULL) {
        source.last_modified = answer.response.date;
        memcpy(source.response.etag, answer.response.etag, sizeof(source.response.etag));
        s3_entry(store, &source, false, source.response.length, ret_entry);
    }
    return rc;
}
