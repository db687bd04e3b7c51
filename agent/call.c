/* SPDX-License-Identifier: MIT */
#include "agent/call.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/wire/message.h"

struct call {
    struct engine *engine;
    const struct call_host *host;
    int connection;
    int fds[WIRE_FDS_MAX]; /* received; -1 behind the last */
    struct wire_buffer in;
};

/* What goes back. */
struct reply {
    bool silent; /* a one-way message */
    int fd;      /* sent beside, then closed; or -1 */
    struct wire_buffer out;
};

union call_control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
};

static void call_take_fds(struct call *call, struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t len = c->cmsg_len - CMSG_LEN(0);
        memcpy(call->fds, CMSG_DATA(c), len < sizeof(call->fds) ? len : sizeof(call->fds));
    }
}

static void call_close_fds(struct call *call)
{
    for (unsigned i = 0; i < WIRE_FDS_MAX; i++) {
        if (call->fds[i] >= 0)
            (void)close(call->fds[i]); /* the door has its own */
        call->fds[i] = -1;
    }
}

static int call_receive(struct call *call)
{
    union call_control control;
    struct iovec part = { call->in.bytes, sizeof(call->in.bytes) };
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes),
    };
    ssize_t len;
    do
        len = recvmsg(call->connection, &message, MSG_CMSG_CLOEXEC);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return -errno;
    call_take_fds(call, &message);
    call->in.len = (size_t)len;
    if (len == 0)
        return -ENODATA; /* only wanted to know whether somebody is here */
    return (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ? -EPROTO : 0;
}

static int call_send(int connection, struct reply *reply)
{
    union call_control control = { .bytes = "" };
    struct iovec part = { reply->out.bytes, reply->out.len };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (reply->fd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &reply->fd, sizeof(int));
    }
    ssize_t len;
    do
        len = sendmsg(connection, &message, MSG_NOSIGNAL);
    while (len < 0 && errno == EINTR);
    return len < 0 ? -errno : 0;
}

static int call_hello(struct call *call, struct reply *reply)
{
    struct wire_hello_request request;
    struct wire_hello_reply answer = { .tree = "" };
    int rc = wire_decode_hello_request(&call->in, &request);
    if (rc == 0)
        rc = engine_hello(call->engine, &request, &answer, &reply->fd);
    return rc < 0 ? rc : wire_encode_hello_reply(&reply->out, WIRE_HELLO, &answer);
}

static int call_ensure(struct call *call, struct reply *reply)
{
    struct wire_ensure_request request;
    struct wire_ensure_reply answer = { 0 };
    int rc = wire_decode_ensure_request(&call->in, &request);
    if (rc == 0)
        rc = engine_ensure(call->engine, &request, &answer);
    return rc < 0 ? rc : wire_encode_ensure_reply(&reply->out, WIRE_ENSURE, &answer);
}

static int call_open(struct call *call, struct reply *reply)
{
    struct wire_open_request request;
    struct wire_open_reply answer = { 0 };
    int rc = wire_decode_open_request(&call->in, &request);
    if (rc == 0)
        rc = engine_open(call->engine, &request, call->fds[0], &answer, &reply->fd);
    return rc < 0 ? rc : wire_encode_open_reply(&reply->out, WIRE_OPEN, &answer);
}

static int call_need(struct call *call, struct reply *reply)
{
    struct wire_need_request request;
    struct wire_need_reply answer = { 0 };
    int rc = wire_decode_need_request(&call->in, &request);
    if (rc == 0)
        rc = engine_need(call->engine, &request, call->fds[0], &answer);
    return rc < 0 ? rc : wire_encode_need_reply(&reply->out, WIRE_NEED, &answer);
}

static int call_hint(struct call *call, struct reply *reply)
{
    struct wire_hint_request request;
    reply->silent = true;
    int rc = wire_decode_hint_request(&call->in, &request);
    if (rc == 0)
        engine_hint(call->engine, &request, call->fds[0]);
    return rc;
}

static int call_open_write(struct call *call, struct reply *reply)
{
    struct wire_open_write_request request;
    struct wire_open_write_reply answer = { 0 };
    int rc = wire_decode_open_write_request(&call->in, &request);
    if (rc == 0)
        rc = engine_open_write(call->engine, &request, &answer, &reply->fd);
    return rc < 0 ? rc : wire_encode_open_write_reply(&reply->out, WIRE_OPEN_WRITE, &answer);
}

static int call_commit(struct call *call, struct reply *reply)
{
    struct wire_commit_request request;
    struct wire_commit_reply answer = { 0 };
    int rc = wire_decode_commit_request(&call->in, &request);
    if (rc == 0)
        rc = engine_commit(call->engine, &request, call->fds[0], &answer);
    return rc < 0 ? rc : wire_encode_commit_reply(&reply->out, WIRE_COMMIT, &answer);
}

