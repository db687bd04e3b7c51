/* SPDX-License-Identifier: MIT */
/*
 * Going into the background, with a starter that returns when the mount answers, or fails with the reason:
 * what goes wrong before is said by the child on the stderr that both have.
 */
#ifndef ALGOFS_FUSE_START_H
#define ALGOFS_FUSE_START_H

/** In the child: 0 and *ret_ready; the starter does not return. -errno: no process to be had. */
int start_in_background(int *ret_ready);
/** The mount answers: lets the starter go, and stdio too. Takes `ready`. */
void start_done(int ready);

#endif
