/* SPDX-License-Identifier: MIT */
/*
 * The working directory. The kernel's is real: a directory of the tree after `cd /algo/…`, so that
 * children, relative paths and `.` just work. This process remembers whether it is in the tree, and
 * what programs shall hear of it.
 */
#ifndef ALGOFS_PRELOAD_CWD_H
#define ALGOFS_PRELOAD_CWD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/client/lease.h"

enum cwd_state {
    CWD_UNKNOWN,
    CWD_OUTSIDE,
    CWD_ABOVE, /* outside, in a folder that the prefix's own path goes through */
    CWD_INSIDE,
};

/** Where the process stands; asks the kernel once, after start. */
enum cwd_state cwd_where(void);
/** Path below the prefix, if inside. 0, or -ENOENT if it is not (or was removed). */
int cwd_path(char *out, size_t size, size_t *ret_len);
/** Until when the listing of the directory at `path` from here ("" is here; plain names only) may be trusted
 * without a look at where that is; 0: look. */
lease_time cwd_lease(const char *path, size_t len);
void cwd_set_lease(const char *path, size_t len, lease_time until);
/** A number that changes when the process moves: what was found by relative paths holds only as long. */
unsigned cwd_moves(void);
/** The process was forked or moves: what is remembered is of no use. */
void cwd_forget(void);

#endif
