/* SPDX-License-Identifier: MIT */
/*
 * Which Algorithmia account a user means: from the environment and from ~/.algorithmia/config.
 *
 * A value given in the environment wins over the profile file; an empty one counts as not given,
 * and white space around a value does not count. A credential of the environment, key or bearer
 * token, keeps both of the file's out. The file is the one of the `algo` command line:
 *
 *     [profiles.default]
 *     api_key = "sim…"                 # the environment's ALGORITHMIA_API_KEY
 *     api_server = "https://api.…"     # ALGORITHMIA_API
 *     bearer_token = "…"               # ALGORITHMIA_BEARER_TOKEN; used when there is no key
 *     ca_cert = "/etc/ssl/…pem"
 *
 * No thread safety needed: reads files, keeps nothing. A key is never part of a reason.
 */
#ifndef ALGOFS_CONFIG_PROFILE_H
#define ALGOFS_CONFIG_PROFILE_H

#include <stddef.h>

#define PROFILE_DEFAULT_API "https://api.algorithmia.com"

/* What selects an account. Strings may be NULL or "": not given. Borrowed. */
struct profile_input {
    const char *api;    /* $ALGORITHMIA_API */
    const char *key;    /* $ALGORITHMIA_API_KEY */
    const char *bearer; /* $ALGORITHMIA_BEARER_TOKEN */
    const char *name;   /* of the profile; "default" if not given */
    const char *home;   /* $HOME; no file is read without it */
};

/* The account. Strings are owned by the struct. */
struct profile {
    char *base_url; /* "https://host[:port][/prefix]": no trailing slash, no /v1 */
    char *key;      /* NULL or an API key */
    char *bearer;   /* NULL or a bearer token; always NULL when there is a key */
    char *ca_cert;  /* NULL or the path of a PEM file */
};

#define PROFILE_INIT                                                                               \
    {                                                                                              \
        NULL, NULL, NULL, NULL                                                                     \
    }
#define CLEANUP_PROFILE __attribute__((cleanup(profile_free)))

/**
 * Finds the account. 0, or with the reason, one line for a person, in why[why_size]:
 *
 *   -EACCES  neither a key nor a bearer token; the reason tells how to give one
 *   -EINVAL  the base URL is not one, the file cannot be read or does not parse (the reason names file
 *            and line), a key cannot stand in a header, or a profile was named that the file does not have
 *   -ENOMEM
 *
 * *ret_profile is written only on success; free it with profile_free.
 */
int profile_load(
    const struct profile_input *input, char *why, size_t why_size, struct profile *ret_profile);

/** Frees the strings and empties the struct; wipes the keys. */
void profile_free(struct profile *profile);

#endif
