/* SPDX-License-Identifier: MIT */
/*
 * What others change in the tree is taken from the kernel's memory: a thread that hears from the agent
 * (core/client/watch.h) and tells the kernel.
 *
 * While it hears nothing (the agent was restarted), `mount_state.hears` is false and names are not remembered;
 * when it hears again, all that the kernel may remember goes first.
 *
 * Telling the kernel waits for whoever works in the same directory, so it is done by this thread alone, with no
 * lock held.
 */
#ifndef ALGOFS_FUSE_NOTIFY_H
#define ALGOFS_FUSE_NOTIFY_H

/** Starts the thread. 0 or -errno. */
int notify_init(void);
/** Ends it; after the session's loop, before the session is destroyed. */
void notify_end(void);

#endif
