/* SPDX-License-Identifier: MIT */
/*
 * Sending bytes: what they are is read twice, once for the digests that stand before them in the
 * request, once to be sent; the second time they are in the page cache. So a store never takes bytes that
 * were damaged on the way, and a file that changes meanwhile is noticed by the store (BadDigest).
 */
#include <errno.h>
#include <md5.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/remote/call.h"
#include "core/remote/s3-internal.h"

enum { DIGEST_PIECE = 256 << 10 };

static void base64(const uint8_t *bytes, size_t len, char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16 | (i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (i + 2 < len ? bytes[i + 2] : 0);
        *text++ = digits[three >> 18];
        *text++ = digits[three >> 12 & 63];
        *text++ = i + 1 < len ? digits[three >> 6 & 63] : '=';
        *text++ = i + 2 < len ? digits[three & 63] : '=';
    }
    *text = '\0';
}

struct digesting {
    MD5_CTX md5;
    SHA2_CTX sha256;
    bool tls;
};

static void digest_begin(struct digesting *digesting, bool tls)
{
    digesting->tls = tls;
    MD5Init(&digesting->md5);
    SHA256Init(&digesting->sha256);
}

static void digest_add(struct digesting *digesting, const void *bytes, size_t len)
{
    MD5Update(&digesting->md5, bytes, len);
    if (!digesting->tls)
        SHA256Update(&digesting->sha256, bytes, len);
}

static void digest_end(struct digesting *digesting, struct s3_digests *digests)
{
    uint8_t md5[MD5_DIGEST_LENGTH], sha256[S3_SHA256_SIZE];
    MD5Final(md5, &digesting->md5);
    SHA256Final(sha256, &digesting->sha256);
    base64(md5, sizeof(md5), digests->md5_base64);
    s3_hex(md5, sizeof(md5), digests->md5_hex);
    if (digesting->tls)
        memcpy(digests->sha256_hex, S3_UNSIGNED_PAYLOAD, sizeof(S3_UNSIGNED_PAYLOAD));
    else
        s3_hex(sha256, sizeof(sha256), digests->sha256_hex);
}

int s3_digest(int fd, uint64_t offset, uint64_t size, bool tls, struct s3_digests *ret_digests)
{
    struct digesting digesting;
    CLEANUP_FREE char *piece = malloc(DIGEST_PIECE);
    if (piece == NULL)
        return -ENOMEM;
    digest_begin(&digesting, tls);
    while (size > 0) {
        size_t want = size < DIGEST_PIECE ? (size_t)size : DIGEST_PIECE;
        ssize_t got = pread(fd, piece, want, (off_t)offset);
        if (got <= 0)
            return got < 0 ? -errno : -ESTALE;
        digest_add(&digesting, piece, (size_t)got);
        offset += (uint64_t)got;
        size -= (uint64_t)got;
    }
    digest_end(&digesting, ret_digests);
    return 0;
}

void s3_digest_bytes(const void *bytes, size_t len, struct s3_digests *ret_digests)
{
    struct digesting digesting;
    digest_begin(&digesting, false);
    digest_add(&digesting, bytes, len);
    digest_end(&digesting, ret_digests);
}

/* An ETag is an MD5 unless the store encrypts, or made the object of parts: then it has another form,
 * or (encrypted) the same form and another value. Only the store knows; so what was told by Content-MD5
 * is what counts, and a differing ETag is an error only where nothing says that it is no MD5. */
static int check_etag(struct remote_call *call, const struct s3_request *request,
    const struct s3_digests *digests, const struct s3_answer *answer)
{
    const char *etag = answer->response.etag;
    if (strlen(etag) != 32 || strspn(etag, "0123456789abcdefABCDEF") != 32 ||
        answer->encrypted || strcasecmp(etag, digests->md5_hex) == 0)
        return 0;
    return remote_call_fail_transient(call, -EIO,
        "'%s': the store has other bytes than were sent (MD5 %s, sent %s)", request->what, etag,
        digests->md5_hex);
}

int s3_put(struct s3 *store, struct remote_call *call, struct s3_request *request,
    struct s3_lines *headers, struct s3_answer *answer)
{
    struct s3_digests digests;
    int rc = s3_digest(
        request->body_fd, request->body_offset, request->body_size, store->tls, &digests);
    if (rc == -ESTALE)
        return remote_call_fail(
            call, rc, "'%s': the file became shorter while it was sent", request->what);
    if (rc < 0)
        return remote_call_fail(
            call, rc, "'%s': cannot read what is to be sent: %s", request->what, strerror(-rc));
    s3_lines_addf(headers, "Content-MD5: %s", digests.md5_base64);
    request->headers = headers;
    request->payload = digests.sha256_hex;
    if (headers->failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    rc = s3_perform(store, call, request, answer);
    return rc < 0 ? rc : check_etag(call, request, &digests, answer);
}

int s3_put_empty(struct s3 *store, struct remote_call *call, const char *key, const char *what,
    const char *content_type, struct s3_lines *headers, struct s3_answer *answer)
{
    struct s3_request request = { .method = HTTP_PUT,
        .key = key,
        .what = what,
        .content_type = content_type,
        .body_fd = -1 };
    return s3_put(store, call, &request, headers, answer);
}
