/* SPDX-License-Identifier: MIT */
/*
 * SETATTR, GETACL and SETACL.
 *
 * Mode, owner and times are set in the tree, then on the remote where that keeps them (keep.h) and has
 * the file; if it refuses them, the tree's are what they were. The sticky bit of a file is ours: no
 * program sets it. A size is content: it is set under an intent and committed as by a close.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/engine/claim.h"
#include "core/engine/commit.h"
#include "core/engine/ensure.h"
#include "core/engine/fill.h"
#include "core/engine/internal.h"
#include "core/engine/keep.h"
#include "core/engine/names.h"
#include "core/engine/writable.h"
#include "core/tree/change.h"
#include "core/tree/file.h"

/* The entry that is changed. */
struct target {
    struct instance *instance;
    int fd;        /* O_PATH, or the door's */
    char link[64]; /* /proc/self/fd/…: for calls that take no O_PATH descriptor */
    const char *path; /* in the tree; NULL: it has none any more */
    struct stat st;   /* before */
};

static int target_take(struct target *target, int fd)
{
    target->fd = fd;
    (void)snprintf(target->link, sizeof(target->link), "/proc/self/fd/%d", fd);
    return fstat(fd, &target->st) < 0 ? -errno : 0;
}

static bool target_is_file(const struct target *target)
{
    return S_ISREG(target->st.st_mode);
}

static int set_mode(struct target *target, uint64_t mode)
{
    mode_t wanted = (mode_t)mode & 07777;
    if (S_ISLNK(target->st.st_mode))
        return -EOPNOTSUPP;
    if (target_is_file(target))
        wanted = (wanted & ~(mode_t)S_ISVTX) | (target->st.st_mode & S_ISVTX);
    return chmod(target->link, wanted) < 0 ? -errno : 0;
}

