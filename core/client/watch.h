/* SPDX-License-Identifier: MIT */
/*
 * Hearing of what changes in the tree: one connection to the agent that stays open. For doors that remember
 * what they saw longer than a call; the shim does not. Never starts an agent: whoever needs one does.
 */
#ifndef ALGOFS_CLIENT_WATCH_H
#define ALGOFS_CLIENT_WATCH_H

#include "core/wire/message.h"

/** Connects; *ret_socket is the caller's to close. -ENOTCONN: no agent runs; or -errno: try again later. */
int watch_open(int *ret_socket);
/** Waits for the next notice; its strings live in `buffer`. -ECONNRESET: the agent has gone. */
int watch_next(int socket, struct wire_buffer *buffer, struct wire_watch_notice *ret_notice);

#endif
