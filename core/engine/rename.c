/* SPDX-License-Identifier: MIT */
#include "core/engine/rename.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/engine/change-names.h"
#include "core/engine/commit.h"
#include "core/engine/ensure.h"
#include "core/engine/fill.h"
#include "core/engine/hydration.h"
#include "core/engine/internal.h"
#include "core/engine/keep.h"
#include "core/engine/names.h"
#include "core/engine/question.h"
#include "core/engine/upload.h"
#include "core/engine/writable.h"
#include "core/tree/change.h"
#include "core/tree/file.h"

enum { RENAME_ATTEMPTS = 5 }; /* of what others change all the time */

/* --- the steps --- */

int rename_journal(struct renaming *renaming)
{
    renaming->intent.kind = JOURNAL_RENAME;
    renaming->intent.path = renaming->from;
    renaming->intent.to = renaming->to;
    renaming->intent.why = "";
    if (renaming->intent.since_s == 0)
        renaming->intent.since_s = time(NULL);
    return journal_put(renaming->instance->journal, &renaming->intent, false);
}

bool rename_is_remote(struct dirty *dirty)
{
    if (dirty == NULL)
        return true;
    LOCK_SCOPE(&dirty->instance->dirties.lock);
    /* A round that failed may have left something, too. */
    return dirty->synced.base || dirty->synced.stored || dirty->synced.started > 0;
}

bool rename_is_local(struct dirty *dirty, int fd)
{
    if (rename_is_remote(dirty))
        return false;
    bool writers = dirty_has_writers(fd);
    LOCK_SCOPE(&dirty->instance->dirties.lock);
    return writers || dirty->synced.durable;
}

int rename_at_once(struct renaming *renaming)
{
    bool again = (renaming->intent.flags & JOURNAL_AT_ONCE) != 0;
    renaming->intent.flags |= JOURNAL_AT_ONCE;
    int rc = rename_journal(renaming);
    return rc < 0 ? rc
                  : names_rename_remote(
                        renaming->instance, renaming->from, renaming->to, again);
}

bool rename_needs_content(struct instance *instance, const char *path)
{
    return !keep_can(instance, path, REMOTE_CAN_RENAME) &&
           !keep_can(instance, path, REMOTE_CAN_COPY);
}

/* On the server. The object there is what the file says that it is. */
static int rename_copy_there(
    struct instance *instance, int fd, const char *path, const char *as, struct dirty *dirty)
{
    struct remote *remote;
    const char *from, *to;
    struct upload upload = { .entry = { .version = "" } };
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = instance_remote(instance, path, &remote, &from);
    if (rc == 0)
        rc = instance_remote(instance, as, &remote, &to);
    if (rc == 0)
        rc = dirty_stamp(fd, &upload.stamp);
    if (rc < 0)
        return rc;
    rc = remote_copy(remote, &call, from, to, &upload.entry);
    writable_learn(instance, as, rc, &call);
    if (rc < 0)
        return instance_failed(instance, "rename", path, &call, rc == -ESTALE ? -EIO : rc);
    bool stored = dirty != NULL && dirty_begin_touch(dirty, fd);
    if (keep_can(instance, as, REMOTE_KEEPS_ATTRIBUTES))
        keep_note(fd, &upload.entry);
    else
        upload_note(fd, &upload);
    if (stored)
        dirty_end_touch(dirty, fd);
    return 0;
}

int rename_copy(
    struct instance *instance, int fd, const char *path, const char *as, struct dirty *dirty)
{
    if (keep_can(instance, path, REMOTE_CAN_COPY) &&
        (dirty == NULL || !dirty_needs_upload(dirty, fd)))
        return rename_copy_there(instance, fd, path, as, dirty);
    struct file_state state;
    struct remote_call call = { .why = "" };
    struct upload upload;
    int rc = file_inspect(fd, &state);
    if (rc < 0)
        return rc;
    if (!state.complete)
        return -ESTALE;
    if (dirty != NULL)
        commit_begin(dirty);
    rc = upload_file(instance, as, fd, &call, &upload);
    writable_learn(instance, as, rc, &call);
    if (rc == 0 && dirty != NULL)
        commit_stored(dirty, fd, &upload);
    else if (rc == 0)
        upload_note(fd, &upload);
    if (rc < 0 && dirty != NULL) {
        LOCK_SCOPE(&instance->dirties.lock);
        dirty->synced.changed = true;
    }
    if (rc == -ESTALE) /* that word is for the caller's own next attempt */
        rc = -EIO;
    return rc < 0 ? instance_failed(instance, "rename", path, &call, rc) : 0;
}

