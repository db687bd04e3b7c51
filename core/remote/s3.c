/* SPDX-License-Identifier: MIT */
#include "core/remote/s3.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/cleanup.h"
#include "core/remote/s3-internal.h"
#include "core/remote/url.h"

enum { POOL_THREADS = 48, POOL_IDLE_MS = 10000 };

static unsigned s3_capabilities(struct remote *remote)
{
    const struct s3 *store = (struct s3 *)remote;
    unsigned capabilities =
        REMOTE_CAN_RANGE | REMOTE_CAN_WRITE | REMOTE_CAN_COPY | REMOTE_KEEPS_FILES_AT_ROOT;
    if (store->metadata == S3_METADATA_HEAD)
        capabilities |= REMOTE_KEEPS_ATTRIBUTES | REMOTE_CAN_SYMLINK;
    switch (atomic_load_explicit(&store->condition, memory_order_relaxed)) {
    case S3_CONDITION_UNKNOWN: return capabilities | REMOTE_MAY_CONDITION;
    case S3_CONDITION_HONOURED: return capabilities | REMOTE_CAN_CONDITION;
    default: return capabilities;
    }
}

static void s3_free(struct remote *remote)
{
    struct s3 *store = (struct s3 *)remote;
    if (store == NULL)
        return;
    atomic_store(&store->ending, true);
    if (store->http != NULL)
        http_client_wake(store->http);
    pool_free(store->pool);
    s3_credentials_free(store->credentials);
    s3_known_free(store->known);
    s3_leftovers_free(store->leftovers);
    latency_deinit(&store->latency);
    free(store->origin);
    free(store->host);
    free(store->root);
    free(store->bucket);
    free(store->region);
    free(store->prefix);
    free(store->ca_cert);
    free(store);
}

static const struct remote_ops s3_ops = {
    .type = "s3",
    .capabilities = s3_capabilities,
    .list = s3_list,
    .probe = s3_probe,
    .read = s3_read,
    .write = s3_write,
    .make_dir = s3_make_dir,
    .remove = s3_remove,
    .copy = s3_copy,
    .set_attributes = s3_set_attributes,
    .make_symlink = s3_make_symlink,
    .read_link = s3_read_link,
    .free = s3_free,
};

/* --- options --- */

/* The endpoint as "https://host[:port]", without a default port (curl sends none in Host). NULL: it is
 * no such address, or has a path, or no memory. */
static char *make_origin(const struct s3_options *options)
{
    const char *region = options->region == NULL ? "us-east-1" : options->region;
    struct strbuf origin = STRBUF_INIT;
    if (options->endpoint == NULL) {
        strbuf_addf(&origin,
            options->preset == S3_PRESET_B2 ? "https://s3.%s.backblazeb2.com"
                                            : "https://s3.%s.amazonaws.com",
            region);
        return strbuf_detach(&origin);
    }
    const char *endpoint = options->endpoint;
    bool tls = strncasecmp(endpoint, "https://", 8) == 0;
    if (!tls && strncasecmp(endpoint, "http://", 7) != 0)
        return NULL;
    const char *host = endpoint + (tls ? 8 : 7);
    size_t len = strcspn(host, "/?#"), rest = strlen(host + len);
    if (len == 0 || memchr(host, '@', len) != NULL || (rest > 0 && strcmp(host + len, "/") != 0))
        return NULL;
    const char *port = tls ? ":443" : ":80";
    if (len > strlen(port) && strncmp(host + len - strlen(port), port, strlen(port)) == 0)
        len -= strlen(port);
    strbuf_addf(&origin, "%s://%.*s", tls ? "https" : "http", (int)len, host);
    return strbuf_detach(&origin);
}

/* "a/b/" of "/a//b/": no empty component, or the keys could not be paths. */
static char *make_prefix(const char *prefix)
{
    struct strbuf clean = STRBUF_INIT;
    while (prefix != NULL && *prefix != '\0') {
        size_t len = strcspn(prefix, "/");
        if (len > 0)
            strbuf_addf(&clean, "%.*s/", (int)len, prefix);
        prefix += len + (prefix[len] == '/');
    }
    if (clean.buf == NULL)
        strbuf_addstr(&clean, "");
    return strbuf_detach(&clean);
}

