/* SPDX-License-Identifier: MIT */
#include "core/engine/stores.h"

#include <errno.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/config/config.h"
#include "core/config/keyfile.h"
#include "core/engine/names.h"
#include "core/engine/stores-open.h"

static int online_load_keys(struct stores_online *online, char *why)
{
    for (size_t i = 0; i < online->config.count; i++) {
        const char *file = config_text(&online->config.connectors[i], CONFIG_OPTION_encrypt);
        int rc = file == NULL ? 0 : keyfile_read(file, online->keys[i], why, STORES_WHY_MAX);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* --- identity --- */

/* The parts are told apart by their lengths: no two accounts give the same bytes. */
static void online_add_bytes(SHA2_CTX *hash, const char *kind, const void *bytes, uint64_t len)
{
    SHA256Update(hash, (const uint8_t *)kind, strlen(kind) + 1);
    SHA256Update(hash, (const uint8_t *)&len, sizeof(len));
    if (len > 0)
        SHA256Update(hash, bytes, len);
}

static void online_add_text(SHA2_CTX *hash, const char *kind, const char *text)
{
    online_add_bytes(hash, kind, text, text == NULL ? 0 : strlen(text));
}

/* Options that say how data is used, and not which: changing them keeps the cache. */
static bool is_manner(int option)
{
    return option == CONFIG_OPTION_readonly || option == CONFIG_OPTION_cache_only;
}

static void online_add_connector(SHA2_CTX *hash, const struct stores_online *online, size_t number)
{
    const struct config_connector *connector = &online->config.connectors[number];
    online_add_text(hash, "connector", connector->name);
    online_add_text(hash, "type", config_type_name(connector->type));
    for (int option = 0; option < CONFIG_OPTIONS; option++) {
        const char *text = config_text(connector, (enum config_option)option);
        if (text == NULL || is_manner(option))
            continue;
        if (option == CONFIG_OPTION_encrypt)
            online_add_bytes(hash, "encrypt", online->keys[number], KEYFILE_BYTES);
        else
            online_add_text(hash, config_options[option].name, text);
    }
}

/* Without a file: what it was before there were files, so that the cache stays. */
static void online_identify(const struct stores_online *online, unsigned char identity[32])
{
    const struct config *config = &online->config;
    SHA2_CTX hash;
    SHA256Init(&hash);
    if (!config->has_file) {
        const struct config_connector *data = &config->connectors[0];
        online_add_text(&hash, "algorithmia", config_text(data, CONFIG_OPTION_api));
        online_add_text(&hash, "key", config_text(data, CONFIG_OPTION_api_key));
        online_add_text(&hash, "bearer", config_text(data, CONFIG_OPTION_bearer_token));
    } else {
        const struct config_connector *lookup = config_lookup(config);
        online_add_text(&hash, "lookup", lookup == NULL ? NULL : lookup->name);
        online_add_text(&hash, "container", config->container_url);
        for (size_t i = 0; i < config->count; i++)
            online_add_connector(&hash, online, i);
    }
    SHA256Final(identity, &hash);
    explicit_bzero(&hash, sizeof(hash)); /* it has seen the keys */
}

/* --- the slots --- */

/* Once, and not at each program's start. */
static void stores_warn(struct stores_context *context, const char *warning)
{
    if (warning == NULL)
        return;
    LOCK_SCOPE(&context->lock);
    if (context->warned != NULL && strcmp(context->warned, warning) == 0)
        return;
    log_warn("engine", "%s", warning);
    free(context->warned);
    context->warned = strdup(warning); /* without memory it is said again */
}

static int stores_online_select(void *context, const struct wire_hello_request *environment,
    char *why, struct stores_account *ret_account)
{
    struct stores_online *online = calloc(1, sizeof(*online));
    if (online == NULL)
        return -ENOMEM;
    online->context = context;
    int rc = config_load(environment, why, STORES_WHY_MAX, &online->config);
    if (rc == 0)
        rc = online_load_keys(online, why);
    struct stores_account account = { .handle = online };
    if (rc == 0) {
        account.api = strdup(online->config.has_file
                                 ? online->config.file
                                 : config_text(&online->config.connectors[0], CONFIG_OPTION_api));
        rc = account.api == NULL ? -ENOMEM : 0;
    }
    for (size_t i = 0; rc == 0 && i < online->config.count; i++)
        stores_online_set_manner(online, i, &online->config.connectors[i]);
    if (rc < 0) {
        stores_online_release_all(online);
        return rc;
    }
    stores_warn(context, online->config.warning);
    online_identify(online, account.identity);
    *ret_account = account;
    return 0;
}

static enum stores_place stores_online_place(
    void *context, const struct stores_account *account, const char *connector)
{
    const struct stores_online *online = account->handle;
    (void)context;
    if (config_find(&online->config, connector) != NULL)
        return STORES_LISTED;
    return config_lookup(&online->config) != NULL && names_is_connector(connector) &&
                   strcmp(connector, "data") != 0
               ? STORES_LOOKUP
               : STORES_NOWHERE;
}

static const char *stores_online_listed(
    void *context, const struct stores_account *account, unsigned number)
{
    const struct stores_online *online = account->handle;
    (void)context;
    return number < online->config.count ? online->config.connectors[number].name : NULL;
}

static struct remote *stores_online_open(void *context, const struct stores_account *account,
    const char *connector, struct remote_counters *counters)
{
    (void)context; /* the account knows it */
    return stores_online_open_one(account->handle, connector, counters);
}

/* The same identity: the same sections with the same names, in the same order. */
static bool stores_online_renew(
    void *context, struct stores_account *account, const struct stores_account *newer)
{
    struct stores_online *online = account->handle;
    const struct stores_online *other = newer->handle;
    bool again = false;
    (void)context;
    for (size_t i = 0; i < online->config.count && i < other->config.count; i++) {
        again = again ||
                (atomic_load(&online->cache_only[i]) && !atomic_load(&other->cache_only[i]));
        stores_online_set_manner(online, i, &other->config.connectors[i]);
    }
    return again;
}

static void stores_online_release(void *context, struct stores_account *account)
{
    (void)context;
    stores_online_release_all(account->handle);
    free(account->api);
    *account = (struct stores_account){ .handle = NULL };
}

static void stores_online_wake(void *context)
{
    struct stores_context *stores = context;
    http_client_wake(stores->http);
}

int stores_online_new(const char *cache, struct stores *ret_stores)
{
    struct stores_context *context = calloc(1, sizeof(*context));
    if (context == NULL)
        return -ENOMEM;
    pthread_mutex_init(&context->lock, NULL);
    context->cache = strdup(cache);
    context->http = context->cache == NULL ? NULL : http_client_new(NULL);
    if (context->http == NULL) {
        int rc = context->cache == NULL || errno == 0 ? -ENOMEM : -errno;
        free(context->cache);
        free(context);
        return rc;
    }
    *ret_stores = (struct stores){
        .context = context,
        .select = stores_online_select,
        .open = stores_online_open,
        .place = stores_online_place,
        .listed = stores_online_listed,
        .renew = stores_online_renew,
        .release = stores_online_release,
        .wake = stores_online_wake,
    };
    return 0;
}

void stores_online_free(struct stores *stores)
{
    struct stores_context *context = stores->context;
    http_client_free(context->http);
    pthread_mutex_destroy(&context->lock);
    free(context->warned);
    free(context->cache);
    free(context);
    stores->context = NULL;
}
