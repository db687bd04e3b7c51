/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/internal.h"
#include "core/config/profile-file.h"
#include "core/config/profile.h"

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* --- Algorithmia --- */

/*
 * Where a value that is not the section's own comes from: the environment if it was asked and has one,
 * else the profile file, or the default where that is the answer.
 */
static const char *origin_of(bool environment, const char *name, const char *value,
    const char *otherwise, char *buf, size_t size)
{
    if (environment)
        (void)snprintf(buf, size, "environment %s", name);
    else
        (void)snprintf(buf, size, "%s",
            otherwise != NULL && strcmp(value, otherwise) == 0 ? "default"
                                                               : "profile ~/.algorithmia/config");
    return buf;
}

int config_resolve_algorithmia(struct config_connector *connector,
    const struct wire_hello_request *environment, char *why, size_t why_size)
{
    const char *own_profile = config_text(connector, CONFIG_OPTION_profile);
    const char *own_key = config_text(connector, CONFIG_OPTION_api_key);
    const char *own_bearer = config_text(connector, CONFIG_OPTION_bearer_token);
    const char *own_api = config_text(connector, CONFIG_OPTION_api);
    bool own = own_key != NULL || own_bearer != NULL;
    bool asked = own_profile == NULL; /* whether the environment's server is meant … */
    bool key_asked = asked && !own;   /* … and its key */
    const struct profile_input input = {
        .api = own_api != NULL ? own_api : asked ? environment->api : NULL,
        .key = own ? own_key : key_asked ? environment->key : NULL,
        .bearer = own ? own_bearer : key_asked ? environment->bearer : NULL,
        .name = own_profile != NULL ? own_profile : own ? NULL : environment->profile,
        .home = environment->home,
    };
    CLEANUP_PROFILE struct profile profile = PROFILE_INIT;
    char origin[128];
    int rc = profile_load(&input, why, why_size, &profile);
    if (rc < 0)
        return rc;
    /* The address as it is used stands for the one that was given. */
    struct config_value *api = &connector->values[CONFIG_OPTION_api];
    if (api->text != NULL) {
        free(api->text);
        api->text = strdup(profile.base_url);
        rc = api->text == NULL ? -ENOMEM : 0;
    }
    if (rc == 0)
        rc = config_set(connector, CONFIG_OPTION_api, profile.base_url,
            origin_of(asked && is_given(environment->api), "ALGORITHMIA_API", profile.base_url,
                PROFILE_DEFAULT_API, origin, sizeof(origin)));
    if (rc == 0 && !own)
        rc = config_set(connector, CONFIG_OPTION_api_key, profile.key,
            origin_of(key_asked && is_given(environment->key), "ALGORITHMIA_API_KEY", "", NULL, origin,
                sizeof(origin)));
    if (rc == 0 && !own)
        rc = config_set(connector, CONFIG_OPTION_bearer_token, profile.bearer,
            origin_of(key_asked && is_given(environment->bearer), "ALGORITHMIA_BEARER_TOKEN", "", NULL,
                origin, sizeof(origin)));
    if (rc == 0 && asked && !own && is_given(environment->profile))
        rc = config_set(
            connector, CONFIG_OPTION_profile, environment->profile, "environment ALGOFS_PROFILE");
    if (rc == 0)
        rc = config_set(connector, CONFIG_OPTION_ca_cert, profile.ca_cert,
            "profile ~/.algorithmia/config, CURL_CA_BUNDLE or SSL_CERT_FILE");
    return rc;
}

/* --- S3 --- */

static int set_file(struct config_connector *connector, enum config_option option, const char *given,
    const char *variable, const char *home, const char *below_home)
{
    char path[PATH_MAX];
    int rc = config_set(connector, option, given, variable);
    if (rc < 0 || !is_given(home))
        return rc;
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", home, below_home) >= sizeof(path))
        return 0; /* no file can be there */
    return config_set(connector, option, path, "default");
}

static int set_container(struct config *config, const struct wire_hello_request *environment)
{
    if (config->container_url != NULL)
        return 0;
    const char *full = environment->aws_container_full_uri;
    const char *relative = environment->aws_container_relative_uri;
    int rc = is_given(relative) ? asprintf(&config->container_url, "http://169.254.170.2%s", relative)
             : is_given(full)   ? asprintf(&config->container_url, "%s", full)
                                : 0;
    if (rc < 0)
        return -ENOMEM;
    if (is_given(environment->aws_container_token))
        config->container_token = strdup(environment->aws_container_token);
    config->instance_keys = strcasecmp(environment->aws_metadata_disabled == NULL
                                           ? ""
                                           : environment->aws_metadata_disabled,
                                "true") != 0;
    return is_given(environment->aws_container_token) && config->container_token == NULL ? -ENOMEM : 0;
}

