/* SPDX-License-Identifier: MIT */
/* What other families need of opening. */
#ifndef ALGOFS_PRELOAD_OPEN_H
#define ALGOFS_PRELOAD_OPEN_H

/**
 * A descriptor that libc opened itself on a tree path (fopen, freopen, opendir): makes it fit for a
 * reader that cannot ask. 0 or -errno; -ESTALE: open again.
 */
int open_adopt(int fd, int flags);

#endif
