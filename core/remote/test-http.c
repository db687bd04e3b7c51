/* SPDX-License-Identifier: MIT */
/* The transfer engine against a server of a few lines, which says exactly what a test needs. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"
#include "core/remote/call.h"
#include "core/remote/http.h"
#include "core/remote/test-server.h"

/* One request of a test, with what came of it. */
struct exchange {
    struct http_client *http;
    struct remote_call call;
    struct http_request request;
    struct http_response response;
    struct strbuf body;
    char url[128];
    int head_result, rc;
};

static int take_head(void *context, const struct http_response *response)
{
    (void)response;
    return ((struct exchange *)context)->head_result;
}

static int take_body(void *context, const void *bytes, size_t len)
{
    strbuf_add(&((struct exchange *)context)->body, bytes, len);
    return 0;
}

static void exchange_init(struct exchange *exchange, struct http_client *http,
    const struct server *server, const char *path)
{
    memset(exchange, 0, sizeof(*exchange));
    (void)snprintf(
        exchange->url, sizeof(exchange->url), "http://127.0.0.1:%u%s", server->port, path);
    exchange->http = http;
    exchange->request = (struct http_request){ .method = HTTP_GET,
        .url = exchange->url,
        .authorization = "Simple simKEY",
        .body_fd = -1,
        .context = exchange,
        .head = take_head,
        .body = take_body };
}

static int exchange_run(struct exchange *exchange)
{
    exchange->rc =
        http_perform(exchange->http, &exchange->call, &exchange->request, &exchange->response);
    return exchange->rc;
}

static void *exchange_thread(void *context)
{
    (void)exchange_run(context);
    return NULL;
}

