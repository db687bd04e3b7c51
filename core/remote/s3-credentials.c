/* SPDX-License-Identifier: MIT */
#include "core/remote/s3-credentials.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"
#include "core/remote/call.h"
#include "core/remote/iso-time.h"

enum { DOCUMENT_MAX = 64 << 10, ENDPOINT_STALL_MS = 10000, TEXT_COUNT = 9 };

struct s3_credentials {
    struct http_client *http;
    struct s3_credentials_source source; /* points into texts */
    char *texts[TEXT_COUNT];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct {
        struct s3_keys keys;
        bool have, refused, asking;
    } synced; /* guarded by lock */
};

void s3_keys_wipe(struct s3_keys *keys)
{
    explicit_bzero(keys, sizeof(*keys));
}

struct s3_credentials *s3_credentials_new(
    struct http_client *http, const struct s3_credentials_source *source)
{
    struct s3_credentials *credentials = calloc(1, sizeof(*credentials));
    if (credentials == NULL)
        return NULL;
    credentials->http = http;
    credentials->source = *source;
    (void)pthread_mutex_init(&credentials->lock, NULL); /* defaults: cannot fail on Linux */
    (void)pthread_cond_init(&credentials->changed, NULL);
    const char **fields[TEXT_COUNT] = { &credentials->source.access_key,
        &credentials->source.secret_key, &credentials->source.session_token,
        &credentials->source.profile, &credentials->source.credentials_file,
        &credentials->source.config_file, &credentials->source.container_url,
        &credentials->source.container_token, &credentials->source.instance_url };
    bool ok = true;
    for (int i = 0; i < TEXT_COUNT; i++) {
        if (*fields[i] == NULL)
            continue;
        credentials->texts[i] = strdup(*fields[i]);
        *fields[i] = credentials->texts[i];
        ok = ok && credentials->texts[i] != NULL;
    }
    if (ok)
        return credentials;
    s3_credentials_free(credentials);
    return NULL;
}

void s3_credentials_free(struct s3_credentials *credentials)
{
    if (credentials == NULL)
        return;
    for (int i = 0; i < TEXT_COUNT; i++) {
        if (credentials->texts[i] != NULL)
            explicit_bzero(credentials->texts[i], strlen(credentials->texts[i]));
        free(credentials->texts[i]);
    }
    (void)pthread_mutex_destroy(&credentials->lock);
    (void)pthread_cond_destroy(&credentials->changed);
    explicit_bzero(credentials, sizeof(*credentials));
    free(credentials);
}

/* --- where keys come from --- */

static bool copy_text(char *to, size_t size, const char *from)
{
    size_t len = from == NULL ? size : strlen(from);
    if (len >= size)
        return false;
    memcpy(to, from, len + 1);
    return true;
}

static int keys_given(const struct s3_credentials_source *source, struct remote_call *call,
    struct s3_keys *keys)
{
    if (!copy_text(keys->access_key, sizeof(keys->access_key), source->access_key) ||
        !copy_text(keys->secret_key, sizeof(keys->secret_key), source->secret_key) ||
        !copy_text(keys->session_token, sizeof(keys->session_token),
            source->session_token == NULL ? "" : source->session_token))
        return remote_call_fail(call, -EACCES, "an S3 key without its secret, or longer than keys are");
    return 0;
}

/* -ENOENT: the file, or in it the profile's key, is not there. */
static int keys_of_section(struct remote_call *call, const char *file, const char *section,
    struct s3_keys *keys)
{
    int rc = s3_profile_read(
        file, section, "aws_access_key_id", keys->access_key, sizeof(keys->access_key));
    if (rc == 0)
        rc = s3_profile_read(
            file, section, "aws_secret_access_key", keys->secret_key, sizeof(keys->secret_key));
    if (rc < 0 && rc != -ENOENT)
        return remote_call_fail(call, -EACCES, "%s: cannot be read: %s", file, strerror(-rc));
    if (rc < 0)
        return rc;
    rc = s3_profile_read(
        file, section, "aws_session_token", keys->session_token, sizeof(keys->session_token));
    return rc == -ENOENT ? 0 : rc;
}

