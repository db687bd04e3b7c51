/* SPDX-License-Identifier: MIT */
#include "core/remote/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/beneath.h"
#include "core/base/cleanup.h"
#include "core/remote/call.h"
#include "core/remote/local-internal.h"

enum { READ_PIECE = 256 * 1024 };

struct local *local_called(struct remote *remote, struct remote_call *call)
{
    call->attempts++;
    call->transient = false;
    call->retry_after_ms = 0;
    call->status = 0;
    call->why[0] = '\0';
    return (struct local *)remote;
}

int local_fail(struct remote_call *call, int error, const char *what, const char *path)
{
    if (error == -ELOOP)
        error = -ENOTDIR; /* a link where a directory is needed: it is not followed */
    if (error == -EDQUOT)
        error = -ENOSPC;
    if (error == -ESTALE || error == -EINTR || error == -EAGAIN)
        return remote_call_fail_transient(
            call, -EIO, "cannot %s '%s': %s", what, path, strerror(-error));
    return remote_call_fail(call, error, "cannot %s '%s': %s", what, path, strerror(-error));
}

void local_place_cleanup(struct place *place)
{
    cleanup_close(&place->parent);
}

int local_find(
    struct local *local, struct remote_call *call, const char *path, struct place *ret_place)
{
    struct place place = LOCAL_PLACE_INIT;
    if (path[0] == '\0') {
        place.parent = beneath_open(local->root, "", O_RDONLY | O_DIRECTORY);
        place.name = ".";
    } else {
        place.parent = beneath_open_parent(local->root, path, &place.name);
    }
    if (place.parent < 0)
        return local_fail(call, place.parent, "find", path);
    size_t len = strlen(place.name);
    if (path[0] != '\0' && (!beneath_name_valid(place.name, len) || local_is_temporary(place.name))) {
        local_place_cleanup(&place);
        return remote_call_fail(call, len > NAME_MAX ? -ENAMETOOLONG : -EINVAL,
            "'%s': no object can have that name", path);
    }
    *ret_place = place;
    return 0;
}

static void local_make_version(const struct statx *stx, char version[REMOTE_VERSION_MAX])
{
    bool has_birth = (stx->stx_mask & STATX_BTIME) != 0;
    const struct statx_timestamp *born = has_birth ? &stx->stx_btime : &stx->stx_ctime;
    (void)snprintf(version, REMOTE_VERSION_MAX,
        "%" PRIx64 "-%" PRIx64 "-%" PRIx64 ".%" PRIx32 "-%" PRIx64 ".%" PRIx32,
        (uint64_t)stx->stx_ino, (uint64_t)stx->stx_size, (uint64_t)stx->stx_mtime.tv_sec,
        (uint32_t)stx->stx_mtime.tv_nsec, (uint64_t)born->tv_sec, (uint32_t)born->tv_nsec);
}

int local_describe(int fd, const char *name, struct remote_entry *ret_entry)
{
    struct statx stx;
    if (statx(fd, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_STATX_SYNC_AS_STAT,
            STATX_BASIC_STATS | STATX_BTIME, &stx) < 0)
        return -errno;
    bool is_dir = S_ISDIR(stx.stx_mode);
    if (!is_dir && !S_ISREG(stx.stx_mode) && !S_ISLNK(stx.stx_mode))
        return -ENOENT;
    *ret_entry = (struct remote_entry){ .is_dir = is_dir,
        .is_symlink = S_ISLNK(stx.stx_mode),
        .has_mtime = true,
        .has_mode = true,
        .has_owner = true,
        .mode = stx.stx_mode & 07777,
        .uid = stx.stx_uid,
        .gid = stx.stx_gid,
        .size = is_dir ? 0 : stx.stx_size,
        .mtime = { stx.stx_mtime.tv_sec, stx.stx_mtime.tv_nsec } };
    if (!is_dir)
        local_make_version(&stx, ret_entry->version);
    if (S_ISREG(stx.stx_mode) && stx.stx_nlink > 1) {
        uint64_t device = (uint64_t)stx.stx_dev_major << 32 | stx.stx_dev_minor;
        ret_entry->names = stx.stx_nlink;
        /* Inode numbers are small; devices tell them apart. */
        ret_entry->file_id = stx.stx_ino ^ device * UINT64_C(0x9e3779b97f4a7c15);
    }
    return 0;
}

