/* SPDX-License-Identifier: MIT */
/*
 * What calls that change the prefix answer. In this version the prefix is read-only: EROFS, where the
 * call would otherwise have gone through; what a read-only file system would find first (ENOENT, EEXIST,
 * EISDIR, ENOTDIR) is answered first.
 */
#ifndef ALGOFS_PRELOAD_CHANGE_H
#define ALGOFS_PRELOAD_CHANGE_H

#include <stdio.h>

#include "preload/target.h"

/** The errno for changing what `t` names. */
int change_refused(const struct target *t);
/** The errno for making something where `t` names. */
int change_refused_new(const struct target *t);
/** access(2) with W_OK: 0 if it may go on to the real call, -1 with errno if not. */
int change_access(const struct target *t, int mode);
/** An open that would write or create: a descriptor if it need do neither, else -1 with errno. */
int change_open(const struct target *t, int flags);
/** A stream for writing: NULL with errno. */
FILE *change_fopen(const struct target *t, const char *mode);

#endif
