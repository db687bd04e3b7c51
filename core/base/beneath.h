/* SPDX-License-Identifier: MIT */
/*
 * Opening paths that must not leave a directory.
 *
 * Paths are relative, "" is the directory itself; a path with "..", with a symbolic link anywhere,
 * or that is absolute does not open (-ELOOP, -EXDEV, -ENOTDIR, -EINVAL). openat2 where the kernel
 * (and the container's filter) lets us, else a walk of one O_NOFOLLOW open a component.
 *
 * Thread-safe. All descriptors are close-on-exec.
 */
#ifndef ALGOFS_BASE_BENEATH_H
#define ALGOFS_BASE_BENEATH_H

#include <stdbool.h>

/** Opens an existing `path` below `root`. Never creates. The descriptor or -errno. */
int beneath_open(int root, const char *path, int flags);

/** Opens the directory that holds the last component of `path` (not ""); *ret_name points into
 * `path`. */
int beneath_open_parent(int root, const char *path, const char **ret_name);
/** The same by O_PATH: works in a directory that may be searched but not read. */
int beneath_path_parent(int root, const char *path, const char **ret_name);

/** Whether `name` (of `len` bytes, from a stranger) can be an entry: not empty, no '/' or NUL, not
 * "." or "..", not longer than NAME_MAX. */
bool beneath_name_valid(const char *name, unsigned long len);

#endif
