/* SPDX-License-Identifier: MIT */
/*
 * Walks over all files of a tree.
 *
 * Threads: one walk at a time needs nothing; entries may come and go while it runs.
 */
#ifndef ALGOFS_TREE_SWEEP_H
#define ALGOFS_TREE_SWEEP_H

#include <sys/stat.h>

struct tree;
struct tree_spare;

/* Sees one regular file: `path` in the tree, and its parent directory and name. 0, or -errno to
 * stop. */
typedef int sweep_file_fn(
    void *context, const char *path, int dir, const char *name, const struct stat *st);

/** Calls `file` for every regular file. 0 or -errno. */
int sweep_files(struct tree *tree, sweep_file_fn *file, void *context);

/** Removes every complete file that `spare` (NULL: none) does not vouch for: its next listing brings
 * it back as a placeholder. */
int sweep_complete_files(struct tree *tree, const struct tree_spare *spare);

#endif
