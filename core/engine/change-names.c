/* SPDX-License-Identifier: MIT */
/*
 * MKDIR and REMOVE: the remote first, then the tree, the path being claimed alone. What was done
 * here is then the answer to the questions about it, so that a directory made here is not listed
 * for each file that is made in it.
 */
#include "core/engine/change-names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/engine/ahead.h"
#include "core/engine/claim.h"
#include "core/engine/ensure.h"
#include "core/engine/internal.h"
#include "core/engine/keep.h"
#include "core/engine/names.h"
#include "core/engine/question.h"
#include "core/engine/writable.h"
#include "core/tree/change.h"
#include "core/tree/sweep.h"

/* Entries came to or went from the directory of `path`: its order of reading is another. */
void names_changed(struct claim *claim)
{
    for (unsigned i = 0; i < claim->count; i++) {
        char directory[PATH_MAX];
        (void)stpcpy(directory, claim->path[i]);
        (void)names_cut(directory);
        ahead_forget(claim->instance, directory);
        question_forget(claim->instance, QUESTION_ENTRY, claim->path[i]);
    }
    claim_changed(claim);
}

/* --- MKDIR --- */

int names_make_remote(struct instance *instance, const char *path)
{
    struct remote *remote;
    const char *rest;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = instance_remote(instance, path, &remote, &rest);
    if (rc < 0)
        return rc;
    rc = remote_make_dir(remote, &call, rest);
    writable_learn(instance, path, rc, &call);
    return rc < 0 && rc != -EEXIST ? instance_failed(instance, "make directory", path, &call, rc)
                                   : rc;
}

static int mkdir_run(struct instance *instance, const char *path, mode_t mode, bool again)
{
    CLEANUP_CLAIM struct claim claim = { .instance = NULL };
    struct stat st;
    int rc = claim_take(&claim, instance, CLAIM_ALONE, path, NULL);
    if (rc < 0)
        return rc;
    rc = tree_stat(instance->tree, path, &st);
    if (rc == 0)
        return again && S_ISDIR(st.st_mode) ? 0 : -EEXIST;
    if (rc != -ENOENT)
        return rc;
    char parent[PATH_MAX];
    (void)stpcpy(parent, path);
    (void)names_cut(parent);
    rc = tree_stat(instance->tree, parent, &st);
    if (rc == 0 && !S_ISDIR(st.st_mode))
        rc = -ENOTDIR;
    if (rc == 0)
        rc = change_check_parent(instance->tree, path);
    if (rc == 0)
        rc = names_make_remote(instance, path);
    if (rc == -EEXIST && !again) /* it was made elsewhere: the tree should show it */
        question_forget(instance, QUESTION_LISTING, parent);
    if (rc == -EEXIST && again)
        rc = 0;
    if (rc == 0 && (mode & 07777) != TREE_DIRECTORY_MODE &&
        keep_can(instance, path, REMOTE_KEEPS_ATTRIBUTES)) {
        const struct remote_attributes wanted = { .valid = REMOTE_SET_MODE, .mode = mode & 07777 };
        (void)keep_set(instance, path, -1, &wanted); /* logged; it is a directory all the same */
    }
    if (rc == 0)
        rc = change_make_directory(instance->tree, path, mode);
    if (rc < 0)
        return rc;
    names_changed(&claim);
    if (!again) /* there was none: what is in it is what will be made in it here */
        question_settle(instance, QUESTION_LISTING, path, 0);
    return 0;
}

int engine_mkdir(struct engine *engine, const struct wire_mkdir_request *request)
{
    char path[PATH_MAX];
    struct stat st;
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    int rc = ensure_translate(instance, request->path, path, sizeof(path));
    if (rc < 0)
        return rc;
    rc = writable_check(instance, path);
    if ((rc == -EACCES || rc == -EPERM || rc == -EROFS) && tree_stat(instance->tree, path, &st) == 0)
        return -EEXIST;
    if (rc == 0)
        rc = writable_ensure(instance, path);
    return rc < 0 ? rc : mkdir_run(instance, path, (mode_t)request->mode, request->again != 0);
}

/* --- REMOVE --- */

int names_remove_remote(struct instance *instance, const char *path, enum remote_remove_kind kind)
{
    struct remote *remote;
    const char *rest;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = instance_remote(instance, path, &remote, &rest);
    if (rc < 0)
        return rc;
    rc = remote_remove(remote, &call, rest, kind);
    writable_learn(instance, path, rc, &call);
    if (rc == -ENOENT) /* somebody else was first */
        return 0;
    if (rc == -ENOTEMPTY)
        return rc;
    return rc < 0 ? instance_failed(instance, "remove", path, &call, rc) : 0;
}

int names_rename_remote(
    struct instance *instance, const char *from, const char *to, bool again)
{
    struct remote *remote;
    struct remote_entry entry;
    const char *old, *new;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = instance_remote(instance, from, &remote, &old);
    if (rc == 0)
        rc = instance_remote(instance, to, &remote, &new);
    if (rc < 0)
        return rc;
    rc = remote_rename(remote, &call, old, new);
    writable_learn(instance, from, rc, &call);
    if (rc == -ENOENT && again && remote_probe(remote, &call, new, &entry) == 0)
        return 0;
    if (rc == -ENOTEMPTY)
        return rc;
    return rc < 0 ? instance_failed(instance, "rename", from, &call, rc) : 0;
}

