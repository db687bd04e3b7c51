/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/remote/http-transfer.h"
#include "core/remote/url.h"

static void assert_path(const char *path, const char *expected)
{
    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    url_add_path(&url, path);
    assert_string_equal(strbuf_cstr(&url), expected);
}

static void test_path(void **state)
{
    (void)state;
    assert_path("", "");
    assert_path("alice/a-b_c.d~e/0", "alice/a-b_c.d~e/0");
    assert_path("a b+c%d", "a%20b%2Bc%25d");
    assert_path("?#&=;:@", "%3F%23%26%3D%3B%3A%40");
    assert_path("\xc3\xa9\xff\x01\x7f", "%C3%A9%FF%01%7F");
    assert_path("../.", "../.");
}

static void test_value(void **state)
{
    (void)state;
    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    url_add_value(&url, "12-a/b&c");
    assert_string_equal(strbuf_cstr(&url), "12-a%2Fb%26c");
}

static void test_origin(void **state)
{
    (void)state;
    assert_int_equal(http_origin_len("http://host/path"), 11);
    assert_int_equal(http_origin_len("HTTPS://host:8443"), 17);
    assert_int_equal(http_origin_len("http://host?q"), 11);
    assert_int_equal(http_origin_len("http:///path"), 0);
    assert_int_equal(http_origin_len("file:///etc/passwd"), 0);
    assert_int_equal(http_origin_len(""), 0);
}

static void test_same_origin(void **state)
{
    (void)state;
    assert_true(http_same_origin("http://host/a", "http://host:80/b"));
    assert_true(http_same_origin("https://Host/a", "https://hOST/b?c"));
    assert_false(http_same_origin("http://host/", "https://host/"));
    assert_false(http_same_origin("http://host/", "http://host:81/"));
    assert_false(http_same_origin("http://host/", "http://host.evil/"));
    assert_false(http_same_origin("http://host/", "http://host@evil/"));
    assert_false(http_same_origin("http://host/", "nonsense:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_value),
        cmocka_unit_test(test_origin),
        cmocka_unit_test(test_same_origin),
    };
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
