/* SPDX-License-Identifier: MIT */
#include "fuse-fallback/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/client/door.h"

struct handle *handle_new(struct node *node, int fd, bool writer)
{
    struct handle *handle = calloc(1, sizeof(*handle));
    if (handle == NULL)
        return NULL;
    handle->node = node;
    handle->fd = fd;
    handle->writer = writer;
    atomic_store(&handle->refs, 1);
    pthread_mutex_init(&handle->offset_lock, NULL);
    return handle;
}

void handle_put(struct handle *handle)
{
    if (atomic_fetch_sub(&handle->refs, 1) != 1)
        return;
    partial_close(&handle->partial);
    (void)close(handle->fd); /* what was written has been committed, or the agent sees to it now */
    pthread_mutex_destroy(&handle->offset_lock);
    free(handle);
}

bool handle_is_native(const struct handle *handle)
{
    return handle->partial.map == NULL || partial_is_complete(&handle->partial);
}

bool handle_is_steady(const struct handle *handle, uint64_t epoch)
{
    return handle->partial.map == NULL || partial_is_steady(&handle->partial, epoch);
}

int handle_need(struct handle *handle, uint64_t offset, uint64_t length, uint64_t *ret_epoch)
{
    *ret_epoch = 0;
    if (atomic_load(&handle->stale))
        return -ESTALE;
    if (handle->partial.map == NULL)
        return 0;
    return partial_wait(&handle->partial, handle->fd, offset, length, ret_epoch);
}

int handle_hold(struct handle *handle, uint64_t offset, uint64_t length)
{
    if (atomic_load(&handle->stale))
        return -ESTALE;
    return handle_is_native(handle) ? 0 : partial_hold(&handle->partial, handle->fd, offset, length);
}

int handle_adopt(struct handle *handle, const char *path, int flags, uint64_t size)
{
    bool complete = false;
    int map_fd = -1;
    size_t len = 0;
    while (path[len] != '\0')
        len++;
    handle->incomplete = true;
    int status = fcntl(handle->fd, F_GETFL);
    if (status >= 0)
        (void)fcntl(handle->fd, F_SETFL, status | O_NOATIME); /* atime holds the remote's mtime */
    int rc = door_open(path, len, handle->fd, flags, &complete, &map_fd);
    if (rc == 0 && !complete && (map_fd < 0 || partial_open(map_fd, size, &handle->partial) < 0))
        rc = door_need(handle->fd, 0, UINT64_MAX, true); /* no way to ask for ranges: all of it */
    if (map_fd >= 0)
        (void)close(map_fd);
    return rc;
}