static int keys_of_profile(const struct s3_credentials_source *source, struct remote_call *call,
    struct s3_keys *keys)
{
    const char *profile = source->profile == NULL ? "default" : source->profile;
    char section[300];
    int rc = -ENOENT;
    if (source->credentials_file != NULL)
        rc = keys_of_section(call, source->credentials_file, profile, keys);
    if (rc != -ENOENT || source->config_file == NULL)
        return rc;
    if (strcmp(profile, "default") == 0)
        (void)snprintf(section, sizeof(section), "default");
    else if (snprintf(section, sizeof(section), "profile %s", profile) >= (int)sizeof(section))
        return -ENOENT;
    return keys_of_section(call, source->config_file, section, keys);
}

/* --- endpoints --- */

static int keep_document(void *context, const void *bytes, size_t len)
{
    struct strbuf *document = context;
    if (len > DOCUMENT_MAX - document->len)
        return -EIO;
    strbuf_add(document, bytes, len);
    return document->failed ? -ENOMEM : 0;
}

static int ask(struct s3_credentials *credentials, struct remote_call *call, enum http_method method,
    const char *url, const char *header, const char *authorization, struct strbuf *document)
{
    const char *headers[2] = { header, NULL };
    const struct http_request request = { .method = method,
        .url = url,
        .authorization = authorization,
        .headers = headers,
        .body_fd = -1,
        .stall_ms = ENDPOINT_STALL_MS,
        .context = document,
        .body = keep_document };
    struct http_response response;
    int rc = http_perform(credentials->http, call, &request, &response);
    if (rc < 0 || response.status == 200)
        return rc;
    if (response.status >= 500)
        return remote_call_fail_transient(
            call, -EIO, "%s: the endpoint for credentials answers %d", url, response.status);
    return remote_call_fail(
        call, -EACCES, "%s: the endpoint for credentials answers %d", url, response.status);
}

static bool take_member(const cJSON *json, const char *name, char *value, size_t size)
{
    return copy_text(
        value, size, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name)));
}

/* {"AccessKeyId":…,"SecretAccessKey":…,"Token":…,"Expiration":"2026-01-01T00:00:00Z"} */
static int take_document(
    struct remote_call *call, const char *url, struct strbuf *document, struct s3_keys *keys)
{
    cJSON *json = cJSON_ParseWithLength(strbuf_cstr(document), document->len);
    char expires[64] = "";
    struct timespec time;
    bool ok = take_member(json, "AccessKeyId", keys->access_key, sizeof(keys->access_key)) &&
              take_member(json, "SecretAccessKey", keys->secret_key, sizeof(keys->secret_key));
    if (!take_member(json, "Token", keys->session_token, sizeof(keys->session_token)))
        keys->session_token[0] = '\0';
    if (take_member(json, "Expiration", expires, sizeof(expires)) && iso_time_parse(expires, &time))
        keys->expires = time.tv_sec;
    cJSON_Delete(json);
    if (document->buf != NULL)
        explicit_bzero(document->buf, document->len);
    if (ok)
        return 0;
    return remote_call_fail(call, -EACCES, "%s: no credentials in the answer", url);
}

static int keys_of_container(
    struct s3_credentials *credentials, struct remote_call *call, struct s3_keys *keys)
{
    CLEANUP_STRBUF struct strbuf document = STRBUF_INIT;
    const char *url = credentials->source.container_url;
    int rc = ask(credentials, call, HTTP_GET, url, NULL, credentials->source.container_token,
        &document);
    return rc < 0 ? rc : take_document(call, url, &document, keys);
}

