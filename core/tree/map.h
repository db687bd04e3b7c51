/* SPDX-License-Identifier: MIT */
/*
 * Presence maps on disk: maps/<inode>, one for each partial file (layout: core/wire/presence.h).
 *
 * A map belongs to one inode, known by device, number and time of birth: a reused number does not
 * inherit it. On a file system without birth times a map is never taken over from an earlier
 * process. The blocks of a map are reserved when it is made, so that setting a bit cannot fail on a
 * full disk.
 *
 * Threads: one owner per map (the engine's hydration); presence bits are atomic.
 */
#ifndef ALGOFS_TREE_MAP_H
#define ALGOFS_TREE_MAP_H

#include <stddef.h>
#include <sys/types.h>

#include "core/tree/file.h"
#include "core/wire/presence.h"

struct map {
    struct presence_map *presence; /* NULL: not open */
    size_t mapped;
    int reader; /* for doors: open for reading only */
};

#define MAP_INIT { NULL, 0, -1 }

/** Opens the map of the file `fd`, whose state is `state`, or makes an empty one. */
int map_open(struct tree *tree, int fd, const struct file_state *state, struct map *ret_map);
/** Unmaps and closes; the file stays. */
void map_close(struct map *map);
/** Removes the map file of `inode`; whoever has it mapped keeps it. */
void map_delete(struct tree *tree, ino_t inode);

#endif