/* Step 5. `base`: the remote may have an object of the new name. */
static int rename_in_tree(struct renaming *renaming, struct dirty *dirty, int fd, bool base)
{
    struct instance *instance = renaming->instance;
    /* While it is open its number is no other file's: the record goes before that can be. */
    __attribute__((unused)) CLEANUP_CLOSE int held =
        change_open(instance->tree, renaming->to, O_PATH);
    CLEANUP_DIRTY struct dirty *replaced = dirty_find_path(instance, renaming->to);
    bool stored = dirty != NULL && dirty_begin_touch(dirty, fd);
    int rc = dirty == NULL ? 0 : dirty_rename(dirty, renaming->to, base);
    if (rc < 0) /* the intent has the old path; the next agent would look for the file */
        log_warn("engine", "\"%s\": its intent cannot be updated: %s", renaming->to, strerror(-rc));
    rc = change_rename(instance->tree, renaming->from, renaming->to);
    if (rc < 0 && dirty != NULL)
        (void)dirty_rename(dirty, renaming->from, true); /* as it was */
    if (rc == 0 && replaced != NULL)
        dirty_drop(replaced);
    if (rc == 0 && stored)
        dirty_end_touch(dirty, fd);
    if (rc == 0) {
        hydration_rename(instance, renaming->from, renaming->to);
        names_changed(&renaming->claim);
    }
    return rc;
}

/* The remote may have both names now; whoever looks should see what it has. */
static void rename_give_up(struct renaming *renaming)
{
    char directory[PATH_MAX];
    (void)stpcpy(directory, renaming->to);
    (void)names_cut(directory);
    question_forget(renaming->instance, QUESTION_LISTING, directory);
    question_forget(renaming->instance, QUESTION_ENTRY, renaming->to);
}

/* The old name cannot be removed. Where the new one was none before it is taken back, and all is as
 * it was; else the remote has both. */
static void rename_undo(struct renaming *renaming, struct dirty *dirty)
{
    struct instance *instance = renaming->instance;
    struct stat st;
    if (tree_stat(instance->tree, renaming->to, &st) == -ENOENT)
        (void)names_remove_remote(instance, renaming->to, REMOTE_REMOVE_FILE); /* logged */
    if (dirty == NULL)
        return;
    LOCK_SCOPE(&instance->dirties.lock);
    dirty->synced.changed = true; /* what was stored is not stored under its name */
}

static int rename_file_steps(struct renaming *renaming, struct dirty *dirty, int fd)
{
    struct instance *instance = renaming->instance;
    int rc = 0;
    if (rename_is_remote(dirty) && (renaming->intent.flags & JOURNAL_COPIED) == 0 &&
        keep_can(instance, renaming->from, REMOTE_CAN_RENAME)) {
        rc = rename_at_once(renaming);
        return rc < 0 ? rc : rename_in_tree(renaming, dirty, fd, true);
    }
    if ((renaming->intent.flags & JOURNAL_COPIED) == 0) {
        bool old = rename_is_remote(dirty);
        rc = rename_journal(renaming);
        if (rc == 0)
            rc = rename_copy(instance, fd, renaming->from, renaming->to, dirty);
        if (rc == 0 && !old)
            return rename_in_tree(renaming, dirty, fd, true);
        renaming->intent.flags |= JOURNAL_COPIED;
        if (rc == 0)
            rc = rename_journal(renaming);
    }
    if (rc < 0)
        return rc;
    rc = names_remove_remote(instance, renaming->from, REMOTE_REMOVE_FILE);
    if (rc == 0)
        return rename_in_tree(renaming, dirty, fd, true);
    if (rc != -ECANCELED)
        rename_undo(renaming, dirty);
    return rc;
}

int rename_file(struct renaming *renaming)
{
    struct instance *instance = renaming->instance;
    CLEANUP_CLOSE int fd = file_open_reading(instance->tree, renaming->from);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return fd < 0 ? fd : -errno;
    const struct dirty_key key = dirty_key_of(&st);
    CLEANUP_DIRTY struct dirty *dirty = dirty_find(instance, &key);
    if (rename_is_local(dirty, fd)) {
        CLEANUP_DIRTY struct dirty *replaced = dirty_find_path(instance, renaming->to);
        bool base = replaced != NULL ? rename_is_remote(replaced)
                                     : tree_stat(instance->tree, renaming->to, &st) == 0;
        int rc = rename_in_tree(renaming, dirty, fd, base);
        journal_drop(instance->journal, renaming->intent.id); /* an earlier agent's */
        return rc;
    }
    int rc = rename_file_steps(renaming, dirty, fd);
    if (rc == -ECANCELED) /* we are leaving: the next agent goes on */
        return rc;
    if (rc < 0)
        rename_give_up(renaming);
    journal_drop(instance->journal, renaming->intent.id);
    if (dirty != NULL)
        commit_closed(instance, &key); /* it may be all there is to do */
    return rc;
}

