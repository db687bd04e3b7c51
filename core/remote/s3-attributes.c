/* SPDX-License-Identifier: MIT */
/*
 * Changing attributes: S3 has no such call. A file is copied onto itself with other metadata, whatever
 * else was kept with it (other user metadata, content type, …) being sent along; a directory's marker,
 * which has no bytes, is put anew.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/remote/call.h"
#include "core/remote/s3-internal.h"

/* What there is, with what is new in place of the old. */
static void merge(const struct s3_answer *source, const struct remote_attributes *attributes,
    mode_t type, struct s3_lines *lines)
{
    const char *but[5];
    unsigned count = 0;
    if ((attributes->valid & REMOTE_SET_MTIME) != 0)
        but[count++] = "mtime";
    if ((attributes->valid & REMOTE_SET_MODE) != 0)
        but[count++] = "mode";
    if ((attributes->valid & REMOTE_SET_OWNER) != 0) {
        but[count++] = "uid";
        but[count++] = "gid";
    }
    but[count] = NULL;
    struct remote_attributes changed = *attributes;
    if (S_ISLNK(type) && (changed.valid & REMOTE_SET_MODE) == 0)
        type = S_IFREG; /* its mode stays as it is, and with it what it is */
    s3_lines_add_preserved(lines, source, but);
    s3_lines_add_attributes(lines, &changed, type);
}

static int set_directory(struct s3 *store, struct remote_call *call, const char *path,
    const struct s3_found *found, const struct remote_attributes *attributes,
    struct s3_answer *answer)
{
    CLEANUP_S3_LINES struct s3_lines lines = { 0 };
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    int rc = s3_key(store, call, path, "/", &key);
    if (rc < 0)
        return rc;
    merge(&found->answer, attributes, S_IFDIR, &lines);
    if (found->has_marker && found->answer.response.length > 0)
        return s3_copy_object(
            store, call, path, key.buf, &found->answer, key.buf, &lines, answer);
    rc = s3_put_empty(store, call, key.buf, path,
        found->has_marker ? NULL : S3_DIRECTORY_TYPE, &lines, answer);
    if (rc == 0)
        s3_known_set_marker(store->known, key.buf, true);
    return rc;
}

static int set_file(struct s3 *store, struct remote_call *call, const char *path,
    const struct s3_found *found, const struct remote_attributes *attributes,
    struct s3_answer *answer)
{
    CLEANUP_S3_LINES struct s3_lines lines = { 0 };
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    int rc = s3_key(store, call, path, "", &key);
    if (rc < 0)
        return rc;
    merge(&found->answer, attributes,
        s3_metadata_is_link(&found->answer.attributes) ? S_IFLNK : S_IFREG, &lines);
    if (lines.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    rc = s3_copy_object(store, call, path, key.buf, &found->answer, key.buf, &lines, answer);
    if (rc == -ESTALE) /* replaced since: the next try changes the new one */
        return remote_call_fail_transient(call, -EIO, "'%s': replaced at the same time", path);
    return rc;
}

static void overlay(const struct remote_attributes *changed, struct s3_attributes *attributes)
{
    if ((changed->valid & REMOTE_SET_MTIME) != 0) {
        attributes->has_mtime = true;
        attributes->mtime = changed->mtime;
    }
    if ((changed->valid & REMOTE_SET_MODE) != 0) {
        attributes->mode = (attributes->has_mode ? attributes->mode & S_IFMT : 0) |
                           (changed->mode & 07777);
        attributes->has_mode = true;
    }
    if ((changed->valid & REMOTE_SET_OWNER) != 0) {
        attributes->has_uid = attributes->has_gid = true;
        attributes->uid = changed->uid;
        attributes->gid = changed->gid;
    }
}

int s3_set_attributes(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_attributes *attributes, struct remote_entry *ret_entry)
{
    struct s3 *store = (struct s3 *)remote;
    CLEANUP_S3_FOUND struct s3_found found = S3_FOUND_INIT;
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    if (store->metadata != S3_METADATA_HEAD)
        return remote_call_fail(call, -EOPNOTSUPP, "'%s': with metadata=listing none is kept", path);
    if (path[0] == '\0')
        return remote_call_fail(call, -EOPNOTSUPP, "the root of a bucket has no object to keep them");
    int rc = s3_find(store, call, path, &found);
    if (rc < 0)
        return rc;
    if (found.kind == S3_NOTHING)
        return remote_call_fail(call, -ENOENT, "'%s': no such object", path);
    bool is_dir = found.kind == S3_DIRECTORY;
    rc = (is_dir ? set_directory : set_file)(store, call, path, &found, attributes, &answer);
    if (rc < 0 || ret_entry == NULL)
        return rc;
    overlay(attributes, &found.answer.attributes);
    found.answer.last_modified = answer.response.date;
    memcpy(found.answer.response.etag, answer.response.etag, sizeof(answer.response.etag));
    s3_entry(store, &found.answer, is_dir, found.answer.response.length, ret_entry);
    return 0;
}