static bool is_virtual(const struct s3_options *options, const char *origin)
{
    static const char aws[] = ".amazonaws.com";
    size_t len = strlen(origin), tail = sizeof(aws) - 1;
    if (options->addressing != S3_ADDRESSING_DEFAULT)
        return options->addressing == S3_ADDRESSING_VIRTUAL;
    /* A dot in the bucket's name is one too many for the certificate. */
    return len > tail && strcmp(origin + len - tail, aws) == 0 &&
           strchr(options->bucket, '.') == NULL;
}

/* origin, host and root, from the endpoint and where the bucket stands. */
static int make_address(struct s3 *store, const struct s3_options *options)
{
    CLEANUP_FREE char *origin = make_origin(options);
    struct strbuf address = STRBUF_INIT, root = STRBUF_INIT;
    if (origin == NULL)
        return -EINVAL;
    const char *host = strstr(origin, "://") + 3;
    store->tls = strncmp(origin, "https", 5) == 0;
    if (is_virtual(options, origin)) {
        strbuf_addf(&address, "%.*s%s.%s", (int)(host - origin), origin, options->bucket, host);
    } else {
        strbuf_addstr(&address, origin);
        strbuf_addch(&root, '/');
        url_add_value(&root, options->bucket);
    }
    if (root.buf == NULL)
        strbuf_addstr(&root, "");
    store->origin = strbuf_detach(&address);
    store->root = strbuf_detach(&root);
    store->host = store->origin == NULL ? NULL : strdup(strstr(store->origin, "://") + 3);
    return store->origin == NULL || store->root == NULL || store->host == NULL ? -ENOMEM : 0;
}

/* What names a bucket in a host or a path; stricter rules are the store's. */
static bool is_bucket(const char *bucket)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    return bucket != NULL && bucket[0] != '\0' && bucket[0] != '.' &&
           bucket[strspn(bucket, allowed)] == '\0' && strlen(bucket) < 256;
}

static bool is_region(const char *region)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    return region == NULL || (region[0] != '\0' && region[strspn(region, allowed)] == '\0');
}

static int fill(struct s3 *store, struct http_client *http, const struct s3_options *options)
{
    if (!is_bucket(options->bucket) || !is_region(options->region) ||
        (options->part_size != 0 && options->part_size < S3_PART_SIZE_MIN))
        return -EINVAL;
    int rc = make_address(store, options);
    if (rc < 0)
        return rc;
    store->http = http;
    store->metadata = options->metadata;
    store->preset = options->preset;
    store->part_size = options->part_size == 0 ? S3_PART_SIZE_DEFAULT : options->part_size;
    store->copy_max = options->copy_max == 0 ? S3_COPY_MAX : options->copy_max;
    store->policy = retry_policy_default;
    /* B2 has no conditional writes; it need not be asked. */
    atomic_init(&store->condition,
        options->preset == S3_PRESET_B2 ? S3_CONDITION_IGNORED : S3_CONDITION_UNKNOWN);
    store->bucket = strdup(options->bucket);
    store->region = strdup(options->region == NULL ? "us-east-1" : options->region);
    store->prefix = make_prefix(options->path_prefix);
    store->ca_cert = options->ca_cert == NULL ? NULL : strdup(options->ca_cert);
    store->credentials = s3_credentials_new(http, &options->credentials);
    store->known = s3_known_new();
    store->leftovers =
        options->state_dir == NULL ? NULL : s3_leftovers_new(options->state_dir);
    store->pool = pool_new(POOL_THREADS, POOL_IDLE_MS);
    bool ok = store->bucket != NULL && store->region != NULL && store->prefix != NULL &&
              store->credentials != NULL && store->known != NULL && store->pool != NULL &&
              (store->ca_cert != NULL || options->ca_cert == NULL) &&
              (store->leftovers != NULL || options->state_dir == NULL);
    return ok ? 0 : -ENOMEM;
}

struct remote *s3_new(struct http_client *http, const struct s3_options *options)
{
    struct s3 *store = calloc(1, sizeof(*store));
    if (store == NULL)
        return NULL;
    store->remote.ops = &s3_ops;
    latency_init(&store->latency);
    int rc = fill(store, http, options);
    if (rc < 0) {
        s3_free(&store->remote);
        errno = -rc;
        return NULL;
    }
    if (store->leftovers != NULL) /* not done now, it is done at the next start */
        (void)pool_submit(store->pool, s3_leftovers_abort, store);
    return &store->remote;
}