/* A new link, then the old one goes: its target is in the tree. */
static int rename_link_steps(struct renaming *renaming)
{
    struct instance *instance = renaming->instance;
    struct remote *remote;
    struct remote_attributes attributes;
    struct stat st;
    const char *rest;
    char target[PATH_MAX];
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = tree_read_link(instance->tree, renaming->from, target, sizeof(target), &st);
    if (rc == 0)
        rc = rename_journal(renaming);
    if (rc == 0)
        rc = instance_remote(instance, renaming->to, &remote, &rest);
    if (rc == 0)
        rc = names_remove_remote(instance, renaming->to, REMOTE_REMOVE_FILE);
    if (rc < 0)
        return rc;
    keep_attributes(&st, &attributes);
    rc = remote_make_symlink(remote, &call, target, rest, &attributes, NULL);
    if (rc < 0)
        return instance_failed(instance, "rename", renaming->from, &call, rc);
    return names_remove_remote(instance, renaming->from, REMOTE_REMOVE_FILE);
}

int rename_link(struct renaming *renaming)
{
    struct instance *instance = renaming->instance;
    int rc = keep_can(instance, renaming->from, REMOTE_CAN_RENAME) ? rename_at_once(renaming)
                                                                    : rename_link_steps(renaming);
    if (rc == 0)
        rc = rename_in_tree(renaming, NULL, -1, true);
    if (rc == -ECANCELED) /* we are leaving: the next agent goes on */
        return rc;
    if (rc < 0)
        rename_give_up(renaming);
    journal_drop(instance->journal, renaming->intent.id);
    return rc;
}

/* --- the message --- */

/* Has the file here, wholly, before it is claimed. */
static int rename_hydrate(struct instance *instance, const char *path)
{
    CLEANUP_CLOSE int fd = file_open_reading(instance->tree, path);
    return fd < 0 ? fd : fill_file(instance, path, fd);
}

/* Whether `path` is below `directory`. */
static bool rename_is_below(const char *directory, const char *path)
{
    size_t len = strlen(directory);
    return strncmp(path, directory, len) == 0 && path[len] == '/';
}

/* Whether the directories' modes allow it. */
static int rename_check_modes(
    struct instance *instance, const char *from, const char *to, bool directory)
{
    const char *from_name = strrchr(from, '/');
    const char *to_name = strrchr(to, '/');
    bool moves = from_name == NULL || to_name == NULL || from_name - from != to_name - to ||
        strncmp(from, to, (size_t)(from_name - from)) != 0;
    int rc = change_check_parent(instance->tree, from);
    if (rc == 0 && moves)
        rc = change_check_parent(instance->tree, to);
    if (rc == 0 && moves && directory)
        rc = change_check_directory(instance->tree, from);
    return rc;
}

/* What rename(2) says about the two entries, in its order; 1: nothing is to be done. */
static int rename_check(struct instance *instance, const char *from, const char *to,
    const struct wire_rename_request *request)
{
    struct stat source, target;
    int rc = tree_stat(instance->tree, from, &source);
    int there = tree_stat(instance->tree, to, &target);
    if (rc < 0 && rc != -ENOENT)
        return rc;
    if (there < 0 && there != -ENOENT)
        return there;
    if (rc == -ENOENT && there == 0 && request->again != 0)
        return 1;
    if (rc < 0)
        return rc;
    if (there == 0 && (request->flags & RENAME_NOREPLACE) != 0)
        return -EEXIST;
    if (rename_is_below(from, to))
        return -EINVAL;
    if (rename_is_below(to, from))
        return -ENOTEMPTY;
    if (there == 0 && source.st_ino == target.st_ino)
        return 1;
    rc = rename_check_modes(instance, from, to, S_ISDIR(source.st_mode));
    if (rc < 0)
        return rc;
    if (there == 0 && S_ISDIR(target.st_mode) && !S_ISDIR(source.st_mode))
        return -EISDIR;
    if (there == 0 && !S_ISDIR(target.st_mode) && S_ISDIR(source.st_mode))
        return -ENOTDIR;
    return 0;
}

