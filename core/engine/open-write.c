/* SPDX-License-Identifier: MIT */
/*
 * OPEN_WRITE: the intent first, then the descriptor.
 *
 * The path is pinned before the file is opened, and opening waits for a listing that is being
 * applied: what is opened then stays the file of that name (claim.h, change.h). A file that is not
 * wholly here is fetched before it is opened; when its content is to be thrown away anyway a new
 * file takes its name, so that no transfer that is still under way writes into it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/cleanup.h"
#include "core/engine/claim.h"
#include "core/engine/doubt.h"
#include "core/engine/ensure.h"
#include "core/engine/fill.h"
#include "core/engine/internal.h"
#include "core/engine/keep.h"
#include "core/engine/names.h"
#include "core/engine/question.h"
#include "core/engine/writable.h"
#include "core/tree/change.h"
#include "core/tree/file.h"

enum {
    OPEN_ATTEMPTS = 20, /* of a file that others replace all the time */
    OPEN_PASSED =
        O_ACCMODE | O_APPEND | O_SYNC | O_DSYNC | O_DIRECT | O_NONBLOCK | O_NOATIME | O_DIRECTORY,
};

struct opening {
    struct instance *instance;
    const char *path;
    int flags; /* open(2)'s */
    mode_t mode;
    bool created;
};

/* The file is open here now, or another one has taken its name. */
static void opening_changed(struct opening *opening)
{
    claim_note_change(opening->instance, opening->path);
    question_forget(opening->instance, QUESTION_ENTRY, opening->path);
}

/*
 * An exclusive open is one on all machines, where the store can tell: the object is made there now,
 * empty, only if there is none. The intent is in the journal; should this agent die before the answer,
 * the file is an orphan that its maker adopts.
 */
static int opening_make_remote(struct opening *opening, struct dirty *dirty, int fd)
{
    struct instance *instance = opening->instance;
    struct remote *remote;
    struct remote_entry entry = { .version = "" };
    struct remote_write_source source = { .expected = "" };
    struct stat st;
    const char *rest;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    CLEANUP_CLOSE int empty = memfd_create("algofs-empty", MFD_CLOEXEC);
    if (empty < 0 || fstat(fd, &st) < 0)
        return -errno;
    source.fd = empty;
    int rc = instance_remote(instance, opening->path, &remote, &rest);
    if (rc < 0)
        return rc;
    if ((remote_capabilities(remote) & REMOTE_KEEPS_ATTRIBUTES) != 0)
        keep_attributes(&st, &source.attributes);
    {
        LOCK_SCOPE(&instance->dirties.lock);
        dirty->synced.base = true;
        dirty->synced.made = true;
    }
    rc = dirty_journal(dirty, false);
    if (rc == 0)
        rc = remote_write(remote, &call, rest, &source, &entry);
    if (rc == -EOPNOTSUPP) { /* it cannot, as is known now: new is then what is new here */
        LOCK_SCOPE(&instance->dirties.lock);
        dirty->synced.base = false;
        dirty->synced.made = false;
    }
    if (rc == -EOPNOTSUPP)
        return dirty_journal(dirty, false);
    writable_learn(instance, opening->path, rc, &call);
    if (rc == -EEXIST || rc == -ESTALE) { /* made elsewhere: the tree should show it */
        char directory[PATH_MAX];
        (void)stpcpy(directory, opening->path);
        (void)names_cut(directory);
        question_forget(instance, QUESTION_LISTING, directory);
        return -EEXIST;
    }
    return rc < 0 ? instance_failed(instance, "make", opening->path, &call, rc) : 0;
}

static bool opening_is_exclusive(const struct opening *opening)
{
    return (opening->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) &&
           (keep_can(opening->instance, opening->path, REMOTE_CAN_CONDITION) ||
               keep_can(opening->instance, opening->path, REMOTE_MAY_CONDITION));
}

/*
 * A file of that name which is new: there was none (replaced 0), or there was one whose content is
 * not wanted. It gets its name when the intent is written.
 */