static int set_owner(struct target *target, const struct wire_setattr_request *request)
{
    uid_t uid = (request->valid & WIRE_SET_OWNER) != 0 ? (uid_t)request->uid : (uid_t)-1;
    gid_t gid = (request->valid & WIRE_SET_GROUP) != 0 ? (gid_t)request->gid : (gid_t)-1;
    return fchownat(target->fd, "", uid, gid, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

/* An incomplete file shows its atime as its mtime, and keeps the remote's noted. */
static int set_times_of_placeholder(struct target *target, const struct timespec times[2])
{
    struct file_noted noted;
    struct timespec wanted = times[1];
    if (wanted.tv_nsec == UTIME_OMIT)
        return 0;
    if (wanted.tv_nsec == UTIME_NOW)
        (void)clock_gettime(CLOCK_REALTIME, &wanted); /* a clock that exists */
    CLEANUP_CLOSE int fd = open(target->link, O_RDONLY | O_NOATIME | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (!file_get_noted(fd, &noted)) {
        noted = (struct file_noted){ .mtime = target->st.st_atim };
        noted.size = (uint64_t)target->st.st_size;
        (void)file_set_noted(fd, &noted); /* without it the next listing brings the remote's time */
    }
    const struct timespec both[2] = { wanted, wanted };
    return utimensat(AT_FDCWD, target->link, both, 0) < 0 ? -errno : 0;
}

/*
 * A complete file that the remote has: what is noted on it must go on saying that. The record, if
 * it has one, must not take the old times for a sign that nothing was written.
 */
static int set_times_of_file(struct target *target, const struct timespec times[2])
{
    struct file_noted noted;
    struct stat after;
    const struct dirty_key key = dirty_key_of(&target->st);
    CLEANUP_DIRTY struct dirty *dirty = dirty_find(target->instance, &key);
    CLEANUP_CLOSE int fd = open(target->link, O_RDONLY | O_NOATIME | O_CLOEXEC);
    bool differs = dirty != NULL && (fd < 0 || dirty_needs_upload(dirty, fd));
    if (utimensat(AT_FDCWD, target->link, times, 0) < 0)
        return -errno;
    if (differs) {
        LOCK_SCOPE(&target->instance->dirties.lock);
        dirty->synced.changed = true;
        return 0;
    }
    if (fd < 0 || fstat(fd, &after) < 0)
        return 0; /* the next listing brings a placeholder */
    if (!file_get_noted(fd, &noted))
        noted = (struct file_noted){ .mtime = target->st.st_mtim, .size = (uint64_t)after.st_size };
    noted.local_mtime = after.st_mtim;
    (void)file_set_noted(fd, &noted); /* else as above */
    if (dirty != NULL) {
        struct dirty_stamp stamp;
        LOCK_SCOPE(&target->instance->dirties.lock);
        if (dirty_stamp(fd, &stamp) == 0 && stamp.size == dirty->synced.committed.size)
            dirty->synced.committed = stamp;
    }
    return 0;
}

static int set_times(struct target *target, const struct wire_setattr_request *request)
{
    struct timespec times[2] = {
        { (time_t)request->atime_sec, (long)request->atime_nsec },
        { (time_t)request->mtime_sec, (long)request->mtime_nsec },
    };
    if ((request->valid & WIRE_SET_ATIME) == 0)
        times[0].tv_nsec = UTIME_OMIT;
    if ((request->valid & WIRE_SET_MTIME) == 0)
        times[1].tv_nsec = UTIME_OMIT;
    if (target_is_file(target) && (target->st.st_mode & S_ISVTX) != 0)
        return set_times_of_placeholder(target, times);
    if (target_is_file(target))
        return set_times_of_file(target, times);
    if (S_ISLNK(target->st.st_mode))
        return change_set_times(target->instance->tree, target->path, times);
    return utimensat(AT_FDCWD, target->link, times, 0) < 0 ? -errno : 0;
}

/* --- the size --- */

/* By path: through a descriptor of our own, as OPEN_WRITE gives one. */
static int truncate_path(struct instance *instance, const char *path, uint64_t size)
{
    struct wire_open_write_reply reply = { 0 };
    struct dirty_key key;
    struct stat st;
    int rc = 0;
    {
        const struct wire_open_write_request request = {
            .instance = instance->id,
            .flags = size == 0 ? O_WRONLY | O_TRUNC : O_WRONLY,
            .path = path,
        };
        int opened = -1;
        rc = engine_open_write(instance->engine, &request, &reply, &opened);
        CLEANUP_CLOSE int fd = opened;
        if (rc < 0)
            return rc;
        if (ftruncate(fd, (off_t)size) < 0 || fstat(fd, &st) < 0)
            return -errno;
        key = dirty_key_of(&st);
    }
    CLEANUP_DIRTY struct dirty *dirty = dirty_find(instance, &key);
    return dirty == NULL ? 0 : commit_now(dirty);
}

static int truncate_descriptor(struct target *target, uint64_t size)
{
    const struct dirty_key key = dirty_key_of(&target->st);
    CLEANUP_DIRTY struct dirty *dirty = dirty_find(target->instance, &key);
    if (ftruncate(target->fd, (off_t)size) < 0)
        return -errno;
    return dirty == NULL ? 0 : commit_now(dirty);
}

/* --- the message --- */

/* Mode and owner: they move the ctime of a file that may be dirty. */
static int set_access(struct target *target, const struct wire_setattr_request *request)
{
    int rc = 0;
    const struct dirty_key key = dirty_key_of(&target->st);
    CLEANUP_DIRTY struct dirty *dirty = dirty_find(target->instance, &key);
    bool stored = dirty != NULL && dirty_begin_touch(dirty, target->fd);
    if ((request->valid & (WIRE_SET_OWNER | WIRE_SET_GROUP)) != 0)
        rc = set_owner(target, request);
    if (rc == 0 && (request->valid & WIRE_SET_MODE) != 0)
        rc = set_mode(target, request->mode);
    if (stored)
        dirty_end_touch(dirty, target->fd);
    return rc;
}

static int setattr_run(struct target *target, const struct wire_setattr_request *request)
{
    int rc = 0;
    if ((request->valid & (WIRE_SET_OWNER | WIRE_SET_GROUP | WIRE_SET_MODE)) != 0)
        rc = set_access(target, request);
    if (rc == 0 && (request->valid & (WIRE_SET_ATIME | WIRE_SET_MTIME)) != 0)
        rc = set_times(target, request);
    return rc;
}

/* --- the remote's half --- */

/* Whether the remote will have the attributes by the file's next upload, or has no such file. */
static bool setattr_comes_later(struct dirty *dirty, int fd)
{
    if (dirty == NULL)
        return false;
    {
        LOCK_SCOPE(&dirty->instance->dirties.lock);
        if (dirty->synced.uploading)
            return true; /* keep_catch_up has not looked yet */
    }
    return dirty_needs_upload(dirty, fd);
}

static int setattr_keep(struct target *target, const struct wire_setattr_request *request)
{
    struct remote_attributes wanted;
    struct stat st;
    if (target->path == NULL || fstat(target->fd, &st) < 0 ||
        !keep_can(target->instance, target->path, REMOTE_KEEPS_ATTRIBUTES))
        return 0;
    keep_attributes(&st, &wanted);
    if (target_is_file(target) && (st.st_mode & S_ISVTX) != 0)
        wanted.mtime = st.st_atim; /* an incomplete file's */
    wanted.valid = ((request->valid & WIRE_SET_MODE) != 0 ? REMOTE_SET_MODE : 0) |
                   ((request->valid & (WIRE_SET_OWNER | WIRE_SET_GROUP)) != 0 ? REMOTE_SET_OWNER
                                                                              : 0) |
                   ((request->valid & WIRE_SET_MTIME) != 0 ? REMOTE_SET_MTIME : 0);
    if (wanted.valid == 0)
        return 0;
    if (!target_is_file(target))
        return keep_set(target->instance, target->path, -1, &wanted);
    const struct dirty_key key = dirty_key_of(&st);
    CLEANUP_DIRTY struct dirty *dirty = dirty_find(target->instance, &key);
    CLEANUP_CLOSE int fd = file_open_reading(target->instance->tree, target->path);
    if (fd < 0 || setattr_comes_later(dirty, fd))
        return fd < 0 ? fd : 0;
    bool stored = dirty != NULL && dirty_begin_touch(dirty, fd);
    int rc = keep_set(target->instance, target->path, fd, &wanted);
    if (stored)
        dirty_end_touch(dirty, fd);
    return rc;
}

/* The remote did not take them: as before. */
static void setattr_revert(struct target *target, const struct wire_setattr_request *request)
{
    bool incomplete = target_is_file(target) && (target->st.st_mode & S_ISVTX) != 0;
    const struct timespec *mtime = incomplete ? &target->st.st_atim : &target->st.st_mtim;
    const struct wire_setattr_request old = {
        .valid = request->valid & (WIRE_SET_MODE | WIRE_SET_OWNER | WIRE_SET_GROUP | WIRE_SET_MTIME),
        .mode = target->st.st_mode & 07777,
        .uid = target->st.st_uid,
        .gid = target->st.st_gid,
        .mtime_sec = (uint64_t)mtime->tv_sec,
        .mtime_nsec = (uint64_t)mtime->tv_nsec,
    };
    int rc = setattr_run(target, &old);
    if (rc < 0)
        log_warn("engine", "\"%s\": its attributes are not what the remote has: %s", target->path,
            strerror(-rc));
}

static int setattr_both(struct target *target, const struct wire_setattr_request *request)
{
    int rc = setattr_run(target, request);
    if (rc < 0)
        return rc;
    rc = setattr_keep(target, request);
    if (rc < 0)
        setattr_revert(target, request);
    return rc;
}

static int setattr_path(struct instance *instance, const struct wire_setattr_request *request)
{
    char path[PATH_MAX];
    CLEANUP_CLAIM struct claim claim = { .instance = NULL };
    struct target target = { .instance = instance, .path = path };
    int rc = ensure_translate(instance, request->path, path, sizeof(path));
    if (rc == 0 && (request->valid & WIRE_SET_SIZE) != 0)
        rc = truncate_path(instance, path, request->size);
    if (rc < 0)
        return rc;
    rc = claim_take(&claim, instance, CLAIM_SHARED, path, NULL);
    if (rc < 0)
        return rc;
    CLEANUP_CLOSE int fd = change_open(instance->tree, path, O_PATH | O_NOFOLLOW);
    rc = fd < 0 ? fd : target_take(&target, fd);
    if (rc == 0)
        rc = writable_store(instance, path);
    if (rc == 0 && S_ISLNK(target.st.st_mode) && !keep_can(instance, path, REMOTE_CAN_SYMLINK))
        rc = -EPERM; /* data/.my: nobody's to change */
    if (rc == 0)
        rc = setattr_both(&target, request);
    if (rc == 0) {
        claim_note_change(instance, path);
        notices_file(&instance->notices, fd);
    }
    return rc;
}

static int setattr_descriptor(
    struct instance *instance, const struct wire_setattr_request *request, int fd)
{
    char path[PATH_MAX];
    CLEANUP_CLAIM struct claim claim = { .instance = NULL };
    struct target target = { .instance = instance };
    struct stat there;
    int rc = fd < 0 ? -EBADF : target_take(&target, fd);
    if (rc == 0 && (request->valid & WIRE_SET_SIZE) != 0)
        rc = truncate_descriptor(&target, request->size);
    if (rc < 0)
        return rc;
    if (file_path(instance->tree, fd, path, sizeof(path)) == 0 &&
        claim_take(&claim, instance, CLAIM_SHARED, path, NULL) == 0 &&
        tree_stat(instance->tree, path, &there) == 0 && there.st_ino == target.st.st_ino)
        target.path = path; /* else it was renamed or removed in this moment */
    rc = setattr_both(&target, request);
    if (rc == 0 && target.path != NULL)
        claim_note_change(instance, path);
    if (rc == 0)
        notices_file(&instance->notices, fd);
    return rc;
}

int engine_setattr(struct engine *engine, const struct wire_setattr_request *request, int fd)
{
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    if ((request->valid & WIRE_SET_SIZE) != 0 && request->size > INT64_MAX)
        return -EINVAL;
    return request->path[0] == '\0' && fd >= 0 ? setattr_descriptor(instance, request, fd)
                                               : setattr_path(instance, request);
}

/* --- ACLs --- */

static const char *const acls[] = { "private", "my_algos", "public" };

static const char *acl_known(const char *acl)
{
    for (size_t i = 0; i < sizeof(acls) / sizeof(acls[0]); i++)
        if (strcmp(acl, acls[i]) == 0)
            return acls[i];
    return NULL;
}

int engine_getacl(struct engine *engine, const struct wire_getacl_request *request,
    struct wire_getacl_reply *ret_reply)
{
    char path[PATH_MAX];
    char acl[REMOTE_ACL_MAX];
    struct remote *remote;
    const char *rest;
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = ensure_translate(instance, request->path, path, sizeof(path));
    if (rc == 0)
        rc = instance_remote(instance, path, &remote, &rest);
    if (rc < 0)
        return rc;
    rc = remote_acl_get(remote, &call, rest, acl);
    if (rc < 0)
        return rc == -EOPNOTSUPP ? rc
                                 : instance_failed(instance, "read the ACL of", path, &call, rc);
    ret_reply->acl = acl_known(acl);
    return ret_reply->acl == NULL ? -EIO : 0;
}

int engine_setacl(struct engine *engine, const struct wire_setacl_request *request)
{
    char path[PATH_MAX];
    struct remote *remote;
    const char *rest;
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = acl_known(request->acl) == NULL
                 ? -EINVAL
                 : ensure_translate(instance, request->path, path, sizeof(path));
    if (rc == 0)
        rc = instance_remote(instance, path, &remote, &rest);
    if (rc < 0)
        return rc;
    rc = remote_acl_set(remote, &call, rest, request->acl);
    writable_learn(instance, path, rc, &call);
    return rc < 0 && rc != -EOPNOTSUPP
               ? instance_failed(instance, "set the ACL of", path, &call, rc)
               : rc;
}
