/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/remote/call.h"
#include "core/remote/local-internal.h"

static const char temporary[] = ".algofs-upload.";

enum {
    TEMPORARY_DIGITS = 16,
    TEMPORARY_ATTEMPTS = 8,
    COPY_PIECE = 8 << 20,    /* between two looks at the cancel flag */
    COPY_BUFFER = 256 * 1024,
    LOCK_LOOK_MS = 5,
    LOCK_WAIT_MS = 30000, /* for another agent's check and rename; they take no time */
    NEW_FILE_MODE = 0644,
};

/* --- uploads' own files --- */

bool local_is_temporary(const char *name)
{
    const char *digits = name + sizeof(temporary) - 1;
    return strncmp(name, temporary, sizeof(temporary) - 1) == 0 &&
           strlen(digits) == TEMPORARY_DIGITS &&
           strspn(digits, "0123456789abcdef") == TEMPORARY_DIGITS;
}

void local_sweep(int dir, const char *name)
{
    CLEANUP_CLOSE int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return; /* somebody is at it, or it is not ours to look at */
    if (unlinkat(dir, name, 0) == 0)
        log_debug("local", "removed \"%s\", left by an upload that did not end", name);
}

void local_sweep_all(int dir)
{
    CLEANUP_CLOSE int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    CLEANUP_CLOSEDIR DIR *stream = fdopendir(fd);
    if (stream == NULL)
        return;
    (void)TAKE_FD(fd); /* the stream's now */
    const struct dirent *found;
    while ((found = readdir(stream)) != NULL)
        if (local_is_temporary(found->d_name))
            local_sweep(dir, found->d_name);
}

/* A new file that is locked and still has its name: a sweeper may come between the two steps. */
static int temporary_open(int dir, char name[LOCAL_TEMPORARY_MAX])
{
    for (unsigned i = 0; i < TEMPORARY_ATTEMPTS; i++) {
        struct stat st;
        (void)snprintf(name, LOCAL_TEMPORARY_MAX, "%s%08x%08x", temporary, arc4random(),
            arc4random());
        CLEANUP_CLOSE int fd =
            openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            return -errno;
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0)
            return TAKE_FD(fd);
    }
    return -EAGAIN;
}

/* --- content --- */

static int copy_by_hand(int from, int to, uint64_t *at, uint64_t end)
{
    CLEANUP_FREE char *buffer = malloc(COPY_BUFFER);
    if (buffer == NULL)
        return -ENOMEM;
    while (*at < end) {
        size_t wanted = end - *at < COPY_BUFFER ? (size_t)(end - *at) : COPY_BUFFER;
        ssize_t got = pread(from, buffer, wanted, (off_t)*at);
        if (got <= 0)
            return got < 0 ? -errno : -ENODATA;
        for (ssize_t done = 0; done < got;) {
            ssize_t put = pwrite(to, buffer + done, (size_t)(got - done), (off_t)*at + done);
            if (put < 0 && errno != EINTR)
                return -errno;
            done += put < 0 ? 0 : put;
        }
        *at += (uint64_t)got;
    }
    return 0;
}

/* -ENODATA: `from` is shorter than `size`. */
static int copy_content(struct remote_call *call, int from, int to, uint64_t size)
{
    bool by_kernel = true;
    int rc = 0;
    for (uint64_t at = 0; rc == 0 && at < size;) {
        uint64_t end = size - at < COPY_PIECE ? size : at + COPY_PIECE;
        if (remote_call_cancelled(call))
            return -ECANCELED;
        if (!by_kernel) {
            rc = copy_by_hand(from, to, &at, end);
            continue;
        }
        off_t in = (off_t)at, out = (off_t)at;
        ssize_t copied = copy_file_range(from, &in, to, &out, (size_t)(end - at), 0);
        by_kernel = copied > 0; /* 0: some file systems say so for what they cannot */
        at += copied > 0 ? (uint64_t)copied : 0;
        if (copied < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG))
            rc = -errno;
    }
    return rc;
}

/* --- the step that makes it the object --- */

