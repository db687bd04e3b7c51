/* SPDX-License-Identifier: MIT */
/*
 * SYMLINK and LINK: the remote first, then the tree, the paths being claimed alone; where the store
 * has no such things: EPERM. Hard links are two names of one inode here as there, so what is written
 * through one is seen through the other before and after its upload.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/engine/change-names.h"
#include "core/engine/commit.h"
#include "core/engine/ensure.h"
#include "core/engine/internal.h"
#include "core/engine/keep.h"
#include "core/engine/links.h"
#include "core/engine/names.h"
#include "core/engine/question.h"
#include "core/engine/writable.h"
#include "core/tree/change.h"

/* Whether something can be made at the claimed `path`. 0 or -errno. */
static int links_check_new(struct instance *instance, const char *path)
{
    struct stat st;
    char parent[PATH_MAX];
    int rc = tree_stat(instance->tree, path, &st);
    if (rc == 0)
        return -EEXIST;
    if (rc != -ENOENT)
        return rc;
    (void)stpcpy(parent, path);
    (void)names_cut(parent);
    rc = tree_stat(instance->tree, parent, &st);
    return rc == 0 && !S_ISDIR(st.st_mode) ? -ENOTDIR : rc;
}

/* It was made elsewhere: the tree should show it. */
static void links_look_again(struct instance *instance, const char *path)
{
    char parent[PATH_MAX];
    (void)stpcpy(parent, path);
    (void)names_cut(parent);
    question_forget(instance, QUESTION_LISTING, parent);
}

static int links_begin(struct instance *instance, const char *path, unsigned needed)
{
    struct stat st;
    int rc = writable_check(instance, path);
    if ((rc == -EACCES || rc == -EPERM) && tree_stat(instance->tree, path, &st) == 0)
        return -EEXIST;
    if (rc == 0)
        rc = writable_ensure(instance, path);
    if (rc == 0 && !keep_can(instance, path, needed)) {
        rc = links_check_new(instance, path); /* what the kernel would find first */
        rc = rc == 0 ? -EPERM : rc;
    }
    return rc;
}

/* --- symbolic links --- */

static int symlink_remote(
    struct instance *instance, const char *target, const char *path, struct remote_entry *ret_entry)
{
    struct remote *remote;
    const char *rest;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    *ret_entry = (struct remote_entry){ .version = "" };
    int rc = instance_remote(instance, path, &remote, &rest);
    if (rc < 0)
        return rc;
    rc = remote_make_symlink(remote, &call, target, rest, NULL, ret_entry);
    writable_learn(instance, path, rc, &call);
    return rc < 0 && rc != -EEXIST ? instance_failed(instance, "make the link", path, &call, rc)
                                   : rc;
}

static int symlink_run(
    struct instance *instance, const char *target, const char *path, bool again)
{
    CLEANUP_CLAIM struct claim claim = { .instance = NULL };
    struct remote_entry entry;
    struct stat st;
    char there[PATH_MAX];
    int rc = claim_take(&claim, instance, CLAIM_ALONE, path, NULL);
    if (rc < 0)
        return rc;
    rc = links_check_new(instance, path);
    if (rc == -EEXIST && again &&
        tree_read_link(instance->tree, path, there, sizeof(there), &st) == 0 &&
        strcmp(there, target) == 0)
        return 0;
    if (rc == 0)
        rc = symlink_remote(instance, target, path, &entry);
    if (rc == -EEXIST)
        links_look_again(instance, path);
    if (rc == 0)
        rc = change_make_link(
            instance->tree, target, path, entry.has_mtime ? &entry.mtime : NULL);
    if (rc == 0)
        names_changed(&claim);
    return rc;
}

int engine_symlink(struct engine *engine, const struct wire_symlink_request *request)
{
    char path[PATH_MAX];
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    if (request->target[0] == '\0')
        return -ENOENT;
    if (strlen(request->target) >= PATH_MAX)
        return -ENAMETOOLONG;
    int rc = ensure_translate(instance, request->path, path, sizeof(path));
    if (rc == 0)
        rc = links_begin(instance, path, REMOTE_CAN_SYMLINK);
    return rc < 0 ? rc : symlink_run(instance, request->target, path, request->again != 0);
}

/* --- hard links --- */

/* The remote must have the file before it can give it another name. */
int links_have_remote(struct instance *instance, const char *path)
{
    CLEANUP_DIRTY struct dirty *dirty = dirty_find_path(instance, path);
    if (dirty == NULL)
        return 0;
    {
        LOCK_SCOPE(&instance->dirties.lock);
        if (dirty->synced.base || dirty->synced.stored)
            return 0;
    }
    return commit_now(dirty);
}

static int link_remote(struct instance *instance, const char *from, const char *to)
{
    struct remote *remote;
    const char *old, *new;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = instance_remote(instance, from, &remote, &old);
    if (rc == 0)
        rc = instance_remote(instance, to, &remote, &new);
    if (rc < 0)
        return rc;
    rc = remote_link(remote, &call, old, new);
    writable_learn(instance, to, rc, &call);
    return rc < 0 && rc != -EEXIST ? instance_failed(instance, "link", to, &call, rc) : rc;
}

/* A further name moves the ctime, and nothing else. */
static int link_in_tree(struct instance *instance, const char *from, const char *to)
{
    CLEANUP_CLOSE int fd = change_open(instance->tree, from, O_PATH | O_NOFOLLOW);
    CLEANUP_DIRTY struct dirty *dirty = dirty_find_path(instance, from);
    bool stored = dirty != NULL && fd >= 0 && dirty_begin_touch(dirty, fd);
    int rc = change_link(instance->tree, from, to);
    if (stored)
        dirty_end_touch(dirty, fd);
    return rc;
}

static int link_run(struct instance *instance, const char *from, const char *to, bool again)
{
    CLEANUP_CLAIM struct claim claim = { .instance = NULL };
    struct stat source, target;
    int rc = claim_take(&claim, instance, CLAIM_ALONE, from, to);
    if (rc == 0)
        rc = tree_stat(instance->tree, from, &source);
    if (rc < 0)
        return rc;
    if (S_ISDIR(source.st_mode))
        return -EPERM;
    rc = links_check_new(instance, to);
    if (rc == -EEXIST && again && tree_stat(instance->tree, to, &target) == 0 &&
        source.st_ino == target.st_ino)
        return 0;
    if (rc == 0)
        rc = link_remote(instance, from, to);
    if (rc == -EEXIST)
        links_look_again(instance, to);
    if (rc == 0)
        rc = link_in_tree(instance, from, to);
    if (rc == 0)
        names_changed(&claim);
    return rc;
}

int engine_link(struct engine *engine, const struct wire_link_request *request)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    int rc = ensure_translate(instance, request->from, from, sizeof(from));
    if (rc == 0)
        rc = ensure_translate(instance, request->to, to, sizeof(to));
    if (rc == 0)
        rc = links_begin(instance, to, REMOTE_CAN_LINK);
    if (rc == 0 && (strcspn(from, "/") != strcspn(to, "/") ||
                       strncmp(from, to, strcspn(from, "/")) != 0))
        rc = -EXDEV;
    if (rc == 0)
        rc = writable_ensure(instance, from);
    if (rc == 0)
        rc = links_have_remote(instance, from);
    return rc < 0 ? rc : link_run(instance, from, to, request->again != 0);
}
