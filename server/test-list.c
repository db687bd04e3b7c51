/* SPDX-License-Identifier: MIT */
#include "server/list.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "server/json.h"

static void test_markers_come_back(void **state)
{
    (void)state;
    static const char *const names[] = { "a", "a b+c&d=e#f/?", "\xc3\xa9", "\x01\x7f\xff",
        "12-6162" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct strbuf marker = STRBUF_INIT;
        struct strbuf name = STRBUF_INIT;
        list_encode_marker(&marker, names[i]);
        assert_int_equal(strspn(marker.buf, "0123456789abcdef-"), marker.len);
        assert_int_equal(list_decode_marker(&name, marker.buf), 0);
        assert_string_equal(name.buf, names[i]);
        strbuf_free(&marker);
        strbuf_free(&name);
    }
}

static void test_wrong_markers(void **state)
{
    (void)state;
    static const char *const markers[] = { "", "1", "1-", "-61", "1-6", "2-61", "1-616", "1-zz",
        "1-00", " 1-61", "+1-61", "1-6A", "1-61 ", "x-61", "99999-61", "1 -61", "-1-61" };
    for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++) {
        struct strbuf name = STRBUF_INIT;
        assert_int_equal(list_decode_marker(&name, markers[i]), -EINVAL);
        strbuf_free(&name);
    }
}

static void test_position_after_a_name(void **state)
{
    (void)state;
    struct snapshot_entry entries[] = { { "a", false }, { "c", true }, { "e", false } };
    const struct snapshot snapshot = { .entries = entries, .count = 3 };
    assert_int_equal(snapshot_after(&snapshot, ""), 0);
    assert_int_equal(snapshot_after(&snapshot, "a"), 1);
    assert_int_equal(snapshot_after(&snapshot, "b"), 1);
    assert_int_equal(snapshot_after(&snapshot, "c"), 2);
    assert_int_equal(snapshot_after(&snapshot, "e"), 3);
    assert_int_equal(snapshot_after(&snapshot, "z"), 3);
}

static void test_json_strings(void **state)
{
    (void)state;
    struct strbuf out = STRBUF_INIT;
    json_add_string(&out, "a\"b\\c\n\x1f\x7f/\xc3\xa9");
    assert_string_equal(out.buf, "\"a\\\"b\\\\c\\u000a\\u001f\\u007f/\xc3\xa9\"");
    strbuf_free(&out);
}

static void test_utf8(void **state)
{
    (void)state;
    static const char *const right[] = { "", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf" };
    static const char *const wrong[] = { "\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xc2", "a\xc2",
        "\xc2z", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
        "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xff" };
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
        assert_true(json_is_utf8(right[i]));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(json_is_utf8(wrong[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markers_come_back),
        cmocka_unit_test(test_wrong_markers),
        cmocka_unit_test(test_position_after_a_name),
        cmocka_unit_test(test_json_strings),
        cmocka_unit_test(test_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
