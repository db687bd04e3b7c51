/* SPDX-License-Identifier: MIT */
/* What one entry is: ensured, looked at natively, presented. 0 or -errno; any thread. */
#ifndef ALGOFS_FUSE_ENTRY_H
#define ALGOFS_FUSE_ENTRY_H

#include "fuse-fallback/mount.h"
#include "fuse-fallback/node.h"

/** Finds `name` of `parent` and counts one look-up of its node: who does not tell the kernel forgets it. */
int entry_find(struct node *parent, const char *name, struct fuse_entry_param *ret_entry);
/** The same for an entry that was just opened or made: `fd` is it. */
int entry_found(struct node *parent, const char *name, int fd, struct fuse_entry_param *ret_entry);
/** Presented attributes of a node. */
int entry_stat(struct node *node, struct stat *ret_st);

#endif
