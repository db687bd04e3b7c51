/* SPDX-License-Identifier: MIT */
/*
 * One signed request: its address, its headers, its answer.
 *
 * Over TLS the body of an upload is not signed (its Content-MD5 is); over plain HTTP it is. A redirect is
 * never followed: a signature is good for one address, and the wrong region is an error that says so.
 */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/cleanup.h"
#include "core/remote/call.h"
#include "core/remote/s3-internal.h"
#include "core/remote/s3-xml.h"
#include "core/remote/url.h"

void s3_answer_free(struct s3_answer *answer)
{
    strbuf_free(&answer->body);
    strbuf_free(&answer->preserved);
}

int s3_key(const struct s3 *store, struct remote_call *call, const char *path, const char *tail,
    struct strbuf *key)
{
    strbuf_addf(key, "%s%s%s", store->prefix, path, path[0] == '\0' ? "" : tail);
    if (key->failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    if (key->len > S3_KEY_LENGTH_MAX)
        return remote_call_fail(call, -ENAMETOOLONG, "'%.100s…': a key of more than %d bytes", path,
            S3_KEY_LENGTH_MAX);
    return 0;
}

/* --- the address --- */

static int compare_parameters(const void *a, const void *b)
{
    const struct s3_parameter *x = a, *y = b;
    return strcmp(x->name, y->name);
}

void s3_query(const struct s3_parameter parameters[S3_PARAMETERS_MAX], struct strbuf *query)
{
    struct s3_parameter sorted[S3_PARAMETERS_MAX];
    size_t count = 0;
    while (count < S3_PARAMETERS_MAX && parameters[count].name != NULL) {
        sorted[count] = parameters[count];
        count++;
    }
    qsort(sorted, count, sizeof(sorted[0]), compare_parameters);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            strbuf_addch(query, '&');
        url_add_value(query, sorted[i].name);
        strbuf_addch(query, '=');
        url_add_value(query, sorted[i].value);
    }
}

/* --- the answer --- */

/* What a change of attributes must send again, besides user metadata: S3 replaces all of it. */
static bool is_preserved(const char *line, size_t name_len)
{
    static const char *const names[] = { "content-type", "cache-control", "content-disposition",
        "content-language", "content-encoding", "expires", "x-amz-storage-class",
        "x-amz-website-redirect-location" };
    if (name_len > 11 && strncasecmp(line, "x-amz-meta-", 11) == 0)
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == name_len && strncasecmp(line, names[i], name_len) == 0)
            return true;
    return false;
}

static bool name_is(const char *line, size_t name_len, const char *name)
{
    return strlen(name) == name_len && strncasecmp(line, name, name_len) == 0;
}

static void take_metadata(struct s3_answer *answer, const char *name, size_t len, const char *value)
{
    char lower[16];
    if (len >= sizeof(lower))
        return;
    for (size_t i = 0; i < len; i++)
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
    lower[len] = '\0';
    s3_metadata_take(&answer->attributes, lower, value);
}

