/* SPDX-License-Identifier: MIT */
/*
 * One call to the agent: connect, send, receive, close. Nothing stays open in the caller's process.
 *
 * An agent that is not there is started (core/client/launch.h); one that goes away in the middle is
 * started again and the call repeated, so every message must bear repetition. Safe from any thread, in
 * signal handlers and between vfork and exec: no allocation, no lock, errno untouched.
 */
#ifndef ALGOFS_CLIENT_CALL_H
#define ALGOFS_CLIENT_CALL_H

#include "core/wire/message.h"

/**
 * Sends the request and takes the reply. Where it had to be sent again, and may have been carried out
 * before, the request is marked so (wire_mark_again) and stays so.
 * @param cache   the cache folder whose agent is meant
 * @param send_fd goes beside the request, stays the caller's; -1 for none
 * @param ret_fd  the descriptor beside the reply (close-on-exec), -1 if none came; NULL: none wanted
 * @return 0 when a reply came (its status is the decoder's to tell); -ENOTCONN if no agent can be
 *         started or reached; -ETIMEDOUT never: the agent answers in its own time.
 */
int call_agent(const char *cache, struct wire_buffer *request, struct wire_buffer *reply,
    int send_fd, int *ret_fd);
/** Sends without an answer and without starting an agent; whether it arrived does not matter. */
void call_agent_oneway(const char *cache, const struct wire_buffer *message, int send_fd);
/** Connects and sends, once, to an agent that runs: *ret_socket is the connection, for call_receive. */
int call_open(const char *cache, const struct wire_buffer *request, int *ret_socket);
/** The next message of such a connection. -ECONNRESET: it has ended. */
int call_receive(int socket, struct wire_buffer *message);
/** As call_agent, but never starts an agent: -ENOTCONN if none runs. For status and stop. */
int call_running_agent(const char *cache, const struct wire_buffer *request,
    struct wire_buffer *reply, int send_fd, int *ret_fd);

#endif
