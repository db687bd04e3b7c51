/* SPDX-License-Identifier: MIT */
#include "core/engine/stores-open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/config/profile.h"
#include "core/remote/cache_only.h"
#include "core/remote/encrypt.h"
#include "core/remote/local.h"
#include "core/remote/readonly.h"
#include "core/remote/retry.h"
#include "core/remote/s3.h"

void stores_online_set_manner(
    struct stores_online *online, size_t number, const struct config_connector *connector)
{
    atomic_store(&online->readonly[number], config_yes(connector, CONFIG_OPTION_readonly));
    atomic_store(&online->cache_only[number], config_yes(connector, CONFIG_OPTION_cache_only));
}

static struct remote *open_algorithmia(
    struct stores_online *online, size_t number, const char *connector)
{
    const struct config_connector *section = &online->config.connectors[number];
    if (online->accounts[number] == NULL) {
        const struct profile profile = { /* borrowed strings: copied by the account */
            .base_url = section->values[CONFIG_OPTION_api].text,
            .key = section->values[CONFIG_OPTION_api_key].text,
            .bearer = section->values[CONFIG_OPTION_bearer_token].text,
            .ca_cert = section->values[CONFIG_OPTION_ca_cert].text,
        };
        online->accounts[number] = algorithmia_account_new(online->context->http, &profile);
        if (online->accounts[number] == NULL)
            return NULL;
    }
    return algorithmia_new(online->accounts[number], connector);
}

/* The folder for notes of uploads. False: there is none, and what a crash leaves stays on the store. */
static bool make_state_dir(const struct stores_online *online, char *path, size_t size)
{
    if ((size_t)snprintf(path, size, "%s/uploads", online->context->cache) >= size)
        return false;
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    log_warn("engine", "cannot make \"%s\": %s", path, strerror(errno));
    return false;
}

static struct remote *open_s3(struct stores_online *online, const struct config_connector *section)
{
    const char *addressing = config_text(section, CONFIG_OPTION_addressing);
    const char *metadata = config_text(section, CONFIG_OPTION_metadata);
    const struct config *config = &online->config;
    bool own_keys = config_text(section, CONFIG_OPTION_access_key_id) != NULL;
    /* The machine's own keys are for a section that names neither keys nor a profile. */
    bool any = !own_keys && section->values[CONFIG_OPTION_profile].text != NULL &&
               strcmp(section->values[CONFIG_OPTION_profile].origin, "default") == 0;
    char state_dir[PATH_MAX];
    const struct s3_options options = {
        .endpoint = config_text(section, CONFIG_OPTION_endpoint),
        .region = config_text(section, CONFIG_OPTION_region),
        .bucket = config_text(section, CONFIG_OPTION_bucket),
        .path_prefix = config_text(section, CONFIG_OPTION_path_prefix),
        .addressing = addressing == NULL                 ? S3_ADDRESSING_DEFAULT
                      : strcmp(addressing, "path") == 0 ? S3_ADDRESSING_PATH
                                                        : S3_ADDRESSING_VIRTUAL,
        .metadata = metadata != NULL && strcmp(metadata, "listing") == 0 ? S3_METADATA_LISTING
                                                                         : S3_METADATA_HEAD,
        .preset = section->type == CONFIG_B2 ? S3_PRESET_B2 : S3_PRESET_NONE,
        .credentials = {
            .access_key = config_text(section, CONFIG_OPTION_access_key_id),
            .secret_key = config_text(section, CONFIG_OPTION_secret_access_key),
            .session_token = config_text(section, CONFIG_OPTION_session_token),
            .profile = config_text(section, CONFIG_OPTION_profile),
            .credentials_file = config_text(section, CONFIG_OPTION_credentials_file),
            .config_file = config_text(section, CONFIG_OPTION_config_file),
            .container_url = any ? config->container_url : NULL,
            .container_token = any ? config->container_token : NULL,
            .instance_url = any && config->instance_keys ? "http://169.254.169.254" : NULL,
        },
        .ca_cert = config_text(section, CONFIG_OPTION_ca_cert),
        .state_dir = make_state_dir(online, state_dir, sizeof(state_dir)) ? state_dir : NULL,
    };
    return s3_new(online->context->http, &options);
}

static struct remote *open_store(struct stores_online *online, size_t number, const char *looked_up)
{
    const struct config_connector *section = &online->config.connectors[number];
    if (looked_up != NULL)
        return open_algorithmia(online, number, looked_up);
    switch (section->type) {
    case CONFIG_ALGORITHMIA:
        return open_algorithmia(online, number, config_text(section, CONFIG_OPTION_connector));
    case CONFIG_S3:
    case CONFIG_B2:
        return open_s3(online, section);
    case CONFIG_LOCAL:
        return local_new(config_text(section, CONFIG_OPTION_root));
    case CONFIG_TYPES:
        break;
    }
    errno = EINVAL;
    return NULL;
}

struct remote *stores_online_open_one(
    struct stores_online *online, const char *name, struct remote_counters *counters)
{
    const struct config_connector *section = config_find(&online->config, name);
    const char *looked_up = section == NULL ? name : NULL;
    if (section == NULL)
        section = config_lookup(&online->config);
    if (section == NULL) {
        errno = EINVAL;
        return NULL;
    }
    size_t number = (size_t)(section - online->config.connectors);
    errno = 0;
    struct remote *remote =
        remote_retry_new(remote_stats_new(open_store(online, number, looked_up), counters), NULL);
    if (remote == NULL && looked_up == NULL) {
        int error = errno == 0 ? ENOMEM : errno;
        const char *root = config_text(section, CONFIG_OPTION_root);
        log_error("engine", "[%s] of %s: %s%s%s", section->name, online->config.file,
            root == NULL ? "" : root, root == NULL ? "" : ": ", strerror(error));
        /* Not ENOENT: a folder that is not mounted would be an empty one. EINVAL is for a name that is none. */
        errno = error == ENOMEM || error == EACCES ? error : EIO;
    }
    if (remote == NULL || !online->config.has_file)
        return remote;
    if (config_text(section, CONFIG_OPTION_encrypt) != NULL)
        remote = remote_encrypt_new(remote, online->keys[number], online->context->cache);
    remote = remote_cache_only_new(remote, &online->cache_only[number]);
    return remote_readonly_new(remote, &online->readonly[number]);
}

void stores_online_release_all(struct stores_online *online)
{
    if (online == NULL)
        return;
    for (size_t i = 0; i < CONFIG_CONNECTORS_MAX; i++)
        (void)algorithmia_account_unref(online->accounts[i]);
    explicit_bzero(online->keys, sizeof(online->keys));
    config_free(&online->config);
    free(online);
}
