/* SPDX-License-Identifier: MIT */
/*
 * A server of a few lines for unit tests: the Nth connection gets the Nth answer and is closed; an answer
 * of "" holds its connection open until the server is stopped. What was asked is kept.
 *
 *     struct server server;
 *     server_start(&server, answers, 2);
 *     … server.url, server.requests[0] …
 *     server_stop(&server);
 *
 * Only for test-*.c, one of which it becomes a part of.
 */
#ifndef ALGOFS_REMOTE_TEST_SERVER_H
#define ALGOFS_REMOTE_TEST_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"

enum { ANSWERS_MAX = 16 };

struct server {
    int listener;
    unsigned port;
    char url[64]; /* "http://127.0.0.1:port" */
    pthread_t thread;
    const char *answers[ANSWERS_MAX];
    unsigned count;
    struct strbuf requests[ANSWERS_MAX];
    atomic_uint seen;
    atomic_bool release;
};

static bool request_is_whole(const struct strbuf *request)
{
    const char *end = strstr(strbuf_cstr(request), "\r\n\r\n");
    const char *length = strcasestr(strbuf_cstr(request), "Content-Length: ");
    size_t body = length == NULL ? 0 : strtoul(length + 16, NULL, 10);
    return end != NULL && request->len - (size_t)(end + 4 - request->buf) >= body;
}

static void *serve(void *context)
{
    struct server *server = context;
    for (unsigned i = 0; i < server->count; i++) {
        char buf[4096];
        CLEANUP_CLOSE int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        while (fd >= 0 && !request_is_whole(&server->requests[i])) {
            ssize_t got = recv(fd, buf, sizeof(buf), 0);
            if (got <= 0)
                break;
            strbuf_add(&server->requests[i], buf, (size_t)got);
        }
        if (fd < 0)
            break;
        atomic_fetch_add(&server->seen, 1);
        while (server->answers[i][0] == '\0' && !atomic_load(&server->release))
            (void)poll(NULL, 0, 1);
        (void)!send(fd, server->answers[i], strlen(server->answers[i]), MSG_NOSIGNAL);
    }
    return NULL;
}

static void server_start(struct server *server, const char *const *answers, unsigned count)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(address);
    memset(server, 0, sizeof(*server));
    assert_true(count <= ANSWERS_MAX);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
    (void)snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u", server->port);
    server->count = count;
    for (unsigned i = 0; i < count; i++)
        server->answers[i] = answers[i];
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
    atomic_store(&server->release, true);
    (void)shutdown(server->listener, SHUT_RDWR); /* ends an accept that nobody came for */
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    for (unsigned i = 0; i < ANSWERS_MAX; i++)
        strbuf_free(&server->requests[i]);
    (void)close(server->listener);
}

#endif
