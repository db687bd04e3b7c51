/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <md5.h>
#include <string.h>
#include <strings.h>

#include "core/remote/algorithmia-internal.h"
#include "core/remote/call.h"

enum {
    EXPECTED_MAX = 1 << 20
}; /* an upload holds no more than this in memory, whatever its size */

struct writing {
    MD5_CTX md5; /* of the bytes that were sent */
    struct algorithmia_answer answer;
};

static void write_sent(void *context, uint64_t offset, const void *bytes, size_t len)
{
    struct writing *writing = context;
    if (offset == 0)
        MD5Init(&writing->md5);
    MD5Update(&writing->md5, bytes, len);
}

static int write_body(void *context, const void *bytes, size_t len)
{
    struct writing *writing = context;
    if (writing->answer.body.len < ALGORITHMIA_ERROR_BODY_MAX)
        strbuf_add(&writing->answer.body, bytes, len);
    return 0; /* an error's text that is cut or lost leaves its status */
}

static bool looks_like_md5(const char *etag)
{
    return strlen(etag) == MD5_DIGEST_LENGTH * 2 &&
           strspn(etag, "0123456789abcdefABCDEF") == MD5_DIGEST_LENGTH * 2;
}

/* Where the server tells a checksum, what it has must be what was sent. */
static int check_digest(struct writing *writing, struct remote_call *call, const char *path)
{
    char hex[MD5_DIGEST_STRING_LENGTH];
    const char *etag = writing->answer.response.etag;
    if (!looks_like_md5(etag))
        return 0;
    (void)MD5End(&writing->md5, hex);
    if (strcasecmp(hex, etag) == 0)
        return 0;
    return remote_call_fail_transient(call, -EIO,
        "'%s': the server has other bytes than were sent (MD5 %s, sent %s)", path, etag, hex);
}

static int end_write(struct writing *writing, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    const struct http_response *response = &writing->answer.response;
    if (response->status < 200 || response->status > 299)
        return algorithmia_error(call, ALGORITHMIA_WRITE, path, response, &writing->answer.body);
    int rc = check_digest(writing, call, path);
    if (rc == 0 && ret_entry != NULL) {
        *ret_entry = (struct remote_entry){
            .size = source->size,
            .has_mtime = response->date != 0,
            .mtime = { .tv_sec = (time_t)response->date },
        };
        memcpy(ret_entry->version, response->etag, sizeof(ret_entry->version));
        /* A put is not answered with an ETag; later it is the MD5 of the content. */
        if (ret_entry->version[0] == '\0')
            (void)MD5End(&writing->md5, ret_entry->version);
    }
    return rc;
}

int algorithmia_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    struct algorithmia *store = (struct algorithmia *)remote;
    struct writing writing = { .answer = { .body = STRBUF_INIT } };
    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    algorithmia_url(store, path, &url);
    if (url.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    MD5Init(&writing.md5); /* an empty file sends nothing that would start it */
    struct http_request request = { .method = HTTP_PUT,
        .url = strbuf_cstr(&url),
        .content_type = "application/octet-stream",
        .body_fd = source->fd,
        .body_size = source->size,
        .expected_bytes = source->size < EXPECTED_MAX ? source->size : EXPECTED_MAX,
        .context = &writing,
        .body = write_body,
        .sent = write_sent };
    int rc = algorithmia_perform(store, call, &request, &writing.answer.response);
    if (rc == 0)
        rc = end_write(&writing, call, path, source, ret_entry);
    strbuf_free(&writing.answer.body);
    return rc;
}
