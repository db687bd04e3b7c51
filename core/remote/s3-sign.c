/* SPDX-License-Identifier: MIT */
#include "core/remote/s3-sign.h"

#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"

enum { HMAC_BLOCK = 64, DATE_LEN = 8 };

void s3_hex(const uint8_t *bytes, size_t len, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * len] = '\0';
}

static void sha256(const void *bytes, size_t len, uint8_t digest[S3_SHA256_SIZE])
{
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, bytes, len);
    SHA256Final(digest, &context);
}

void s3_sha256_hex(const void *bytes, size_t len, char hex[S3_SHA256_HEX])
{
    uint8_t digest[S3_SHA256_SIZE];
    sha256(bytes, len, digest);
    s3_hex(digest, sizeof(digest), hex);
}

void s3_hmac(const void *key, size_t key_len, const void *bytes, size_t len,
    uint8_t digest[S3_SHA256_SIZE])
{
    uint8_t block[HMAC_BLOCK] = { 0 }, inner[S3_SHA256_SIZE];
    SHA2_CTX context;
    if (key_len > sizeof(block))
        sha256(key, key_len, block);
    else
        memcpy(block, key, key_len);
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36;
    SHA256Init(&context);
    SHA256Update(&context, block, sizeof(block));
    SHA256Update(&context, bytes, len);
    SHA256Final(inner, &context);
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36 ^ 0x5c;
    SHA256Init(&context);
    SHA256Update(&context, block, sizeof(block));
    SHA256Update(&context, inner, sizeof(inner));
    SHA256Final(digest, &context);
    explicit_bzero(block, sizeof(block));
}

void s3_sign_date(time_t now, char date[S3_DATE_SIZE])
{
    struct tm parts;
    (void)gmtime_r(&now, &parts);
    if (strftime(date, S3_DATE_SIZE, "%Y%m%dT%H%M%SZ", &parts) == 0)
        date[0] = '\0'; /* the year 10000 */
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* "Name:  a  b " becomes "name:a b". NULL: no memory. */
static char *canonical_header(const char *line)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    size_t name = strcspn(line, ":");
    for (size_t i = 0; i < name; i++)
        strbuf_addch(&out, lower(line[i]));
    strbuf_addch(&out, ':');
    const char *value = line + name + (line[name] == ':');
    bool gap = false, begun = false;
    for (; *value != '\0'; value++) {
        if (*value == ' ' || *value == '\t') {
            gap = begun;
            continue;
        }
        if (gap)
            strbuf_addch(&out, ' ');
        strbuf_addch(&out, *value);
        gap = false;
        begun = true;
    }
    return strbuf_detach(&out);
}

/* By name only: strcmp of the lines would put "a-b:" before "a:". */
static int compare_headers(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    while (*x == *y && *x != ':' && *x != '\0') {
        x++;
        y++;
    }
    unsigned char cx = *x == ':' ? 0 : (unsigned char)*x, cy = *y == ':' ? 0 : (unsigned char)*y;
    return cx < cy ? -1 : cx > cy;
}

/* The canonical headers and the list of their names, into `canonical` and `names`. */
static int canonical_headers(
    const struct s3_signing *signing, struct strbuf *canonical, struct strbuf *names)
{
    char *lines[S3_SIGNED_HEADERS_MAX] = { NULL };
    CLEANUP_STRBUF struct strbuf host = STRBUF_INIT;
    size_t count = 0;
    int rc = 0;
    strbuf_addf(&host, "host:%s", signing->host);
    lines[count++] = canonical_header(strbuf_cstr(&host));
    for (const char *const *line = signing->headers; *line != NULL && rc == 0; line++) {
        if (count == S3_SIGNED_HEADERS_MAX)
            rc = -E2BIG;
        else
            lines[count++] = canonical_header(*line);
    }
    for (size_t i = 0; i < count; i++)
        if (lines[i] == NULL)
            rc = -ENOMEM;
    if (rc == 0)
        qsort(lines, count, sizeof(lines[0]), compare_headers);
    for (size_t i = 0; i < count; i++) {
        if (rc == 0) {
            strbuf_addf(canonical, "%s\n", lines[i]);
            strbuf_addf(
                names, "%s%.*s", i == 0 ? "" : ";", (int)strcspn(lines[i], ":"), lines[i]);
        }
        free(lines[i]);
    }
    return rc == 0 && (canonical->failed || names->failed || host.failed) ? -ENOMEM : rc;
}

static void signing_key(const struct s3_signing *signing, const struct s3_keys *keys,
    uint8_t key[S3_SHA256_SIZE])
{
    char secret[4 + S3_KEY_MAX];
    int len = snprintf(secret, sizeof(secret), "AWS4%s", keys->secret_key); /* fits */
    s3_hmac(secret, (size_t)len, signing->date, DATE_LEN, key);
    s3_hmac(key, S3_SHA256_SIZE, signing->region, strlen(signing->region), key);
    s3_hmac(key, S3_SHA256_SIZE, "s3", 2, key);
    s3_hmac(key, S3_SHA256_SIZE, "aws4_request", strlen("aws4_request"), key);
    explicit_bzero(secret, sizeof(secret));
}

int s3_sign(
    const struct s3_signing *signing, const struct s3_keys *keys, struct strbuf *authorization)
{
    CLEANUP_STRBUF struct strbuf canonical = STRBUF_INIT, names = STRBUF_INIT, text = STRBUF_INIT;
    strbuf_addf(&canonical, "%s\n%s\n%s\n", signing->method, signing->path, signing->query);
    int rc = canonical_headers(signing, &canonical, &names);
    if (rc < 0)
        return rc;
    strbuf_addf(&canonical, "\n%s\n%s", strbuf_cstr(&names), signing->payload);
    char hex[S3_SHA256_HEX];
    if (canonical.failed)
        return -ENOMEM;
    s3_sha256_hex(canonical.buf, canonical.len, hex);
    strbuf_addf(&text, "AWS4-HMAC-SHA256\n%s\n%.8s/%s/s3/aws4_request\n%s", signing->date,
        signing->date, signing->region, hex);
    if (text.failed)
        return -ENOMEM;
    uint8_t key[S3_SHA256_SIZE], signature[S3_SHA256_SIZE];
    signing_key(signing, keys, key);
    s3_hmac(key, sizeof(key), text.buf, text.len, signature);
    s3_hex(signature, sizeof(signature), hex);
    explicit_bzero(key, sizeof(key));
    strbuf_addf(authorization,
        "AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/s3/aws4_request,SignedHeaders=%s,Signature=%s",
        keys->access_key, signing->date, signing->region, strbuf_cstr(&names), hex);
    return authorization->failed ? -ENOMEM : 0;
}
