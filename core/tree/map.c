/* SPDX-License-Identifier: MIT */
#include "core/tree/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/tree/internal.h"

enum { MAP_NAME_MAX = 24 };

static void map_name(char name[MAP_NAME_MAX], ino_t inode)
{
    (void)snprintf(name, MAP_NAME_MAX, "%llu", (unsigned long long)inode);
}

void map_delete(struct tree *tree, ino_t inode)
{
    char name[MAP_NAME_MAX];
    map_name(name, inode);
    (void)unlinkat(tree->maps, name, 0); /* mostly there is none; a stale one does not validate */
}

void map_close(struct map *map)
{
    if (map->presence != NULL)
        (void)munmap(map->presence, map->mapped); /* a mapping of ours: cannot fail */
    if (map->reader >= 0)
        (void)close(map->reader); /* read-only */
    *map = (struct map)MAP_INIT;
}

/* Seconds 0 where the file system has no birth times. */
static struct statx_timestamp map_birth(int fd)
{
    struct statx stx;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) < 0 || (stx.stx_mask & STATX_BTIME) == 0)
        return (struct statx_timestamp){ .tv_sec = 0 };
    return stx.stx_btime;
}

static int map_attach(int fd, size_t size, struct map *map)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return -errno;
    map->presence = at;
    map->mapped = size;
    return 0;
}

/* Takes over the map that an earlier process left. -ENOENT: there is none that may be believed. */
static int map_reuse(struct tree *tree, const char *name, const struct file_state *state,
    struct statx_timestamp birth, struct map *map)
{
    struct stat st;
    size_t size = presence_map_size(state->size);
    CLEANUP_CLOSE int fd = openat(tree->maps, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (birth.tv_sec == 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != size)
        return -ENOENT;
    int rc = map_attach(fd, size, map);
    if (rc < 0)
        return rc;
    const struct presence_map *presence = map->presence;
    if (presence_map_valid(presence, size, state->size) && presence->device == state->device &&
        presence->inode == state->inode && presence->birth_sec == birth.tv_sec &&
        presence->birth_nsec == birth.tv_nsec && presence->complete == 0 &&
        (presence->epoch & 1) == 0)
        return 0;
    map_close(map);
    return -ENOENT;
}

static int map_create(struct tree *tree, const char *name, const struct file_state *state,
    struct statx_timestamp birth, struct map *map)
{
    char made[TREE_TEMPORARY_MAX];
    size_t size = presence_map_size(state->size);
    entry_temporary(tree, made);
    CLEANUP_CLOSE int fd = openat(tree->tmp, made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int rc = -posix_fallocate(fd, 0, (off_t)size);
    if (rc == 0)
        rc = map_attach(fd, size, map);
    if (rc == 0) {
        map->presence->version = PRESENCE_VERSION;
        map->presence->chunk_shift = PRESENCE_CHUNK_SHIFT;
        map->presence->size = state->size;
        map->presence->device = state->device;
        map->presence->inode = state->inode;
        map->presence->birth_sec = birth.tv_sec;
        map->presence->birth_nsec = birth.tv_nsec;
        map->presence->magic = PRESENCE_MAGIC;
        rc = renameat(tree->tmp, made, tree->maps, name) < 0 ? -errno : 0;
    }
    if (rc < 0)
        (void)unlinkat(tree->tmp, made, 0); /* else the next start removes it */
    return rc;
}

int map_open(struct tree *tree, int fd, const struct file_state *state, struct map *ret_map)
{
    struct map map = MAP_INIT;
    char name[MAP_NAME_MAX];
    map_name(name, state->inode);
    struct statx_timestamp birth = map_birth(fd);
    int rc = durable_will_complete(&tree->durable, tree->folder);
    if (rc == 0)
        rc = map_reuse(tree, name, state, birth, &map);
    if (rc == -ENOENT)
        rc = map_create(tree, name, state, birth, &map);
    if (rc == 0) {
        map.reader = openat(tree->maps, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        rc = map.reader < 0 ? -errno : 0;
    }
    if (rc < 0) {
        map_close(&map);
        return rc;
    }
    *ret_map = map;
    return 0;
}
