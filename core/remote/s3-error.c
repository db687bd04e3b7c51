/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/remote/call.h"
#include "core/remote/s3-internal.h"
#include "core/remote/s3-xml.h"

/*
 * By the code in the body; a HEAD has none, then by the status.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
struct meaning {
    const char *code; /* NULL: the status counts */
    int status;
    int error;
    bool transient;
    const char *words; /* NULL: the server's */
};

static const struct meaning meanings[] = {
    { "NoSuchKey", 0, -ENOENT, false, "no such object" },
    { "NoSuchBucket", 0, -EIO, false, "no such bucket: check bucket and endpoint" },
    { "NoSuchUpload", 0, -EIO, true, "the multipart upload is gone" },
    { "AccessDenied", 0, -EACCES, false, "the key has no right to that" },
    { "AllAccessDisabled", 0, -EACCES, false, NULL },
    { "AccountProblem", 0, -EACCES, false, NULL },
    { "InvalidAccessKeyId", 0, -EACCES, false, "the store does not know the access key" },
    { "SignatureDoesNotMatch", 0, -EACCES, false,
        "the signature is not accepted: is the secret key right, and the region?" },
    { "ExpiredToken", 0, -EACCES, false, "the session token has expired" },
    { "InvalidToken", 0, -EACCES, false, "the session token is not accepted" },
    { "TokenRefreshRequired", 0, -EACCES, false, "the session token has expired" },
    { "InvalidObjectState", 0, -EACCES, false, "the object is archived and has to be restored first" },
    { "RequestTimeTooSkewed", 0, -EACCES, false, "this machine's clock differs from the store's" },
    { "RequestExpired", 0, -EACCES, false, "this machine's clock differs from the store's" },
    { "EntityTooLarge", 0, -EFBIG, false, "larger than the store takes" },
    { "EntityTooSmall", 0, -EIO, false, "a part is smaller than the store takes" },
    { "InvalidRange", 0, -ESTALE, false, "the object ends before that" },
    { "PreconditionFailed", 0, -ESTALE, false, "another version is there" },
    { "ConditionalRequestConflict", 0, -EIO, true, "a change at the same time" },
    { "OperationAborted", 0, -EIO, true, "a change at the same time" },
    { "KeyTooLongError", 0, -ENAMETOOLONG, false, "a key of more than 1,024 bytes" },
    { "MethodNotAllowed", 0, -EACCES, false, "the store does not allow that" },
    { "NotImplemented", 0, -EOPNOTSUPP, false, "the store cannot do that" },
    { "QuotaExceeded", 0, -ENOSPC, false, "the store's quota is used up" },
    { "InsufficientStorage", 0, -ENOSPC, false, NULL },
    { "XMinioStorageFull", 0, -ENOSPC, false, "the store is full" },
    { "BadDigest", 0, -EIO, true, "the store got other bytes than were sent" },
    { "XAmzContentSHA256Mismatch", 0, -EIO, true, "the store got other bytes than were sent" },
    { "IncompleteBody", 0, -EIO, true, NULL },
    { "SlowDown", 0, -EIO, true, "too many requests for the store" },
    { "ServiceUnavailable", 0, -EIO, true, NULL },
    { "InternalError", 0, -EIO, true, "the store failed" },
    { "RequestTimeout", 0, -EIO, true, NULL },
    { "Throttling", 0, -EIO, true, "too many requests for the store" },
    { NULL, 401, -EACCES, false, "the store refuses the key" },
    { NULL, 403, -EACCES, false, "the store refuses the key, or it has no right to that" },
    { NULL, 404, -ENOENT, false, "no such object" },
    { NULL, 405, -EACCES, false, "the store does not allow that" },
    { NULL, 408, -ETIMEDOUT, true, "the store gave up waiting" },
    { NULL, 409, -EIO, true, "a change at the same time" },
    { NULL, 412, -ESTALE, false, "another version is there" },
    { NULL, 413, -EFBIG, false, "larger than the store takes" },
    { NULL, 416, -ESTALE, false, "the object ends before that" },
    { NULL, 429, -EIO, true, "too many requests for the store" },
    { NULL, 500, -EIO, true, "the store failed" },
    { NULL, 501, -EOPNOTSUPP, false, "the store cannot do that" },
    { NULL, 502, -EIO, true, "a gateway in front of the store failed" },
    { NULL, 503, -EIO, true, "the store is overloaded" },
    { NULL, 504, -ETIMEDOUT, true, "the store did not answer its gateway" },
    { NULL, 507, -ENOSPC, false, "the store is full" },
};

