/* SPDX-License-Identifier: MIT */
#include "core/remote/algorithmia.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/remote/algorithmia-internal.h"
#include "core/remote/call.h"
#include "core/remote/url.h"

/* --- the account --- */

static char *make_authorization(const struct profile *profile)
{
    struct strbuf value = STRBUF_INIT;
    if (profile->key != NULL)
        strbuf_addf(&value, "Simple %s", profile->key);
    else
        strbuf_addf(&value, "Bearer %s", profile->bearer);
    return strbuf_detach(&value);
}

struct algorithmia_account *algorithmia_account_new(
    struct http_client *http, const struct profile *profile)
{
    struct algorithmia_account *account = calloc(1, sizeof(*account));
    if (account == NULL)
        return NULL;
    account->http = http;
    account->policy = retry_policy_default;
    latency_init(&account->latency);
    atomic_init(&account->references, 1);
    bool ok = (account->base_url = strdup(profile->base_url)) != NULL;
    if (profile->key != NULL || profile->bearer != NULL)
        ok = ok && (account->authorization = make_authorization(profile)) != NULL;
    if (profile->ca_cert != NULL)
        ok = ok && (account->ca_cert = strdup(profile->ca_cert)) != NULL;
    if (ok)
        return account;
    (void)algorithmia_account_unref(account);
    errno = ENOMEM;
    return NULL;
}

struct algorithmia_account *algorithmia_account_ref(struct algorithmia_account *account)
{
    atomic_fetch_add(&account->references, 1);
    return account;
}

struct algorithmia_account *algorithmia_account_unref(struct algorithmia_account *account)
{
    if (account == NULL || atomic_fetch_sub(&account->references, 1) > 1)
        return NULL;
    if (account->authorization != NULL)
        explicit_bzero(account->authorization, strlen(account->authorization));
    latency_deinit(&account->latency);
    free(account->authorization);
    free(account->base_url);
    free(account->ca_cert);
    free(account);
    return NULL;
}

/* --- requests --- */

void algorithmia_url(const struct algorithmia *store, const char *path, struct strbuf *url)
{
    strbuf_addf(url, "%s/v1/connector/%s", store->account->base_url, store->connector);
    if (path[0] != '\0') {
        strbuf_addch(url, '/');
        url_add_path(url, path);
    }
}

int algorithmia_perform(struct algorithmia *store, struct remote_call *call,
    struct http_request *request, struct http_response *response)
{
    struct algorithmia_account *account = store->account;
    request->authorization = account->authorization;
    request->ca_cert = account->ca_cert;
    request->stall_ms = latency_stall_ms(&account->latency);
    if (request->method == HTTP_PUT)
        request->answer_ms =
            LATENCY_MAX_MS; /* a server may have to store gigabytes before it answers */
    int rc = http_perform(account->http, call, request, response);
    if (response->status != 0)
        latency_add(&account->latency, response->first_byte_ms);
    else if (rc == -ETIMEDOUT)
        latency_add(&account->latency, request->stall_ms);
    return rc;
}

static int keep_body(void *context, const void *bytes, size_t len)
{
    struct algorithmia_answer *answer = context;
    if (answer->body.len < ALGORITHMIA_ERROR_BODY_MAX)
        strbuf_add(&answer->body, bytes, len);
    return 0; /* an error's text that is cut or lost leaves its status */
}

static bool is_success(const struct http_response *response)
{
    return response->status >= 200 && response->status <= 299;
}

/* A request whose answer is its status. */
static int perform_simple(struct algorithmia *store, struct remote_call *call,
    struct http_request *request, enum algorithmia_operation operation, const char *path,
    struct http_response *ret_response)
{
    struct algorithmia_answer answer = { .body = STRBUF_INIT };
    request->context = &answer;
    request->body = keep_body;
    request->body_fd = -1;
    int rc = algorithmia_perform(store, call, request, &answer.response);
    if (rc == 0 && !is_success(&answer.response))
        rc = algorithmia_error(call, operation, path, &answer.response, &answer.body);
    *ret_response = answer.response;
    strbuf_free(&answer.body);
    return rc;
}

/* --- the vtable --- */

static unsigned algorithmia_capabilities(struct remote *remote)
{
    struct algorithmia *store = (struct algorithmia *)remote;
    unsigned capabilities = REMOTE_CAN_WRITE;
    if (!atomic_load_explicit(&store->no_range, memory_order_relaxed))
        capabilities |= REMOTE_CAN_RANGE;
    if (strcmp(store->connector, "data") == 0)
        capabilities |= REMOTE_HAS_OWNER_DIR;
    else
        capabilities |= REMOTE_KEEPS_FILES_AT_ROOT; /* a bucket, a folder: no owners */
    return capabilities;
}

