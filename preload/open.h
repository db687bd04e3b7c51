/* SPDX-License-Identifier: MIT */
/* What other families need of opening. */
#ifndef ALGOFS_PRELOAD_OPEN_H
#define ALGOFS_PRELOAD_OPEN_H

/**
 * A descriptor that libc opened itself on a tree path (fopen, freopen, opendir): makes it fit for a
 * reader that cannot ask. 0 or -errno; -ESTALE: open again.
 */
int open_adopt(int fd, int flags);
/**
 * Takes on a descriptor that came from elsewhere (a link of /proc, another process) and may be one of the
 * tree. Returns it, or closes it and returns -1 with errno.
 */
int open_arrived(int fd);

#endif
