/* SPDX-License-Identifier: MIT */
#include "core/client/partial.h"

#include <errno.h>

#include "core/base/sys.h"
#include "core/client/door.h"

int partial_open(int map_fd, uint64_t size, struct partial *ret_partial)
{
    struct stat map_st;
    int rc = sys_fstat(map_fd, &map_st);
    if (rc < 0)
        return rc;
    size_t map_size = (size_t)map_st.st_size;
    void *map = sys_mmap(NULL, map_size, PROT_READ, MAP_SHARED, map_fd, 0);
    if (sys_is_error(map))
        return -ENOMEM;
    if (!presence_map_valid(map, map_size, size)) {
        (void)sys_munmap(map, map_size);
        return -EPROTO;
    }
    ret_partial->map = map;
    ret_partial->map_size = map_size;
    return 0;
}

void partial_close(struct partial *partial)
{
    if (partial->map != NULL)
        (void)sys_munmap((void *)(uintptr_t)partial->map, partial->map_size);
    partial->map = NULL;
}

bool partial_is_complete(const struct partial *partial)
{
    return atomic_load(&partial->map->complete) != 0;
}

bool partial_is_steady(const struct partial *partial, uint64_t epoch)
{
    /* That it is complete by now says nothing about then: what was dropped may have come again since. */
    return atomic_load(&partial->map->epoch) == epoch;
}

bool partial_has(const struct partial *partial, uint64_t offset, uint64_t length)
{
    return partial_is_complete(partial) || presence_has(partial->map, offset, length);
}

int partial_hold(const struct partial *partial, int fd, uint64_t offset, uint64_t length)
{
    uint64_t epoch;
    if (!partial_is_complete(partial) && atomic_load(&partial->map->held) == 0) {
        int rc = door_need(fd, offset, length, true);
        if (rc < 0)
            return rc;
    }
    return partial_wait(partial, fd, offset, length, &epoch);
}

int partial_wait(const struct partial *partial, int fd, uint64_t offset, uint64_t length,
    uint64_t *ret_epoch)
{
    for (int i = 0; i < PARTIAL_TRIES; i++) {
        uint64_t epoch = atomic_load(&partial->map->epoch);
        bool complete = partial_is_complete(partial);
        bool here = length == UINT64_MAX ? complete : presence_has(partial->map, offset, length);
        if (complete || (here && epoch % 2 == 0)) {
            if (!complete && presence_crosses_mark(partial->map, offset, length))
                door_hint(fd, offset + length);
            *ret_epoch = epoch;
            return 0;
        }
        int rc = door_need(fd, offset, length, false);
        if (rc < 0)
            return rc;
    }
    return -EIO;
}