static int call_done(struct reply *reply, enum wire_type type, int rc)
{
    const struct wire_done_reply answer = { 0 };
    return rc < 0 ? rc : wire_encode_done_reply(&reply->out, type, &answer);
}

static int call_mkdir(struct call *call, struct reply *reply)
{
    struct wire_mkdir_request request;
    int rc = wire_decode_mkdir_request(&call->in, &request);
    return call_done(reply, WIRE_MKDIR, rc < 0 ? rc : engine_mkdir(call->engine, &request));
}

static int call_remove(struct call *call, struct reply *reply)
{
    struct wire_remove_request request;
    int rc = wire_decode_remove_request(&call->in, &request);
    return call_done(reply, WIRE_REMOVE, rc < 0 ? rc : engine_remove(call->engine, &request));
}

static int call_rename(struct call *call, struct reply *reply)
{
    struct wire_rename_request request;
    int rc = wire_decode_rename_request(&call->in, &request);
    return call_done(reply, WIRE_RENAME, rc < 0 ? rc : engine_rename(call->engine, &request));
}

static int call_setattr(struct call *call, struct reply *reply)
{
    struct wire_setattr_request request;
    int rc = wire_decode_setattr_request(&call->in, &request);
    if (rc == 0)
        rc = engine_setattr(call->engine, &request, call->fds[0]);
    return call_done(reply, WIRE_SETATTR, rc);
}

static int call_flush(struct call *call, struct reply *reply)
{
    struct wire_flush_request request;
    struct wire_flush_reply answer = { 0 };
    int rc = wire_decode_flush_request(&call->in, &request);
    if (rc == 0)
        rc = engine_flush(call->engine, &request, &answer, &reply->fd);
    return rc < 0 ? rc : wire_encode_flush_reply(&reply->out, WIRE_FLUSH, &answer);
}

static int call_getacl(struct call *call, struct reply *reply)
{
    struct wire_getacl_request request;
    struct wire_getacl_reply answer = { .acl = "" };
    int rc = wire_decode_getacl_request(&call->in, &request);
    if (rc == 0)
        rc = engine_getacl(call->engine, &request, &answer);
    return rc < 0 ? rc : wire_encode_getacl_reply(&reply->out, WIRE_GETACL, &answer);
}

static int call_setacl(struct call *call, struct reply *reply)
{
    struct wire_setacl_request request;
    int rc = wire_decode_setacl_request(&call->in, &request);
    return call_done(reply, WIRE_SETACL, rc < 0 ? rc : engine_setacl(call->engine, &request));
}

/* Notices go out as they come; then the connection ends without an answer. */
static int call_send_notice(void *context, const struct wire_watch_notice *notice)
{
    const struct call *call = context;
    struct reply reply = { .fd = -1 };
    if (notice == NULL) { /* nothing to tell: is somebody still there? */
        struct pollfd peer = { .fd = call->connection, .events = POLLIN };
        return poll(&peer, 1, 0) > 0 ? -ECONNRESET : 0;
    }
    int rc = wire_encode_watch_notice(&reply.out, WIRE_WATCH, notice);
    return rc < 0 ? rc : call_send(call->connection, &reply);
}

static int call_watch(struct call *call, struct reply *reply)
{
    struct wire_watch_request request;
    int rc = wire_decode_watch_request(&call->in, &request);
    if (rc == 0)
        rc = engine_watch(call->engine, &request, call_send_notice, call);
    reply->silent = rc == 0;
    return rc;
}

static int call_symlink(struct call *call, struct reply *reply)
{
    struct wire_symlink_request request;
    int rc = wire_decode_symlink_request(&call->in, &request);
    return call_done(reply, WIRE_SYMLINK, rc < 0 ? rc : engine_symlink(call->engine, &request));
}

static int call_link(struct call *call, struct reply *reply)
{
    struct wire_link_request request;
    int rc = wire_decode_link_request(&call->in, &request);
    return call_done(reply, WIRE_LINK, rc < 0 ? rc : engine_link(call->engine, &request));
}

static int call_getxattr(struct call *call, struct reply *reply)
{
    struct wire_getxattr_request request;
    struct wire_getxattr_reply answer = { 0 };
    int rc = wire_decode_getxattr_request(&call->in, &request);
    if (rc == 0)
        rc = engine_getxattr(call->engine, &request, &answer, &reply->fd);
    return rc < 0 ? rc : wire_encode_getxattr_reply(&reply->out, WIRE_GETXATTR, &answer);
}

static int call_setxattr(struct call *call, struct reply *reply)
{
    struct wire_setxattr_request request;
    int rc = wire_decode_setxattr_request(&call->in, &request);
    if (rc == 0)
        rc = engine_setxattr(call->engine, &request, call->fds[0]);
    return call_done(reply, WIRE_SETXATTR, rc);
}

