/* SPDX-License-Identifier: MIT */
#include "core/journal/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/journal/record.h"

enum {
    JOURNAL_ID_DIGITS = 16,
    JOURNAL_NAME_MAX = JOURNAL_ID_DIGITS + sizeof(".new"),
};

static const char damaged[] = "damaged";

struct journal {
    int folder, damaged;
    pthread_mutex_t lock;
    uint64_t last_id; /* guarded by lock */
    unsigned count;   /* guarded by lock */
};

struct ids {
    uint64_t *ids;
    size_t count, room;
};

static void journal_name(uint64_t id, char name[JOURNAL_NAME_MAX])
{
    (void)snprintf(name, JOURNAL_NAME_MAX, "%016" PRIx64, id);
}

/* The id that a file's name says; false: it is no intent's name. */
static bool journal_id(const char *name, uint64_t *ret_id)
{
    if (strlen(name) != JOURNAL_ID_DIGITS || strspn(name, "0123456789abcdef") != JOURNAL_ID_DIGITS)
        return false;
    *ret_id = strtoull(name, NULL, 16);
    return *ret_id != 0;
}

/* Keeps what is no intent of ours where a person can look at it. */
static int journal_set_aside(struct journal *journal, const char *name, const char *what)
{
    if (renameat(journal->folder, name, journal->damaged, name) < 0)
        return -errno;
    log_error("journal", "\"%s\": %s; moved to journal/damaged/", name, what);
    return 0;
}

static int ids_add(struct ids *ids, uint64_t id)
{
    if (ids->count == ids->room) {
        size_t room = ids->room == 0 ? 64 : ids->room * 2;
        uint64_t *grown = realloc(ids->ids, room * sizeof(*grown));
        if (grown == NULL)
            return -ENOMEM;
        ids->ids = grown;
        ids->room = room;
    }
    ids->ids[ids->count++] = id;
    return 0;
}

/* What one file in the folder is: an intent's id is added, what a put left is removed. */
static int journal_look_at(struct journal *journal, const char *name, struct ids *ids)
{
    uint64_t id;
    size_t len = strlen(name);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, damaged) == 0)
        return 0;
    if (journal_id(name, &id))
        return ids_add(ids, id);
    if (len > 4 && strcmp(name + len - 4, ".new") == 0) /* was never put: nobody relied on it */
        return unlinkat(journal->folder, name, 0) < 0 ? -errno : 0;
    return journal_set_aside(journal, name, "not an intent");
}

static int ids_compare(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

/* The ids of all intents, in order; ids->ids is the caller's to free. */
static int journal_read_ids(struct journal *journal, struct ids *ids)
{
    CLEANUP_CLOSE int fd = openat(journal->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    CLEANUP_CLOSEDIR DIR *stream = fdopendir(fd);
    if (stream == NULL)
        return -errno;
    (void)TAKE_FD(fd); /* the stream's now */
    const struct dirent *found;
    int rc = 0;
    while (rc == 0 && (found = readdir(stream)) != NULL)
        rc = journal_look_at(journal, found->d_name, ids);
    if (rc == 0 && ids->count > 0)
        qsort(ids->ids, ids->count, sizeof(ids->ids[0]), ids_compare);
    return rc;
}

static int journal_open_folder(int parent, const char *name, int *ret_fd)
{
    if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
        return -errno;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    *ret_fd = fd;
    return 0;
}

static int journal_start(struct journal *journal, const char *folder)
{
    struct ids ids = { .ids = NULL };
    CLEANUP_CLOSE int parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return -errno;
    int rc = journal_open_folder(parent, "journal", &journal->folder);
    if (rc == 0)
        rc = journal_open_folder(journal->folder, damaged, &journal->damaged);
    if (rc == 0)
        rc = journal_read_ids(journal, &ids);
    journal->count = (unsigned)ids.count;
    journal->last_id = ids.count == 0 ? 0 : ids.ids[ids.count - 1];
    free(ids.ids);
    return rc;
}

int journal_open(const char *folder, struct journal **ret_journal)
{
    struct journal *journal = calloc(1, sizeof(*journal));
    if (journal == NULL)
        return -ENOMEM;
    journal->folder = journal->damaged = -1;
    pthread_mutex_init(&journal->lock, NULL);
    int rc = journal_start(journal, folder);
    if (rc < 0) {
        journal_close(journal);
        return rc;
    }
    *ret_journal = journal;
    return 0;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->damaged >= 0)
        (void)close(journal->damaged); /* directories */
    if (journal->folder >= 0)
        (void)close(journal->folder);
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

static int journal_write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno != EINTR)
            return -errno;
        bytes += written < 0 ? 0 : written;
        len -= written < 0 ? 0 : (size_t)written;
    }
    return 0;
}

