/* SPDX-License-Identifier: MIT */
#include "core/engine/whole.h"

#include <errno.h>
#include <md5.h>
#include <string.h>
#include <strings.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/engine/doubt.h"
#include "core/engine/internal.h"

enum { WHOLE_ATTEMPTS = 3 }; /* of a body with the wrong MD5 */

struct whole {
    struct hydration *hydration;
    uint64_t received; /* bytes from 0 that are in the file */
    bool sequential;   /* `md5` has seen exactly those */
    MD5_CTX md5;
};

static int whole_begin(void *context, uint64_t size, const char *version)
{
    struct whole *whole = context;
    return hydration_accept(whole->hydration, size, version);
}

static int whole_data(void *context, uint64_t offset, const void *bytes, size_t len)
{
    struct whole *whole = context;
    struct hydration *h = whole->hydration;
    if (offset > whole->received || len > h->state.size || offset > h->state.size - len)
        return -EIO; /* a gap, or more than was announced */
    if (offset == 0) {
        MD5Init(&whole->md5);
        whole->sequential = true;
        whole->received = 0;
    }
    whole->sequential = whole->sequential && offset == whole->received;
    MD5Update(&whole->md5, bytes, len);
    for (size_t done = 0; done < len;) {
        ssize_t written = pwrite(
            h->fd, (const char *)bytes + done, len - done, (off_t)(offset + done));
        if (written < 0 && errno != EINTR)
            return -errno;
        done += written < 0 ? 0 : (size_t)written;
    }
    if (offset + len > whole->received)
        whole->received = offset + len;
    return 0;
}

/* Whether the bytes are what the server's ETag says, as far as it says it. */
static bool whole_verified(struct whole *whole)
{
    char version[TREE_VERSION_MAX];
    char digest[MD5_DIGEST_STRING_LENGTH];
    {
        LOCK_SCOPE(&whole->hydration->lock);
        memcpy(version, whole->hydration->synced.version, sizeof(version));
    }
    if (!whole->sequential || !hydration_version_is_md5(version))
        return true;
    return strcasecmp(MD5End(&whole->md5, digest), version) == 0;
}

/* One GET. *ret_again: the bytes were damaged on the way. */
static int whole_attempt(struct hydration *h, enum remote_priority priority, bool *ret_again)
{
    struct whole whole = { .hydration = h };
    const struct remote_read_sink sink = { &whole, whole_begin, whole_data };
    struct remote_call call = instance_call(h->instance, priority);
    *ret_again = false;
    int rc = remote_read(h->remote, &call, h->remote_path, 0, UINT64_MAX, &sink);
    if (rc == 0 && whole.received != h->state.size)
        rc = -EIO;
    if (rc == 0 && !whole_verified(&whole)) {
        log_warn("engine", "\"%s\": the bytes received do not have the MD5 announced", h->path);
        *ret_again = true;
        rc = -EIO;
    }
    if (rc == 0) {
        doubt_note_read(h, &call);
        LOCK_SCOPE(&h->lock);
        rc = hydration_complete(h);
    }
    if (rc < 0 && !*ret_again)
        (void)instance_failed(h->instance, "fetch", h->path, &call, rc);
    return rc;
}

static int whole_run(struct hydration *h, enum remote_priority priority)
{
    bool again = true;
    int rc = -EIO;
    for (unsigned i = 0; again && i < WHOLE_ATTEMPTS; i++)
        rc = whole_attempt(h, priority, &again);
    if (again)
        log_error("engine", "cannot fetch \"%s\": its MD5 was wrong %d times", h->path,
            WHOLE_ATTEMPTS);
    if (rc < 0)
        file_discard_content(h->fd, h->state.size);
    if (rc == -ENOENT || rc == -EISDIR) /* the tree shows what is gone */
        rc = -ESTALE;
    if (rc == -ESTALE)
        hydration_set_stale(h);
    return rc;
}

int whole_fetch(struct hydration *hydration, enum remote_priority priority)
{
    LOCK_SCOPE(&hydration->lock);
    unsigned before = hydration->synced.fetched;
    while (hydration->synced.fetching)
        pthread_cond_wait(&hydration->changed, &hydration->lock);
    if (hydration->synced.complete)
        return 0;
    if (hydration->synced.stale)
        return -ESTALE;
    if (hydration->synced.fetched != before)
        return hydration->synced.result;
    hydration->synced.fetching = true;
    pthread_mutex_unlock(&hydration->lock);
    int rc = whole_run(hydration, priority);
    pthread_mutex_lock(&hydration->lock);
    hydration->synced.fetching = false;
    hydration->synced.fetched++;
    hydration->synced.result = rc;
    pthread_cond_broadcast(&hydration->changed);
    return rc;
}