int local_open_path(struct local *local, struct remote_call *call, const char *path)
{
    LOCAL_PLACE place = LOCAL_PLACE_INIT;
    int rc = local_find(local, call, path, &place);
    if (rc < 0)
        return rc;
    int fd = openat(place.parent, place.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? local_fail(call, -errno, "open", path) : fd;
}

static unsigned local_capabilities(struct remote *remote)
{
    const struct local *local = (struct local *)remote;
    return REMOTE_CAN_RANGE | REMOTE_CAN_WRITE | REMOTE_CAN_RENAME | REMOTE_CAN_RENAME_DIR |
           REMOTE_CAN_COPY | REMOTE_CAN_CONDITION | REMOTE_KEEPS_ATTRIBUTES | REMOTE_CAN_SYMLINK |
           REMOTE_CAN_LINK | REMOTE_KEEPS_FILES_AT_ROOT | (local->xattrs ? REMOTE_KEEPS_XATTRS : 0);
}

static int local_list_stream(
    struct remote_call *call, const char *path, DIR *stream, remote_entry_fn *entry, void *context)
{
    const struct dirent *found;
    struct remote_entry described;
    for (errno = 0; (found = readdir(stream)) != NULL; errno = 0) {
        const char *name = found->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (remote_call_cancelled(call))
            return remote_call_fail(call, -ECANCELED, "cancelled");
        if (local_is_temporary(name)) {
            local_sweep(dirfd(stream), name);
            continue;
        }
        int rc = local_describe(dirfd(stream), name, &described);
        if (rc == -ENOENT) /* gone meanwhile, or no object */
            continue;
        if (rc < 0)
            return local_fail(call, rc, "look at", path);
        rc = entry(context, name, strlen(name), &described);
        if (rc < 0)
            return rc;
    }
    return errno == 0 ? 0 : local_fail(call, -errno, "list", path);
}

static int local_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context)
{
    struct local *local = local_called(remote, call);
    LOCAL_PLACE place = LOCAL_PLACE_INIT;
    int rc = local_find(local, call, path, &place);
    if (rc < 0)
        return rc;
    CLEANUP_CLOSE int fd =
        openat(place.parent, place.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return local_fail(call, -errno, "list", path);
    CLEANUP_CLOSEDIR DIR *stream = fdopendir(fd);
    if (stream == NULL)
        return local_fail(call, -errno, "list", path);
    (void)TAKE_FD(fd); /* the stream's now */
    return local_list_stream(call, path, stream, entry, context);
}

static int local_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry)
{
    struct local *local = local_called(remote, call);
    LOCAL_PLACE place = LOCAL_PLACE_INIT;
    int rc = local_find(local, call, path, &place);
    if (rc == -EINVAL || rc == -ENOTDIR)
        rc = -ENOENT; /* nothing is there, whatever is in the way */
    if (rc == 0) {
        rc = local_describe(place.parent, place.name, ret_entry);
        if (rc < 0)
            rc = local_fail(call, rc, "look at", path);
    }
    return rc;
}

/* Opens a file for reading, whatever might be there. */
static int local_open_file(struct local *local, struct remote_call *call, const char *path)
{
    struct stat st;
    LOCAL_PLACE place = LOCAL_PLACE_INIT;
    int rc = local_find(local, call, path, &place);
    if (rc < 0)
        return rc;
    CLEANUP_CLOSE int fd = openat(
        place.parent, place.name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP ? remote_call_fail(call, -EINVAL, "'%s': a symbolic link", path)
                              : local_fail(call, -errno, "open", path);
    if (fstat(fd, &st) < 0)
        return local_fail(call, -errno, "open", path);
    if (S_ISDIR(st.st_mode))
        return remote_call_fail(call, -EISDIR, "'%s': a directory", path);
    if (!S_ISREG(st.st_mode))
        return remote_call_fail(call, -ENOENT, "'%s': not a file", path);
    return TAKE_FD(fd);
}

/* Bytes are passed on when it is known that the file was still the same after they were read. */
static int local_read_pieces(int fd, struct remote_call *call, const char *path, uint64_t offset,
    uint64_t end, const char *version, const struct remote_read_sink *sink)
{
    CLEANUP_FREE char *buffer = malloc(READ_PIECE);
    if (buffer == NULL)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    while (offset < end) {
        struct remote_entry now;
        size_t wanted = end - offset < READ_PIECE ? (size_t)(end - offset) : READ_PIECE;
        if (remote_call_cancelled(call))
            return remote_call_fail(call, -ECANCELED, "cancelled");
        ssize_t got = pread(fd, buffer, wanted, (off_t)offset);
        if (got < 0)
            return local_fail(call, -errno, "read", path);
        if (got == 0 || local_describe(fd, "", &now) < 0 || strcmp(now.version, version) != 0)
            return remote_call_fail(call, -ESTALE, "'%s': changed while it was read", path);
        int rc = sink->data(sink->context, offset, buffer, (size_t)got);
        if (rc < 0)
            return rc;
        offset += (uint64_t)got;
    }
    return 0;
}

static int local_read(struct remote *remote, struct remote_call *call, const char *path,
    uint64_t offset, uint64_t length, const struct remote_read_sink *sink)
{
    struct local *local = local_called(remote, call);
    struct remote_entry entry;
    if (length == 0)
        return remote_call_fail(call, -EINVAL, "'%s': not a range", path);
    CLEANUP_CLOSE int fd = local_open_file(local, call, path);
    if (fd < 0)
        return fd;
    int rc = local_describe(fd, "", &entry);
    if (rc < 0)
        return local_fail(call, rc, "look at", path);
    if (offset > 0 && offset >= entry.size)
        return remote_call_fail(call, -ESTALE, "'%s': the object ends before that", path);
    uint64_t end = length > entry.size - offset ? entry.size : offset + length;
    if (sink->begin != NULL)
        rc = sink->begin(sink->context, entry.size, entry.version);
    return rc < 0 ? rc : local_read_pieces(fd, call, path, offset, end, entry.version, sink);
}

static void local_free(struct remote *remote)
{
    struct local *local = (struct local *)remote;
    (void)close(local->root); /* a directory: nothing to lose */
    free(local);
}

static const struct remote_ops local_ops = {
    .type = "local",
    .capabilities = local_capabilities,
    .list = local_list,
    .probe = local_probe,
    .read = local_read,
    .write = local_write,
    .make_dir = local_make_dir,
    .remove = local_remove,
    .rename = local_rename,
    .copy = local_copy,
    .set_attributes = local_set_attributes,
    .make_symlink = local_make_symlink,
    .read_link = local_read_link,
    .link = local_link,
    .xattr_set = local_xattr_set,
    .xattr_get = local_xattr_get,
    .xattr_list = local_xattr_list,
    .free = local_free,
};

struct remote *local_new(const char *root)
{
    CLEANUP_CLOSE int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct local *local = calloc(1, sizeof(*local));
    if (local == NULL)
        return NULL;
    local->remote.ops = &local_ops;
    local->xattrs = fgetxattr(fd, "user.algofs.none", NULL, 0) >= 0 || errno == ENODATA;
    local->root = TAKE_FD(fd);
    return &local->remote;
}
