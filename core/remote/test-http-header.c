/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/remote/http-header.h"

static void take(struct http_response *response, const char *line)
{
    http_header_take(response, line, strlen(line));
}

static void test_head(void **state)
{
    (void)state;
    struct http_response response = { .etag = "of a 100 before" };
    take(&response, "HTTP/1.1 206 Partial Content\r\n");
    assert_int_equal(response.status, 206);
    assert_string_equal(response.etag, "");
    take(&response, "content-LENGTH:  12 \r\n");
    take(&response, "Content-Range: bytes 5-16/100\r\n");
    take(&response, "X-Data-Type: File\r\n");
    take(&response, "ETag: \"abc\"\r\n");
    take(&response, "Retry-After: 3\r\n");
    assert_true(response.has_length && response.length == 12);
    assert_true(response.has_range && response.range_start == 5 && response.range_end == 16);
    assert_true(response.has_total && response.range_total == 100);
    assert_int_equal(response.data_type, HTTP_DATA_FILE);
    assert_string_equal(response.etag, "abc");
    assert_int_equal(response.retry_after_ms, 3000);
    take(&response, "HTTP/2 200 \r\n");
    assert_int_equal(response.status, 200);
    assert_false(response.has_length);
}

static void test_nonsense(void **state)
{
    static const char *const lines[] = { "Content-Length: -1", "Content-Length: 1x",
        "Content-Length:", "Content-Length: 99999999999999999999", "Content-Range: bytes 9-5/100",
        "Content-Range: bytes 0-9", "Content-Range: lines 0-9/10", "Content-Range: bytes */x",
        "no colon", "", ":", "Retry-After: -5", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT" };
    (void)state;
    struct http_response response = { 0 };
    const struct http_response nothing = { 0 };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        take(&response, lines[i]);
    assert_memory_equal(&response, &nothing, sizeof(nothing));
    take(&response, "HTTP/1.1");
    take(&response, "HTTP/1.1 20");
    assert_int_equal(response.status, 0);
}

static void test_ranges(void **state)
{
    (void)state;
    struct http_response response = { 0 };
    take(&response, "Content-Range: bytes */1234");
    assert_true(!response.has_range && response.has_total && response.range_total == 1234);
    take(&response, "HTTP/1.1 206 x");
    take(&response, "Content-Range: bytes 0-9/*");
    assert_true(response.has_range && !response.has_total);
    take(&response, "HTTP/1.1 206 x");
    take(&response, "Content-Range: bytes 0-9/10");
    assert_true(response.has_total);
    take(&response, "HTTP/1.1 206 x");
    take(&response, "Content-Range: bytes 0-9/9"); /* ends behind its end */
    assert_false(response.has_total);
}

static void test_etag(void **state)
{
    char line[256] = "ETag: ";
    (void)state;
    struct http_response response = { 0 };
    take(&response, "ETag: d41d8cd98f00b204e9800998ecf8427e");
    assert_string_equal(response.etag, "d41d8cd98f00b204e9800998ecf8427e");
    take(&response, "ETag: W/\"weak\"");
    assert_string_equal(response.etag, "weak");
    take(&response, "HTTP/1.1 200 OK");
    memset(line + 6, 'x', REMOTE_VERSION_MAX);
    take(&response, line);
    assert_string_equal(response.etag, ""); /* not cut: left out */
}

static void test_long_message(void **state)
{
    char line[REMOTE_WHY_MAX * 2] = "X-Error-Message: ";
    (void)state;
    struct http_response response = { 0 };
    memset(line + strlen(line), 'm', REMOTE_WHY_MAX);
    take(&response, line);
    assert_int_equal(strlen(response.error_message), REMOTE_WHY_MAX - 1);
}

static void test_end(void **state)
{
    (void)state;
    assert_true(http_header_is_end("\r\n", 2));
    assert_true(http_header_is_end("", 0));
    assert_false(http_header_is_end("A: b\r\n", 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_etag),
        cmocka_unit_test(test_long_message),
        cmocka_unit_test(test_end),
    };
    return cmocka_run_group_tests_name("http-header", tests, NULL, NULL);
}
