/* SPDX-License-Identifier: MIT */
/*
 * A way out of the shim for programs of ours that must see the system as it is: with LD_PRELOAD=libalgofs.so
 * and the prefix as mount point, a look at the mount would be a look into the tree.
 */
#ifndef ALGOFS_BASE_UNSHIMMED_H
#define ALGOFS_BASE_UNSHIMMED_H

/** Runs this program again, with `argv`, if it was loaded with the shim. Returns if it was not. */
void unshimmed_restart(char **argv);

#endif