#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* What the store would refuse too, but without a word: each becomes a part of a host's name or of a path. */
static int check_s3(const struct config_connector *connector, char *why, size_t why_size)
{
    static const struct {
        enum config_option option;
        const char *allowed, *is;
    } checks[] = {
        { CONFIG_OPTION_bucket, HOST_CHARACTERS ".", "a bucket's name has letters, digits, '.', '-' and '_'" },
        { CONFIG_OPTION_region, HOST_CHARACTERS, "a region's name has letters, digits, '-' and '_'" },
        { CONFIG_OPTION_endpoint, NULL, "an endpoint is http:// or https://, host and port, and nothing else" },
    };
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        const struct config_value *value = &connector->values[checks[i].option];
        const char *text = value->text;
        if (text == NULL)
            continue;
        bool good;
        if (checks[i].allowed != NULL) {
            good = text[0] != '.' && text[strspn(text, checks[i].allowed)] == '\0';
        } else {
            size_t scheme = strncasecmp(text, "https://", 8) == 0 ? 8 : strncasecmp(text, "http://", 7) == 0 ? 7 : 0;
            size_t host = strcspn(text + scheme, "/");
            good = scheme > 0 && host > 0 && strpbrk(text, " \t@?#") == NULL &&
                (text[scheme + host] == '\0' || text[scheme + host + 1] == '\0');
        }
        if (!good) { /* without the text: of an address it may have a password */
            (void)snprintf(why, why_size, "%s: [%s]: %s", value->origin, connector->name, checks[i].is);
            return -EINVAL;
        }
    }
    return 0;
}

static int set_s3(struct config *config, struct config_connector *connector,
    const struct wire_hello_request *environment)
{
    bool own = config_text(connector, CONFIG_OPTION_access_key_id) != NULL;
    bool profile = config_text(connector, CONFIG_OPTION_profile) != NULL;
    int rc = 0;
    if (connector->type == CONFIG_S3) { /* B2's address and region are none of AWS's */
        rc = config_set(connector, CONFIG_OPTION_endpoint, environment->aws_endpoint_s3,
            "environment AWS_ENDPOINT_URL_S3");
        if (rc == 0)
            rc = config_set(connector, CONFIG_OPTION_endpoint, environment->aws_endpoint,
                "environment AWS_ENDPOINT_URL");
        if (rc == 0)
            rc = config_set(
                connector, CONFIG_OPTION_region, environment->aws_region, "environment AWS_REGION");
        if (rc == 0)
            rc = config_set(connector, CONFIG_OPTION_region, environment->aws_default_region,
                "environment AWS_DEFAULT_REGION");
    }
    if (rc < 0 || own)
        return rc;
    if (!profile && is_given(environment->aws_key_id) && is_given(environment->aws_secret)) {
        rc = config_set(connector, CONFIG_OPTION_access_key_id, environment->aws_key_id,
            "environment AWS_ACCESS_KEY_ID");
        if (rc == 0)
            rc = config_set(connector, CONFIG_OPTION_secret_access_key, environment->aws_secret,
                "environment AWS_SECRET_ACCESS_KEY");
        if (rc == 0)
            rc = config_set(connector, CONFIG_OPTION_session_token, environment->aws_token,
                "environment AWS_SESSION_TOKEN");
        return rc;
    }
    rc = config_set(
        connector, CONFIG_OPTION_profile, environment->aws_profile, "environment AWS_PROFILE");
    if (rc == 0)
        rc = config_set(connector, CONFIG_OPTION_profile, "default", "default");
    if (rc == 0)
        rc = set_file(connector, CONFIG_OPTION_credentials_file, environment->aws_credentials_file,
            "environment AWS_SHARED_CREDENTIALS_FILE", environment->home, ".aws/credentials");
    if (rc == 0)
        rc = set_file(connector, CONFIG_OPTION_config_file, environment->aws_config_file,
            "environment AWS_CONFIG_FILE", environment->home, ".aws/config");
    if (rc == 0 && !profile)
        rc = set_container(config, environment);
    return rc;
}

int config_resolve_s3(struct config *config, struct config_connector *connector,
    const struct wire_hello_request *environment, char *why, size_t why_size)
{
    int rc = set_s3(config, connector, environment);
    return rc == 0 ? check_s3(connector, why, why_size) : rc;
}
