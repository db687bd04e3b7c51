/* SPDX-License-Identifier: MIT */
/*
 * Read ACLs of hosted directories: a list with one word, or none.
 *
 *     []  private      ["algo://.my/" followed by an asterisk]  my_algos      ["user://" …]  public
 *
 * A listing tells it when asked to; special collections have none, which nobody else may read.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/remote/algorithmia-internal.h"
#include "core/remote/call.h"

enum { ACL_PAGE_MAX = 4 << 20 }; /* bytes of the listing that comes along */

static const struct acl_word {
    const char *name;
    const char *word; /* NULL: the list is empty */
} acl_words[] = {
    { "private", NULL },
    { "my_algos", "algo://.my/*" },
    { "public", "user://*" },
};

static int acl_keep_body(void *context, const void *bytes, size_t len)
{
    struct algorithmia_answer *answer = context;
    if (answer->body.len + len > ACL_PAGE_MAX)
        return -EIO;
    strbuf_add(&answer->body, bytes, len);
    return answer->body.failed ? -ENOMEM : 0;
}

/* {"acl":{"read":[…]}}. NULL: a word that is not known. */
static const char *acl_name(const cJSON *page)
{
    const cJSON *read =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(page, "acl"), "read");
    const char *word = cJSON_GetStringValue(cJSON_GetArrayItem(read, 0));
    if (word == NULL)
        return acl_words[0].name;
    for (size_t i = 1; i < sizeof(acl_words) / sizeof(acl_words[0]); i++)
        if (strcmp(word, acl_words[i].word) == 0)
            return acl_words[i].name;
    return NULL;
}

static int acl_read(struct remote_call *call, const char *path,
    const struct algorithmia_answer *answer, char acl[REMOTE_ACL_MAX])
{
    const struct http_response *response = &answer->response;
    if (response->status < 200 || response->status > 299)
        return algorithmia_error(call, ALGORITHMIA_ACL, path, response, &answer->body);
    if (response->data_type != HTTP_DATA_DIRECTORY)
        return remote_call_fail(call, -ENOTDIR, "'%s': only a directory has an ACL", path);
    cJSON *page = cJSON_ParseWithLength(strbuf_cstr(&answer->body), answer->body.len);
    const char *name = page == NULL ? NULL : acl_name(page);
    if (name != NULL)
        (void)stpcpy(acl, name); /* the longest has 8 bytes */
    cJSON_Delete(page);
    return name != NULL ? 0
                        : remote_call_fail(call, -EIO, "'%s': the ACL cannot be understood", path);
}

int algorithmia_acl_get(
    struct remote *remote, struct remote_call *call, const char *path, char acl[REMOTE_ACL_MAX])
{
    struct algorithmia *store = (struct algorithmia *)remote;
    struct algorithmia_answer answer = { .body = STRBUF_INIT };
    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    algorithmia_url(store, path, &url);
    strbuf_addstr(&url, "?acl=true");
    if (url.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    struct http_request request = { .method = HTTP_GET,
        .url = strbuf_cstr(&url),
        .body_fd = -1,
        .context = &answer,
        .body = acl_keep_body };
    int rc = algorithmia_perform(store, call, &request, &answer.response);
    if (rc == 0)
        rc = acl_read(call, path, &answer, acl);
    strbuf_free(&answer.body);
    return rc;
}

int algorithmia_acl_set(
    struct remote *remote, struct remote_call *call, const char *path, const char *acl)
{
    struct algorithmia *store = (struct algorithmia *)remote;
    struct algorithmia_answer answer = { .body = STRBUF_INIT };
    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    char body[64];
    size_t i = 0;
    while (i < sizeof(acl_words) / sizeof(acl_words[0]) && strcmp(acl, acl_words[i].name) != 0)
        i++;
    if (i == sizeof(acl_words) / sizeof(acl_words[0]))
        return remote_call_fail(call, -EINVAL, "'%s': no such ACL", acl);
    const char *word = acl_words[i].word;
    const char *quote = word == NULL ? "" : "\"";
    (void)snprintf(body, sizeof(body), "{\"acl\":{\"read\":[%s%s%s]}}", quote,
        word == NULL ? "" : word, quote);
    algorithmia_url(store, path, &url);
    if (url.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    struct http_request request = { .method = HTTP_PATCH,
        .url = strbuf_cstr(&url),
        .post = body,
        .content_type = "application/json",
        .body_fd = -1,
        .context = &answer,
        .body = acl_keep_body };
    int rc = algorithmia_perform(store, call, &request, &answer.response);
    const struct http_response *response = &answer.response;
    if (rc == 0 && (response->status < 200 || response->status > 299))
        rc = algorithmia_error(call, ALGORITHMIA_ACL, path, response, &answer.body);
    strbuf_free(&answer.body);
    return rc;
}
