/* SPDX-License-Identifier: MIT */
#include "core/engine/stores.h"

#include <errno.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

#include "core/remote/algorithmia.h"
#include "core/remote/http.h"
#include "core/config/profile.h"
#include "core/remote/retry.h"

/* The parts are told apart by their lengths: no two accounts give the same bytes. */
static void stores_add_part(SHA2_CTX *hash, const char *kind, const char *text)
{
    uint64_t len = text == NULL ? 0 : strlen(text);
    SHA256Update(hash, (const uint8_t *)kind, strlen(kind) + 1);
    SHA256Update(hash, (const uint8_t *)&len, sizeof(len));
    if (len > 0)
        SHA256Update(hash, (const uint8_t *)text, len);
}

static void stores_identity(const struct profile *profile, unsigned char identity[32])
{
    SHA2_CTX hash;
    SHA256Init(&hash);
    stores_add_part(&hash, "algorithmia", profile->base_url);
    stores_add_part(&hash, "key", profile->key);
    stores_add_part(&hash, "bearer", profile->bearer);
    SHA256Final(identity, &hash);
    explicit_bzero(&hash, sizeof(hash)); /* it has seen the key */
}

static int stores_online_select(void *context, const struct wire_hello_request *environment,
    char *why, struct stores_account *ret_account)
{
    const struct profile_input input = {
        .api = environment->api,
        .key = environment->key,
        .bearer = environment->bearer,
        .name = environment->profile,
        .home = environment->home,
    };
    CLEANUP_PROFILE struct profile profile = PROFILE_INIT;
    int rc = profile_load(&input, why, REMOTE_WHY_MAX, &profile);
    if (rc < 0)
        return rc;
    struct stores_account account = { .api = strdup(profile.base_url) };
    if (account.api == NULL)
        return -ENOMEM;
    account.handle = algorithmia_account_new(context, &profile);
    if (account.handle == NULL) {
        rc = -errno;
        free(account.api);
        return rc;
    }
    stores_identity(&profile, account.identity);
    *ret_account = account;
    return 0;
}

static struct remote *stores_online_open(void *context, const struct stores_account *account,
    const char *connector, struct remote_counters *counters)
{
    (void)context; /* the account knows its HTTP client */
    return remote_retry_new(
        remote_stats_new(algorithmia_new(account->handle, connector), counters), NULL);
}

static void stores_online_release(void *context, struct stores_account *account)
{
    (void)context;
    account->handle = algorithmia_account_unref(account->handle);
    free(account->api);
    account->api = NULL;
}

static void stores_online_wake(void *context)
{
    http_client_wake(context);
}

int stores_online_new(struct stores *ret_stores)
{
    struct http_client *http = http_client_new(NULL);
    if (http == NULL)
        return errno == 0 ? -ENOMEM : -errno;
    *ret_stores = (struct stores){
        .context = http,
        .select = stores_online_select,
        .open = stores_online_open,
        .release = stores_online_release,
        .wake = stores_online_wake,
    };
    return 0;
}

void stores_online_free(struct stores *stores)
{
    http_client_free(stores->context);
    stores->context = NULL;
}
