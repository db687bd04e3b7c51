/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "core/remote/call.h"
#include "core/remote/s3-internal.h"

void s3_found_free(struct s3_found *found)
{
    s3_answer_free(&found->answer);
}

void s3_entry_attributes(
    const struct s3_attributes *attributes, bool is_dir, struct remote_entry *entry)
{
    entry->is_symlink = !is_dir && s3_metadata_is_link(attributes);
    entry->has_mode = attributes->has_mode;
    entry->mode = attributes->mode & 07777;
    entry->has_owner = attributes->has_uid && attributes->has_gid;
    entry->uid = attributes->uid;
    entry->gid = attributes->gid;
    if (attributes->has_mtime) {
        entry->has_mtime = true;
        entry->mtime = attributes->mtime;
    }
}

void s3_entry(const struct s3 *store, const struct s3_answer *answer, bool is_dir, uint64_t size,
    struct remote_entry *entry)
{
    *entry = (struct remote_entry){ .is_dir = is_dir };
    if (!is_dir) {
        entry->size = size;
        entry->has_mtime = answer->last_modified != 0;
        entry->mtime.tv_sec = (time_t)answer->last_modified;
        memcpy(entry->version, answer->response.etag, sizeof(entry->version));
    }
    if (store->metadata == S3_METADATA_HEAD)
        s3_entry_attributes(&answer->attributes, is_dir, entry);
}

/* --- what a path is --- */

enum { ASK_OBJECT, ASK_BELOW, ASK_MARKER, ASKED };

struct finding {
    struct s3 *store;
    const char *path;
    const char *object_key, *marker_key;
    struct s3_answer object, marker;
    bool has[ASKED];
    bool marker_seen; /* in the listing, where it is the first */
};

static int find_below(struct finding *finding, struct remote_call *call)
{
    struct s3_page page = { 0 };
    int rc = s3_page_get(
        finding->store, call, finding->marker_key, false, NULL, 1, finding->path, &page);
    if (rc < 0)
        return rc;
    finding->has[ASK_BELOW] = page.count > 0 || page.has_marker;
    finding->marker_seen = page.has_marker;
    s3_page_free(&page);
    return 0;
}

static int find_one(void *context, unsigned index, struct remote_call *call)
{
    struct finding *finding = context;
    int rc;
    if (index == ASK_BELOW)
        return find_below(finding, call);
    if (index == ASK_OBJECT)
        rc = s3_head(finding->store, call, finding->object_key, finding->path, &finding->object);
    else
        rc = s3_head(finding->store, call, finding->marker_key, finding->path, &finding->marker);
    finding->has[index] = rc == 0;
    return rc == -ENOENT ? 0 : rc;
}

static int find(struct s3 *store, struct remote_call *call, const char *path, unsigned asked,
    struct s3_found *found)
{
    CLEANUP_STRBUF struct strbuf object_key = STRBUF_INIT, marker_key = STRBUF_INIT;
    int rc = s3_key(store, call, path, "", &object_key);
    if (rc == 0)
        rc = s3_key(store, call, path, "/", &marker_key);
    if (rc < 0)
        return rc;
    struct finding finding = { .store = store,
        .path = path,
        .object_key = object_key.buf,
        .marker_key = marker_key.buf,
        .object = S3_ANSWER_INIT,
        .marker = S3_ANSWER_INIT };
    rc = s3_parallel(store, call, asked, asked, find_one, &finding);
    bool is_dir = finding.has[ASK_MARKER] || finding.has[ASK_BELOW];
    if (rc == 0) {
        found->has_marker = finding.has[ASK_MARKER] || finding.marker_seen;
        found->kind = is_dir ? S3_DIRECTORY : finding.has[ASK_OBJECT] ? S3_FILE : S3_NOTHING;
        found->answer = is_dir ? finding.marker : finding.object;
        s3_known_set_marker(store->known, marker_key.buf, found->has_marker);
    }
    s3_answer_free(rc < 0 || is_dir ? &finding.object : &finding.marker);
    if (rc < 0)
        s3_answer_free(&finding.marker);
    return rc;
}

int s3_find(struct s3 *store, struct remote_call *call, const char *path, struct s3_found *found)
{
    return find(store, call, path, ASKED, found);
}

int s3_find_file(struct s3 *store, struct remote_call *call, const char *path, struct s3_found *found)
{
    return find(store, call, path, ASK_MARKER, found);
}

/* The root is there when the bucket is. */
static int probe_root(struct s3 *store, struct remote_call *call, struct remote_entry *ret_entry)
{
    struct s3_page page = { 0 };
    int rc = s3_page_get(store, call, store->prefix, false, NULL, 1, store->bucket, &page);
    if (rc == 0)
        *ret_entry = (struct remote_entry){ .is_dir = true };
    s3_page_free(&page);
    return rc;
}

int s3_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry)
{
    struct s3 *store = (struct s3 *)remote;
    CLEANUP_S3_FOUND struct s3_found found = S3_FOUND_INIT;
    if (path[0] == '\0')
        return probe_root(store, call, ret_entry);
    int rc = s3_find(store, call, path, &found);
    if (rc < 0)
        return rc;
    if (found.kind == S3_NOTHING)
        return remote_call_fail(call, -ENOENT, "'%s': no such object", path);
    if (found.kind == S3_FILE && !found.answer.response.has_length)
        return remote_call_fail(call, -EIO, "'%s': the store does not tell the size", path);
    s3_entry(store, &found.answer, found.kind == S3_DIRECTORY, found.answer.response.length, ret_entry);
    return 0;
}
