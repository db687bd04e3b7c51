/* SPDX-License-Identifier: MIT */
#include "core/client/door-write.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/sys.h"
#include "core/client/door.h"
#include "core/client/environment.h"
#include "core/client/report.h"

/* The number that open(2) would have given: received descriptors came while a socket was open. */
static int lowest_descriptor(int fd, int flags)
{
    int command = (flags & O_CLOEXEC) != 0 ? F_DUPFD_CLOEXEC : F_DUPFD;
    int lower = sys_fcntl(fd, command, 0);
    if (lower >= 0 && lower < fd) {
        (void)sys_close(fd); /* the same open file lives on in `lower` */
        return lower;
    }
    if (lower >= 0)
        (void)sys_close(lower);
    if ((flags & O_CLOEXEC) == 0)
        (void)sys_fcntl(fd, F_SETFD, 0);
    return fd;
}

int door_open_write(const char *path, int flags, mode_t mode, int *ret_fd)
{
    struct wire_open_write_request request = {
        .flags = (unsigned)flags,
        .mode = mode,
        .path = path,
    };
    struct wire_buffer message;
    int fd = -1;
    int rc = wire_encode_open_write_request(&message, WIRE_OPEN_WRITE, &request);
    if (rc == 0)
        rc = door_ask(&message, -1, &fd);
    if (rc < 0)
        return rc;
    if (fd < 0)
        return -EPROTO;
    *ret_fd = lowest_descriptor(fd, flags);
    return 0;
}

static int commit(int fd, const struct wire_commit_request *request)
{
    struct wire_buffer message;
    int rc = wire_encode_commit_request(&message, WIRE_COMMIT, request);
    return rc < 0 ? rc : door_ask(&message, fd, NULL);
}

int door_commit(int fd, unsigned how)
{
    report_count(REPORT_COMMIT);
    struct wire_commit_request request = { .how = how };
    return commit(fd, &request);
}

int door_commit_closing(int fd, unsigned how)
{
    bool async = strcmp(environment_get(ENVIRONMENT_ALGOFS_WRITEBACK), "async") == 0;
    return door_commit(fd, async ? how | WIRE_COMMIT_JOURNAL : how);
}

int door_commit_synchronised(int fd, unsigned how)
{
    if (strcmp(environment_get(ENVIRONMENT_ALGOFS_FSYNC), "local") == 0)
        return (int)sys_call(SYS_fsync, fd, 0, 0, 0, 0, 0);
    return door_commit(fd, how);
}

int door_commit_inode(dev_t device, ino_t inode, unsigned how)
{
    struct wire_commit_request request = { .how = how, .device = device, .inode = inode };
    return commit(-1, &request);
}

int door_make_directory(const char *path, mode_t mode)
{
    struct wire_mkdir_request request = { .mode = mode, .path = path };
    struct wire_buffer message;
    int rc = wire_encode_mkdir_request(&message, WIRE_MKDIR, &request);
    return rc < 0 ? rc : door_ask(&message, -1, NULL);
}

int door_remove(const char *path, int flags)
{
    struct wire_remove_request request = { .flags = (unsigned)flags, .path = path };
    struct wire_buffer message;
    int rc = wire_encode_remove_request(&message, WIRE_REMOVE, &request);
    return rc < 0 ? rc : door_ask(&message, -1, NULL);
}

int door_make_symlink(const char *target, const char *path)
{
    struct wire_symlink_request request = { .target = target, .path = path };
    struct wire_buffer message;
    int rc = wire_encode_symlink_request(&message, WIRE_SYMLINK, &request);
    return rc < 0 ? rc : door_ask(&message, -1, NULL);
}

int door_link(const char *from, const char *to)
{
    struct wire_link_request request = { .from = from, .to = to };
    struct wire_buffer message;
    int rc = wire_encode_link_request(&message, WIRE_LINK, &request);
    return rc < 0 ? rc : door_ask(&message, -1, NULL);
}

int door_rename(const char *from, const char *to, unsigned flags)
{
    struct wire_rename_request request = { .flags = flags, .from = from, .to = to };
    struct wire_buffer message;
    int rc = wire_encode_rename_request(&message, WIRE_RENAME, &request);
    return rc < 0 ? rc : door_ask(&message, -1, NULL);
}

