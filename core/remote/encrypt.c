/* SPDX-License-Identifier: MIT */
#include "core/remote/encrypt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/hash.h"
#include "core/remote/call.h"
#include "core/remote/encrypt-internal.h"

enum { VERSION_MARK = 'e' };

/* --- versions, sizes --- */

void encrypt_version(const char *version, char ret_version[REMOTE_VERSION_MAX])
{
    size_t len = strlen(version);
    ret_version[0] = '\0';
    if (len == 0 || len + 2 > REMOTE_VERSION_MAX)
        return;
    ret_version[0] = VERSION_MARK;
    memcpy(ret_version + 1, version, len + 1);
}

/* What the store says of an object, as the reader shall see it. */
static void encrypt_present(struct remote_entry *entry)
{
    char version[REMOTE_VERSION_MAX];
    uint64_t plain_size;
    if (entry->is_dir)
        return;
    if (!entry->is_symlink && encrypt_plain_size(entry->size, &plain_size))
        entry->size = plain_size;
    encrypt_version(entry->version, version);
    memcpy(entry->version, version, sizeof(version));
}

/* --- the keys of files seen lately --- */

static struct encrypt_seen *encrypt_slot(struct encrypt *encrypt, const char *path)
{
    return &encrypt->seen[hash_bytes(path, strlen(path)) % ENCRYPT_SEEN];
}

bool encrypt_recall(struct encrypt *encrypt, const char *path, char version[REMOTE_VERSION_MAX],
    unsigned char file_key[ENCRYPT_KEY])
{
    LOCK_SCOPE(&encrypt->lock);
    const struct encrypt_seen *seen = encrypt_slot(encrypt, path);
    if (seen->path == NULL || strcmp(seen->path, path) != 0)
        return false;
    memcpy(version, seen->version, sizeof(seen->version));
    memcpy(file_key, seen->file_key, ENCRYPT_KEY);
    return true;
}

void encrypt_remember(struct encrypt *encrypt, const char *path, const char *version,
    const unsigned char file_key[ENCRYPT_KEY])
{
    if (version[0] == '\0')
        return;
    LOCK_SCOPE(&encrypt->lock);
    struct encrypt_seen *seen = encrypt_slot(encrypt, path);
    if (seen->path == NULL || strcmp(seen->path, path) != 0) {
        free(seen->path);
        seen->path = strdup(path); /* without memory it is read again */
    }
    (void)snprintf(seen->version, sizeof(seen->version), "%s", version); /* it is no longer */
    memcpy(seen->file_key, file_key, ENCRYPT_KEY);
}

/* --- looking --- */

struct listed {
    remote_entry_fn *entry;
    void *context;
};

static int listed_entry(
    void *context, const char *name, size_t name_len, const struct remote_entry *entry)
{
    const struct listed *listed = context;
    struct remote_entry shown = *entry;
    encrypt_present(&shown);
    return listed->entry(listed->context, name, name_len, &shown);
}

static int encrypt_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context)
{
    struct listed listed = { entry, context };
    return remote_list(((struct layer *)remote)->inner, call, path, listed_entry, &listed);
}

static int encrypt_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry)
{
    int rc = remote_probe(((struct layer *)remote)->inner, call, path, ret_entry);
    if (rc == 0)
        encrypt_present(ret_entry);
    return rc;
}

/* --- writing --- */

static int read_all(int fd, unsigned char *bytes, size_t len, uint64_t offset)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = pread(fd, bytes + done, len - done, (off_t)(offset + done));
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got == 0)
            return -ESTALE;
        done += got < 0 ? 0 : (size_t)got;
    }
    return 0;
}

static int write_all(int fd, const unsigned char *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t put = write(fd, bytes + done, len - done);
        if (put < 0 && errno != EINTR)
            return -errno;
        done += put < 0 ? 0 : (size_t)put;
    }
    return 0;
}

/* A file without a name in `folder`. */
static int open_unnamed(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd < 0 ? -errno : fd;
    char name[PATH_MAX];
    if ((size_t)snprintf(name, sizeof(name), "%s/encrypt.XXXXXX", folder) >= sizeof(name))
        return -ENAMETOOLONG;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    (void)unlink(name); /* it is in use by its descriptor only */
    return fd;
}

