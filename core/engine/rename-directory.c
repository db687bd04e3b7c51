/* SPDX-License-Identifier: MIT */
/* Renaming a directory: the steps of rename.h, each for all that is in it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/pool.h"
#include "core/engine/change-names.h"
#include "core/engine/fill.h"
#include "core/engine/hydration.h"
#include "core/engine/internal.h"
#include "core/engine/keep.h"
#include "core/engine/names.h"
#include "core/engine/question.h"
#include "core/engine/rename.h"
#include "core/tree/change.h"
#include "core/tree/file.h"

enum {
    BRANCH_PARALLEL = 8,  /* transfers of one rename */
    BRANCH_MAX = 1000000, /* entries; more are -E2BIG */
    BRANCH_IDLE_MS = 1000,
};

struct leaf {
    char *path; /* below the directory, with its slash; "" for itself */
    bool is_dir, is_link;
    bool local; /* never seen by the remote: renamed with the tree */
    int result;
    struct branch *branch;
};

/* A directory with all that is in it, parents first. */
struct branch {
    struct renaming *renaming;
    struct leaf *leaves;
    size_t count, room;
    enum { BRANCH_COPY, BRANCH_REMOVE_OLD, BRANCH_REMOVE_NEW } work;
    atomic_bool failed;
};

static void branch_deinit(struct branch *branch)
{
    for (size_t i = 0; i < branch->count; i++)
        free(branch->leaves[i].path);
    free(branch->leaves);
}

static int branch_add(struct branch *branch, const char *above, const char *name, mode_t mode)
{
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
    if (branch->count == BRANCH_MAX)
        return -E2BIG;
    if (branch->count == branch->room) {
        size_t room = branch->room == 0 ? 64 : branch->room * 2;
        struct leaf *grown = realloc(branch->leaves, room * sizeof(*grown));
        if (grown == NULL)
            return -ENOMEM;
        branch->leaves = grown;
        branch->room = room;
    }
    strbuf_addf(&path, "%s%s%s", above, name[0] == '\0' ? "" : "/", name);
    char *text = strbuf_detach(&path);
    if (text == NULL)
        return -ENOMEM;
    branch->leaves[branch->count++] =
        (struct leaf){ .path = text,
            .is_dir = S_ISDIR(mode),
            .is_link = S_ISLNK(mode),
            .branch = branch };
    return 0;
}

