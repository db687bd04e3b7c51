/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/remote/iso-time.h"

static void test_good(void **state)
{
    static const struct {
        const char *text;
        time_t seconds;
        long nanoseconds;
    } cases[] = {
        { "2016-01-06T00:52:34.000Z", 1452041554, 0 },
        { "2016-01-06T00:52:34Z", 1452041554, 0 },
        { "2016-01-06t00:52:34z", 1452041554, 0 },
        { "2016-01-06 00:52:34.5Z", 1452041554, 500000000 },
        { "2016-01-06T00:52:34.123456789999Z", 1452041554, 123456789 },
        { "2016-01-06T01:52:34+01:00", 1452041554, 0 },
        { "2016-01-05T19:22:34.001-0530", 1452041554, 1000000 },
        { "2016-01-06T02:52:34+02", 1452041554, 0 },
        { "1970-01-01T00:00:00Z", 0, 0 },
        { "1969-12-31T23:59:59Z", -1, 0 },
        { "2016-02-29T00:00:00Z", 1456704000, 0 },
        { "2016-12-31T23:59:60Z", 1483228800, 0 },
        { "9999-12-31T23:59:59Z", 253402300799, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct timespec time = { 0 };
        assert_true(iso_time_parse(cases[i].text, &time));
        assert_int_equal(time.tv_sec, cases[i].seconds);
        assert_int_equal(time.tv_nsec, cases[i].nanoseconds);
    }
}

static void test_bad(void **state)
{
    static const char *const texts[] = { "", "now", "2016", "2016-01-06", "2016-01-06T00:52:34",
        "2016-01-06T00:52Z", "2016-13-06T00:52:34Z", "2016-00-06T00:52:34Z", "2015-02-29T00:00:00Z",
        "2016-01-32T00:52:34Z", "2016-01-06T24:00:00Z", "2016-01-06T00:60:00Z",
        "2016-01-06T00:00:61Z", "2016-01-06T00:52:34.Z", "2016-01-06T00:52:34Zx",
        "2016-01-06T00:52:34+1", "-016-01-06T00:52:34Z",
        "2016-01-06T00:52:34+01:", "2016-01-06T00:52:34+25:00", "1452041554" };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct timespec time = { .tv_sec = 42 };
        assert_false(iso_time_parse(texts[i], &time));
        assert_int_equal(time.tv_sec, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
    };
    return cmocka_run_group_tests_name("iso-time", tests, NULL, NULL);
}
