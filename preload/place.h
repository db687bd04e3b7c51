/* SPDX-License-Identifier: MIT */
/*
 * Where a native path, a descriptor or the working directory stands: in our tree, or not.
 *
 * The kernel speaks of `$CACHE/<instance>/tree/x`; programs shall hear of `/algo/x` only. A process that
 * was exec'ed with its cwd or a descriptor in the tree does not know the tree yet: the shape
 * `/<12 hex digits>/tree` of the path tells that it is worth asking the agent.
 */
#ifndef ALGOFS_PRELOAD_PLACE_H
#define ALGOFS_PRELOAD_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** The part behind the tree's root ("" for the root itself) of a canonical native path; NULL: not there. */
const char *place_in_tree(const char *native);
/** The same without asking the agent: for calls that must stay cheap, before there is a session. */
const char *place_in_known_tree(const char *native);

/**
 * The path of `fd` below the prefix, without leading slash.
 * 0, -ENOENT (not in the tree, or unlinked there), -ENAMETOOLONG, or what /proc answers.
 */
int place_of_fd(int fd, char *out, size_t size, size_t *ret_len);
bool place_has_fd(int fd);
/** What /proc says a descriptor is, NUL-terminated: its length, or -errno. */
ssize_t place_native_of_fd(int fd, char *out, size_t size);

#endif