static int branch_path(const char *base, const struct leaf *leaf, char path[PATH_MAX])
{
    int len = snprintf(path, PATH_MAX, "%s%s", base, leaf->path);
    return len < 0 || len >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int branch_read_directory(
    struct branch *branch, struct tree *tree, const char *base, size_t at)
{
    char path[PATH_MAX];
    int rc = branch_path(base, &branch->leaves[at], path);
    if (rc < 0)
        return rc;
    CLEANUP_CLOSE int fd = change_open(tree, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    CLEANUP_CLOSEDIR DIR *stream = fdopendir(fd);
    if (stream == NULL)
        return -errno;
    (void)TAKE_FD(fd); /* the stream's now */
    const struct dirent *found;
    while (rc == 0 && (found = readdir(stream)) != NULL) {
        struct stat st;
        if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
            continue;
        if (fstatat(dirfd(stream), found->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return -errno;
        rc = branch_add(branch, branch->leaves[at].path, found->d_name, st.st_mode);
    }
    return rc;
}

/* Reads directory `base` of the tree. */
static int branch_read(struct branch *branch, struct tree *tree, const char *base)
{
    int rc = branch_add(branch, "", "", S_IFDIR);
    for (size_t i = 0; rc == 0 && i < branch->count; i++)
        if (branch->leaves[i].is_dir)
            rc = branch_read_directory(branch, tree, base, i);
    return rc;
}

/* --- before the claim --- */

static int branch_list(struct instance *instance, const char *path)
{
    struct branch branch = { .leaves = NULL };
    struct answer answer;
    char directory[PATH_MAX];
    int rc = branch_add(&branch, "", "", S_IFDIR);
    for (size_t i = 0; rc == 0 && i < branch.count; i++) {
        if (!branch.leaves[i].is_dir)
            continue;
        rc = branch_path(path, &branch.leaves[i], directory);
        if (rc == 0)
            rc = question_ask(instance, QUESTION_LISTING, directory, UINT64_MAX, &answer);
        if (rc == 0 && answer.result == -EACCES)
            rc = -EACCES;
        if (rc == 0)
            rc = branch_read_directory(&branch, instance->tree, path, i);
        if (rc == -ENOENT && i > 0) /* gone meanwhile */
            rc = 0;
    }
    branch_deinit(&branch);
    return rc;
}

int rename_prepare_directory(struct instance *instance, const char *from, const char *to)
{
    struct answer answer;
    struct stat st;
    if (tree_stat(instance->tree, from, &st) < 0 || !S_ISDIR(st.st_mode))
        return 0;
    int rc = branch_list(instance, from);
    if (rc == 0 && tree_stat(instance->tree, to, &st) == 0)
        rc = question_ask(instance, QUESTION_LISTING, to, UINT64_MAX, &answer);
    return rc;
}

/* --- one file --- */

/* The link's target is in the tree. */
static int leaf_copy_link(struct instance *instance, const char *from, const char *to)
{
    struct remote *remote;
    struct remote_attributes attributes;
    struct stat st;
    const char *rest;
    char target[PATH_MAX];
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = tree_read_link(instance->tree, from, target, sizeof(target), &st);
    if (rc == 0)
        rc = instance_remote(instance, to, &remote, &rest);
    if (rc < 0)
        return rc;
    keep_attributes(&st, &attributes);
    rc = remote_make_symlink(remote, &call, target, rest, &attributes, NULL);
    return rc < 0 && rc != -EEXIST ? instance_failed(instance, "rename", from, &call, rc) : 0;
}

static int leaf_copy(struct leaf *leaf, const char *from, const char *to)
{
    struct instance *instance = leaf->branch->renaming->instance;
    struct stat st;
    if (leaf->is_link)
        return leaf_copy_link(instance, from, to);
    CLEANUP_CLOSE int fd = file_open_reading(instance->tree, from);
    if (fd < 0 || fstat(fd, &st) < 0)
        return fd < 0 ? fd : -errno;
    const struct dirty_key key = dirty_key_of(&st);
    CLEANUP_DIRTY struct dirty *dirty = dirty_find(instance, &key);
    leaf->local = rename_is_local(dirty, fd);
    if (leaf->local)
        return 0;
    int rc = rename_needs_content(instance, from) ? fill_file(instance, from, fd) : 0;
    return rc < 0 ? rc : rename_copy(instance, fd, from, to, dirty);
}

static void leaf_run(void *argument)
{
    struct leaf *leaf = argument;
    struct branch *branch = leaf->branch;
    struct renaming *renaming = branch->renaming;
    struct instance *instance = renaming->instance;
    char from[PATH_MAX];
    char to[PATH_MAX];
    if (atomic_load(&branch->failed))
        return;
    int rc = branch_path(renaming->from, leaf, from);
    if (rc == 0)
        rc = branch_path(renaming->to, leaf, to);
    if (rc == 0 && branch->work == BRANCH_COPY)
        rc = leaf_copy(leaf, from, to);
    else if (rc == 0 && !leaf->local)
        rc = names_remove_remote(
            instance, branch->work == BRANCH_REMOVE_OLD ? from : to, REMOTE_REMOVE_FILE);
    leaf->result = rc;
    if (rc < 0)
        atomic_store(&branch->failed, true);
}

/* Does `work` for all files; the first failure ends it. */
static int branch_work(struct branch *branch, int work)
{
    int rc = 0;
    struct pool *pool = pool_new(BRANCH_PARALLEL, BRANCH_IDLE_MS);
    if (pool == NULL)
        return -ENOMEM;
    branch->work = work;
    atomic_store(&branch->failed, false);
    for (size_t i = 0; rc == 0 && i < branch->count; i++) {
        branch->leaves[i].result = 0;
        if (!branch->leaves[i].is_dir)
            rc = pool_submit(pool, leaf_run, &branch->leaves[i]);
    }
    pool_free(pool); /* waits for all */
    for (size_t i = 0; rc == 0 && i < branch->count; i++)
        rc = branch->leaves[i].result;
    return rc;
}

/* --- the directories --- */

/* The new directory has what the old one shows. A failure is logged, and that is all. */
static void branch_keep_attributes(struct branch *branch, const struct leaf *leaf, const char *path)
{
    struct instance *instance = branch->renaming->instance;
    struct remote_attributes attributes;
    struct stat st;
    char old[PATH_MAX];
    if (!keep_can(instance, path, REMOTE_KEEPS_ATTRIBUTES) ||
        branch_path(branch->renaming->from, leaf, old) < 0 ||
        tree_stat(instance->tree, old, &st) < 0)
        return;
    keep_attributes(&st, &attributes);
    (void)keep_set(instance, path, -1, &attributes);
}

static int branch_make_directories(struct branch *branch)
{
    struct renaming *renaming = branch->renaming;
    char path[PATH_MAX];
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < branch->count; i++) {
        if (!branch->leaves[i].is_dir)
            continue;
        rc = branch_path(renaming->to, &branch->leaves[i], path);
        if (rc == 0)
            rc = names_make_remote(renaming->instance, path);
        if (rc == -EEXIST)
            rc = 0;
        if (rc == 0)
            branch_keep_attributes(branch, &branch->leaves[i], path);
    }
    return rc;
}

/* What others have put there meanwhile stays, and so do the directories that lead to it. */
static int branch_remove_directories(struct branch *branch, const char *base)
{
    char path[PATH_MAX];
    int rc = 0;
    for (size_t i = branch->count; rc == 0 && i-- > 0;) {
        if (!branch->leaves[i].is_dir)
            continue;
        rc = branch_path(base, &branch->leaves[i], path);
        if (rc == 0)
            rc = names_remove_remote(branch->renaming->instance, path, REMOTE_REMOVE_EMPTY_DIR);
        if (rc == -ENOTEMPTY) {
            log_warn(
                "engine", "\"%s\" stays at the remote: somebody has put something there", path);
            rc = 0;
        }
    }
    return rc;
}

static int branch_copy(struct branch *branch)
{
    int rc = branch_make_directories(branch);
    if (rc == 0)
        rc = branch_work(branch, BRANCH_COPY);
    if (rc == 0 || rc == -ECANCELED)
        return rc;
    /* A half copy would be in the way of the next attempt. */
    if (branch_work(branch, BRANCH_REMOVE_NEW) < 0 ||
        branch_remove_directories(branch, branch->renaming->to) < 0)
        log_warn("engine", "\"%s\" stays at the remote, half copied", branch->renaming->to);
    return rc;
}

/* --- step 5 --- */

static void branch_rename_record(struct branch *branch, struct dirty *dirty)
{
    const struct renaming *renaming = branch->renaming;
    char old[PATH_MAX];
    char path[PATH_MAX];
    size_t len = strlen(renaming->from);
    dirty_path(dirty, old);
    if (strncmp(old, renaming->from, len) != 0 || old[len] != '/')
        return;
    if (snprintf(path, sizeof(path), "%s%s", renaming->to, old + len) >= (int)sizeof(path))
        return; /* was checked for each file */
    int rc = dirty_rename(dirty, path, rename_is_remote(dirty));
    if (rc < 0) /* the intent has the old path; the next agent would look for the file */
        log_warn("engine", "\"%s\": its intent cannot be updated: %s", path, strerror(-rc));
}

static int branch_rename_in_tree(struct branch *branch)
{
    struct renaming *renaming = branch->renaming;
    struct instance *instance = renaming->instance;
    unsigned count;
    int rc = change_rename(instance->tree, renaming->from, renaming->to);
    if (rc < 0)
        return rc;
    struct dirty **all = dirty_all(instance, &count);
    for (unsigned i = 0; i < count; i++) {
        branch_rename_record(branch, all[i]);
        dirty_put(all[i]);
    }
    free(all);
    hydration_rename(instance, renaming->from, renaming->to);
    question_forget_below(instance, renaming->from);
    question_forget_below(instance, renaming->to);
    question_settle(instance, QUESTION_LISTING, renaming->from, -ENOENT);
    names_changed(&renaming->claim);
    return 0;
}

static int branch_steps(struct branch *branch)
{
    struct renaming *renaming = branch->renaming;
    int rc = 0;
    if ((renaming->intent.flags & JOURNAL_COPIED) == 0 &&
        keep_can(renaming->instance, renaming->from, REMOTE_CAN_RENAME_DIR)) {
        renaming->intent.flags |= JOURNAL_DIRECTORY;
        rc = rename_at_once(renaming);
        return rc < 0 ? rc : branch_rename_in_tree(branch);
    }
    rc = branch_read(branch, renaming->instance->tree, renaming->from);
    if (rc == 0 && (renaming->intent.flags & JOURNAL_COPIED) == 0) {
        renaming->intent.flags |= JOURNAL_DIRECTORY;
        rc = rename_journal(renaming);
        if (rc == 0)
            rc = branch_copy(branch);
        renaming->intent.flags |= JOURNAL_COPIED;
        if (rc == 0)
            rc = rename_journal(renaming);
    }
    if (rc == 0)
        rc = branch_work(branch, BRANCH_REMOVE_OLD);
    if (rc == 0)
        rc = branch_remove_directories(branch, renaming->from);
    return rc < 0 ? rc : branch_rename_in_tree(branch);
}

/* -ENOTEMPTY: rename(2) would refuse it. */
static int branch_check_target(struct renaming *renaming)
{
    struct branch target = { .leaves = NULL };
    int rc = branch_read(&target, renaming->instance->tree, renaming->to);
    size_t count = target.count;
    branch_deinit(&target);
    return rc == -ENOENT ? 0 : rc == 0 && count > 1 ? -ENOTEMPTY : rc;
}

int rename_directory(struct renaming *renaming)
{
    struct branch branch = { .renaming = renaming };
    int rc = branch_check_target(renaming);
    if (rc < 0)
        return rc;
    rc = branch_steps(&branch);
    if (rc == -ECANCELED) { /* we are leaving: the next agent goes on */
        branch_deinit(&branch);
        return rc;
    }
    if (rc < 0) { /* the tree should show what the remote has */
        question_forget_below(renaming->instance, renaming->from);
        question_forget_below(renaming->instance, renaming->to);
    }
    journal_drop(renaming->instance->journal, renaming->intent.id);
    renaming->intent = (struct journal_intent){ .id = 0 };
    branch_deinit(&branch);
    return rc;
}
