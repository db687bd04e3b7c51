/* SPDX-License-Identifier: MIT */
/*
 * Which remotes a user has: the configuration file, the environment, other tools' files, in one answer.
 *
 *     CLEANUP_CONFIG struct config config = CONFIG_INIT;
 *     int rc = config_load(&environment, why, sizeof(why), &config);
 *     const struct config_connector *data = config_find(&config, "data");
 *     config_text(data, CONFIG_OPTION_api);
 *
 * The file is $ALGOFS_CONFIG, else $XDG_CONFIG_HOME/algofs/config, else $HOME/.config/algofs/config:
 * INI (ini.h), a section for each connector under the prefix (options.h). What a section does not say
 * comes from the environment, then from the profile, then from the table's default; a section that
 * names a profile, or has a key, takes no key from the environment. If no section is "data" and there is
 * an Algorithmia account in the environment or the default profile, there is an Algorithmia connector
 * "data": that is all there is without a file.
 *
 * The file is read at once: a change that is under way is read before or after, or is an error of its
 * syntax. Keys are in `struct config`, wiped by config_free, and in no reason.
 *
 * Threads: any; keeps nothing.
 */
#ifndef ALGOFS_CONFIG_CONFIG_H
#define ALGOFS_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/strbuf.h"
#include "core/config/options.h"
#include "core/wire/message.h"

enum {
    CONFIG_CONNECTORS_MAX = 32,
    CONFIG_FILE_MAX = 1 << 20, /* bytes */
    CONFIG_WHY_MAX = 512,
};

struct config_value {
    char *text;   /* NULL: not given */
    char *origin; /* "FILE:LINE", "environment NAME", "profile FILE", "default" */
};

struct config_connector {
    char *name; /* under the prefix */
    enum config_type type;
    unsigned line; /* of its section; 0: implied */
    struct config_value values[CONFIG_OPTIONS];
};

struct config {
    char *file;    /* where it was looked for; NULL: nowhere */
    bool has_file; /* … and it was there, with a section */
    char *warning; /* for the user, one line; or NULL */
    struct config_connector *connectors; /* in the file's order; the implied one last */
    size_t count;
    /* What an s3 section without keys of its own, and without a profile, may ask (s3-credentials.h);
     * "" none. */
    char *container_url, *container_token;
    bool instance_keys; /* whether the machine's own may be asked for */
};

#define CONFIG_INIT                                                                              \
    {                                                                                            \
        .file = NULL                                                                             \
    }
#define CLEANUP_CONFIG __attribute__((cleanup(config_free)))

/**
 * 0, or with the reason in why[why_size]: -EINVAL (a setting, or a file that cannot be read: the reason names it,
 * and the line), -EACCES (no Algorithmia account, though a section wants one or there is no section), -ENOMEM.
 * *ret_config is written on success only.
 */
int config_load(const struct wire_hello_request *environment, char *why, size_t why_size,
    struct config *ret_config);
void config_free(struct config *config);

/** NULL: no such connector. */
const struct config_connector *config_find(const struct config *config, const char *name);
/** The Algorithmia connector through which unlisted ones are looked up: the first. NULL: none. */
const struct config_connector *config_lookup(const struct config *config);
/** NULL: not given, and no default. */
const char *config_text(const struct config_connector *connector, enum config_option option);
bool config_yes(const struct config_connector *connector, enum config_option option);

/** Whether the sections' key files can be used. 0, or as keyfile_read with the reason. */
int config_check_keys(const struct config *config, char *why, size_t why_size);

/** What is in force and where each value came from, keys masked; lines, or one JSON object. */
void config_print(const struct config *config, struct strbuf *out);
void config_print_json(const struct config *config, struct strbuf *out);

#endif