int door_set_attributes(const char *path, int fd, const struct door_attributes *attributes)
{
    struct wire_setattr_request request = {
        .valid = attributes->valid,
        .mode = attributes->mode,
        .uid = attributes->uid,
        .gid = attributes->gid,
        .size = (uint64_t)attributes->size,
        .atime_sec = (uint64_t)attributes->times[0].tv_sec,
        .atime_nsec = (uint64_t)attributes->times[0].tv_nsec,
        .mtime_sec = (uint64_t)attributes->times[1].tv_sec,
        .mtime_nsec = (uint64_t)attributes->times[1].tv_nsec,
        .path = path,
    };
    struct wire_buffer message;
    int rc = wire_encode_setattr_request(&message, WIRE_SETATTR, &request);
    return rc < 0 ? rc : door_ask(&message, path == NULL ? fd : -1, NULL);
}

int door_flush(uint64_t wait_ms, uint64_t *ret_pending, uint64_t *ret_failed, int *ret_report)
{
    struct wire_flush_request request = { .wait_ms = wait_ms };
    struct wire_flush_reply reply;
    struct wire_buffer message;
    *ret_report = -1;
    int rc = wire_encode_flush_request(&message, WIRE_FLUSH, &request);
    if (rc == 0)
        rc = door_ask(&message, -1, ret_report);
    if (rc == 0)
        rc = wire_decode_flush_reply(&message, &reply);
    if (rc == 0) {
        *ret_pending = reply.pending;
        *ret_failed = reply.failed;
    }
    return rc;
}

ssize_t door_get_xattr(const char *path, const char *name, void *value, size_t size)
{
    struct wire_getxattr_request request = { .path = path, .name = name };
    struct wire_getxattr_reply reply;
    struct wire_buffer message;
    int fd = -1;
    int rc = wire_encode_getxattr_request(&message, WIRE_GETXATTR, &request);
    if (rc == 0)
        rc = door_ask(&message, -1, &fd);
    if (rc == 0)
        rc = wire_decode_getxattr_reply(&message, &reply);
    if (rc == 0 && size != 0 && reply.size > size)
        rc = -ERANGE;
    if (rc == 0 && size != 0 && reply.size > 0 &&
        sys_read(fd, value, (size_t)reply.size) != (ssize_t)reply.size)
        rc = -EIO;
    if (fd >= 0)
        (void)sys_close(fd); /* the agent's memory file: read */
    return rc < 0 ? rc : (ssize_t)reply.size;
}

int door_set_xattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    struct wire_setxattr_request request = {
        .flags = (unsigned)flags,
        .remove = value == NULL,
        .size = size,
        .path = path,
        .name = name,
    };
    struct wire_buffer message;
    int fd = -1;
    int rc = wire_encode_setxattr_request(&message, WIRE_SETXATTR, &request);
    if (rc == 0 && size > 0) {
        fd = sys_memfd_create("algofs-xattr", MFD_CLOEXEC);
        rc = fd < 0 ? fd : 0;
        if (rc == 0 && sys_write(fd, value, size) != (ssize_t)size)
            rc = -ENOSPC;
    }
    if (rc == 0)
        rc = door_ask(&message, fd, NULL);
    if (fd >= 0)
        (void)sys_close(fd); /* the agent has read it */
    return rc;
}

int door_get_acl(const char *path, char *out, size_t size)
{
    struct wire_getacl_request request = { .path = path };
    struct wire_getacl_reply reply;
    struct wire_buffer message;
    int rc = wire_encode_getacl_request(&message, WIRE_GETACL, &request);
    if (rc == 0)
        rc = door_ask(&message, -1, NULL);
    if (rc == 0)
        rc = wire_decode_getacl_reply(&message, &reply);
    if (rc < 0)
        return rc;
    size_t len = strlen(reply.acl);
    if (len >= size)
        return -ERANGE;
    memcpy(out, reply.acl, len + 1);
    return 0;
}

int door_set_acl(const char *path, const char *acl)
{
    struct wire_setacl_request request = { .path = path, .acl = acl };
    struct wire_buffer message;
    int rc = wire_encode_setacl_request(&message, WIRE_SETACL, &request);
    return rc < 0 ? rc : door_ask(&message, -1, NULL);
}
