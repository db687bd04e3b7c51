/* SPDX-License-Identifier: MIT */
/*
 * Starting the agent from inside any program.
 *
 * The child is made by clone with CLONE_VM|CLONE_VFORK and exit signal 0: no page tables are copied
 * whatever the host's size, and the host's waitpid(-1) never meets a child that it did not make. A
 * child of that child runs `algofs-agent --cache DIR`, which returns when its daemon listens (or
 * cannot): its exit status is the readiness signal. Races are the agent's to settle by its lock.
 */
#ifndef ALGOFS_CLIENT_LAUNCH_H
#define ALGOFS_CLIENT_LAUNCH_H

/** Where algofs-agent is, absolute; must live for ever. ALGOFS_AGENT overrides. Set once at start. */
void launch_use_agent(const char *path);
/** Starts the agent of `cache` and waits until it can be called. 0, or -ENOTCONN if it cannot start. */
int launch_agent(const char *cache);

#endif
