/* SPDX-License-Identifier: MIT */
/*
 * What an entry of the tree says by its inode alone; known to the agent, which makes it so, and to the
 * doors, which read it (DESIGN section 3).
 */
#ifndef ALGOFS_WIRE_ENTRY_H
#define ALGOFS_WIRE_ENTRY_H

#include <stdbool.h>
#include <sys/stat.h>

/*
 * The mtime of directories that are as the remote has them; the Data API keeps no times for directories.
 * One fixed moment, so that listing a directory does not change what was seen of it: 2015-03-12
 * 08:00:00 UTC, as the first algorithmia-fuse had it. The ctime of any directory is presented as its mtime: the
 * one that it has here moves whenever it is listed.
 */
enum { ENTRY_DIRECTORY_MTIME = 1426147200 };

/** Whether raw attributes are those of a file whose data is not all here: its sticky bit is set, and its
 * atime holds the remote's mtime. */
static inline bool entry_is_incomplete(mode_t mode)
{
    return (mode & (S_IFMT | S_ISVTX)) == (S_IFREG | S_ISVTX);
}

#endif
