/* SPDX-License-Identifier: MIT */
#include "core/config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/json.h"
#include "core/config/internal.h"
#include "core/config/keyfile.h"
#include "core/config/profile.h"
#include "core/config/profile-file.h"

int config_set(struct config_connector *connector, enum config_option option, const char *text,
    const char *origin)
{
    struct config_value *value = &connector->values[option];
    if (value->text != NULL || text == NULL || text[0] == '\0')
        return 0;
    value->text = strdup(text);
    value->origin = strdup(origin);
    return value->text == NULL || value->origin == NULL ? -ENOMEM : 0;
}

int config_add(struct config *config, const char *name, struct config_connector **ret_connector)
{
    if (config->count >= CONFIG_CONNECTORS_MAX)
        return -E2BIG;
    struct config_connector *grown =
        realloc(config->connectors, (config->count + 1) * sizeof(*config->connectors));
    if (grown == NULL)
        return -ENOMEM;
    config->connectors = grown;
    struct config_connector *connector = &grown[config->count];
    *connector = (struct config_connector){ .name = strdup(name) };
    if (connector->name == NULL)
        return -ENOMEM;
    config->count++;
    *ret_connector = connector;
    return 0;
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < config->count; i++) {
        for (int option = 0; option < CONFIG_OPTIONS; option++) {
            profile_string_free(config->connectors[i].values[option].text);
            free(config->connectors[i].values[option].origin);
        }
        free(config->connectors[i].name);
    }
    free(config->connectors);
    free(config->file);
    free(config->warning);
    free(config->container_url);
    profile_string_free(config->container_token);
    *config = (struct config)CONFIG_INIT;
}

const struct config_connector *config_find(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->count; i++)
        if (strcmp(config->connectors[i].name, name) == 0)
            return &config->connectors[i];
    return NULL;
}

const struct config_connector *config_lookup(const struct config *config)
{
    for (size_t i = 0; i < config->count; i++)
        if (config->connectors[i].type == CONFIG_ALGORITHMIA)
            return &config->connectors[i];
    return NULL;
}

const char *config_text(const struct config_connector *connector, enum config_option option)
{
    return connector->values[option].text;
}

bool config_yes(const struct config_connector *connector, enum config_option option)
{
    const char *text = config_text(connector, option);
    return text != NULL && strcmp(text, "yes") == 0;
}

/* --- loading --- */

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* Where the file is. config->file stays NULL if nothing says. */
static int find_file(
    struct config *config, const struct wire_hello_request *environment, char *why, size_t why_size)
{
    const char *given = or_empty(environment->config);
    int rc = 0;
    if (given[0] != '\0' && given[0] != '/') {
        (void)snprintf(why, why_size, "ALGOFS_CONFIG is no absolute path: \"%s\"", given);
        return -EINVAL;
    }
    if (given[0] != '\0')
        rc = asprintf(&config->file, "%s", given);
    else if (or_empty(environment->xdg_config_home)[0] == '/')
        rc = asprintf(&config->file, "%s/algofs/config", environment->xdg_config_home);
    else if (or_empty(environment->home)[0] == '/')
        rc = asprintf(&config->file, "%s/.config/algofs/config", environment->home);
    return rc < 0 ? -ENOMEM : 0;
}

static int read_sections(
    struct config *config, const struct wire_hello_request *environment, char *why, size_t why_size)
{
    int rc = find_file(config, environment, why, why_size);
    if (rc < 0 || config->file == NULL)
        return rc;
    rc = config_read_file(config, or_empty(environment->home), why, why_size);
    if (rc != -ENOENT && rc != -ENOTDIR)
        return rc;
    if (or_empty(environment->config)[0] == '\0')
        return 0; /* nobody has made one */
    (void)snprintf(why, why_size, "%s: %s (ALGOFS_CONFIG)", config->file, strerror(-rc));
    return -EINVAL;
}

/* The connector "data" that is there without a section, if there is an account for it. */
static int imply_data(
    struct config *config, const struct wire_hello_request *environment, char *why, size_t why_size)
{
    struct config_connector *data;
    if (config_find(config, "data") != NULL)
        return 0;
    int rc = config_add(config, "data", &data);
    if (rc < 0)
        return rc;
    data->type = CONFIG_ALGORITHMIA;
    rc = config_resolve_algorithmia(data, environment, why, why_size);
    if (rc == -EACCES && config->count > 1) { /* no account: then there is no such connector */
        for (int option = 0; option < CONFIG_OPTIONS; option++) {
            profile_string_free(data->values[option].text);
            free(data->values[option].origin);
        }
        free(data->name);
        config->count--;
        rc = 0;
    }
    return rc;
}

