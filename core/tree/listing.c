/* SPDX-License-Identifier: MIT */
#include "core/tree/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"
#include "core/base/table.h"
#include "core/base/beneath.h"
#include "core/tree/internal.h"
#include "core/wire/entry.h"

/* On a directory that was listed completely. */
static const char complete_attribute[] = "user.algofs.listed";

struct listed {
    UT_hash_handle hh; /* uthash keeps the order of addition */
    struct tree_attributes attributes; /* version is in `text` behind the name */
    char *link; /* of a symbolic link, "" until it is known */
    bool done;  /* the tree has it already */
    char text[];
};

struct listing {
    struct listed *entries;
    size_t skipped;
};

static void listed_free(struct listed *entry)
{
    free(entry->link);
    free(entry);
}

struct listing *listing_new(void)
{
    return calloc(1, sizeof(struct listing));
}

void listing_free(struct listing *listing)
{
    if (listing == NULL)
        return;
    struct listed *entry, *next;
    HASH_ITER(hh, listing->entries, entry, next) {
        HASH_DEL(listing->entries, entry);
        listed_free(entry);
    }
    free(listing);
}

size_t listing_count(const struct listing *listing)
{
    return HASH_COUNT(listing->entries);
}

int listing_add(struct listing *listing, const char *name, size_t len,
    const struct tree_attributes *attributes)
{
    struct listed *entry = NULL;
    if (beneath_name_valid(name, len))
        HASH_FIND(hh, listing->entries, name, len, entry);
    if (entry != NULL || !beneath_name_valid(name, len) || attributes->size > INT64_MAX) {
        listing->skipped++;
        return 0;
    }
    if (listing_count(listing) >= LISTING_MAX)
        return -ENOMEM;
    size_t version_len = strnlen(attributes->version, TREE_VERSION_MAX - 1);
    entry = malloc(sizeof(*entry) + len + 1 + version_len + 1);
    if (entry == NULL)
        return -ENOMEM;
    *entry = (struct listed){ .attributes = *attributes };
    if (attributes->link != NULL && (entry->link = strdup(attributes->link)) == NULL) {
        free(entry);
        return -ENOMEM;
    }
    memcpy(entry->text, name, len);
    entry->text[len] = '\0';
    char *version = entry->text + len + 1;
    memcpy(version, attributes->version, version_len);
    version[version_len] = '\0';
    entry->attributes.version = version;
    HASH_ADD_KEYPTR(hh, listing->entries, entry->text, len, entry);
    if (table_added(&entry->hh))
        return 0;
    listed_free(entry);
    return -ENOMEM;
}

int listing_resolve(struct listing *listing, listing_target_fn *target, void *context)
{
    struct listed *entry, *next;
    char found[PATH_MAX];
    HASH_ITER(hh, listing->entries, entry, next) {
        if (entry->link == NULL || entry->link[0] != '\0')
            continue;
        int rc = target(context, entry->text, entry->attributes.size, entry->attributes.mtime, found,
            sizeof(found));
        if (rc < 0 && rc != -ENOENT)
            return rc;
        char *link = rc == 0 ? strdup(found) : NULL;
        if (rc == 0 && link == NULL)
            return -ENOMEM;
        if (rc == 0) {
            free(entry->link);
            entry->link = link;
        } else {
            HASH_DEL(listing->entries, entry);
            listed_free(entry);
        }
    }
    return 0;
}

static int listing_put(struct tree *tree, int dir, struct listed *entry,
    const struct entry_place *place, bool *ret_changed)
{
    entry->done = true;
    entry->attributes.link = entry->link;
    return entry_put(tree, dir, entry->text, &entry->attributes, place, ret_changed);
}

/* The names in the directory, each with its NUL: read whole before anything changes. */
static int listing_read_names(int dir, struct strbuf *names)
{
    CLEANUP_CLOSE int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    CLEANUP_CLOSEDIR DIR *stream = fdopendir(fd);
    if (stream == NULL)
        return -errno;
    (void)TAKE_FD(fd); /* the stream's now */
    const struct dirent *found;
    while ((found = readdir(stream)) != NULL)
        if (beneath_name_valid(found->d_name, strlen(found->d_name)))
            strbuf_add(names, found->d_name, strlen(found->d_name) + 1);
    return names->failed ? -ENOMEM : 0;
}