static int rename_any(struct renaming *renaming, mode_t mode)
{
    if (S_ISLNK(mode))
        return rename_link(renaming);
    return S_ISDIR(mode) ? rename_directory(renaming) : rename_file(renaming);
}

static int rename_attempt(struct instance *instance, const char *from, const char *to,
    const struct wire_rename_request *request)
{
    struct stat st;
    int rc = 0;
    if (!keep_can(instance, from, REMOTE_CAN_RENAME_DIR))
        rc = rename_prepare_directory(instance, from, to);
    if (rc == 0 && rename_needs_content(instance, from) &&
        tree_stat(instance->tree, from, &st) == 0 && S_ISREG(st.st_mode))
        rc = rename_hydrate(instance, from);
    if (rc < 0 && rc != -ENOENT) /* gone meanwhile: the check below knows what that means */
        return rc;
    struct renaming *renaming = calloc(1, sizeof(*renaming));
    if (renaming == NULL)
        return -ENOMEM;
    renaming->instance = instance;
    rc = claim_take(&renaming->claim, instance, CLAIM_ALONE, from, to);
    renaming->from = renaming->claim.path[0];
    renaming->to = renaming->claim.path[1];
    if (rc == 0)
        rc = rename_check(instance, from, to, request);
    if (rc == 0)
        rc = tree_stat(instance->tree, from, &st);
    if (rc == 0)
        rc = rename_any(renaming, st.st_mode);
    claim_release(&renaming->claim);
    free(renaming);
    return rc;
}

static int rename_allowed(struct instance *instance, const char *from, const char *to)
{
    struct stat st;
    size_t connector = strcspn(from, "/");
    int rc = writable_check(instance, from);
    if (rc == -EROFS && tree_stat(instance->tree, from, &st) < 0)
        return -ENOENT;
    if (rc == 0)
        rc = writable_check(instance, to);
    if (rc == 0 && (strcspn(to, "/") != connector || strncmp(from, to, connector) != 0))
        rc = -EXDEV; /* what can be kept of one store's object the other cannot */
    if (rc == 0)
        rc = writable_ensure(instance, from);
    return rc < 0 ? rc : writable_ensure(instance, to);
}

int engine_rename(struct engine *engine, const struct wire_rename_request *request)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    int rc = ensure_translate(instance, request->from, from, sizeof(from));
    if (rc == 0)
        rc = ensure_translate(instance, request->to, to, sizeof(to));
    if (rc == 0 && (request->flags & ~(uint64_t)RENAME_NOREPLACE) != 0)
        rc = -EINVAL;
    if (rc == 0)
        rc = rename_allowed(instance, from, to);
    if (rc == 0)
        rc = rename_check(instance, from, to, request);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    for (unsigned i = 0; i < RENAME_ATTEMPTS; i++) {
        rc = rename_attempt(instance, from, to, request);
        if (rc != -ESTALE)
            return rc < 0 ? rc : 0;
    }
    return -EBUSY;
}

/* --- after a restart --- */

static void rename_resume_run(void *argument)
{
    struct renaming *renaming = argument;
    struct instance *instance = renaming->instance;
    struct stat st;
    int rc = tree_stat(instance->tree, renaming->from, &st);
    if (rc == -ENOENT) { /* step 6 was missing */
        journal_drop(instance->journal, renaming->intent.id);
        rc = 0;
    } else if (rc == 0) {
        rc = rename_any(renaming, st.st_mode);
    }
    if (rc < 0 && rc != -ECANCELED) { /* nobody was told that it was done; one name has all */
        log_warn("engine", "the rename of \"%s\" to \"%s\" was not finished: %s", renaming->from,
            renaming->to, strerror(-rc));
        journal_drop(instance->journal, renaming->intent.id);
    }
    claim_release(&renaming->claim);
    free(renaming);
    LOCK_SCOPE(&instance->dirties.lock);
    instance->dirties.renames--;
    pthread_cond_broadcast(&instance->dirties.settled);
}

void rename_resume(struct renaming *renaming)
{
    {
        LOCK_SCOPE(&renaming->instance->dirties.lock);
        renaming->instance->dirties.renames++;
    }
    if (pool_submit(renaming->instance->engine->uploads, rename_resume_run, renaming) < 0)
        rename_resume_run(renaming);
}