static int opening_create(struct opening *opening, ino_t replaced, mode_t mode)
{
    struct instance *instance = opening->instance;
    const struct dirty_origin origin = { .base = replaced != 0 };
    char made[CHANGE_NAME_MAX];
    CLEANUP_DIRTY struct dirty *dirty = NULL;
    CLEANUP_CLOSE int fd = change_prepare(instance->tree, opening->flags & OPEN_PASSED, mode, made);
    if (fd < 0)
        return fd;
    int rc = dirty_open(instance, opening->path, fd, &origin, &dirty);
    if (rc < 0) {
        change_discard(instance->tree, made);
        return rc;
    }
    rc = change_publish(instance->tree, made, opening->path, replaced);
    if (rc < 0) {
        dirty_drop(dirty);
        return rc == -EEXIST ? -ESTALE : rc;
    }
    if (opening_is_exclusive(opening) && replaced == 0) {
        rc = opening_make_remote(opening, dirty, fd);
        if (rc == -ECANCELED) /* we are leaving: its maker comes to the next agent */
            return rc;
        if (rc < 0) {
            (void)change_unlink(instance->tree, opening->path); /* made a moment ago */
            dirty_drop(dirty);
            return rc;
        }
    }
    opening_changed(opening);
    opening->created = replaced == 0;
    return TAKE_FD(fd);
}

static int opening_truncate(struct opening *opening, struct dirty *dirty, int fd)
{
    if ((opening->flags & O_TRUNC) == 0)
        return 0;
    {
        LOCK_SCOPE(&opening->instance->dirties.lock);
        dirty->synced.base = dirty->synced.base || dirty->synced.stored;
        dirty->synced.stored = false;
        dirty->synced.changed = true;
    }
    if ((opening->flags & O_ACCMODE) != O_RDONLY)
        return ftruncate(fd, 0) < 0 ? -errno : 0;
    /* O_RDONLY|O_TRUNC truncates, too. */
    CLEANUP_CLOSE int writer = change_open(opening->instance->tree, opening->path, O_WRONLY);
    if (writer < 0)
        return writer;
    return ftruncate(writer, 0) < 0 ? -errno : 0;
}

/* A complete file. -ESTALE: it has been replaced. */
static int opening_existing(struct opening *opening, ino_t inode)
{
    struct instance *instance = opening->instance;
    const struct dirty_origin origin = { .base = true, .stored = true };
    CLEANUP_DIRTY struct dirty *dirty = NULL;
    struct file_state state;
    CLEANUP_CLOSE int probe = change_open(instance->tree, opening->path, O_PATH);
    struct stat st;
    if (probe < 0 || fstat(probe, &st) < 0)
        return -ESTALE;
    if (st.st_ino != inode || (st.st_mode & S_ISVTX) != 0)
        return -ESTALE;
    CLEANUP_CLOSE int fd = change_open(instance->tree, opening->path, opening->flags & OPEN_PASSED);
    if (fd < 0) /* -EAGAIN: O_NONBLOCK, and somebody looks whether there are writers */
        return fd == -ENOENT || fd == -EAGAIN ? -ESTALE : fd;
    int rc = file_inspect(fd, &state);
    if (rc == 0 && (state.inode != inode || !state.complete))
        rc = -ESTALE;
    if (rc == 0)
        rc = dirty_open(instance, opening->path, fd, &origin, &dirty);
    if (rc == 0)
        rc = opening_truncate(opening, dirty, fd);
    if (rc < 0)
        return rc;
    opening_changed(opening);
    return TAKE_FD(fd);
}

/* Whether the file was made by an agent that died before it could say so; then this is its maker.
 */
static bool opening_adopts(struct opening *opening, const struct stat *st)
{
    const struct dirty_key key = dirty_key_of(st);
    CLEANUP_DIRTY struct dirty *dirty = dirty_find(opening->instance, &key);
    if (dirty == NULL)
        return false;
    LOCK_SCOPE(&opening->instance->dirties.lock);
    bool adopted = dirty->synced.orphan;
    dirty->synced.orphan = false;
    return adopted;
}

/* A file whose content is not wanted, and is not all here, as far as its mode says. */
static int opening_replace(struct opening *opening, const struct stat *st)
{
    struct instance *instance = opening->instance;
    struct file_state state;
    CLEANUP_CLOSE int fd = file_open_reading(instance->tree, opening->path);
    if (fd >= 0 && file_inspect(fd, &state) == 0 && state.inode == st->st_ino && doubt_is_one(fd, &state)) {
        /* Whether it is what the remote has does not matter; who has it open shall see it become empty. */
        int rc = file_trust(instance->tree, fd);
        return rc < 0 ? rc : -ESTALE;
    }
    return opening_create(opening, st->st_ino, st->st_mode);
}

