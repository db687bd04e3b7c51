/* SPDX-License-Identifier: MIT */
/*
 * A prefix that may not be changed (ALGOFS_READONLY=1, algofs-run --readonly): EROFS, where the call
 * would otherwise have gone through; what a read-only file system would find first (ENOENT, EEXIST,
 * EISDIR, ENOTDIR) is answered first.
 */
#ifndef ALGOFS_PRELOAD_CHANGE_H
#define ALGOFS_PRELOAD_CHANGE_H

#include <stdbool.h>

#include "preload/target.h"

/** Whether the prefix is read-only for this process. */
bool change_is_refused(void);
/** The errno for changing what `t` names, in a read-only prefix. */
int change_refused(const struct target *t);
/** The errno for making something where `t` names, in a read-only prefix. */
int change_refused_new(const struct target *t);
/** The errno for making what is no directory where `t` names something with a trailing slash. */
int change_slash(const struct target *t);
/** The errno for making what no remote can hold (a link, a device, a socket) where `t` names. */
int change_cannot_hold(const struct target *t);
/** access(2) with W_OK: 0 if it may go on to the real call, -1 with errno if not. */
int change_access(const struct target *t, int mode);
/** An open that would write or create in a read-only prefix: a descriptor if it need do neither, else -1
 * with errno. */
int change_open(const struct target *t, int flags);

#endif
