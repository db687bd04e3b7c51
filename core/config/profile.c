/* SPDX-License-Identifier: MIT */
#include "core/config/profile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"
#include "core/config/profile-file.h"

#define BLANK " \t\r\n"

/* The wish without the white space around it: what a secret read from a file often brings. Returns
 * 0 and NULL when nothing is left. */
static int copy_given(const char *given, char **ret_copy)
{
    *ret_copy = NULL;
    if (given == NULL)
        return 0;
    given += strspn(given, BLANK);
    size_t len = strlen(given);
    while (len > 0 && strchr(BLANK, given[len - 1]) != NULL)
        len--;
    if (len == 0)
        return 0;
    *ret_copy = strndup(given, len);
    return *ret_copy == NULL ? -ENOMEM : 0;
}

/* The first of two that is given. */
static int copy_first(const char *first, const char *second, char **ret_copy)
{
    int rc = copy_given(first, ret_copy);
    if (rc == 0 && *ret_copy == NULL)
        rc = copy_given(second, ret_copy);
    return rc;
}

static int fail(char *why, size_t why_size, const char *reason)
{
    (void)snprintf(why, why_size, "%s", reason);
    return -EINVAL;
}

/* Anything but printable ASCII would end the header, or be another key on the wire. */
static bool fits_header(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

/* Checks the address and cuts what belongs to the routes. In place. */
static int clean_url(char *url, char *why, size_t why_size)
{
    size_t scheme = strncasecmp(url, "http://", 7) == 0    ? 7
                    : strncasecmp(url, "https://", 8) == 0 ? 8
                                                           : 0;
    if (scheme == 0)
        return fail(why, why_size, "the API address must start with http:// or https://");
    if (!fits_header(url) || strpbrk(url + scheme, "?#\\") != NULL)
        return fail(why, why_size, "the API address holds a character that has no place there");
    size_t host = strcspn(url + scheme, "/");
    if (host == 0 || memchr(url + scheme, '@', host) != NULL)
        return fail(
            why, why_size, "the API address must be scheme://host[:port], without a user name");
    size_t len = strlen(url);
    while (url[len - 1] == '/')
        url[--len] = '\0';
    if (len >= scheme + host + 3 && strcmp(url + len - 3, "/v1") == 0)
        url[len -= 3] = '\0';
    while (url[len - 1] == '/')
        url[--len] = '\0';
    return 0;
}

static int read_file(
    const struct profile_input *input, char *why, size_t why_size, struct profile_file *file)
{
    CLEANUP_FREE char *name = NULL;
    bool named;
    int rc = copy_given(input->name, &name);
    named = name != NULL;
    if (rc == 0 && input->home != NULL && input->home[0] != '\0') {
        CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
        strbuf_addf(&path, "%s/.algorithmia/config", input->home);
        rc = path.failed ? -ENOMEM
                         : profile_file_read(
                               strbuf_cstr(&path), named ? name : "default", why, why_size, file);
        if (rc < 0 && rc != -ENOMEM)
            rc = -EINVAL; /* -EACCES would be no account, which may be as it should */
    }
    if (rc == 0 && named && !file->found) {
        (void)snprintf(why, why_size, "there is no [profiles.%s] in ~/.algorithmia/config", name);
        rc = -EINVAL;
    }
    return rc;
}

/* Key or bearer token; those of the environment together come before those of the file. */
static int choose_credential(
    const struct profile_input *input, const struct profile_file *file, struct profile *profile)
{
    int rc = copy_given(input->key, &profile->key);
    if (rc == 0 && profile->key == NULL)
        rc = copy_given(input->bearer, &profile->bearer);
    if (rc == 0 && profile->key == NULL && profile->bearer == NULL)
        rc = copy_given(file->api_key, &profile->key);
    if (rc == 0 && profile->key == NULL && profile->bearer == NULL)
        rc = copy_given(file->bearer_token, &profile->bearer);
    return rc;
}

static int check(struct profile *profile, char *why, size_t why_size)
{
    if (profile->key == NULL && profile->bearer == NULL) {
        (void)snprintf(why, why_size,
            "no API key: export ALGORITHMIA_API_KEY=sim..., or put "
            "api_key = \"sim...\" under [profiles.default] into ~/.algorithmia/config");
        return -EACCES;
    }
    if ((profile->key != NULL && !fits_header(profile->key)) ||
        (profile->bearer != NULL && !fits_header(profile->bearer)))
        return fail(why, why_size, "the API key holds a character that no key has");
    return clean_url(profile->base_url, why, why_size);
}

/* libcurl itself looks at neither; the curl command and OpenSSL's other users do. */
static const char *trusted_by_environment(void)
{
    const char *file = getenv("CURL_CA_BUNDLE");
    return file != NULL && file[0] != '\0' ? file : getenv("SSL_CERT_FILE");
}

int profile_load(
    const struct profile_input *input, char *why, size_t why_size, struct profile *ret_profile)
{
    CLEANUP_PROFILE_FILE struct profile_file file = PROFILE_FILE_INIT;
    CLEANUP_PROFILE struct profile profile = PROFILE_INIT;
    why[0] = '\0';
    int rc = read_file(input, why, why_size, &file);
    if (rc == 0)
        rc = copy_first(input->api, file.api_server, &profile.base_url);
    if (rc == 0 && profile.base_url == NULL)
        rc = copy_given(PROFILE_DEFAULT_API, &profile.base_url);
    if (rc == 0)
        rc = copy_first(file.ca_cert, trusted_by_environment(), &profile.ca_cert);
    if (rc == 0)
        rc = choose_credential(input, &file, &profile);
    if (rc == 0)
        rc = check(&profile, why, why_size);
    if (rc < 0) {
        if (why[0] == '\0')
            (void)snprintf(why, why_size, "%s", strerror(-rc));
        return rc;
    }
    *ret_profile = profile;
    profile = (struct profile)PROFILE_INIT;
    return 0;
}

void profile_free(struct profile *profile)
{
    profile_string_free(profile->base_url);
    profile_string_free(profile->key);
    profile_string_free(profile->bearer);
    profile_string_free(profile->ca_cert);
    *profile = (struct profile)PROFILE_INIT;
}
