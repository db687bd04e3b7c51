/* SPDX-License-Identifier: MIT */
#include "server/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "server/api.h"
#include "server/reply.h"
#include "server/reqlog.h"
#include "server/request.h"
#include "server/throttle.h"

enum {
    HTTP_BUFFER = 128 * 1024, /* of a connection, bytes: head, and pieces of bodies */
    HTTP_STACK = 1024 * 1024, /* of a thread, bytes: only what is touched costs anything */
    HTTP_IDLE_S = 600,        /* a connection that says nothing for so long is closed */
};

static void *http_on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    (void)connection;
    return request_new(context, target); /* NULL is noticed in http_on_request */
}

static struct throttle *http_throttle(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The state of a connection lives in its socket context. */
static void http_on_connection(void *context, struct MHD_Connection *connection,
    void **socket_context, enum MHD_ConnectionNotificationCode code)
{
    (void)context;
    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = calloc(1, sizeof(struct throttle)); /* NULL is noticed later, as above */
    } else {
        free(*socket_context);
        *socket_context = NULL;
    }
}

/* Disconnecting a TCP socket by AF_UNSPEC sends a reset, where closing would say goodbye. */
static enum MHD_Result http_reset(struct MHD_Connection *connection)
{
    const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    (void)connect(fd, &nobody, sizeof(nobody)); /* if it fails the connection still ends */
    return MHD_NO;
}

static const char *http_header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool http_flag(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
    return value != NULL && strcasecmp(value, "true") == 0;
}

static void http_read_head(struct MHD_Connection *connection, struct request_head *head)
{
    const char *length = http_header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *expect = http_header(connection, MHD_HTTP_HEADER_EXPECT);
    *head = (struct request_head){
        .authorization = http_header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
        .range = http_header(connection, MHD_HTTP_HEADER_RANGE),
        .if_range = http_header(connection, MHD_HTTP_HEADER_IF_RANGE),
        .content_type = http_header(connection, MHD_HTTP_HEADER_CONTENT_TYPE),
        .marker = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "marker"),
        .wants_acl = http_flag(connection, "acl"),
        .force = http_flag(connection, "force"),
        .has_length = length != NULL,
        .length = length == NULL ? 0 : strtoull(length, NULL, 10), /* MHD has checked it */
        .expects_continue = expect != NULL && strcasecmp(expect, "100-continue") == 0,
    };
}

/* The head is complete. */
static enum MHD_Result http_begin(
    struct request *request, struct MHD_Connection *connection, const char *method)
{
    struct server *server = request->server;
    request->begun = true;
    (void)snprintf(request->method, sizeof(request->method), "%s", method); /* cut: none of ours */
    http_read_head(connection, &request->head);
    faults_plan(&server->faults, request->method, request->target_text, &request->faults);
    uint64_t wait_ms = server->options->delay_ms + request->faults.latency_ms;
    if (wait_ms > 0 && !throttle_sleep(server->stop_fd, wait_ms * UINT64_C(1000000)))
        return MHD_NO;
    if (request->faults.reset)
        return http_reset(connection);
    api_begin(request);
    return request->answer_now ? reply_send(request, connection, http_throttle(connection))
                               : MHD_YES;
}

static bool http_upload_is_to_reset(const struct request *request)
{
    const struct fault_plan *faults = &request->faults;
    if (!faults->has_upload_reset)
        return false;
    double part = (double)request->head.length * (double)faults->upload_reset / 100;
    return !request->head.has_length || (double)request->received >= part;
}

/* A piece of the body is there. */
static enum MHD_Result http_receive(
    struct request *request, struct MHD_Connection *connection, const char *data, size_t len)
{
    struct server *server = request->server;
    api_receive(request, data, len);
    if (http_upload_is_to_reset(request))
        return http_reset(connection);
    bool going =
        throttle_pass(http_throttle(connection), server->stop_fd, server->options->bandwidth, len);
    return going ? MHD_YES : MHD_NO;
}

/* The body is complete. */
static enum MHD_Result http_finish(struct request *request, struct MHD_Connection *connection)
{
    const struct fault_plan *faults = &request->faults;
    api_finish(request);
    bool no_body = answer_length(&request->answer) == 0 || strcmp(request->method, "HEAD") == 0;
    if (faults->has_stall && no_body) {
        (void)throttle_sleep(request->server->stop_fd, faults->stall_s * UINT64_C(1000000000));
        return MHD_NO;
    }
    return reply_send(request, connection, http_throttle(connection));
}

static enum MHD_Result http_on_request(void *context, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version, const char *data, size_t *len,
    void **request_context)
{
    struct request *request = *request_context;
    (void)context;
    (void)url; /* decoded by libmicrohttpd: we decode ourselves, once and with our rules */
    (void)version;
    if (request == NULL || http_throttle(connection) == NULL)
        return MHD_NO; /* out of memory */
    if (!request->begun)
        return http_begin(request, connection, method);
    if (*len == 0)
        return http_finish(request, connection);
    size_t piece = *len;
    *len = 0;
    return http_receive(request, connection, data, piece);
}

static void http_log(const struct request *request, bool aborted)
{
    bool is_put = strcmp(request->method, "PUT") == 0;
    const struct answer *answer = &request->answer;
    struct reqlog_entry entry = {
        .method = request->method,
        .target = request->target_text,
        .status = request->status,
        .bytes_known = is_put || !aborted || request->sent_known,
        .bytes = is_put ? request->received : request->sent,
        .duration_ms = (throttle_now_ns() - request->started_ns) / 1000000,
        .has_range = answer->has_range && answer->length > 0,
        .range_first = answer->offset,
        .range_last = answer->offset + answer->length - 1,
        .aborted = aborted,
    };
    if (strcmp(request->method, "HEAD") == 0)
        entry.bytes = 0;
    reqlog_write(request->server->log_fd, &entry);
}

static void http_on_completed(void *context, struct MHD_Connection *connection,
    void **request_context, enum MHD_RequestTerminationCode code)
{
    (void)connection;
    const struct server *server = context;
    struct request *request = *request_context;
    if (request != NULL && server->log_fd >= 0)
        http_log(request, code != MHD_REQUEST_TERMINATED_COMPLETED_OK);
    request_free(request);
    *request_context = NULL;
}

struct MHD_Daemon *http_start(struct server *server, int listen_fd)
{
    const unsigned flags =
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC;
    return MHD_start_daemon(flags, 0, NULL, NULL, http_on_request, server, MHD_OPTION_LISTEN_SOCKET,
        listen_fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)server->options->connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_BUFFER, MHD_OPTION_THREAD_STACK_SIZE, (size_t)HTTP_STACK,
        MHD_OPTION_URI_LOG_CALLBACK, http_on_target, server, MHD_OPTION_NOTIFY_CONNECTION,
        http_on_connection, NULL, MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, server,
        MHD_OPTION_END);
}

void http_stop(struct MHD_Daemon *daemon)
{
    MHD_stop_daemon(daemon);
}