/* A lock that is had for two system calls by whoever has it. */
static int lock_directory(struct remote_call *call, int dir)
{
    const struct timespec slice = { .tv_nsec = LOCK_LOOK_MS * 1000000 };
    uint64_t until_ms = clock_add(clock_ms(), LOCK_WAIT_MS);
    while (flock(dir, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return -errno;
        if (remote_call_cancelled(call))
            return -ECANCELED;
        if (clock_ms() >= until_ms)
            return -EAGAIN;
        (void)nanosleep(&slice, NULL); /* EINTR: looked at again */
    }
    return 0;
}

static int rename_if_absent(int dir, const char *made, const char *name)
{
    if (renameat2(dir, made, dir, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return -errno;
    if (linkat(dir, made, dir, name, 0) < 0)
        return -errno;
    (void)unlinkat(dir, made, 0); /* else the next listing does */
    return 0;
}

/* An upload that is ready. */
struct upload {
    struct place place;
    const char *path; /* for words */
    char made[LOCAL_TEMPORARY_MAX];
    int fd;
    uint64_t size;
    const char *expected;
    bool named; /* it is the object now */
};

/* The file has several names: it gets the bytes and stays one file. */
static int write_in_place(struct upload *upload, struct remote_call *call,
    const struct remote_attributes *attributes)
{
    CLEANUP_CLOSE int fd =
        openat(upload->place.parent, upload->place.name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = copy_content(call, upload->fd, fd, upload->size);
    if (rc == 0 && ftruncate(fd, (off_t)upload->size) < 0)
        rc = -errno;
    if (rc == 0)
        rc = local_set_on(fd, attributes);
    if (rc == 0 && fsync(fd) < 0)
        rc = -errno;
    return rc;
}

static int publish_expected(struct upload *upload, struct remote_call *call,
    const struct remote_attributes *attributes)
{
    const struct place *place = &upload->place;
    struct remote_entry there;
    struct stat st;
    if (upload->expected != NULL && upload->expected[0] != '\0') {
        int rc = local_describe(place->parent, place->name, &there);
        if (rc == -ENOENT || (rc == 0 && strcmp(there.version, upload->expected) != 0))
            return remote_call_fail(call, -ESTALE, "'%s': another version is there", upload->path);
        if (rc < 0)
            return local_fail(call, rc, "look at", upload->path);
    }
    if (fstatat(place->parent, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(st.st_mode) && st.st_nlink > 1) {
        int rc = write_in_place(upload, call, attributes);
        return rc < 0 ? local_fail(call, rc, "write", upload->path) : 0;
    }
    if (renameat(place->parent, upload->made, place->parent, place->name) < 0)
        return local_fail(call, -errno, "write", upload->path);
    upload->named = true;
    return 0;
}

static int publish(struct upload *upload, struct remote_call *call,
    const struct remote_attributes *attributes)
{
    int dir = upload->place.parent, rc;
    if (upload->expected == NULL)
        return publish_expected(upload, call, attributes);
    if (upload->expected[0] == '\0') {
        rc = rename_if_absent(dir, upload->made, upload->place.name);
        upload->named = rc == 0;
        return rc < 0 ? local_fail(call, rc, "make", upload->path) : 0;
    }
    rc = lock_directory(call, dir);
    if (rc < 0)
        return local_fail(call, rc, "lock the directory of", upload->path);
    rc = publish_expected(upload, call, attributes);
    (void)flock(dir, LOCK_UN); /* else it ends with the descriptor */
    return rc;
}

static int upload_begin(struct upload *upload, struct local *local, struct remote_call *call,
    const char *path, struct stat *ret_there)
{
    *upload = (struct upload){ .place = LOCAL_PLACE_INIT, .path = path, .fd = -1 };
    *ret_there = (struct stat){ .st_mode = 0 };
    int rc = local_find(local, call, path, &upload->place);
    if (rc < 0)
        return rc;
    if (fstatat(upload->place.parent, upload->place.name, ret_there, AT_SYMLINK_NOFOLLOW) < 0 &&
        errno != ENOENT)
        return local_fail(call, -errno, "look at", path);
    if (S_ISDIR(ret_there->st_mode))
        return remote_call_fail(call, -EISDIR, "'%s': a directory", path);
    upload->fd = temporary_open(upload->place.parent, upload->made);
    return upload->fd < 0 ? local_fail(call, upload->fd, "write beside", path) : 0;
}

static void upload_end(struct upload *upload)
{
    if (upload->fd >= 0 && !upload->named)
        (void)unlinkat(upload->place.parent, upload->made, 0); /* else the next listing does */
    cleanup_close(&upload->fd);
    local_place_cleanup(&upload->place);
}

/* Everything but the name is there. */
static int upload_finish(struct upload *upload, struct remote_call *call,
    const struct remote_attributes *attributes, struct remote_entry *ret_entry)
{
    int rc = local_set_on(upload->fd, attributes);
    if (rc == 0 && fsync(upload->fd) < 0)
        rc = -errno;
    if (rc < 0)
        return local_fail(call, rc, "write", upload->path);
    rc = publish(upload, call, attributes);
    if (rc == 0 && fsync(upload->place.parent) < 0)
        rc = local_fail(call, -errno, "flush the directory of", upload->path);
    if (rc == 0 && ret_entry != NULL) {
        rc = upload->named ? local_describe(upload->fd, "", ret_entry)
                           : local_describe(upload->place.parent, upload->place.name, ret_entry);
        if (rc < 0)
            rc = local_fail(call, rc, "look at", upload->path);
    }
    return rc;
}

/* What an object has that is replaced, and that nothing is said about, stays. */
static void inherit(struct upload *upload, const struct stat *there,
    struct remote_attributes *attributes)
{
    if ((attributes->valid & REMOTE_SET_MODE) == 0) {
        attributes->valid |= REMOTE_SET_MODE;
        attributes->mode = S_ISREG(there->st_mode) ? there->st_mode & 07777 : NEW_FILE_MODE;
    }
    if (!S_ISREG(there->st_mode))
        return;
    if ((attributes->valid & REMOTE_SET_OWNER) == 0) {
        attributes->valid |= REMOTE_SET_OWNER;
        attributes->uid = there->st_uid;
        attributes->gid = there->st_gid;
    }
    CLEANUP_CLOSE int old = openat(upload->place.parent, upload->place.name,
        O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (old >= 0)
        local_copy_xattrs(old, upload->fd);
}

int local_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry)
{
    struct local *local = local_called(remote, call);
    struct remote_attributes attributes = source->attributes;
    struct upload upload;
    struct stat there;
    int rc = upload_begin(&upload, local, call, path, &there);
    if (rc == 0 && source->expected != NULL && source->expected[0] == '\0' && there.st_mode != 0)
        rc = remote_call_fail(call, -EEXIST, "'%s': exists", path);
    if (rc == 0) {
        upload.size = source->size;
        upload.expected = source->expected;
        rc = copy_content(call, source->fd, upload.fd, source->size);
        if (rc == -ENODATA)
            rc = remote_call_fail(
                call, -ESTALE, "'%s': the source is shorter than it was", path);
        else if (rc < 0)
            rc = local_fail(call, rc, "write", path);
    }
    if (rc == 0) {
        inherit(&upload, &there, &attributes);
        rc = upload_finish(&upload, call, &attributes, ret_entry);
    }
    upload_end(&upload);
    return rc;
}

static int copy_into(struct upload *upload, struct remote_call *call, int from)
{
    struct stat st;
    if (fstat(from, &st) < 0)
        return -errno;
    upload->size = (uint64_t)st.st_size;
    int rc = ioctl(upload->fd, FICLONE, from) == 0
                 ? 0
                 : copy_content(call, from, upload->fd, upload->size);
    local_copy_xattrs(from, upload->fd);
    return rc == -ENODATA ? -ESTALE : rc; /* it became shorter: again */
}

int local_copy(struct remote *remote, struct remote_call *call, const char *from, const char *to,
    struct remote_entry *ret_entry)
{
    struct local *local = local_called(remote, call);
    struct upload upload;
    struct stat there, st;
    LOCAL_PLACE place = LOCAL_PLACE_INIT;
    int rc = local_find(local, call, from, &place);
    if (rc < 0)
        return rc;
    CLEANUP_CLOSE int fd =
        openat(place.parent, place.name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return local_fail(call, -errno, "open", from);
    if (!S_ISREG(st.st_mode))
        return remote_call_fail(
            call, S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL, "'%s': not a file", from);
    const struct remote_attributes attributes = { REMOTE_SET_MODE | REMOTE_SET_OWNER |
                                                      REMOTE_SET_MTIME,
        st.st_mode & 07777, st.st_uid, st.st_gid, st.st_mtim };
    rc = upload_begin(&upload, local, call, to, &there);
    if (rc == 0) {
        rc = copy_into(&upload, call, fd);
        rc = rc < 0 ? local_fail(call, rc, "copy", from)
                    : upload_finish(&upload, call, &attributes, ret_entry);
    }
    upload_end(&upload);
    return rc;
}
