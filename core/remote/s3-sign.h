/* SPDX-License-Identifier: MIT */
/*
 * AWS Signature Version 4, in the Authorization header. Pure; any thread.
 *
 * libcurl has a signer (CURLOPT_AWS_SIGV4), but that of 7.88, Debian 12's, signs headers that we keep
 * curl from sending ("Expect:"), leaves x-amz-content-sha256 and the order of the query to its caller,
 * and takes its time from the clock, so that no published vector can be put to it. This one is checked
 * against them (test-s3-sign.c).
 *
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
#ifndef ALGOFS_REMOTE_S3_SIGN_H
#define ALGOFS_REMOTE_S3_SIGN_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/base/strbuf.h"
#include "core/remote/s3-credentials.h"

#define S3_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

enum { S3_SHA256_SIZE = 32, S3_SHA256_HEX = 65, S3_DATE_SIZE = 17, S3_SIGNED_HEADERS_MAX = 64 };

struct s3_signing {
    const char *method;
    const char *host;    /* as in the Host header */
    const char *path;    /* "/…", percent-encoded as it is sent */
    const char *query;   /* sorted and percent-encoded as it is sent, a bare key with its '='; or "" */
    const char *const *headers; /* "Name: value" lines to be signed, NULL-terminated, without Host */
    const char *payload; /* hex SHA-256 of the body, or S3_UNSIGNED_PAYLOAD */
    const char *date;    /* of s3_sign_date; also the x-amz-date among the headers */
    const char *region;
};

/** "20130524T000000Z". */
void s3_sign_date(time_t now, char date[S3_DATE_SIZE]);

/** Appends the value of the Authorization header. 0, -ENOMEM, -E2BIG (too many headers). */
int s3_sign(
    const struct s3_signing *signing, const struct s3_keys *keys, struct strbuf *authorization);

/** RFC 2104 over SHA-256. */
void s3_hmac(const void *key, size_t key_len, const void *bytes, size_t len,
    uint8_t digest[S3_SHA256_SIZE]);

void s3_hex(const uint8_t *bytes, size_t len, char *text);

/** The hex SHA-256 of `len` bytes. */
void s3_sha256_hex(const void *bytes, size_t len, char hex[S3_SHA256_HEX]);

#endif