struct other_name {
    ino_t inode;
    char path[PATH_MAX];
};

static int remove_see_name(
    void *context, const char *path, int dir, const char *name, const struct stat *st)
{
    struct other_name *other = context;
    (void)dir;
    (void)name;
    if (st->st_ino != other->inode)
        return 0;
    (void)stpcpy(other->path, path); /* a tree path: it fits */
    return -EEXIST;                  /* enough */
}

/* One of the names of a file that is to be uploaded has gone; whether it still has another, which the
 * upload then goes to. */
static bool remove_moves_record(struct dirty *dirty, int held, const char *path)
{
    char now[PATH_MAX];
    struct stat st;
    if (fstat(held, &st) < 0 || st.st_nlink == 0)
        return false;
    dirty_path(dirty, now);
    if (strcmp(now, path) != 0)
        return true;
    CLEANUP_FREE struct other_name *other = calloc(1, sizeof(*other));
    if (other == NULL)
        return false;
    other->inode = st.st_ino;
    (void)sweep_files(dirty->instance->tree, remove_see_name, other);
    if (other->path[0] == '\0')
        return false;
    int rc = dirty_rename(dirty, other->path, true);
    if (rc < 0) /* the intent has the old path; the next agent would look for the file */
        log_warn("engine", "\"%s\": its intent cannot be updated: %s", path, strerror(-rc));
    return true;
}

static int remove_file(struct instance *instance, const char *path)
{
    /* While it is open its number is no other file's: the record goes before that can be. */
    CLEANUP_CLOSE int held = change_open(instance->tree, path, O_PATH);
    if (held < 0)
        return held;
    CLEANUP_DIRTY struct dirty *dirty = dirty_find_path(instance, path);
    bool remote = true;
    if (dirty != NULL) {
        LOCK_SCOPE(&instance->dirties.lock);
        /* A round that failed may have left something, too. */
        remote = dirty->synced.base || dirty->synced.stored || dirty->synced.started > 0;
    }
    int rc = remote ? names_remove_remote(instance, path, REMOTE_REMOVE_FILE) : 0;
    if (rc == 0)
        rc = change_unlink(instance->tree, path);
    if (rc == 0 && dirty != NULL && !remove_moves_record(dirty, held, path))
        dirty_drop(dirty);
    return rc;
}

/* Whether a directory of the tree holds anything. */
static int remove_is_empty(struct instance *instance, const char *path)
{
    CLEANUP_CLOSE int fd = change_open(instance->tree, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    CLEANUP_CLOSEDIR DIR *stream = fdopendir(fd);
    if (stream == NULL)
        return -errno;
    (void)TAKE_FD(fd); /* the stream's now */
    const struct dirent *found;
    while ((found = readdir(stream)) != NULL)
        if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0)
            return -ENOTEMPTY;
    return 0;
}

static int remove_directory(struct instance *instance, const char *path)
{
    int rc = remove_is_empty(instance, path);
    if (rc == 0)
        rc = names_remove_remote(instance, path, REMOTE_REMOVE_EMPTY_DIR);
    if (rc == -ENOTEMPTY) /* the tree should show what the remote sees in it */
        question_forget_below(instance, path);
    if (rc == 0)
        rc = change_remove_directory(instance->tree, path);
    if (rc == 0) {
        question_forget_below(instance, path);
        question_settle(instance, QUESTION_LISTING, path, -ENOENT);
    }
    return rc;
}

static int remove_run(struct instance *instance, const char *path, bool directory, bool again)
{
    CLEANUP_CLAIM struct claim claim = { .instance = NULL };
    struct stat st;
    int rc = claim_take(&claim, instance, CLAIM_ALONE, path, NULL);
    if (rc < 0)
        return rc;
    rc = tree_stat(instance->tree, path, &st);
    if (rc < 0)
        return rc == -ENOENT && again ? 0 : rc;
    rc = change_check_parent(instance->tree, path);
    if (rc < 0)
        return rc;
    if (directory != S_ISDIR(st.st_mode))
        return directory ? -ENOTDIR : -EISDIR;
    rc = directory ? remove_directory(instance, path) : remove_file(instance, path);
    if (rc == 0)
        names_changed(&claim);
    return rc;
}

int engine_remove(struct engine *engine, const struct wire_remove_request *request)
{
    char path[PATH_MAX];
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    bool directory = (request->flags & AT_REMOVEDIR) != 0;
    struct stat st;
    int rc = ensure_translate(instance, request->path, path, sizeof(path));
    if (rc == 0)
        rc = writable_check(instance, path);
    if (rc == -EROFS && tree_stat(instance->tree, path, &st) < 0)
        rc = -ENOENT;
    if (rc == 0)
        rc = writable_ensure(instance, path);
    return rc < 0 ? rc : remove_run(instance, path, directory, request->again != 0);
}
