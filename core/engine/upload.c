/* SPDX-License-Identifier: MIT */
#include "core/engine/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/engine/internal.h"
#include "core/engine/keep.h"
#include "core/tree/file.h"

enum {
    UPLOAD_ATTEMPTS = 3,     /* of a file that changes; then it is copied */
    UPLOAD_TICK_MAX_MS = 50, /* no kernel's tick is longer */
    UPLOAD_COPY_SIZE = 1 << 20,
    UPLOAD_CLOCK_S = 5, /* a store's time of an object and the time that it tells differ by less */
    UPLOAD_NO_CLOCK_S = 120, /* ours and the store's */
};

/* What goes along with the bytes: the file's own mode, owner and the time of the stamp. */
static void upload_take_attributes(
    struct instance *instance, const char *path, int fd, struct upload *upload)
{
    struct stat st;
    upload->sent = (struct remote_attributes){ .valid = 0 };
    if (!keep_can(instance, path, REMOTE_KEEPS_ATTRIBUTES) || fstat(fd, &st) < 0)
        return;
    keep_attributes(&st, &upload->sent);
    upload->sent.mtime = upload->stamp.mtime;
}

/* Waits until the tick of the file's last change is over; takes its stamp. */
static int upload_take_stamp(int fd, struct dirty_stamp *ret_stamp)
{
    static const struct timespec pause = { .tv_nsec = 1000000 };
    for (unsigned waited_ms = 0;; waited_ms++) {
        struct timespec now;
        int rc = dirty_stamp(fd, ret_stamp);
        if (rc < 0)
            return rc;
        (void)clock_gettime(CLOCK_REALTIME_COARSE, &now); /* the clock of file times */
        const struct timespec *changed = &ret_stamp->ctime;
        if (now.tv_sec > changed->tv_sec ||
            (now.tv_sec == changed->tv_sec && now.tv_nsec > changed->tv_nsec) ||
            waited_ms >= UPLOAD_TICK_MAX_MS) /* a clock that was set back is not waited for */
            return 0;
        (void)nanosleep(&pause, NULL);
    }
}

static int upload_send(struct instance *instance, const char *path, int fd, uint64_t size,
    struct remote_call *call, struct upload *upload)
{
    struct remote *remote;
    const char *rest;
    uint64_t start_ms = clock_ms();
    int rc = instance_remote(instance, path, &remote, &rest);
    if (rc < 0)
        return rc;
    const struct remote_write_source source = {
        .fd = fd, .size = size, .attributes = upload->sent
    };
    *call = instance_call(instance, REMOTE_DEMAND);
    upload->entry = (struct remote_entry){ .version = "" };
    rc = remote_write(remote, call, rest, &source, &upload->entry);
    upload->took_s = (unsigned)((clock_ms() - start_ms) / 1000);
    if (rc < 0)
        return rc;
    if (upload->entry.size != 0 && upload->entry.size != size) {
        call->transient = true;
        return -EIO; /* the store says that it has another size */
    }
    return 0;
}

/* *ret_changed: the file is not what it was when it was read. */
static int upload_attempt(struct instance *instance, const char *path, int fd,
    struct remote_call *call, struct upload *upload, bool *ret_changed)
{
    struct dirty_stamp after;
    int rc = upload_take_stamp(fd, &upload->stamp);
    if (rc < 0)
        return rc;
    upload_take_attributes(instance, path, fd, upload);
    rc = upload_send(instance, path, fd, upload->stamp.size, call, upload);
    int again = dirty_stamp(fd, &after);
    *ret_changed = again == 0 && !dirty_same_stamp(&upload->stamp, &after);
    return rc < 0 ? rc : again;
}

static int upload_copy_bytes(int from, int to, uint64_t size)
{
    off_t at = 0;
    while ((uint64_t)at < size) {
        off_t out = at;
        ssize_t copied = copy_file_range(from, &at, to, &out, size - (uint64_t)at, 0);
        if (copied < 0 && errno != EINTR)
            return -errno;
        if (copied == 0)
            return -ESTALE; /* it became shorter */
    }
    return 0;
}

/* A copy of the file in tmp/, without a name. */
static int upload_copy(struct instance *instance, int fd, struct dirty_stamp *ret_stamp)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "copy-%llu",
        (unsigned long long)atomic_fetch_add(&instance->engine->next_copy, 1));
    int tmp = tree_temporary(instance->tree);
    CLEANUP_CLOSE int copy = openat(tmp, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (copy < 0)
        return -errno;
    (void)unlinkat(tmp, name, 0); /* else the next start removes it */
    int rc = upload_take_stamp(fd, ret_stamp);
    if (rc < 0)
        return rc;
    if (ioctl(copy, FICLONE, fd) < 0)
        rc = upload_copy_bytes(fd, copy, ret_stamp->size);
    return rc < 0 ? rc : TAKE_FD(copy);
}

/* The size may have changed between stamp and reflink: the copy's own counts. */
static int upload_from_copy(struct instance *instance, const char *path, int fd,
    struct remote_call *call, struct upload *upload)
{
    struct stat st;
    CLEANUP_CLOSE int copy = upload_copy(instance, fd, &upload->stamp);
    if (copy < 0)
        return copy;
    if (fstat(copy, &st) < 0)
        return -errno;
    upload_take_attributes(instance, path, fd, upload);
    return upload_send(instance, path, copy, (uint64_t)st.st_size, call, upload);
}

int upload_file(struct instance *instance, const char *path, int fd, struct remote_call *call,
    struct upload *ret_upload)
{
    bool changed = true;
    int rc = 0;
    for (unsigned i = 0; i < UPLOAD_ATTEMPTS && changed; i++)
        rc = upload_attempt(instance, path, fd, call, ret_upload, &changed);
    if (changed) {
        log_debug("engine", "\"%s\" changes while it is uploaded: uploading a copy", path);
        rc = upload_from_copy(instance, path, fd, call, ret_upload);
    }
    return rc;
}

void upload_note(int fd, const struct upload *upload)
{
    struct file_noted noted = {
        .mtime = upload->entry.mtime,
        .before_s = upload->took_s + UPLOAD_CLOCK_S,
        .window_s = UPLOAD_CLOCK_S,
        .size = upload->stamp.size,
        .local_mtime = upload->stamp.mtime,
    };
    if (upload->sent.valid != 0 && upload->entry.has_mtime) {
        noted.before_s = noted.window_s = 0; /* it has the time that was sent */
    } else if (!upload->entry.has_mtime) {
        (void)clock_gettime(CLOCK_REALTIME, &noted.mtime); /* a clock that exists */
        noted.before_s = upload->took_s + UPLOAD_NO_CLOCK_S;
        noted.window_s = UPLOAD_NO_CLOCK_S;
    }
    file_replace_version(fd, upload->entry.version);
    file_set_racy(fd, true); /* its time there is near to now */
    (void)file_set_noted(fd, &noted); /* see file.h */
}
