/* SPDX-License-Identifier: MIT */
#include "core/client/watch.h"

#include <errno.h>

#include "core/client/call.h"
#include "core/client/session.h"

int watch_open(int *ret_socket)
{
    const struct session *session = session_current();
    if (session == NULL)
        return -ENOTCONN;
    const struct wire_watch_request request = { .instance = session->instance };
    struct wire_buffer message;
    int rc = wire_encode_watch_request(&message, WIRE_WATCH, &request);
    return rc < 0 ? rc : call_open(session_cache(), &message, ret_socket);
}

int watch_next(int socket, struct wire_buffer *buffer, struct wire_watch_notice *ret_notice)
{
    int rc = call_receive(socket, buffer);
    if (rc == 0)
        rc = wire_decode_watch_notice(buffer, ret_notice);
    if (rc == WIRE_UNKNOWN_INSTANCE) { /* the agent was restarted and does not know us yet */
        const struct session *session;
        (void)session_renew(&session); /* if not now, then at the next try */
    }
    return rc;
}