static int resolve(
    struct config *config, const struct wire_hello_request *environment, char *why, size_t why_size)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < config->count; i++) {
        struct config_connector *connector = &config->connectors[i];
        char reason[CONFIG_WHY_MAX] = "";
        if (connector->type == CONFIG_ALGORITHMIA) {
            rc = config_resolve_algorithmia(connector, environment, reason, sizeof(reason));
            if (rc < 0)
                (void)snprintf(why, why_size, "%s:%u: [%s]: %s", config->file, connector->line,
                    connector->name, reason[0] != '\0' ? reason : strerror(-rc));
        } else if (connector->type == CONFIG_S3 || connector->type == CONFIG_B2) {
            rc = config_resolve_s3(config, connector, environment, why, why_size);
        }
    }
    if (rc == 0)
        rc = imply_data(config, environment, why, why_size);
    for (size_t i = 0; rc == 0 && i < config->count; i++)
        for (int option = 0; rc == 0 && option < CONFIG_OPTIONS; option++)
            if ((config_options[option].types & 1u << config->connectors[i].type) != 0)
                rc = config_set(&config->connectors[i], (enum config_option)option,
                    config_options[option].otherwise, "default");
    return rc;
}

/* A key file that others may read; the configuration file's own warning comes first. */
static int warn_of_keys(struct config *config)
{
    struct stat st;
    for (size_t i = 0; config->warning == NULL && i < config->count; i++) {
        const char *file = config_text(&config->connectors[i], CONFIG_OPTION_encrypt);
        if (file != NULL && stat(file, &st) == 0 && (st.st_mode & 077) != 0 &&
            asprintf(&config->warning, "the key file %s may be read by others: chmod 600 it", file) < 0)
            return -ENOMEM;
    }
    return 0;
}

int config_load(const struct wire_hello_request *environment, char *why, size_t why_size,
    struct config *ret_config)
{
    CLEANUP_CONFIG struct config config = CONFIG_INIT;
    why[0] = '\0';
    int rc = read_sections(&config, environment, why, why_size);
    if (rc == 0)
        rc = resolve(&config, environment, why, why_size);
    if (rc == 0)
        rc = warn_of_keys(&config);
    if (rc < 0) {
        if (why[0] == '\0')
            (void)snprintf(why, why_size, "%s", strerror(-rc));
        return rc;
    }
    *ret_config = config;
    config = (struct config)CONFIG_INIT;
    return 0;
}

int config_check_keys(const struct config *config, char *why, size_t why_size)
{
    unsigned char key[KEYFILE_BYTES];
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < config->count; i++) {
        const char *file = config_text(&config->connectors[i], CONFIG_OPTION_encrypt);
        if (file != NULL)
            rc = keyfile_read(file, key, why, why_size);
    }
    explicit_bzero(key, sizeof(key));
    return rc;
}

/* --- printing --- */

enum { PRINT_NAME = 18, PRINT_VALUE = 40 };

static const char *shown(enum config_option option, const struct config_value *value)
{
    return config_options[option].kind == CONFIG_SECRET ? "********" : value->text;
}

void config_print(const struct config *config, struct strbuf *out)
{
    if (config->file == NULL)
        strbuf_addstr(out, "no configuration file: HOME is not set\n");
    else
        strbuf_addf(out, "%s%s\n", config->file, config->has_file ? "" : ": not there, or no section in it");
    for (size_t i = 0; i < config->count; i++) {
        const struct config_connector *connector = &config->connectors[i];
        strbuf_addf(out, "\n[%s]\n%-*s = %-*s # ", connector->name, PRINT_NAME, "type", PRINT_VALUE,
            config_type_name(connector->type));
        if (connector->line > 0)
            strbuf_addf(out, "%s:%u\n", config->file, connector->line);
        else
            strbuf_addstr(out, "default\n");
        for (int option = 0; option < CONFIG_OPTIONS; option++) {
            const struct config_value *value = &connector->values[option];
            if (value->text != NULL)
                strbuf_addf(out, "%-*s = %-*s # %s\n", PRINT_NAME, config_options[option].name,
                    PRINT_VALUE, shown((enum config_option)option, value), value->origin);
        }
    }
}

void config_print_json(const struct config *config, struct strbuf *out)
{
    strbuf_addstr(out, "{\"file\":");
    json_add_string(out, config->file == NULL ? "" : config->file);
    strbuf_addf(out, ",\"in_force\":%s,\"warning\":", config->has_file ? "true" : "false");
    json_add_string(out, config->warning == NULL ? "" : config->warning);
    strbuf_addstr(out, ",\"connectors\":[");
    for (size_t i = 0; i < config->count; i++) {
        const struct config_connector *connector = &config->connectors[i];
        strbuf_addstr(out, i == 0 ? "{\"name\":" : ",{\"name\":");
        json_add_string(out, connector->name);
        strbuf_addf(out, ",\"type\":\"%s\",\"line\":%u,\"options\":[",
            config_type_name(connector->type), connector->line);
        const char *comma = "";
        for (int option = 0; option < CONFIG_OPTIONS; option++) {
            const struct config_value *value = &connector->values[option];
            if (value->text == NULL)
                continue;
            strbuf_addf(out, "%s{\"key\":\"%s\",\"value\":", comma, config_options[option].name);
            json_add_string(out, shown((enum config_option)option, value));
            strbuf_addstr(out, ",\"from\":");
            json_add_string(out, value->origin);
            strbuf_addch(out, '}');
            comma = ",";
        }
        strbuf_addstr(out, "]}");
    }
    strbuf_addstr(out, "]}\n");
}
