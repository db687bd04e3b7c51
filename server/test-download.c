/* SPDX-License-Identifier: MIT */
#include "server/download.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/media.h"

static const struct {
    const char *text;
    uint64_t total;
    enum download_range_outcome outcome;
    uint64_t offset;
    uint64_t length;
} cases[] = {
    { NULL, 10, DOWNLOAD_WHOLE, 0, 0 },
    { "", 10, DOWNLOAD_WHOLE, 0, 0 },
    { "bytes=", 10, DOWNLOAD_WHOLE, 0, 0 },
    { "bytes=-", 10, DOWNLOAD_WHOLE, 0, 0 },
    { "bytes=1", 10, DOWNLOAD_WHOLE, 0, 0 },
    { "bytes=3-2", 10, DOWNLOAD_WHOLE, 0, 0 },
    { "bytes=1-2,4-5", 10, DOWNLOAD_WHOLE, 0, 0 },
    { "bytes=+1-2", 10, DOWNLOAD_WHOLE, 0, 0 },
    { "bytes= 1-2", 10, DOWNLOAD_WHOLE, 0, 0 },
    { "items=1-2", 10, DOWNLOAD_WHOLE, 0, 0 },
    { "bytes=18446744073709551616-", 10, DOWNLOAD_WHOLE, 0, 0 },
    { "bytes=0-0", 10, DOWNLOAD_PART, 0, 1 },
    { "BYTES=0-9", 10, DOWNLOAD_PART, 0, 10 },
    { "bytes=9-", 10, DOWNLOAD_PART, 9, 1 },
    { "bytes=5-18446744073709551615", 10, DOWNLOAD_PART, 5, 5 },
    { "bytes=-3", 10, DOWNLOAD_PART, 7, 3 },
    { "bytes=-30", 10, DOWNLOAD_PART, 0, 10 },
    { "bytes=5000000000-5000000001", UINT64_C(6000000000), DOWNLOAD_PART, UINT64_C(5000000000), 2 },
    { "bytes=10-", 10, DOWNLOAD_UNSATISFIABLE, 0, 0 },
    { "bytes=-0", 10, DOWNLOAD_UNSATISFIABLE, 0, 0 },
    { "bytes=0-", 0, DOWNLOAD_UNSATISFIABLE, 0, 0 },
    { "bytes=-5", 0, DOWNLOAD_UNSATISFIABLE, 0, 0 },
};

static void test_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct download_range range = { 0, 0 };
        enum download_range_outcome outcome =
            download_parse_range(cases[i].text, cases[i].total, &range);
        if (outcome != cases[i].outcome)
            print_error("%s\n", cases[i].text);
        assert_int_equal(outcome, cases[i].outcome);
        assert_int_equal(range.offset, cases[i].offset);
        assert_int_equal(range.length, cases[i].length);
    }
}

static void test_media_types(void **state)
{
    (void)state;
    assert_string_equal(media_type("a/b/cat.png"), "image/png");
    assert_string_equal(media_type("CAT.PNG"), "image/png");
    assert_string_equal(media_type("a.txt"), "text/plain; charset=utf-8");
    assert_string_equal(media_type("x.tar.gz"), "application/gzip");
    assert_string_equal(media_type("png"), "application/octet-stream");
    assert_string_equal(media_type("x."), "application/octet-stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_media_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
