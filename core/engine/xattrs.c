/* SPDX-License-Identifier: MIT */
/*
 * GETXATTR and SETXATTR: extended attributes are the remote's alone, asked for each time and never kept
 * here, where the store has them (REMOTE_KEEPS_XATTRS).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/engine/ensure.h"
#include "core/engine/internal.h"
#include "core/engine/keep.h"
#include "core/engine/links.h"
#include "core/engine/writable.h"

/* What a program can be answered; not a failure of the remote. */
static bool xattrs_is_answer(int rc)
{
    return rc == -ENODATA || rc == -EOPNOTSUPP || rc == -ERANGE || rc == -EEXIST || rc == -E2BIG ||
           rc == -ENOSPC || rc == -EPERM;
}

static int xattrs_find(struct instance *instance, const char *asked, char path[PATH_MAX],
    struct remote **ret_remote, const char **ret_rest)
{
    int rc = ensure_translate(instance, asked, path, PATH_MAX);
    if (rc == 0)
        rc = instance_remote(instance, path, ret_remote, ret_rest);
    if (rc == 0 && (**ret_rest == '\0' || !keep_can(instance, path, REMOTE_KEEPS_XATTRS)))
        rc = -EOPNOTSUPP;
    return rc;
}

static int xattrs_memory(const char *bytes, size_t size)
{
    CLEANUP_CLOSE int fd = memfd_create("algofs-xattr", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (size > 0 && write(fd, bytes, size) != (ssize_t)size)
        return -EIO;
    return lseek(fd, 0, SEEK_SET) < 0 ? -errno : TAKE_FD(fd);
}

int engine_getxattr(struct engine *engine, const struct wire_getxattr_request *request,
    struct wire_getxattr_reply *ret_reply, int *ret_fd)
{
    char path[PATH_MAX];
    struct remote *remote;
    const char *rest;
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = xattrs_find(instance, request->path, path, &remote, &rest);
    if (rc == 0)
        rc = links_have_remote(instance, path);
    if (rc < 0)
        return rc;
    CLEANUP_FREE char *bytes = malloc(WIRE_XATTR_MAX);
    if (bytes == NULL)
        return -ENOMEM;
    ssize_t size = request->name[0] == '\0'
                       ? remote_xattr_list(remote, &call, rest, bytes, WIRE_XATTR_MAX)
                       : remote_xattr_get(remote, &call, rest, request->name, bytes, WIRE_XATTR_MAX);
    if (size < 0)
        return xattrs_is_answer((int)size)
                   ? (int)size
                   : instance_failed(instance, "read an attribute of", path, &call, (int)size);
    int fd = xattrs_memory(bytes, (size_t)size);
    if (fd < 0)
        return fd;
    ret_reply->size = (uint64_t)size;
    *ret_fd = fd;
    return 0;
}

/* The value comes in a file beside the request. */
static int xattrs_read_value(int fd, uint64_t size, char *value)
{
    if (size > WIRE_XATTR_MAX)
        return -E2BIG;
    if (size > 0 && (fd < 0 || pread(fd, value, (size_t)size, 0) != (ssize_t)size))
        return -EINVAL;
    return 0;
}

int engine_setxattr(struct engine *engine, const struct wire_setxattr_request *request, int fd)
{
    char path[PATH_MAX];
    struct remote *remote;
    const char *rest;
    CLEANUP_CLAIM struct claim claim = { .instance = NULL };
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = xattrs_find(instance, request->path, path, &remote, &rest);
    if (rc == 0)
        rc = writable_check(instance, path);
    CLEANUP_FREE char *value = malloc(WIRE_XATTR_MAX);
    if (rc == 0 && value == NULL)
        rc = -ENOMEM;
    if (rc == 0)
        rc = xattrs_read_value(fd, request->size, value);
    if (rc == 0)
        rc = links_have_remote(instance, path);
    if (rc == 0)
        rc = claim_take(&claim, instance, CLAIM_SHARED, path, NULL);
    if (rc < 0)
        return rc;
    bool removes = request->remove != 0;
    rc = remote_xattr_set(remote, &call, rest, request->name, removes ? NULL : value,
        (size_t)request->size, (int)request->flags);
    writable_learn(instance, path, rc, &call);
    return rc < 0 && !xattrs_is_answer(rc)
               ? instance_failed(instance, "set an attribute of", path, &call, rc)
               : rc;
}
