/* SPDX-License-Identifier: MIT */
/*
 * What programs see of a tree entry: one function turns the raw attributes into those of the remote
 * object. DESIGN section 3: while a regular file's sticky bit is set, its data is not all here, atime
 * holds the remote's mtime, and its own mtime and ctime say when it was filled, which is nobody's
 * business. Blocks are reported as if dense, so that cp, tar and du see no holes.
 */
#ifndef ALGOFS_CLIENT_PRESENT_H
#define ALGOFS_CLIENT_PRESENT_H

#include <linux/stat.h>
#include <sys/stat.h>

#include "core/wire/entry.h"

/** Turns raw attributes into the presented ones; those of complete files stay. */
void present_stat(struct stat *st);
/** The same; `stx_mask` may lack fields: only those that are there are changed. */
void present_statx(struct statx *stx);
/** For a descriptor that was opened while its file was incomplete: ctime goes on being mtime. */
void present_stat_opened_incomplete(struct stat *st);

#endif
