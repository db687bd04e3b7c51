/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/remote/call.h"
#include "core/remote/encrypt-internal.h"

enum { ATTEMPTS = 3 }; /* of a read whose object is replaced meanwhile */

struct reading {
    struct encrypt *encrypt;
    const char *path;
    const struct remote_read_sink *sink; /* NULL: only the header is wanted */
    uint64_t offset, length;             /* plain, as asked for */
    bool keyed;                          /* file_key is that of `version` */
    bool begun, stopped;                 /* the sink was told; the sink, and not we, ended it */
    bool replaced;                       /* the object is not the one whose header was read */
    const char *wrong;                   /* what is the matter with the object */
    uint64_t plain_size;
    uint64_t next;  /* the stored byte that is wanted next */
    uint64_t chunk; /* that is being collected */
    uint64_t chunks_end;
    size_t fill;
    char version[REMOTE_VERSION_MAX]; /* the store's */
    unsigned char file_key[ENCRYPT_KEY];
    unsigned char header[ENCRYPT_HEADER];
    unsigned char stored[ENCRYPT_STORED];
    unsigned char plain[ENCRYPT_CHUNK];
};

static int reading_refuse(struct reading *reading, const char *wrong)
{
    reading->wrong = wrong;
    return -EIO;
}

static int reading_begin(void *context, uint64_t object_size, const char *version)
{
    struct reading *reading = context;
    char ours[REMOTE_VERSION_MAX];
    if (reading->begun)
        return 0; /* a retry below, of the same version */
    if (object_size == UINT64_MAX)
        return reading_refuse(reading, "the store does not tell its size");
    if (!encrypt_plain_size(object_size, &reading->plain_size))
        return reading_refuse(reading, "it is not encrypted, or was cut");
    if (reading->keyed && strcmp(reading->version, version) != 0) {
        reading->replaced = true;
        return -ESTALE;
    }
    (void)snprintf(reading->version, sizeof(reading->version), "%s", version); /* it is no longer */
    reading->begun = true;
    uint64_t last = reading->plain_size;
    if (reading->sink == NULL)
        return 0;
    if (reading->offset > 0 && reading->offset >= reading->plain_size)
        return -ESTALE; /* as any store says it */
    if (reading->length < reading->plain_size - reading->offset)
        last = reading->offset + reading->length;
    reading->chunks_end = encrypt_chunks(last);
    encrypt_version(version, ours);
    int rc = reading->sink->begin == NULL
                 ? 0
                 : reading->sink->begin(reading->sink->context, reading->plain_size, ours);
    reading->stopped = rc < 0;
    return rc;
}

/* A chunk is all here. */
static int reading_open(struct reading *reading)
{
    uint64_t at = reading->chunk * ENCRYPT_CHUNK;
    size_t len = encrypt_chunk_size(reading->chunk, reading->plain_size);
    if (encrypt_open(reading->file_key, reading->chunk, reading->plain_size, reading->stored,
            reading->plain) < 0)
        return reading_refuse(reading, "a part of it is not what was stored");
    size_t from = reading->offset > at ? (size_t)(reading->offset - at) : 0;
    size_t to = reading->length < UINT64_MAX - reading->offset &&
                        reading->offset + reading->length - at < len
                    ? (size_t)(reading->offset + reading->length - at)
                    : len;
    reading->chunk++;
    reading->fill = 0;
    if (from >= to)
        return 0;
    int rc = reading->sink->data(
        reading->sink->context, at + from, reading->plain + from, to - from);
    reading->stopped = rc < 0;
    return rc;
}

static int reading_take_header(struct reading *reading)
{
    int rc = encrypt_check_header(reading->encrypt->key, reading->header, reading->file_key);
    if (rc < 0)
        return reading_refuse(reading, rc == -EINVAL ? "it is not encrypted"
                                                     : "its key is another, or it was altered");
    reading->keyed = true;
    encrypt_remember(reading->encrypt, reading->path, reading->version, reading->file_key);
    return 0;
}

/* As many bytes of `bytes` as the header or the chunk can use. */
static int reading_take(struct reading *reading, const unsigned char *bytes, size_t len, size_t *ret_taken)
{
    if (reading->next < ENCRYPT_HEADER) {
        size_t want = (size_t)(ENCRYPT_HEADER - reading->next);
        size_t some = len < want ? len : want;
        memcpy(reading->header + reading->next, bytes, some);
        *ret_taken = some;
        return some == want ? reading_take_header(reading) : 0;
    }
    if (reading->sink == NULL || reading->chunk >= reading->chunks_end) {
        *ret_taken = len; /* more than was asked for */
        return 0;
    }
    size_t whole = encrypt_chunk_size(reading->chunk, reading->plain_size) + ENCRYPT_OVERHEAD;
    size_t want = whole - reading->fill;
    size_t some = len < want ? len : want;
    memcpy(reading->stored + reading->fill, bytes, some);
    reading->fill += some;
    *ret_taken = some;
    return some == want ? reading_open(reading) : 0;
}