static const char hello[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

static void test_get(void **state)
{
    struct server server;
    struct exchange exchange;
    server_start(&server, (const char *const[]){ hello }, 1);
    exchange_init(&exchange, *state, &server, "/a/../b%20c");
    exchange.request.range = "5-9";
    assert_int_equal(exchange_run(&exchange), 0);
    assert_int_equal(exchange.call.status, 200);
    assert_int_equal(exchange.call.attempts, 1);
    assert_string_equal(strbuf_cstr(&exchange.body), "hello");
    const char *sent = strbuf_cstr(&server.requests[0]);
    assert_non_null(strstr(sent, "GET /a/../b%20c HTTP/1.1\r\n"));
    assert_non_null(strstr(sent, "Authorization: Simple simKEY\r\n"));
    assert_non_null(strstr(sent, "Accept-Encoding: identity\r\n"));
    assert_non_null(strstr(sent, "Range: bytes=5-9\r\n"));
    strbuf_free(&exchange.body);
    server_stop(&server);
}

static void test_put(void **state)
{
    struct server server;
    struct exchange exchange;
    CLEANUP_CLOSE int fd = memfd_create("put", MFD_CLOEXEC);
    assert_int_equal(write(fd, "content", 7), 7);
    server_start(&server, (const char *const[]){ hello, hello }, 2);
    exchange_init(&exchange, *state, &server, "/put");
    exchange.request.method = HTTP_PUT;
    exchange.request.body_fd = fd;
    exchange.request.body_size = 7;
    assert_int_equal(exchange_run(&exchange), 0);
    exchange.request.body_size = 0;
    assert_int_equal(exchange_run(&exchange), 0);
    assert_non_null(strstr(strbuf_cstr(&server.requests[0]), "Content-Length: 7\r\n"));
    assert_non_null(strstr(strbuf_cstr(&server.requests[0]), "\r\n\r\ncontent"));
    assert_null(strcasestr(strbuf_cstr(&server.requests[0]), "Expect"));
    assert_non_null(strstr(strbuf_cstr(&server.requests[1]), "Content-Length: 0\r\n"));
    strbuf_free(&exchange.body);
    server_stop(&server);
}

static void test_short_source(void **state)
{
    struct server server;
    struct exchange exchange;
    CLEANUP_CLOSE int fd = memfd_create("put", MFD_CLOEXEC);
    assert_int_equal(write(fd, "content", 7), 7);
    server_start(&server, (const char *const[]){ hello }, 1);
    exchange_init(&exchange, *state, &server, "/put");
    exchange.request.method = HTTP_PUT;
    exchange.request.body_fd = fd;
    exchange.request.body_size = 70;
    assert_int_equal(exchange_run(&exchange), -ESTALE);
    server_stop(&server);
}

static void test_head_stops(void **state)
{
    struct server server;
    struct exchange exchange;
    server_start(&server, (const char *const[]){ hello }, 1);
    exchange_init(&exchange, *state, &server, "/");
    exchange.head_result = -ENOTDIR;
    assert_int_equal(exchange_run(&exchange), -ENOTDIR);
    assert_int_equal(exchange.body.len, 0);
    assert_false(exchange.call.transient);
    server_stop(&server);
}

static void test_cut(void **state)
{
    struct server server;
    struct exchange exchange;
    server_start(
        &server, (const char *const[]){ "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello" }, 1);
    exchange_init(&exchange, *state, &server, "/");
    assert_int_equal(exchange_run(&exchange), -EIO);
    assert_true(exchange.call.transient);
    assert_string_equal(strbuf_cstr(&exchange.body), "hello");
    strbuf_free(&exchange.body);
    server_stop(&server);
}

static void test_redirect_same_origin(void **state)
{
    struct server server;
    struct exchange exchange;
    server_start(&server,
        (const char *const[]){ "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 4\r\n"
                               "Connection: close\r\n\r\nbody",
            hello },
        2);
    exchange_init(&exchange, *state, &server, "/first");
    assert_int_equal(exchange_run(&exchange), 0);
    assert_string_equal(strbuf_cstr(&exchange.body), "hello");
    assert_non_null(strstr(strbuf_cstr(&server.requests[1]), "GET /other "));
    assert_non_null(strstr(strbuf_cstr(&server.requests[1]), "Authorization: Simple simKEY\r\n"));
    strbuf_free(&exchange.body);
    server_stop(&server);
}

static void test_redirect_elsewhere(void **state)
{
    struct server server, other;
    struct exchange exchange;
    char answer[256];
    server_start(&other, (const char *const[]){ hello }, 1);
    (void)snprintf(answer, sizeof(answer),
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/x\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n",
        other.port);
    server_start(&server, (const char *const[]){ answer }, 1);
    exchange_init(&exchange, *state, &server, "/first");
    assert_int_equal(exchange_run(&exchange), -EIO);
    assert_false(exchange.call.transient);
    server_stop(&server);
    server_stop(&other);
    assert_int_equal(other.requests[0].len, 0);
}

static void test_redirect_circle(void **state)
{
    static const char again[] =
        "HTTP/1.1 307 Again\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    struct server server;
    struct exchange exchange;
    server_start(&server,
        (const char *const[]){ again, again, again, again, again, again, again, again }, 8);
    exchange_init(&exchange, *state, &server, "/");
    assert_int_equal(exchange_run(&exchange), -EIO);
    server_stop(&server);
}

static void test_unreachable(void **state)
{
    struct server server;
    struct exchange exchange;
    server_start(&server, NULL, 0);
    server_stop(&server); /* its port is free now, and nobody listens there */
    exchange_init(&exchange, *state, &server, "/");
    assert_int_equal(exchange_run(&exchange), -EHOSTUNREACH);
    assert_true(exchange.call.transient);
    assert_int_equal(exchange.call.status, 0);
    exchange.request.url = "ftp://127.0.0.1/";
    assert_int_equal(exchange_run(&exchange), -EINVAL);
}

static void wait_seen(struct server *server, unsigned count)
{
    while (atomic_load(&server->seen) < count)
        (void)poll(NULL, 0, 1);
}

static void test_cancel(void **state)
{
    struct server server;
    struct exchange exchange;
    pthread_t thread;
    atomic_bool cancel = false;
    server_start(&server, (const char *const[]){ "" }, 1);
    exchange_init(&exchange, *state, &server, "/");
    exchange.call.cancel = &cancel;
    assert_int_equal(pthread_create(&thread, NULL, exchange_thread, &exchange), 0);
    wait_seen(&server, 1);
    atomic_store(&cancel, true);
    http_client_wake(*state);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(exchange.rc, -ECANCELED);
    server_stop(&server);
}

static void test_time_limits(void **state)
{
    struct server server;
    struct exchange exchange;
    server_start(&server, (const char *const[]){ "" }, 1);
    exchange_init(&exchange, *state, &server, "/");
    exchange.request.stall_ms = 10;
    assert_int_equal(exchange_run(&exchange), -ETIMEDOUT);
    assert_true(exchange.call.transient);
    server_stop(&server);
    server_start(&server, (const char *const[]){ "" }, 1);
    exchange_init(&exchange, *state, &server, "/");
    exchange.call.deadline_ms = 10;
    assert_int_equal(exchange_run(&exchange), -ETIMEDOUT);
    server_stop(&server);
}

/* One place; it is taken; what waits then goes by priority, whatever the order it came in. */
static void test_priorities(void **state)
{
    static const enum remote_priority order[] = { REMOTE_WARM_UP, REMOTE_READ_AHEAD,
        REMOTE_DEMAND };
    struct http_client *http = http_client_new(&(struct http_limits){ .transfers = 1 });
    struct server server;
    struct exchange exchanges[4];
    pthread_t threads[4];
    (void)state;
    assert_non_null(http);
    server_start(&server, (const char *const[]){ "", hello, hello, hello }, 4);
    for (unsigned i = 0; i < 4; i++) {
        char path[] = { '/', (char)('0' + i), '\0' };
        exchange_init(&exchanges[i], http, &server, path);
        if (i > 0)
            exchanges[i].call.priority = order[i - 1];
        assert_int_equal(pthread_create(&threads[i], NULL, exchange_thread, &exchanges[i]), 0);
        if (i == 0)
            wait_seen(&server, 1);
    }
    while (http_client_pending(http) < 4)
        (void)poll(NULL, 0, 1);
    atomic_store(&server.release, true);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        strbuf_free(&exchanges[i].body);
    }
    assert_int_equal(http_client_pending(http), 0);
    assert_non_null(strstr(strbuf_cstr(&server.requests[1]), "GET /3 ")); /* demand */
    assert_non_null(strstr(strbuf_cstr(&server.requests[2]), "GET /2 "));
    assert_non_null(strstr(strbuf_cstr(&server.requests[3]), "GET /1 "));
    server_stop(&server);
    http_client_free(http);
}

static int set_up(void **state)
{
    (void)setenv("no_proxy", "*", 1); /* the server is here */
    *state = http_client_new(NULL);
    return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    http_client_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_short_source),
        cmocka_unit_test(test_head_stops),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_redirect_same_origin),
        cmocka_unit_test(test_redirect_elsewhere),
        cmocka_unit_test(test_redirect_circle),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_time_limits),
        cmocka_unit_test(test_priorities),
    };
    return cmocka_run_group_tests_name("http", tests, set_up, tear_down);
}
