/* SPDX-License-Identifier: MIT */
/* What is mapped where in this process, as /proc/self/maps tells. Stack only; any thread, any handler. */
#ifndef ALGOFS_PRELOAD_MAPS_H
#define ALGOFS_PRELOAD_MAPS_H

#include <limits.h>
#include <sys/types.h>

struct mapped_file {
    ino_t inode;
    char path[PATH_MAX]; /* native */
};

/** The file of the tree that is mapped at `at`: 1; 0 if it is none of ours (or no file); or -errno. */
int maps_find(const void *at, struct mapped_file *ret_file);

#endif
