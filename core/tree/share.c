/* SPDX-License-Identifier: MIT */
/*
 * Several remote names of one file are one inode here, too, whatever directory each of them is listed in.
 *
 * As long as not all its names are in the tree, such a file has one more in tmp/, made of the store's number
 * for it: there the next of its names finds it, and a link count of more than one tells tar and rsync to
 * look for the others. (tmp/ is emptied at the start; the next listings make what is needed again.)
 *
 * All under the tree's names lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/tree/internal.h"

static void share_name(const struct tree_attributes *attributes, char name[TREE_TEMPORARY_MAX])
{
    (void)snprintf(name, TREE_TEMPORARY_MAX, "s-%016" PRIx64, attributes->file_id);
}

static bool share_is_wanted(const struct tree_attributes *attributes)
{
    return attributes->file_id != 0 && attributes->names > 1 && !attributes->is_dir &&
           attributes->link == NULL;
}

/* All names are there: the one in tmp/ is not needed. */
static void share_settle(struct tree *tree, const char *shared, unsigned names)
{
    struct stat st;
    if (fstatat(tree->tmp, shared, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_nlink > names)
        (void)unlinkat(tree->tmp, shared, 0); /* else the next start removes it */
}

bool share_take(struct tree *tree, int dir, const char *name,
    const struct tree_attributes *attributes, const struct stat *there)
{
    char shared[TREE_TEMPORARY_MAX];
    char made[TREE_TEMPORARY_MAX];
    struct stat st;
    if (!share_is_wanted(attributes))
        return false;
    share_name(attributes, shared);
    if (fstatat(tree->tmp, shared, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
        (there->st_mode != 0 && there->st_ino == st.st_ino) ||
        !entry_matches(tree, tree->tmp, shared, &st, attributes))
        return false;
    entry_temporary(tree, made);
    if (linkat(tree->tmp, shared, tree->tmp, made, 0) < 0)
        return false;
    if (renameat(tree->tmp, made, dir, name) < 0) {
        (void)unlinkat(tree->tmp, made, 0); /* else the next start removes it */
        return false;
    }
    share_settle(tree, shared, attributes->names);
    return true;
}

void share_offer(
    struct tree *tree, int dir, const char *name, const struct tree_attributes *attributes)
{
    char shared[TREE_TEMPORARY_MAX];
    struct stat st, old;
    if (!share_is_wanted(attributes) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    share_name(attributes, shared);
    bool known = fstatat(tree->tmp, shared, &old, AT_SYMLINK_NOFOLLOW) == 0;
    if (known && old.st_ino == st.st_ino) {
        share_settle(tree, shared, attributes->names);
        return;
    }
    if (known)
        (void)unlinkat(tree->tmp, shared, 0); /* of an earlier version */
    if (st.st_nlink < attributes->names && linkat(dir, name, tree->tmp, shared, 0) < 0)
        log_debug("tree", "\"%s\": its other names will be files of their own: %s", name,
            strerror(errno));
}
