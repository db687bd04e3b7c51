/* SPDX-License-Identifier: MIT */
/*
 * Two direct-mapped tables of fixed size; who collides replaces. What is in them is only a saving of
 * requests: a marker that somebody else removed lets its directory vanish with its last file, as it would
 * have without us; attributes are those of an object version, told by ETag and time of change. A time
 * that is not yet over can stand for two versions and is not remembered.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/hash.h"
#include "core/remote/s3-internal.h"

enum { MARKERS = 4096, VERSIONS = 1 << 17, SETTLED_S = 10 };

struct version {
    uint64_t hash; /* 0: empty */
    struct s3_attributes attributes;
};

struct s3_known {
    pthread_mutex_t lock; /* of both tables; held for a few instructions */
    uint64_t markers[MARKERS];
    struct version versions[VERSIONS]; /* untouched pages cost nothing */
};

struct s3_known *s3_known_new(void)
{
    struct s3_known *known = calloc(1, sizeof(*known));
    if (known != NULL)
        (void)pthread_mutex_init(&known->lock, NULL); /* a default mutex: cannot fail on Linux */
    return known;
}

void s3_known_free(struct s3_known *known)
{
    if (known == NULL)
        return;
    (void)pthread_mutex_destroy(&known->lock);
    free(known);
}

bool s3_known_marker(struct s3_known *known, const char *key)
{
    uint64_t hash = hash_bytes(key, strlen(key));
    LOCK_SCOPE(&known->lock);
    return known->markers[hash % MARKERS] == hash;
}

void s3_known_set_marker(struct s3_known *known, const char *key, bool there)
{
    uint64_t hash = hash_bytes(key, strlen(key));
    LOCK_SCOPE(&known->lock);
    if (there)
        known->markers[hash % MARKERS] = hash;
    else if (known->markers[hash % MARKERS] == hash)
        known->markers[hash % MARKERS] = 0;
}

/* 0 for what must not be remembered. */
static uint64_t version_hash(const char *key, const char *etag, int64_t last_modified)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    if (etag[0] == '\0' || last_modified == 0 || last_modified > time(NULL) - SETTLED_S)
        return 0;
    strbuf_addf(&text, "%s\n%s\n%lld", etag, key, (long long)last_modified);
    return text.failed ? 0 : hash_bytes(text.buf, text.len);
}

bool s3_known_attributes(struct s3_known *known, const char *key, const char *etag,
    int64_t last_modified, struct s3_attributes *ret_attributes)
{
    uint64_t hash = version_hash(key, etag, last_modified);
    LOCK_SCOPE(&known->lock);
    const struct version *version = &known->versions[hash % VERSIONS];
    if (hash == 0 || version->hash != hash)
        return false;
    *ret_attributes = version->attributes;
    return true;
}

void s3_known_set_attributes(struct s3_known *known, const char *key, const char *etag,
    int64_t last_modified, const struct s3_attributes *attributes)
{
    uint64_t hash = version_hash(key, etag, last_modified);
    if (hash == 0)
        return;
    LOCK_SCOPE(&known->lock);
    known->versions[hash % VERSIONS] = (struct version){ hash, *attributes };
}
