/* SPDX-License-Identifier: MIT */
#include "core/client/call.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/sys.h"
#include "core/client/launch.h"
#include "core/client/report.h"
#include "core/wire/location.h"

enum {
    CALL_ATTEMPTS = 9,
    IN_FLIGHT_TRIES = 10000, /* 20 seconds */
    PAUSE_NANOSECONDS = 2000000, /* after the second failure, and twice as long after each further one */
};

/* An agent that was killed may hold its lock and its socket for a moment longer: a new one gives way to
 * it, and calls are dropped. */
static void pause_before(int attempt)
{
    struct timespec pause = { 0, (long)PAUSE_NANOSECONDS << attempt };
    if (attempt > 0)
        (void)sys_nanosleep(&pause); /* cut short by a signal: asks a little earlier */
}

/* Keeps our descriptor out of 0, 1 and 2, which the host may have closed and is about to open. */
static int move_above_stdio(int fd)
{
    if (fd < 0 || fd > 2)
        return fd;
    int moved = sys_fcntl(fd, F_DUPFD_CLOEXEC, 3);
    (void)sys_close(fd); /* nothing was written to it */
    return moved;
}

static int connect_agent(const char *cache)
{
    int fd = move_above_stdio(sys_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (fd < 0)
        return fd;
    struct sockaddr_un address;
    location_socket(cache, getuid(), &address);
    int rc;
    do
        rc = sys_connect(fd, (const struct sockaddr *)&address, sizeof(address));
    while (rc == -EINTR);
    if (rc < 0) {
        (void)sys_close(fd);
        return rc;
    }
    return fd;
}

static int send_message(int socket, const struct wire_buffer *message, int send_fd)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = { (void *)(uintptr_t)message->bytes, message->len };
    struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };
    if (send_fd >= 0) {
        memset(&control, 0, sizeof(control));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &send_fd, sizeof(int));
        packet.msg_control = &control;
        packet.msg_controllen = sizeof(control.space);
    }
    ssize_t sent;
    int tries = 0;
    for (;;) {
        sent = sys_sendmsg(socket, &packet, MSG_NOSIGNAL);
        /* The kernel counts the descriptors in flight of all the user's processes against the limit of
         * this one; they arrive in a moment. */
        if (sent == -ETOOMANYREFS && tries++ < IN_FLIGHT_TRIES)
            (void)sys_nanosleep(&(struct timespec){ 0, 2000000 });
        else if (sent != -EINTR)
            break;
    }
    return sent < 0 ? (int)sent : 0;
}

static int received_fd(struct msghdr *packet)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(packet);
    if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len < CMSG_LEN(sizeof(int)))
        return -1;
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    return move_above_stdio(fd);
}

static int receive_message(int socket, struct wire_buffer *message, int *ret_fd)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = { message->bytes, sizeof(message->bytes) };
    struct msghdr packet = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control.space),
    };
    ssize_t got;
    do
        got = sys_recvmsg(socket, &packet, MSG_CMSG_CLOEXEC);
    while (got == -EINTR);
    if (got <= 0)
        return got < 0 ? (int)got : -ECONNRESET;
    message->len = (size_t)got;
    int fd = received_fd(&packet);
    if (ret_fd != NULL)
        *ret_fd = fd;
    else if (fd >= 0)
        (void)sys_close(fd);
    return 0;
}

/* ret_sent: the request left; whether it was carried out is known from the reply only. */
static int exchange(const char *cache, const struct wire_buffer *request, struct wire_buffer *reply,
    int send_fd, int *ret_fd, bool *ret_sent)
{
    *ret_sent = false;
    int socket = connect_agent(cache);
    if (socket < 0)
        return socket;
    int rc = send_message(socket, request, send_fd);
    if (rc == 0) {
        *ret_sent = true;
        rc = receive_message(socket, reply, ret_fd);
    }
    (void)sys_close(socket);
    return rc;
}

/* Whether the failure means "no agent there" rather than "this process cannot". */
static int agent_is_gone(int rc)
{
    return rc == -ECONNREFUSED || rc == -ENOENT || rc == -ECONNRESET || rc == -EPIPE ||
        rc == -ENOTCONN;
}

int call_agent(const char *cache, struct wire_buffer *request, struct wire_buffer *reply,
    int send_fd, int *ret_fd)
{
    if (ret_fd != NULL)
        *ret_fd = -1;
    report_count(REPORT_MESSAGE);
    for (int attempt = 0; attempt < CALL_ATTEMPTS; attempt++) {
        bool sent;
        int rc = exchange(cache, request, reply, send_fd, ret_fd, &sent);
        if (rc == 0)
            return 0;
        if (rc == -EAGAIN) { /* the agent's queue of connections is full */
            struct timespec pause = { 0, 2000000 };
            (void)sys_nanosleep(&pause); /* cut short by a signal: asks a little earlier */
            attempt--;
            continue;
        }
        if (!agent_is_gone(rc))
            return rc;
        if (sent)
            wire_mark_again(request);
        pause_before(attempt);
        rc = launch_agent(cache);
        if (rc < 0)
            return rc;
    }
    return -ENOTCONN;
}

int call_running_agent(const char *cache, const struct wire_buffer *request,
    struct wire_buffer *reply, int send_fd, int *ret_fd)
{
    if (ret_fd != NULL)
        *ret_fd = -1;
    bool sent;
    int rc = exchange(cache, request, reply, send_fd, ret_fd, &sent);
    return rc < 0 && agent_is_gone(rc) ? -ENOTCONN : rc;
}

void call_agent_oneway(const char *cache, const struct wire_buffer *message, int send_fd)
{
    int socket = connect_agent(cache);
    if (socket < 0)
        return;
    (void)send_message(socket, message, send_fd); /* a wish: losing it costs time only */
    (void)sys_close(socket);
}