/* IMDSv2: a token, the role's name, the role's keys. */
static int keys_of_instance(
    struct s3_credentials *credentials, struct remote_call *call, struct s3_keys *keys)
{
    CLEANUP_STRBUF struct strbuf token = STRBUF_INIT, header = STRBUF_INIT, url = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf role = STRBUF_INIT, document = STRBUF_INIT;
    strbuf_addf(&url, "%s/latest/api/token", credentials->source.instance_url);
    int rc = ask(credentials, call, HTTP_PUT, strbuf_cstr(&url),
        "X-aws-ec2-metadata-token-ttl-seconds: 21600", NULL, &token);
    if (rc < 0)
        return rc;
    if (token.len == 0 || strcspn(strbuf_cstr(&token), "\r\n") != token.len)
        return remote_call_fail(call, -EACCES, "%s: no token in the answer", strbuf_cstr(&url));
    strbuf_addf(&header, "X-aws-ec2-metadata-token: %s", token.buf);
    strbuf_reset(&url);
    strbuf_addf(&url, "%s/latest/meta-data/iam/security-credentials/",
        credentials->source.instance_url);
    rc = ask(credentials, call, HTTP_GET, strbuf_cstr(&url), strbuf_cstr(&header), NULL, &role);
    if (rc < 0)
        return rc;
    size_t len = strcspn(strbuf_cstr(&role), "\r\n"); /* the first is the instance's */
    if (len == 0 || memchr(role.buf, '/', len) != NULL)
        return remote_call_fail(call, -EACCES, "%s: the instance has no role", strbuf_cstr(&url));
    strbuf_addf(&url, "%.*s", (int)len, role.buf);
    if (url.failed || header.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    rc = ask(credentials, call, HTTP_GET, strbuf_cstr(&url), strbuf_cstr(&header), NULL, &document);
    return rc < 0 ? rc : take_document(call, strbuf_cstr(&url), &document, keys);
}

static int find_keys(
    struct s3_credentials *credentials, struct remote_call *call, struct s3_keys *keys)
{
    const struct s3_credentials_source *source = &credentials->source;
    *keys = (struct s3_keys){ 0 };
    if (source->access_key != NULL || source->secret_key != NULL)
        return keys_given(source, call, keys);
    int rc = keys_of_profile(source, call, keys);
    if (rc == -ENOENT && source->container_url != NULL)
        return keys_of_container(credentials, call, keys);
    if (rc == -ENOENT && source->instance_url != NULL)
        return keys_of_instance(credentials, call, keys);
    if (rc == -ENOENT)
        return remote_call_fail(call, -EACCES,
            "no S3 keys: not given, and none for profile '%s' in %s",
            source->profile == NULL ? "default" : source->profile,
            source->credentials_file == NULL ? "(no file)" : source->credentials_file);
    return rc;
}

/* --- keeping them fresh --- */

/* With the lock held. */
static bool are_good(const struct s3_credentials *credentials, int64_t now, int64_t early)
{
    const struct s3_keys *keys = &credentials->synced.keys;
    return credentials->synced.have && !credentials->synced.refused &&
           (keys->expires == 0 || keys->expires - early > now);
}

int s3_credentials_get(
    struct s3_credentials *credentials, struct remote_call *call, struct s3_keys *ret_keys)
{
    struct s3_keys found;
    {
        LOCK_SCOPE(&credentials->lock);
        for (;;) {
            int64_t now = time(NULL);
            /* While one asks, the others go on with what is still good. */
            if (are_good(credentials, now,
                    credentials->synced.asking ? 0 : S3_CREDENTIALS_EARLY_S)) {
                *ret_keys = credentials->synced.keys;
                return 0;
            }
            if (!credentials->synced.asking)
                break;
            (void)pthread_cond_wait(&credentials->changed, &credentials->lock); /* cannot fail */
        }
        credentials->synced.asking = true;
    }
    int rc = find_keys(credentials, call, &found);
    LOCK_SCOPE(&credentials->lock);
    credentials->synced.asking = false;
    (void)pthread_cond_broadcast(&credentials->changed); /* cannot fail */
    if (rc == 0) {
        credentials->synced.keys = found;
        credentials->synced.have = true;
        credentials->synced.refused = false;
    }
    s3_keys_wipe(&found);
    if (rc < 0 && !are_good(credentials, time(NULL), 0))
        return rc;
    *ret_keys = credentials->synced.keys;
    return 0;
}

bool s3_credentials_refused(struct s3_credentials *credentials, const struct s3_keys *keys)
{
    if (credentials->source.access_key != NULL)
        return false;
    LOCK_SCOPE(&credentials->lock);
    if (strcmp(credentials->synced.keys.access_key, keys->access_key) == 0 &&
        strcmp(credentials->synced.keys.secret_key, keys->secret_key) == 0)
        credentials->synced.refused = true;
    return true;
}
