/* SPDX-License-Identifier: MIT */
/*
 * The table of what may stand in a section: names, in which types, and what a value must look like.
 * docs/CONFIGURATION.md, section 3, says what each means. No state.
 */
#ifndef ALGOFS_CONFIG_OPTIONS_H
#define ALGOFS_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum config_type { CONFIG_ALGORITHMIA, CONFIG_S3, CONFIG_B2, CONFIG_LOCAL, CONFIG_TYPES };

/* Sets of types, for the table. */
enum {
    CONFIG_FOR_A = 1 << CONFIG_ALGORITHMIA,
    CONFIG_FOR_S = 1 << CONFIG_S3 | 1 << CONFIG_B2,
    CONFIG_FOR_L = 1 << CONFIG_LOCAL,
    CONFIG_FOR_AS = CONFIG_FOR_A | CONFIG_FOR_S,
    CONFIG_FOR_ALL = CONFIG_FOR_AS | CONFIG_FOR_L,
};

enum config_kind {
    CONFIG_TEXT,
    CONFIG_SECRET,  /* text that is shown to nobody */
    CONFIG_ADDRESS, /* http:// or https:// */
    CONFIG_PATH,    /* absolute, or "~/…", which is kept as what it means */
    CONFIG_YESNO,   /* kept as "yes" or "no" */
    CONFIG_CHOICE,  /* one of `choices` */
};

/* name, types, kind, choices (separated by '|'), default ("": none) */
#define CONFIG_OPTION_TABLE(ROW)                                                                 \
    ROW(api, CONFIG_FOR_A, CONFIG_ADDRESS, "", "")                                               \
    ROW(connector, CONFIG_FOR_A, CONFIG_TEXT, "", "data")                                        \
    ROW(api_key, CONFIG_FOR_A, CONFIG_SECRET, "", "")                                            \
    ROW(bearer_token, CONFIG_FOR_A, CONFIG_SECRET, "", "")                                       \
    ROW(endpoint, CONFIG_FOR_S, CONFIG_ADDRESS, "", "")                                          \
    ROW(region, CONFIG_FOR_S, CONFIG_TEXT, "", "")                                               \
    ROW(bucket, CONFIG_FOR_S, CONFIG_TEXT, "", "")                                               \
    ROW(path_prefix, CONFIG_FOR_S, CONFIG_TEXT, "", "")                                          \
    ROW(addressing, CONFIG_FOR_S, CONFIG_CHOICE, "path|virtual", "")                             \
    ROW(metadata, CONFIG_FOR_S, CONFIG_CHOICE, "head|listing", "head")                           \
    ROW(access_key_id, CONFIG_FOR_S, CONFIG_SECRET, "", "")                                      \
    ROW(secret_access_key, CONFIG_FOR_S, CONFIG_SECRET, "", "")                                  \
    ROW(session_token, CONFIG_FOR_S, CONFIG_SECRET, "", "")                                      \
    ROW(profile, CONFIG_FOR_AS, CONFIG_TEXT, "", "")                                             \
    ROW(credentials_file, CONFIG_FOR_S, CONFIG_PATH, "", "")                                     \
    ROW(config_file, CONFIG_FOR_S, CONFIG_PATH, "", "")                                          \
    ROW(ca_cert, CONFIG_FOR_AS, CONFIG_PATH, "", "")                                             \
    ROW(root, CONFIG_FOR_L, CONFIG_PATH, "", "")                                                 \
    ROW(readonly, CONFIG_FOR_ALL, CONFIG_YESNO, "", "no")                                        \
    ROW(cache_only, CONFIG_FOR_ALL, CONFIG_YESNO, "", "no")                                      \
    ROW(encrypt, CONFIG_FOR_ALL, CONFIG_PATH, "", "")

#define CONFIG_OPTION_ENUM(name, types, kind, choices, otherwise) CONFIG_OPTION_##name,
enum config_option { CONFIG_OPTION_TABLE(CONFIG_OPTION_ENUM) CONFIG_OPTIONS };

struct config_option_row {
    const char *name;
    unsigned types;
    enum config_kind kind;
    const char *choices, *otherwise;
};
extern const struct config_option_row config_options[CONFIG_OPTIONS];

const char *config_type_name(enum config_type type);
/** CONFIG_TYPES: there is none of that name. */
enum config_type config_type_find(const char *name);
/** CONFIG_OPTIONS: there is none of that name. */
enum config_option config_option_find(const char *name);
/** What was meant by a name that there is not; NULL: nothing is like it. */
const char *config_option_near(const char *name);

/**
 * The value as it is kept, malloc'ed: checked, a path with `home` for its "~". NULL with the reason in
 * why[] ("" for want of memory), in which the value of a secret does not stand.
 */
char *config_option_parse(enum config_option option, const char *text, const char *home, char *why,
    size_t why_size);

#endif
