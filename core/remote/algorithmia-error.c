/* SPDX-License-Identifier: MIT */
#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "core/base/strbuf.h"
#include "core/remote/algorithmia-internal.h"
#include "core/remote/call.h"

static const struct status_meaning {
    int status;
    int error;
    bool transient;
    const char *words; /* when the server has none */
} meanings[] = {
    { 400, -EINVAL, false, "the server does not accept the request" },
    { 401, -EACCES, false, "the key was refused" },
    { 403, -EACCES, false, "the key does not permit it" },
    { 404, -ENOENT, false, "no such object" },
    { 408, -EIO, true, "the server waited too long" },
    { 413, -EFBIG, false, "too large for the server" },
    { 429, -EIO, true, "too many requests" },
    { 500, -EIO, true, "the server failed" },
    { 502, -EIO, true, "bad gateway" },
    { 503, -EIO, true, "the server is not available" },
    { 504, -ETIMEDOUT, true, "the server timed out" },
    { 507, -ENOSPC, false, "no space on the server" },
};

static const struct status_meaning *find_meaning(int status)
{
    static const struct status_meaning unknown = { 0, -EIO, false,
        "an answer that was not expected" };
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].status == status)
            return &meanings[i];
    return &unknown;
}

/* {"error":{"message":"…"}}; the oldest routes answer {"error":"…"}. NULL when it is neither. */
static const char *message_of(const cJSON *json)
{
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(json, "error");
    const char *text = cJSON_GetStringValue(error);
    if (text == NULL)
        text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "message"));
    return text;
}

static bool says(const char *message, const char *words)
{
    return message != NULL && strcasestr(message, words) != NULL;
}

/*
 * What a refusal (400, 409, and what else a server may choose) means depends on what was asked: no
 * document says which status a full directory or a name already taken gives, so the operation
 * decides, and the server's words where the operation can fail in two ways.
 */
static int refine(int status, enum algorithmia_operation operation, const char *message, int error)
{
    if (status != 400 && status != 409)
        return error;
    switch (operation) {
    case ALGORITHMIA_REMOVE:
        return -ENOTEMPTY;
    case ALGORITHMIA_MAKE_DIR:
        return status == 409 || says(message, "exist") ? -EEXIST : -EINVAL;
    case ALGORITHMIA_WRITE:
        return says(message, "directory") ? -EISDIR : -EINVAL;
    default:
        return -EINVAL;
    }
}

int algorithmia_error(struct remote_call *call, enum algorithmia_operation operation,
    const char *path, const struct http_response *response, const struct strbuf *body)
{
    const struct status_meaning *meaning = find_meaning(response->status);
    cJSON *json = cJSON_ParseWithLength(strbuf_cstr(body), body->len); /* NULL: no JSON */
    const char *message =
        response->error_message[0] != '\0' ? response->error_message : message_of(json);
    int error = refine(response->status, operation, message, meaning->error);
    if (meaning->transient)
        (void)remote_call_fail_transient(call, error, "'%s': %s (%d)", path,
            message != NULL ? message : meaning->words, response->status);
    else
        (void)remote_call_fail(call, error, "'%s': %s (%d)", path,
            message != NULL ? message : meaning->words, response->status);
    call->retry_after_ms = response->retry_after_ms;
    cJSON_Delete(json);
    return error;
}