static void answer_header(void *context, const char *line, size_t len)
{
    struct s3_answer *answer = context;
    if (len >= 5 && strncmp(line, "HTTP/", 5) == 0) {
        strbuf_reset(&answer->preserved);
        answer->attributes = (struct s3_attributes){ 0 };
        answer->last_modified = 0;
        answer->region[0] = answer->content_type[0] = '\0';
        answer->encrypted = false;
        return;
    }
    const char *colon = memchr(line, ':', len);
    if (colon == NULL || memchr(line, '\0', len) != NULL)
        return;
    size_t name_len = (size_t)(colon - line);
    const char *start = colon + 1, *end = line + len;
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    while (end > start && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    CLEANUP_FREE char *value = strndup(start, (size_t)(end - start));
    if (value == NULL) {
        answer->oversized = true;
        return;
    }
    if (name_is(line, name_len, "last-modified")) {
        time_t when = curl_getdate(value, NULL);
        answer->last_modified = when > 0 ? when : 0;
    } else if (name_is(line, name_len, "content-type") &&
               strlen(value) < sizeof(answer->content_type)) {
        memcpy(answer->content_type, value, strlen(value) + 1);
    } else if (name_len >= 28 && strncasecmp(line, "x-amz-server-side-encryption", 28) == 0) {
        answer->encrypted = answer->encrypted || strcasecmp(value, "AES256") != 0 ||
                            name_len > 28; /* AES256 alone leaves the ETag an MD5 */
    } else if (name_is(line, name_len, "x-amz-bucket-region")) {
        (void)snprintf(answer->region, sizeof(answer->region), "%s", value); /* cut: only for words */
    }
    if (is_preserved(line, name_len)) {
        if (answer->preserved.len + len > S3_PRESERVED_MAX)
            answer->oversized = true;
        else
            strbuf_addf(&answer->preserved, "%.*s: %s\n", (int)name_len, line, value);
    }
    if (name_len > 11 && strncasecmp(line, "x-amz-meta-", 11) == 0)
        take_metadata(answer, line + 11, name_len - 11, value);
}

static bool is_success(const struct s3_answer *answer)
{
    return answer->response.status >= 200 && answer->response.status <= 299;
}

static int answer_head(void *context, const struct http_response *response)
{
    struct s3_answer *answer = context;
    strbuf_reset(&answer->body);
    if (!is_success(answer) || answer->request->head == NULL)
        return 0;
    return answer->request->head(answer->request->context, response);
}

static int answer_body(void *context, const void *bytes, size_t len)
{
    struct s3_answer *answer = context;
    if (!is_success(answer)) {
        if (answer->body.len < S3_ERROR_BODY_MAX)
            strbuf_add(&answer->body, bytes, len);
        return 0; /* an error's text that is cut or lost leaves its status */
    }
    if (answer->request->body != NULL)
        return answer->request->body(answer->request->context, bytes, len);
    if (len > S3_BODY_MAX - answer->body.len)
        return remote_call_fail(answer->call, -EIO, "'%s': an answer of more than %d bytes",
            answer->request->what, S3_BODY_MAX);
    strbuf_add(&answer->body, bytes, len);
    return answer->body.failed ? -ENOMEM : 0;
}

/* --- the request --- */

static const char *method_name(enum http_method method)
{
    static const char *const names[] = { "GET", "HEAD", "PUT", "POST", "PATCH", "DELETE" };
    return names[method];
}

/* The header lines, all of which are signed. */
static void add_lines(const struct s3_request *request, const struct s3_keys *keys, const char *date,
    const char *payload, struct s3_lines *lines)
{
    s3_lines_addf(lines, "x-amz-date: %s", date);
    s3_lines_addf(lines, "x-amz-content-sha256: %s", payload);
    if (keys->session_token[0] != '\0')
        s3_lines_addf(lines, "x-amz-security-token: %s", keys->session_token);
    if (request->content_type != NULL)
        s3_lines_addf(lines, "Content-Type: %s", request->content_type);
    for (unsigned i = 0; request->headers != NULL && i < request->headers->count; i++)
        s3_lines_addf(lines, "%s", request->headers->line[i]);
}

static int sign(const struct s3 *store, const struct s3_request *request, const char *path,
    const char *query, const struct s3_keys *keys, struct s3_lines *lines,
    struct strbuf *authorization)
{
    char date[S3_DATE_SIZE], hash[S3_SHA256_HEX];
    const char *payload = request->payload != NULL ? request->payload : S3_EMPTY_SHA256;
    if (request->payload == NULL && request->post != NULL) {
        s3_sha256_hex(request->post, strlen(request->post), hash);
        payload = hash;
    }
    s3_sign_date(time(NULL), date);
    add_lines(request, keys, date, payload, lines);
    if (lines->failed)
        return -ENOMEM;
    const struct s3_signing signing = { .method = method_name(request->method),
        .host = store->host,
        .path = path,
        .query = query,
        .headers = (const char *const *)lines->line,
        .payload = payload,
        .date = date,
        .region = store->region };
    return s3_sign(&signing, keys, authorization);
}

static int transfer(struct s3 *store, struct remote_call *call, const struct s3_request *request,
    const struct s3_lines *lines, const char *url, const char *authorization,
    struct s3_answer *answer)
{
    struct http_request http = { .method = request->method,
        .url = url,
        .authorization = authorization,
        .ca_cert = store->ca_cert,
        .range = request->range,
        .headers = (const char *const *)lines->line,
        .keep_redirects = true,
        .expected_bytes = request->expected_bytes,
        .stall_ms = request->slow ? S3_ANSWER_MS : latency_stall_ms(&store->latency),
        .answer_ms = request->slow ? S3_ANSWER_MS : LATENCY_MAX_MS,
        .post = request->post,
        .body_fd = request->body_size > 0 ? request->body_fd : -1,
        .body_offset = request->body_offset,
        .body_size = request->body_size,
        .context = answer,
        .header = answer_header,
        .head = answer_head,
        .body = answer_body };
    int rc = http_perform(store->http, call, &http, &answer->response);
    if (answer->response.status != 0 && !request->slow)
        latency_add(&store->latency, answer->response.first_byte_ms);
    else if (rc == -ETIMEDOUT && !request->slow)
        latency_add(&store->latency, http.stall_ms);
    return rc;
}

/* Keys that the store calls expired or unknown may have new ones at their source. */
static void note_refused(
    struct s3 *store, struct remote_call *call, const struct s3_keys *keys, const char *code)
{
    if ((strcmp(code, "ExpiredToken") == 0 || strcmp(code, "TokenRefreshRequired") == 0 ||
            strcmp(code, "InvalidToken") == 0 || strcmp(code, "InvalidAccessKeyId") == 0) &&
        s3_credentials_refused(store->credentials, keys))
        call->transient = true;
}

int s3_perform(struct s3 *store, struct remote_call *call, const struct s3_request *request,
    struct s3_answer *answer)
{
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT, query = STRBUF_INIT, url = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf authorization = STRBUF_INIT;
    CLEANUP_S3_LINES struct s3_lines lines = { 0 };
    struct s3_keys keys;
    answer->request = request;
    answer->call = call;
    answer->code[0] = '\0';
    answer->oversized = false;
    strbuf_addstr(&path, store->root);
    if (request->key != NULL || path.len == 0)
        strbuf_addch(&path, '/');
    if (request->key != NULL)
        url_add_path(&path, request->key);
    s3_query(request->query, &query);
    strbuf_addf(&url, "%s%s%s%s", store->origin, strbuf_cstr(&path), query.len > 0 ? "?" : "",
        strbuf_cstr(&query));
    if (path.failed || query.failed || url.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    int rc = s3_credentials_get(store->credentials, call, &keys);
    if (rc < 0)
        return rc;
    rc = sign(store, request, path.buf, strbuf_cstr(&query), &keys, &lines, &authorization);
    if (rc < 0)
        rc = remote_call_fail(call, rc, "'%s': cannot sign the request", request->what);
    else
        rc = transfer(store, call, request, &lines, url.buf, authorization.buf, answer);
    if (rc == 0 && !is_success(answer)) {
        rc = s3_error(store, call, request->what, answer);
        note_refused(store, call, &keys, answer->code);
    }
    s3_keys_wipe(&keys);
    return rc;
}

/* The root ends last. */
static int keep_path(void *context, const char *path, const char *text, size_t len)
{
    (void)text, (void)len;
    memcpy(context, path, strlen(path) + 1); /* fits: both are S3_XML_PATH */
    return 0;
}

int s3_check_body(struct s3 *store, struct remote_call *call, const struct s3_request *request,
    struct s3_answer *answer, const char *root)
{
    char found[S3_XML_PATH] = "";
    int rc = s3_xml_walk(strbuf_cstr(&answer->body), answer->body.len, keep_path, found);
    if (rc == -ENOMEM)
        return remote_call_fail(call, rc, "out of memory");
    if (rc == 0 && strcmp(found, root) == 0)
        return 0;
    if (rc == 0 && strcmp(found, "Error") == 0)
        return s3_error(store, call, request->what, answer);
    return remote_call_fail_transient(
        call, -EIO, "'%s': the store's answer is not the %s it should be", request->what, root);
}

/* --- with patience --- */

static int patience_attempt(void *context, struct remote_call *call, bool *progressed)
{
    struct s3_perform_context *patience = context;
    (void)progressed;
    return s3_perform(patience->store, call, patience->request, patience->answer);
}

int s3_perform_patiently(struct s3 *store, struct remote_call *call,
    const struct s3_request *request, struct s3_answer *answer)
{
    struct s3_perform_context patience = { store, request, answer };
    struct retry_run run = {
        .policy = &store->policy, .attempt = patience_attempt, .context = &patience
    };
    return retry_run(&run, call);
}

int s3_head(struct s3 *store, struct remote_call *call, const char *key, const char *what,
    struct s3_answer *answer)
{
    const struct s3_request request = { .method = HTTP_HEAD, .key = key, .what = what };
    return s3_perform(store, call, &request, answer);
}