/* Bytes may come again, and from before where we asked. */
static int reading_data(void *context, uint64_t offset, const void *bytes, size_t len)
{
    struct reading *reading = context;
    if (!reading->begun || offset > reading->next)
        return reading_refuse(reading, "the store left a part of it out");
    if (offset + len <= reading->next)
        return 0;
    size_t skip = (size_t)(reading->next - offset);
    const unsigned char *at = (const unsigned char *)bytes + skip;
    len -= skip;
    int rc = 0;
    while (rc == 0 && len > 0) {
        size_t taken = 0;
        rc = reading_take(reading, at, len, &taken);
        reading->next += taken;
        at += taken;
        len -= taken;
    }
    return rc;
}

/* What one read of the store came to, with our reason where it was ours. */
static int reading_outcome(struct reading *reading, struct remote_call *call, int rc)
{
    if (reading->wrong != NULL)
        return remote_call_fail(call, -EIO, "'%s': cannot decrypt: %s", reading->path, reading->wrong);
    if (reading->replaced)
        return remote_call_fail_transient(
            call, -ESTALE, "'%s': replaced while it was read", reading->path);
    if (rc == -ESTALE && reading->begun && !reading->stopped)
        return remote_call_fail(call, -ESTALE, "'%s': the object ends before that", reading->path);
    return rc;
}

/* The file's key, by a read of the header alone. */
static int reading_fetch_header(struct reading *reading, struct remote_call *call)
{
    const struct remote_read_sink sink = { reading, reading_begin, reading_data };
    const struct remote_read_sink *wanted = reading->sink;
    reading->sink = NULL;
    reading->next = 0;
    int rc = remote_read(
        reading->encrypt->layer.inner, call, reading->path, 0, ENCRYPT_HEADER, &sink);
    rc = reading_outcome(reading, call, rc);
    if (rc == 0 && !reading->keyed)
        rc = remote_call_fail_transient(call, -EIO, "'%s': its header did not come", reading->path);
    reading->sink = wanted;
    reading->begun = false;
    return rc;
}

/* `again`: what is remembered was wrong. */
static int reading_attempt(struct reading *reading, struct remote_call *call, bool again)
{
    const struct remote_read_sink sink = { reading, reading_begin, reading_data };
    reading->begun = reading->stopped = reading->replaced = reading->keyed = false;
    reading->fill = 0;
    reading->chunk = reading->offset / ENCRYPT_CHUNK;
    if (reading->chunk > 0) {
        reading->keyed = !again &&
            encrypt_recall(reading->encrypt, reading->path, reading->version, reading->file_key);
        int rc = reading->keyed ? 0 : reading_fetch_header(reading, call);
        if (rc < 0)
            return rc;
    }
    reading->next = reading->chunk == 0 ? 0 : encrypt_chunk_offset(reading->chunk);
    /* To the end of the last chunk that is wanted; where the object ends before, the store knows. */
    uint64_t length = UINT64_MAX, end;
    if (!__builtin_add_overflow(reading->offset, reading->length, &end) && end < UINT64_MAX / 2)
        length = encrypt_chunk_offset((end - 1) / ENCRYPT_CHUNK + 1) - reading->next;
    int rc = remote_read(
        reading->encrypt->layer.inner, call, reading->path, reading->next, length, &sink);
    rc = reading_outcome(reading, call, rc);
    if (rc == 0 && reading->chunk < reading->chunks_end)
        rc = remote_call_fail_transient(call, -EIO, "'%s': the body was cut", reading->path);
    return rc;
}

int encrypt_read(struct remote *remote, struct remote_call *call, const char *path, uint64_t offset,
    uint64_t length, const struct remote_read_sink *sink)
{
    if (length == 0)
        return remote_call_fail(call, -EINVAL, "'%s': not a range", path);
    struct reading *reading = malloc(sizeof(*reading));
    if (reading == NULL)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    memset(reading, 0, offsetof(struct reading, header));
    reading->encrypt = (struct encrypt *)remote;
    reading->path = path;
    reading->sink = sink;
    reading->offset = offset;
    reading->length = length;
    int rc;
    unsigned attempt = 0;
    do
        rc = reading_attempt(reading, call, attempt > 0);
    while (rc == -ESTALE && reading->replaced && ++attempt < ATTEMPTS);
    explicit_bzero(reading->file_key, sizeof(reading->file_key));
    explicit_bzero(reading->plain, sizeof(reading->plain));
    free(reading);
    return rc;
}