static int encrypt_file(struct encrypt *encrypt, const struct remote_call *call,
    const struct remote_write_source *source, int out)
{
    unsigned char header[ENCRYPT_HEADER], file_key[ENCRYPT_KEY];
    CLEANUP_FREE unsigned char *plain = malloc(ENCRYPT_CHUNK);
    CLEANUP_FREE unsigned char *stored = malloc(ENCRYPT_STORED);
    if (plain == NULL || stored == NULL)
        return -ENOMEM;
    encrypt_make_header(encrypt->key, header, file_key);
    int rc = write_all(out, header, sizeof(header));
    for (uint64_t i = 0; rc == 0 && i < encrypt_chunks(source->size); i++) {
        size_t len = encrypt_chunk_size(i, source->size);
        rc = remote_call_cancelled(call) ? -ECANCELED
                                         : read_all(source->fd, plain, len, i * ENCRYPT_CHUNK);
        if (rc < 0)
            break;
        encrypt_seal(file_key, i, source->size, plain, stored);
        rc = write_all(out, stored, len + ENCRYPT_OVERHEAD);
    }
    explicit_bzero(file_key, sizeof(file_key));
    explicit_bzero(plain, ENCRYPT_CHUNK);
    return rc;
}

static int encrypt_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    struct encrypt *encrypt = (struct encrypt *)remote;
    struct remote_write_source stored = *source;
    stored.size = encrypt_stored_size(source->size);
    if (stored.size == 0)
        return remote_call_fail(call, -EFBIG, "'%s': too large to encrypt", path);
    if (stored.expected != NULL && stored.expected[0] == VERSION_MARK)
        stored.expected++;
    CLEANUP_CLOSE int fd = open_unnamed(encrypt->folder);
    int rc = fd < 0 ? fd : encrypt_file(encrypt, call, source, fd);
    if (rc == -ESTALE)
        return remote_call_fail(call, rc, "'%s': the source is shorter than it was", path);
    if (rc < 0)
        return remote_call_fail(
            call, rc, "'%s': cannot encrypt it in '%s': %s", path, encrypt->folder, strerror(-rc));
    stored.fd = fd;
    rc = remote_write(encrypt->layer.inner, call, path, &stored, ret_entry);
    if (rc == 0 && ret_entry != NULL)
        encrypt_present(ret_entry);
    return rc;
}

/* --- the rest --- */

static ssize_t encrypt_run(
    struct layer *layer, struct remote_call *call, const struct remote_request *request)
{
    ssize_t rc = layer_forward(layer, call, request);
    if (rc == 0 && request->ret_entry != NULL)
        encrypt_present(request->ret_entry);
    return rc;
}

static void encrypt_free(struct remote *remote)
{
    struct encrypt *encrypt = (struct encrypt *)remote;
    for (unsigned i = 0; i < ENCRYPT_SEEN; i++)
        free(encrypt->seen[i].path);
    pthread_mutex_destroy(&encrypt->lock);
    free(encrypt->folder);
    remote_free(encrypt->layer.inner);
    explicit_bzero(encrypt, sizeof(*encrypt)); /* keys */
    free(encrypt);
}

static const struct remote_ops encrypt_ops = {
    .type = "encrypt",
    .capabilities = layer_capabilities,
    .list = encrypt_list,
    .probe = encrypt_probe,
    .read = encrypt_read,
    .write = encrypt_write,
    LAYER_OPS,
    .free = encrypt_free,
};

struct remote *remote_encrypt_new(
    struct remote *inner, const unsigned char key[ENCRYPT_KEY], const char *folder)
{
    if (inner == NULL)
        return NULL;
    bool usable = encrypt_format_init() == 0;
    struct encrypt *encrypt = calloc(1, sizeof(*encrypt));
    char *copy = strdup(folder);
    if (!usable || encrypt == NULL || copy == NULL) {
        free(encrypt);
        free(copy);
        remote_free(inner);
        errno = usable ? ENOMEM : ENOSYS;
        return NULL;
    }
    encrypt->layer = (struct layer){ { &encrypt_ops }, inner, encrypt_run };
    memcpy(encrypt->key, key, ENCRYPT_KEY);
    encrypt->folder = copy;
    pthread_mutex_init(&encrypt->lock, NULL);
    return &encrypt->layer.remote;
}