static int opening_file(struct opening *opening, const struct stat *st)
{
    bool complete = (st->st_mode & S_ISVTX) == 0;
    if ((opening->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
        opening->created = opening->created || opening_adopts(opening, st);
        if (!opening->created)
            return -EEXIST;
    }
    if ((opening->flags & O_DIRECTORY) != 0)
        return -ENOTDIR;
    if (complete)
        return opening_existing(opening, st->st_ino);
    if ((opening->flags & O_TRUNC) != 0 && st->st_nlink == 1) /* else its other names would not follow */
        return opening_replace(opening, st);
    CLEANUP_CLOSE int fd =
        change_open(opening->instance->tree, opening->path, O_RDONLY | O_NOATIME | O_NONBLOCK);
    if (fd < 0)
        return fd == -ENOENT ? -ESTALE : fd;
    int rc = fill_file(opening->instance, opening->path, fd);
    return rc < 0 ? rc : -ESTALE; /* it is complete now */
}

/* The path is pinned. */
static int opening_attempt(struct opening *opening)
{
    struct stat st;
    int rc = tree_stat(opening->instance->tree, opening->path, &st);
    if (rc == -ENOENT)
        return (opening->flags & O_CREAT) == 0 ? -ENOENT
                                               : opening_create(opening, 0, opening->mode);
    if (rc < 0)
        return rc;
    if (S_ISDIR(st.st_mode))
        return (opening->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) ? -EEXIST : -EISDIR;
    if (S_ISREG(st.st_mode))
        return opening_file(opening, &st);
    return (opening->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) ? -EEXIST : -ELOOP;
}

static int opening_run(struct opening *opening)
{
    CLEANUP_CLAIM struct claim claim = { .instance = NULL };
    int rc = claim_take(&claim, opening->instance, CLAIM_SHARED, opening->path, NULL);
    for (unsigned i = 0; rc == 0 && i < OPEN_ATTEMPTS; i++) {
        rc = claim_pin(opening->instance, opening->path);
        if (rc < 0)
            return rc;
        rc = opening_attempt(opening);
        claim_unpin(opening->instance, opening->path);
        if (rc == -ESTALE && i + 1 < OPEN_ATTEMPTS)
            rc = 0;
        else
            return rc;
    }
    return rc;
}

/* What comes before EROFS on a read-only file system. The door has asked for the path. */
static int opening_readonly(struct opening *opening)
{
    struct stat st;
    bool exclusive = (opening->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
    if (tree_stat(opening->instance->tree, opening->path, &st) < 0)
        return (opening->flags & O_CREAT) == 0 ? -ENOENT : -EROFS;
    return exclusive ? -EEXIST : S_ISDIR(st.st_mode) ? -EISDIR : -EROFS;
}

/* What is a directory for ever is none that could be opened for writing. */
static int opening_check(struct opening *opening)
{
    struct stat st;
    if ((opening->flags & __O_TMPFILE) != 0)
        return -EOPNOTSUPP;
    if ((opening->flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
        return -EINVAL;
    int rc = writable_check(opening->instance, opening->path);
    if (rc == -EROFS)
        return opening_readonly(opening);
    if (rc == 0 || (rc != -EACCES && rc != -EPERM))
        return rc;
    if (tree_stat(opening->instance->tree, opening->path, &st) == 0 && S_ISDIR(st.st_mode))
        return -EISDIR;
    return rc == -EPERM ? -EISDIR : rc;
}

int engine_open_write(struct engine *engine, const struct wire_open_write_request *request,
    struct wire_open_write_reply *ret_reply, int *ret_fd)
{
    char path[PATH_MAX];
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    int rc = ensure_translate(instance, request->path, path, sizeof(path));
    if (rc < 0)
        return rc;
    struct opening opening = {
        .instance = instance,
        .path = path,
        .flags = (int)request->flags,
        .mode = (mode_t)request->mode,
    };
    rc = opening_check(&opening);
    if (rc == 0)
        rc = writable_ensure(instance, path);
    if (rc == 0)
        rc = writable_try(instance, path);
    if (rc == 0)
        rc = opening_run(&opening);
    if (rc < 0)
        return rc;
    ret_reply->created = opening.created;
    *ret_fd = rc;
    return 0;
}