static int call_status(struct call *call, struct reply *reply)
{
    struct wire_status_request request;
    const struct wire_status_reply answer = { .agent_pid = (uint64_t)getpid() };
    CLEANUP_STRBUF struct strbuf json = STRBUF_INIT;
    int rc = wire_decode_status_request(&call->in, &request);
    if (rc < 0)
        return rc;
    strbuf_addch(&json, '{');
    call->host->status(call->host->context, &json);
    strbuf_addch(&json, ',');
    engine_status_json(call->engine, &json);
    strbuf_addstr(&json, "}\n");
    if (json.failed)
        return -ENOMEM;
    CLEANUP_CLOSE int fd = memfd_create("algofs-status", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t written = write(fd, json.buf, json.len);
    if (written != (ssize_t)json.len)
        return written < 0 ? -errno : -EIO;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    reply->fd = TAKE_FD(fd);
    return wire_encode_status_reply(&reply->out, WIRE_STATUS, &answer);
}

static int call_stop(struct call *call, struct reply *reply)
{
    struct wire_stop_request request;
    const struct wire_stop_reply answer = { .agent_pid = (uint64_t)getpid() };
    int rc = wire_decode_stop_request(&call->in, &request);
    if (rc < 0)
        return rc;
    call->host->stop(call->host->context, request.force != 0);
    return wire_encode_stop_reply(&reply->out, WIRE_STOP, &answer);
}

static int call_dispatch(struct call *call, enum wire_type type, struct reply *reply)
{
    static int (*const handlers[])(struct call *, struct reply *) = {
        [WIRE_HELLO] = call_hello,
        [WIRE_ENSURE] = call_ensure,
        [WIRE_OPEN] = call_open,
        [WIRE_NEED] = call_need,
        [WIRE_HINT] = call_hint,
        [WIRE_STATUS] = call_status,
        [WIRE_STOP] = call_stop,
        [WIRE_OPEN_WRITE] = call_open_write,
        [WIRE_COMMIT] = call_commit,
        [WIRE_MKDIR] = call_mkdir,
        [WIRE_REMOVE] = call_remove,
        [WIRE_RENAME] = call_rename,
        [WIRE_SETATTR] = call_setattr,
        [WIRE_FLUSH] = call_flush,
        [WIRE_GETACL] = call_getacl,
        [WIRE_SETACL] = call_setacl,
        [WIRE_WATCH] = call_watch,
        [WIRE_SYMLINK] = call_symlink,
        [WIRE_LINK] = call_link,
        [WIRE_GETXATTR] = call_getxattr,
        [WIRE_SETXATTR] = call_setxattr,
    };
    if ((size_t)type >= sizeof(handlers) / sizeof(handlers[0]) || handlers[type] == NULL)
        return -EOPNOTSUPP;
    return handlers[type](call, reply);
}

static void call_answer(struct call *call)
{
    struct wire_header header = { .type = 0 };
    struct reply reply = { .fd = -1 };
    int rc = wire_decode_header(&call->in, &header);
    if (rc == 0)
        rc = call_dispatch(call, header.type, &reply);
    if (rc < 0)
        wire_encode_failure(&reply.out, header.type, rc);
    log_debug("agent", "type %u: %s", header.type, rc < 0 ? strerror(-rc) : "ok");
    call_close_fds(call); /* a program that was answered may run what it has written */
    if (rc == -ECANCELED) /* we are leaving: no answer has the door ask the next agent */
        reply.silent = true;
    if (!reply.silent && (rc = call_send(call->connection, &reply)) < 0)
        log_debug("agent", "type %u: the door has gone: %s", header.type, strerror(-rc));
    if (reply.fd >= 0)
        (void)close(reply.fd); /* the door has its own now; one that has gone has written nothing */
}

void call_serve(struct engine *engine, const struct call_host *host, int connection)
{
    const struct timeval receive = { .tv_sec = CALL_RECEIVE_MS / 1000 };
    const struct timeval send = { .tv_sec = CALL_SEND_MS / 1000 };
    struct ucred peer;
    socklen_t len = sizeof(peer);
    struct call call = { .engine = engine, .host = host, .connection = connection };
    for (unsigned i = 0; i < WIRE_FDS_MAX; i++)
        call.fds[i] = -1;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.uid != geteuid()) {
        log_warn("agent", "refused a connection of another user");
        return;
    }
    (void)setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof(receive));
    (void)setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &send, sizeof(send));
    int rc = call_receive(&call);
    if (rc == 0)
        call_answer(&call);
    else if (rc != -ENODATA)
        log_debug("agent", "no request came: %s", strerror(-rc));
    call_close_fds(&call);
    explicit_bzero(call.in.bytes, call.in.len); /* HELLO carries the key */
}
