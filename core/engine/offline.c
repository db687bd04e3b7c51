/* SPDX-License-Identifier: MIT */
#include "core/engine/offline.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/engine/internal.h"
#include "core/engine/names.h"
#include "core/engine/place.h"
#include "core/tree/listing.h"

bool offline_is(struct instance *instance, const char *path)
{
    return (place_capabilities(instance, path) & REMOTE_IS_OFFLINE) != 0;
}

/* `path` is not in the tree: the nearest directory above it that is decides. */
static int offline_absent(struct instance *instance, const char *path)
{
    char parent[PATH_MAX];
    enum tree_kind kind = TREE_ABSENT;
    (void)stpcpy(parent, path);
    while (kind == TREE_ABSENT) {
        if (!names_cut(parent) || parent[0] == '\0')
            return -EIO;
        int rc = tree_look(instance->tree, parent, &kind);
        if (rc < 0)
            return rc;
    }
    return kind == TREE_FILE || listing_was_complete(instance->tree, parent) ? -ENOENT : -EIO;
}

int offline_answer(struct instance *instance, enum question_kind question, const char *path)
{
    enum tree_kind kind;
    int rc = tree_look(instance->tree, path, &kind);
    if (rc < 0)
        return rc;
    if (kind == TREE_ABSENT)
        return offline_absent(instance, path);
    if (question == QUESTION_ENTRY)
        return 0;
    if (kind == TREE_FILE)
        return -ENOTDIR;
    /* Where no listing names all, what is known of it is what there is. */
    return !place_lists_all(instance, path) || listing_was_complete(instance->tree, path) ? 0 : -EIO;
}