static int algorithmia_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry)
{
    struct algorithmia *store = (struct algorithmia *)remote;
    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    algorithmia_url(store, path, &url);
    if (url.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    struct http_request request = { .method = HTTP_HEAD, .url = strbuf_cstr(&url) };
    struct http_response response;
    int rc = perform_simple(store, call, &request, ALGORITHMIA_PROBE, path, &response);
    if (rc < 0)
        return rc;

    struct remote_entry entry = { 0 };
    if (response.data_type == HTTP_DATA_DIRECTORY)
        entry.is_dir = true;
    else if (response.data_type != HTTP_DATA_FILE)
        return remote_call_fail(call, -EIO,
            "'%s': the answer has no X-Data-Type; is this an "
            "Algorithmia server?",
            path);
    else if (!response.has_length || response.encoded)
        return remote_call_fail(call, -EIO, "'%s': the server does not tell the size", path);
    if (!entry.is_dir) {
        entry.size = response.length;
        memcpy(entry.version, response.etag, sizeof(entry.version));
    }
    *ret_entry = entry;
    return 0;
}

/* {"name": …}. Bytes that are not UTF-8 go out as they are: whether to take them is the server's.
 */
static char *make_dir_body(const char *name)
{
    cJSON *object = cJSON_CreateObject();
    char *text = NULL;
    if (object != NULL && cJSON_AddStringToObject(object, "name", name) != NULL)
        text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return text;
}

static int algorithmia_make_dir(struct remote *remote, struct remote_call *call, const char *path)
{
    struct algorithmia *store = (struct algorithmia *)remote;
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    CLEANUP_FREE char *parent = strndup(path, slash == NULL ? 0 : (size_t)(slash - path));
    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    CLEANUP_FREE char *body = make_dir_body(name);
    if (parent != NULL)
        algorithmia_url(store, parent, &url);
    if (parent == NULL || body == NULL || url.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    struct http_request request = { .method = HTTP_POST,
        .url = strbuf_cstr(&url),
        .post = body,
        .content_type = "application/json" };
    struct http_response response;
    return perform_simple(store, call, &request, ALGORITHMIA_MAKE_DIR, path, &response);
}

static int algorithmia_remove(
    struct remote *remote, struct remote_call *call, const char *path, enum remote_remove_kind kind)
{
    struct algorithmia *store = (struct algorithmia *)remote;
    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    algorithmia_url(store, path, &url);
    if (kind == REMOTE_REMOVE_TREE)
        strbuf_addstr(&url, "?force=true");
    if (url.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    struct http_request request = { .method = HTTP_DELETE, .url = strbuf_cstr(&url) };
    struct http_response response;
    return perform_simple(store, call, &request, ALGORITHMIA_REMOVE, path, &response);
}

struct account_search {
    char *name;
    size_t size;
    bool found;
};

static int take_account(
    void *context, const char *name, size_t name_len, const struct remote_entry *entry)
{
    struct account_search *search = context;
    if (search->found || !entry->is_dir)
        return 0;
    if (name_len == 0 || name_len >= search->size || memchr(name, '/', name_len) != NULL)
        return -EIO;
    memcpy(search->name, name, name_len);
    search->name[name_len] = '\0';
    search->found = true;
    return 0;
}

static int algorithmia_account(
    struct remote *remote, struct remote_call *call, char *name, size_t size)
{
    struct algorithmia *store = (struct algorithmia *)remote;
    struct account_search search = { .name = name, .size = size };
    if (strcmp(store->connector, "data") != 0)
        return remote_call_fail(
            call, -EOPNOTSUPP, "%s: only 'data' has the account's directory", store->connector);
    int rc = algorithmia_list(remote, call, "", take_account, &search);
    if (rc == 0 && !search.found)
        rc = remote_call_fail(call, -ENOENT, "the server does not tell the account's name");
    else if (rc < 0 && call->why[0] == '\0')
        rc = remote_call_fail(call, rc, "the account's name is not one a directory can have");
    return rc;
}

static void algorithmia_free(struct remote *remote)
{
    struct algorithmia *store = (struct algorithmia *)remote;
    (void)algorithmia_account_unref(store->account);
    free(store->connector);
    free(store);
}

static const struct remote_ops algorithmia_ops = {
    .type = "algorithmia",
    .capabilities = algorithmia_capabilities,
    .list = algorithmia_list,
    .probe = algorithmia_probe,
    .read = algorithmia_read,
    .write = algorithmia_write,
    .make_dir = algorithmia_make_dir,
    .remove = algorithmia_remove,
    .acl_get = algorithmia_acl_get,
    .acl_set = algorithmia_acl_set,
    .account = algorithmia_account,
    .free = algorithmia_free,
};

/* The connector stands in the URL as it is, '+' included: the API's own spelling. */
static bool is_connector(const char *connector)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-_";
    return connector[0] != '\0' && connector[strspn(connector, allowed)] == '\0';
}

struct remote *algorithmia_new(struct algorithmia_account *account, const char *connector)
{
    if (!is_connector(connector)) {
        errno = EINVAL;
        return NULL;
    }
    struct algorithmia *store = calloc(1, sizeof(*store));
    char *name = strdup(connector);
    if (store == NULL || name == NULL) {
        free(store);
        free(name);
        errno = ENOMEM;
        return NULL;
    }
    store->remote.ops = &algorithmia_ops;
    store->account = algorithmia_account_ref(account);
    store->connector = name;
    return &store->remote;
}
