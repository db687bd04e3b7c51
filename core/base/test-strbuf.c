/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/strbuf.h"

static void grows(void **state)
{
    (void)state;
    struct strbuf sb = STRBUF_INIT;
    assert_string_equal(strbuf_cstr(&sb), "");
    for (int i = 0; i < 1000; i++)
        strbuf_addf(&sb, "%d,", i % 10);
    strbuf_addch(&sb, '\0');
    strbuf_addstr(&sb, "end");
    assert_int_equal(sb.len, 2004);
    assert_memory_equal(sb.buf + 1998, "9,\0end", 7);
    strbuf_free(&sb);
}

static void detaches(void **state)
{
    (void)state;
    struct strbuf sb = STRBUF_INIT;
    char *empty = strbuf_detach(&sb);
    assert_string_equal(empty, "");
    free(empty);
    strbuf_addstr(&sb, "text");
    char *text = strbuf_detach(&sb);
    assert_string_equal(text, "text");
    assert_null(sb.buf);
    free(text);
}

static void failure_is_sticky(void **state)
{
    (void)state;
    struct strbuf sb = STRBUF_INIT;
    strbuf_addstr(&sb, "text");
    assert_true(strbuf_reserve(&sb, SIZE_MAX - 10) < 0);
    strbuf_addstr(&sb, "more");
    assert_true(sb.failed);
    assert_null(strbuf_detach(&sb));
    assert_false(sb.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows),
        cmocka_unit_test(detaches),
        cmocka_unit_test(failure_is_sticky),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
