/* SPDX-License-Identifier: MIT */
/* Symbolic links in the form of s3fs: an object whose mode is a link's and whose bytes are the target. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/remote/call.h"
#include "core/remote/s3-internal.h"

int s3_make_symlink(struct remote *remote, struct remote_call *call, const char *target,
    const char *path, const struct remote_attributes *attributes, struct remote_entry *ret_entry)
{
    struct s3 *store = (struct s3 *)remote;
    static const struct remote_attributes none = { 0 };
    CLEANUP_S3_FOUND struct s3_found found = S3_FOUND_INIT;
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    CLEANUP_S3_LINES struct s3_lines headers = { 0 };
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    if (store->metadata != S3_METADATA_HEAD)
        return remote_call_fail(call, -EOPNOTSUPP, "'%s': with metadata=listing no link is kept", path);
    int rc = path[0] == '\0' ? -EEXIST : s3_find_file(store, call, path, &found);
    if (rc == -EEXIST || (rc == 0 && found.kind != S3_NOTHING))
        return remote_call_fail(call, -EEXIST, "'%s': is there", path);
    if (rc == 0)
        rc = s3_key(store, call, path, "", &key);
    if (rc < 0)
        return rc;
    size_t len = strlen(target);
    CLEANUP_CLOSE int fd = memfd_create("link", MFD_CLOEXEC);
    if (fd < 0 || write(fd, target, len) != (ssize_t)len)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    s3_lines_add_attributes(&headers, attributes != NULL ? attributes : &none, S_IFLNK);
    struct s3_request request = { .method = HTTP_PUT,
        .key = key.buf,
        .what = path,
        .content_type = "application/octet-stream",
        .body_fd = fd,
        .body_size = len };
    rc = s3_put(store, call, &request, &headers, &answer);
    if (rc == 0 && ret_entry != NULL) {
        answer.last_modified = answer.response.date;
        answer.attributes = (struct s3_attributes){ .has_mode = true, .mode = S_IFLNK | 0777 };
        if (attributes != NULL && (attributes->valid & REMOTE_SET_MTIME) != 0) {
            answer.attributes.has_mtime = true;
            answer.attributes.mtime = attributes->mtime;
        }
        s3_entry(store, &answer, false, len, ret_entry);
    }
    return rc;
}

struct linked {
    char *target;
    size_t size, len;
};

static int link_body(void *context, const void *bytes, size_t len)
{
    struct linked *linked = context;
    if (len >= linked->size - linked->len)
        return -ENAMETOOLONG;
    memcpy(linked->target + linked->len, bytes, len);
    linked->len += len;
    return 0;
}

int s3_read_link(
    struct remote *remote, struct remote_call *call, const char *path, char *target, size_t size)
{
    struct s3 *store = (struct s3 *)remote;
    struct linked linked = { .target = target, .size = size };
    CLEANUP_S3_ANSWER struct s3_answer head = S3_ANSWER_INIT, answer = S3_ANSWER_INIT;
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    if (path[0] == '\0')
        return remote_call_fail(call, -EINVAL, "'%s': not a symbolic link", path);
    int rc = s3_key(store, call, path, "", &key);
    if (rc == 0)
        rc = s3_head(store, call, key.buf, path, &head);
    if (rc < 0)
        return rc;
    if (!s3_metadata_is_link(&head.attributes))
        return remote_call_fail(call, -EINVAL, "'%s': not a symbolic link", path);
    const struct s3_request request = {
        .method = HTTP_GET, .key = key.buf, .what = path, .context = &linked, .body = link_body
    };
    rc = s3_perform(store, call, &request, &answer);
    if (rc == 0 && (!s3_metadata_is_link(&answer.attributes) ||
                       memchr(target, '\0', linked.len) != NULL))
        rc = remote_call_fail(call, -EINVAL, "'%s': not a symbolic link", path);
    if (rc == 0)
        target[linked.len] = '\0';
    return rc;
}
