/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/remote/call.h"
#include "core/remote/s3-internal.h"

enum { EXPECTED_MAX = 1 << 20 }; /* an upload holds no more than this in memory, whatever its size */

#define FILE_TYPE "application/octet-stream"

/* --- conditions: does the store honour them? --- */

/*
 * A put that replaces version "0…0" of a key that nobody has. A store that knows If-Match refuses it (412, 404
 * or 501 for "not implemented"); one that does not makes the object, which is removed again.
 */
static int probe_condition(struct s3 *store, struct remote_call *call)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    CLEANUP_S3_LINES struct s3_lines headers = { 0 };
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    uint64_t number[2] = { 0 };
    if (getrandom(number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return remote_call_fail(call, -EIO, "no random number to be had");
    strbuf_addf(&key, "%s" S3_CONDITION_PROBE "%016" PRIx64 "%016" PRIx64, store->prefix, number[0],
        number[1]);
    s3_lines_addf(&headers, "If-Match: \"00000000000000000000000000000000\"");
    if (key.failed || headers.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    int rc = s3_put_empty(store, call, key.buf, S3_CONDITION_PROBE, FILE_TYPE, &headers, &answer);
    int status = answer.response.status;
    if (rc < 0 && call->transient)
        return rc;
    bool honoured = status == 412 || status == 404;
    if (rc == 0) {
        const struct s3_request request = {
            .method = HTTP_DELETE, .key = key.buf, .what = S3_CONDITION_PROBE
        };
        rc = s3_perform_patiently(store, call, &request, &answer);
        if (rc < 0)
            log_error("s3", "'%s' could not be removed: %s", key.buf, call->why);
    }
    log_debug("s3", "%s: conditions on writes are %s", store->bucket,
        honoured ? "honoured" : "not honoured");
    atomic_store(&store->condition, honoured ? S3_CONDITION_HONOURED : S3_CONDITION_IGNORED);
    return 0;
}

/* Adds the condition to the request that makes the object. */
static int add_condition(struct s3 *store, struct remote_call *call, const char *expected,
    struct s3_lines *headers)
{
    int rc = atomic_load(&store->condition) == S3_CONDITION_UNKNOWN ? probe_condition(store, call) : 0;
    if (rc < 0 || expected == NULL)
        return rc;
    if (atomic_load(&store->condition) != S3_CONDITION_HONOURED) /* without it somebody's bytes might go */
        return remote_call_fail(call, -EOPNOTSUPP, "the store honours no conditions");
    if (expected[0] == '\0')
        s3_lines_addf(headers, "If-None-Match: *");
    else
        s3_lines_addf(headers, "If-Match: \"%s\"", expected);
    return 0;
}

/* --- writing --- */

/* What is to be kept: mode and owner that were not given stay those of the file that is replaced. */
static struct remote_attributes merge_old(
    const struct remote_attributes *given, const struct s3_found *found)
{
    struct remote_attributes merged = *given;
    const struct s3_attributes *old = &found->answer.attributes;
    if (found->kind != S3_FILE)
        return merged;
    if ((merged.valid & REMOTE_SET_MODE) == 0 && old->has_mode && !S_ISLNK(old->mode)) {
        merged.valid |= REMOTE_SET_MODE;
        merged.mode = old->mode & 07777;
    }
    if ((merged.valid & REMOTE_SET_OWNER) == 0 && old->has_uid && old->has_gid) {
        merged.valid |= REMOTE_SET_OWNER;
        merged.uid = old->uid;
        merged.gid = old->gid;
    }
    return merged;
}

/* What the store now has. Its time is the one that was given to be kept, or the clock of its answer. */
static void describe(const struct s3 *store, uint64_t size, const struct remote_attributes *attributes,
    const struct http_response *response, struct remote_entry *entry)
{
    *entry = (struct remote_entry){ .size = size,
        .has_mtime = response->date != 0,
        .mtime = { .tv_sec = (time_t)response->date } };
    memcpy(entry->version, response->etag, sizeof(entry->version));
    if (store->metadata != S3_METADATA_HEAD)
        return;
    if ((attributes->valid & REMOTE_SET_MTIME) != 0) {
        entry->has_mtime = true;
        entry->mtime = attributes->mtime;
    }
    entry->has_mode = (attributes->valid & REMOTE_SET_MODE) != 0;
    entry->mode = attributes->mode & 07777;
    entry->has_owner = (attributes->valid & REMOTE_SET_OWNER) != 0;
    entry->uid = attributes->uid;
    entry->gid = attributes->gid;
}

static int send_file(struct s3 *store, struct remote_call *call, const char *key, const char *path,
    const struct remote_write_source *source, const char *content_type, struct s3_lines *metadata,
    const struct s3_lines *condition, struct s3_answer *answer)
{
    if (source->size > store->part_size) {
        const struct s3_parts parts = { .key = key,
            .what = path,
            .size = source->size,
            .fd = source->fd,
            .content_type = content_type,
            .metadata = metadata,
            .condition = condition };
        return s3_multipart(store, call, &parts, answer);
    }
    for (unsigned i = 0; i < condition->count; i++)
        s3_lines_addf(metadata, "%s", condition->line[i]);
    struct s3_request request = { .method = HTTP_PUT,
        .key = key,
        .what = path,
        .content_type = content_type,
        .body_fd = source->fd,
        .body_size = source->size,
        .expected_bytes = source->size < EXPECTED_MAX ? source->size : EXPECTED_MAX };
    return s3_put(store, call, &request, metadata, answer);
}

int s3_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    struct s3 *store = (struct s3 *)remote;
    CLEANUP_S3_FOUND struct s3_found found = S3_FOUND_INIT;
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    CLEANUP_S3_LINES struct s3_lines metadata = { 0 }, condition = { 0 };
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    int rc = path[0] == '\0' ? 0 : s3_key(store, call, path, "", &key);
    if (rc == 0 && path[0] != '\0')
        rc = s3_find_file(store, call, path, &found);
    /* An object beside a directory of its name is hidden by it: nothing must be acknowledged there. */
    if (rc == 0 && (path[0] == '\0' || found.kind == S3_DIRECTORY))
        return remote_call_fail(call, -EISDIR, "'%s': a directory", path);
    if (rc == 0)
        rc = add_condition(store, call, source->expected, &condition);
    if (rc < 0)
        return rc;
    const struct remote_attributes kept = merge_old(&source->attributes, &found);
    if (store->metadata == S3_METADATA_HEAD)
        s3_lines_add_attributes(&metadata, &kept, S_IFREG);
    if (metadata.failed || condition.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    const char *old_type = found.answer.content_type;
    const char *type = found.kind == S3_FILE && old_type[0] != '\0' ? old_type : FILE_TYPE;
    rc = send_file(store, call, key.buf, path, source, type, &metadata, &condition, &answer);
    if (rc == -ESTALE && source->expected != NULL && source->expected[0] == '\0')
        rc = remote_call_fail(call, -EEXIST, "'%s': is there", path);
    if (rc == 0 && ret_entry != NULL)
        describe(store, source->size, &kept, &answer.response, ret_entry);
    return rc;
}