static int journal_write(
    struct journal *journal, uint64_t id, const struct strbuf *bytes, bool durable)
{
    char name[JOURNAL_NAME_MAX];
    char made[JOURNAL_NAME_MAX];
    journal_name(id, name);
    (void)stpcpy(stpcpy(made, name), ".new");
    CLEANUP_CLOSE int fd =
        openat(journal->folder, made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    int rc = journal_write_all(fd, bytes->buf, bytes->len);
    if (rc == 0 && durable && fdatasync(fd) < 0)
        rc = -errno;
    if (rc == 0 && renameat(journal->folder, made, journal->folder, name) < 0)
        rc = -errno;
    if (rc < 0)
        (void)unlinkat(journal->folder, made, 0); /* else the next start removes it */
    if (rc == 0 && durable && fsync(journal->folder) < 0)
        rc = -errno;
    return rc;
}

/* A number for a new intent. 0: there are too many. */
static uint64_t journal_reserve(struct journal *journal)
{
    LOCK_SCOPE(&journal->lock);
    if (journal->count >= JOURNAL_INTENTS_MAX)
        return 0;
    journal->count++;
    return ++journal->last_id;
}

static void journal_release(struct journal *journal)
{
    LOCK_SCOPE(&journal->lock);
    journal->count--;
}

int journal_put(struct journal *journal, struct journal_intent *intent, bool durable)
{
    CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;
    record_encode(intent, &bytes);
    if (bytes.failed)
        return -ENOMEM;
    if (bytes.len > RECORD_MAX)
        return -ENAMETOOLONG;
    uint64_t id = intent->id != 0 ? intent->id : journal_reserve(journal);
    if (id == 0)
        return -ENOSPC;
    int rc = journal_write(journal, id, &bytes, durable);
    if (rc < 0 && intent->id == 0)
        journal_release(journal);
    if (rc == 0)
        intent->id = id;
    return rc;
}

void journal_drop(struct journal *journal, uint64_t id)
{
    char name[JOURNAL_NAME_MAX];
    journal_name(id, name);
    if (id == 0)
        return;
    if (unlinkat(journal->folder, name, 0) == 0)
        journal_release(journal);
    else if (errno != ENOENT)
        log_warn("journal", "\"%s\": cannot be removed: %s", name, strerror(errno));
}

/* Reads the file `name` into bytes[RECORD_MAX + 1]. */
static ssize_t journal_read(struct journal *journal, const char *name, char *bytes)
{
    size_t have = 0;
    CLEANUP_CLOSE int fd = openat(journal->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    while (have <= RECORD_MAX) {
        ssize_t got = read(fd, bytes + have, RECORD_MAX + 1 - have);
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got == 0)
            break;
        have += got < 0 ? 0 : (size_t)got;
    }
    return (ssize_t)have;
}

static int journal_show(struct journal *journal, uint64_t id, journal_each_fn *each, void *context)
{
    char bytes[RECORD_MAX + 1];
    char name[JOURNAL_NAME_MAX];
    struct journal_intent intent;
    journal_name(id, name);
    ssize_t len = journal_read(journal, name, bytes);
    if (len < 0)
        return (int)len;
    int rc = record_decode(bytes, (size_t)len, &intent);
    if (rc < 0) {
        rc = journal_set_aside(journal, name,
            rc == -EPROTONOSUPPORT ? "an intent of another version" : "a damaged intent");
        if (rc == 0)
            journal_release(journal);
        return rc;
    }
    intent.id = id;
    return each(context, &intent);
}

int journal_each(struct journal *journal, journal_each_fn *each, void *context)
{
    struct ids ids = { .ids = NULL };
    int rc = journal_read_ids(journal, &ids);
    for (size_t i = 0; rc == 0 && i < ids.count; i++)
        rc = journal_show(journal, ids.ids[i], each, context);
    free(ids.ids);
    return rc;
}

unsigned journal_count(struct journal *journal)
{
    LOCK_SCOPE(&journal->lock);
    return journal->count;
}