/* What is on disk: kept, replaced, or removed. */
static int listing_apply_old(struct tree *tree, int dir, struct listing *listing, bool partial,
    const struct entry_place *place, struct listing_outcome *outcome)
{
    CLEANUP_STRBUF struct strbuf names = STRBUF_INIT;
    int rc = listing_read_names(dir, &names);
    for (size_t at = 0; rc == 0 && at < names.len; at += strlen(names.buf + at) + 1) {
        const char *name = names.buf + at;
        struct listed *entry;
        bool changed = false;
        HASH_FIND(hh, listing->entries, name, strlen(name), entry);
        if (entry != NULL) {
            rc = listing_put(tree, dir, entry, place, &changed);
            outcome->replaced += changed;
            outcome->unchanged += !changed;
        } else if (!partial) {
            struct stat st;
            bool directory =
                fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
            rc = entry_remove(tree, dir, name, place);
            outcome->removed++;
            outcome->removed_directories += directory;
        }
    }
    return rc;
}

static int listing_apply_new(struct tree *tree, int dir, struct listing *listing,
    const struct entry_place *place, struct listing_outcome *outcome)
{
    struct listed *entry, *next;
    HASH_ITER(hh, listing->entries, entry, next) {
        bool changed = false;
        if (entry->done)
            continue;
        int rc = listing_put(tree, dir, entry, place, &changed);
        if (rc < 0)
            return rc;
        outcome->created += changed;
    }
    return 0;
}

/*
 * A program may have made the directory one that its owner cannot read or write; what the remote says is
 * to be shown there all the same. ret_narrow: the mode to set again at the end; 0: nothing was changed.
 */
static int listing_open_directory(struct tree *tree, const char *path, mode_t *ret_narrow)
{
    struct stat st;
    char link[32];
    CLEANUP_CLOSE int fd = beneath_open(tree->root, path, O_PATH | O_DIRECTORY);
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    if ((st.st_mode & S_IRWXU) != S_IRWXU && st.st_uid == geteuid()) {
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        if (chmod(link, (st.st_mode | S_IRWXU) & 07777) < 0)
            return -errno;
        *ret_narrow = st.st_mode & 07777;
    }
    int dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir < 0 ? -errno : dir;
}

bool listing_was_complete(struct tree *tree, const char *path)
{
    char value;
    CLEANUP_CLOSE int dir = beneath_open(tree->root, path, O_RDONLY | O_DIRECTORY);
    return dir >= 0 && fgetxattr(dir, complete_attribute, &value, 1) >= 0;
}

int listing_apply(struct tree *tree, const char *path, struct listing *listing,
    const struct listing_how *how, struct listing_outcome *ret_outcome)
{
    struct listing_outcome outcome = { .skipped = listing->skipped };
    atomic_fetch_add(&tree->skipped_names, listing->skipped);
    listing->skipped = 0; /* counted once */
    const struct entry_place place = { path, how->keep };
    struct stat before;
    int rc = tree_make_directory(tree, path, how->keep);
    if (rc < 0)
        return rc;
    mode_t narrow = 0;
    CLEANUP_CLOSE int dir = listing_open_directory(tree, path, &narrow);
    if (dir < 0 || fstat(dir, &before) < 0)
        return dir < 0 ? dir : -errno;
    rc = listing_apply_old(tree, dir, listing, how->partial, &place, &outcome);
    if (rc == 0)
        rc = listing_apply_new(tree, dir, listing, &place, &outcome);
    if (rc == 0 && !how->partial) /* mostly it is marked already */
        (void)fsetxattr(dir, complete_attribute, "1", 1, XATTR_CREATE);
    if (rc == 0 && how->keeps_times)
        entry_set_directory_time(dir, before.st_mtim);
    else if (rc == 0 && (!how->partial || outcome.created > 0 || outcome.replaced > 0))
        entry_set_directory_time(dir, (struct timespec){ .tv_sec = ENTRY_DIRECTORY_MTIME });
    if (narrow != 0)
        (void)fchmod(dir, narrow); /* ours, and open: nothing stands against it */
    *ret_outcome = outcome;
    return rc;
}