static const struct meaning *find_meaning(const char *code, int status)
{
    static const struct meaning unknown = { NULL, 0, -EIO, false, NULL };
    size_t count = sizeof(meanings) / sizeof(meanings[0]);
    for (size_t i = 0; code[0] != '\0' && i < count; i++)
        if (meanings[i].code != NULL && strcmp(meanings[i].code, code) == 0)
            return &meanings[i];
    for (size_t i = 0; i < count; i++)
        if (meanings[i].code == NULL && meanings[i].status == status)
            return &meanings[i];
    return &unknown;
}

/* The bucket is elsewhere: a 301 or 307, or a signature that names the wrong region. */
static int fail_region(struct s3 *store, struct remote_call *call, const struct s3_answer *answer)
{
    char region[64];
    char endpoint[256];
    const char *body = strbuf_cstr(&answer->body);
    s3_xml_text(body, answer->body.len, "Error/Region", region, sizeof(region));
    s3_xml_text(body, answer->body.len, "Error/Endpoint", endpoint, sizeof(endpoint));
    if (region[0] == '\0')
        (void)snprintf(region, sizeof(region), "%s", answer->region);
    if (region[0] != '\0' && strcmp(region, store->region) != 0)
        return remote_call_fail(call, -EIO, "bucket '%s' is in region '%s', not in '%s': set region=%s",
            store->bucket, region, store->region, region);
    if (endpoint[0] != '\0')
        return remote_call_fail(call, -EIO, "bucket '%s' has to be asked for at '%s': set endpoint",
            store->bucket, endpoint);
    return remote_call_fail(call, -EIO,
        "the store sends requests for bucket '%s' elsewhere (%d); region or endpoint is wrong",
        store->bucket, answer->response.status);
}

int s3_error(struct s3 *store, struct remote_call *call, const char *what, struct s3_answer *answer)
{
    const struct http_response *response = &answer->response;
    const char *body = strbuf_cstr(&answer->body);
    char message[REMOTE_WHY_MAX];
    s3_xml_text(body, answer->body.len, "Error/Code", answer->code, sizeof(answer->code));
    s3_xml_text(body, answer->body.len, "Error/Message", message, sizeof(message));
    if ((response->status >= 300 && response->status < 400) ||
        strcmp(answer->code, "PermanentRedirect") == 0 ||
        strcmp(answer->code, "TemporaryRedirect") == 0 ||
        strcmp(answer->code, "IllegalLocationConstraintException") == 0 ||
        strcmp(answer->code, "AuthorizationHeaderMalformed") == 0 ||
        (response->status == 400 && answer->region[0] != '\0' &&
            strcmp(answer->region, store->region) != 0))
        return fail_region(store, call, answer);
    const struct meaning *meaning = find_meaning(answer->code, response->status);
    const char *words = meaning->words != NULL ? meaning->words
                        : message[0] != '\0'   ? message
                                               : "an answer that was not expected";
    const char *code = answer->code;
    if (meaning->transient)
        (void)remote_call_fail_transient(call, meaning->error, "'%s': %s (%d%s%s)", what, words,
            response->status, code[0] == '\0' ? "" : " ", code);
    else
        (void)remote_call_fail(call, meaning->error, "'%s': %s (%d%s%s)", what, words,
            response->status, code[0] == '\0' ? "" : " ", code);
    call->retry_after_ms = response->retry_after_ms;
    return meaning->error;
}
