/* SPDX-License-Identifier: MIT */
/*
 * Becoming a daemon whose starter knows when it is ready.
 *
 * The starting process stays until the daemon says how it went: daemon_ready lets it exit 0, and if
 * the daemon ends without that it exits 1. Single-threaded use, before any thread is made.
 */
#ifndef ALGOFS_AGENT_DAEMON_H
#define ALGOFS_AGENT_DAEMON_H

/** In the daemon: 0, with *ret_ready to hand to daemon_ready. The starting process does not return.
 * -errno if there is no process to be had. */
int daemon_start(int *ret_ready);

/** Gives up stdio and the starter's folder, and lets the starter go; takes `ready`. */
void daemon_ready(int ready);

/** Closes every descriptor above stderr that the process was started with. */
void daemon_close_inherited(void);

#endif
