/* SPDX-License-Identifier: MIT */
/*
 * A remote's listing of one directory, and making the tree's directory like it.
 *
 *     struct listing *listing = listing_new();
 *     listing_add(listing, name, name_len, &attributes);   // for each, names as they came
 *     listing_apply(tree, "data/alice/images", listing, &how, &outcome);
 *     listing_free(listing);
 *
 * Names that no file can have, and all but the first of equal ones, are left out and counted.
 * Unchanged entries are left alone, changed ones replaced by fresh placeholders, those that are
 * gone are removed. Afterwards the directory's time is what it was before, or ENTRY_DIRECTORY_MTIME
 * where the store keeps no times of directories, so that a listing moves nothing that was seen.
 *
 * Time is linear in the number of entries, here and on disk. Threads: a listing is one thread's;
 * two listings of one directory must not be applied at once.
 */
#ifndef ALGOFS_TREE_LISTING_H
#define ALGOFS_TREE_LISTING_H

#include <stddef.h>

#include "core/tree/tree.h"

enum { LISTING_MAX = 4 << 20 }; /* entries; a store that names more is not believed */

struct listing;

struct listing_how {
    bool partial; /* names that are not in the listing may exist: remove nothing */
    bool keeps_times; /* the store keeps directories' times: the tree's is one of them */
    const struct tree_keep *keep; /* NULL: nothing is kept */
};

struct listing_outcome {
    size_t created, replaced, removed, unchanged, skipped;
    size_t removed_directories; /* of the removed ones */
};

/** NULL: no memory. */
struct listing *listing_new(void);
void listing_free(struct listing *listing);

/** Copies what it keeps. 0 also for a name that is left out; -ENOMEM, also above LISTING_MAX. */
int listing_add(struct listing *listing, const char *name, size_t len,
    const struct tree_attributes *attributes);

/* Finds the target of the symbolic link `name`, which was added with link "": NUL-terminated into
 * `target`. 0; -ENOENT leaves the entry out; -errno ends it. */
typedef int listing_target_fn(void *context, const char *name, uint64_t size,
    struct timespec mtime, char *target, size_t target_size);

/** Asks for the target of each symbolic link: stores list links without their targets. */
int listing_resolve(struct listing *listing, listing_target_fn *target, void *context);

/** Entries so far. */
size_t listing_count(const struct listing *listing);

/** Makes directory `path` (and what leads to it), and in it what the listing says. -ENOENT,
 * -ENOTDIR: `keep` prevented the directory. */
int listing_apply(struct tree *tree, const char *path, struct listing *listing,
    const struct listing_how *how, struct listing_outcome *ret_outcome);

/** Whether the directory `path` was once listed completely: what it did not have then was not there. False
 * also where the file system keeps no user attributes to remember it by. */
bool listing_was_complete(struct tree *tree, const char *path);

#endif
