/* SPDX-License-Identifier: MIT */
/*
 * The keys of an S3 account, from where AWS's own tools find them, and fresh while they last.
 *
 *     struct s3_credentials *credentials = s3_credentials_new(http, &source);
 *     struct s3_keys keys;
 *     int rc = s3_credentials_get(credentials, &call, &keys);
 *     … sign with keys …
 *     s3_keys_wipe(&keys);
 *
 * The first source that is given counts: the keys themselves; the profile in the files; the container's
 * endpoint; the instance's (IMDSv2: a token first). Keys that expire are asked for anew
 * S3_CREDENTIALS_EARLY_S before, by one thread while the others use the old ones; files are read again
 * when the store refuses their keys.
 *
 * Threads: any. No lock is held while a file is read or an endpoint asked. Nothing here is logged.
 * Sources: https://docs.aws.amazon.com/sdkref/latest/guide/ (file-format, feature-container-credentials,
 * feature-imds-credentials).
 */
#ifndef ALGOFS_REMOTE_S3_CREDENTIALS_H
#define ALGOFS_REMOTE_S3_CREDENTIALS_H

#include "core/remote/http.h"
#include "core/remote/remote.h"

enum { S3_KEY_MAX = 256, S3_TOKEN_MAX = 4096, S3_CREDENTIALS_EARLY_S = 300 };

/* What may be NULL is not looked at. */
struct s3_credentials_source {
    const char *access_key, *secret_key, *session_token; /* AWS_ACCESS_KEY_ID and so on */
    const char *profile;          /* NULL: "default"; only with a file */
    const char *credentials_file; /* ~/.aws/credentials, its path already expanded */
    const char *config_file;      /* ~/.aws/config: asked after the other */
    const char *container_url;    /* AWS_CONTAINER_CREDENTIALS_FULL_URI, or the relative one behind its host */
    const char *container_token;  /* AWS_CONTAINER_AUTHORIZATION_TOKEN: sent as Authorization */
    const char *instance_url;     /* "http://169.254.169.254" */
};

struct s3_keys {
    char access_key[S3_KEY_MAX];
    char secret_key[S3_KEY_MAX];
    char session_token[S3_TOKEN_MAX]; /* "" none */
    int64_t expires;                  /* seconds of the epoch; 0: never */
};

struct s3_credentials;

/** Copies `source`; asks nothing yet. NULL for want of memory. */
struct s3_credentials *s3_credentials_new(
    struct http_client *http, const struct s3_credentials_source *source);
/** Wipes the keys. NULL is allowed. */
void s3_credentials_free(struct s3_credentials *credentials);

/** 0, -EACCES (no keys are to be found; why says where was looked), or why an endpoint failed. */
int s3_credentials_get(
    struct s3_credentials *credentials, struct remote_call *call, struct s3_keys *ret_keys);

/** The store refused these keys as expired or unknown: the next get asks anew. Returns whether that can
 * help (false for keys that were given themselves). */
bool s3_credentials_refused(struct s3_credentials *credentials, const struct s3_keys *keys);

void s3_keys_wipe(struct s3_keys *keys);

/**
 * One key of section `section` in an AWS file: "[name]" and "key = value" lines, '#' and ';' comments
 * on lines of their own, indented lines belong to a nested value and are passed over. 0, -ENOENT, -errno
 * of reading, -E2BIG (file above 1 MiB or value above `size`).
 */
int s3_profile_read(
    const char *file, const char *section, const char *key, char *value, size_t size);

#endif
