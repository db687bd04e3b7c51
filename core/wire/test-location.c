/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "core/wire/location.h"

static void the_first_that_is_set_wins(void **state)
{
    (void)state;
    static const struct {
        struct location_environment environment;
        const char *want;
    } cases[] = {
        { { "/c/", "/x", "/h" }, "/c" },
        { { "", "/x", "/h" }, "/x/algofs" },
        { { NULL, NULL, "/h" }, "/h/.cache/algofs" },
        { { NULL, "relative", "/h" }, "/h/.cache/algofs" },
        { { NULL, NULL, "" }, "/var/tmp/algofs-1234567" },
    };
    char out[PATH_MAX];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(location_cache(&cases[i].environment, 1234567, out, sizeof(out)), 0);
        assert_string_equal(out, cases[i].want);
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    char out[PATH_MAX];
    struct location_environment relative = { .algofs_cache = "here" };
    struct location_environment long_one = { .algofs_cache = "/a/very/long/one" };
    assert_int_equal(location_cache(&relative, 1, out, sizeof(out)), -EINVAL);
    assert_int_equal(location_cache(&long_one, 1, out, 8), -ENAMETOOLONG);
}

static void long_folders_get_a_short_address(void **state)
{
    (void)state;
    struct sockaddr_un address;
    location_socket("/home/u/.cache/algofs", 1000, &address);
    assert_string_equal(address.sun_path, "/home/u/.cache/algofs/agent.sock");
    char folder[300];
    memset(folder, 'x', sizeof(folder));
    folder[0] = '/';
    folder[299] = '\0';
    location_socket(folder, 1000, &address);
    assert_memory_equal(address.sun_path, "/tmp/algofs-1000-", 17);
    struct sockaddr_un other;
    folder[298] = 'y';
    location_socket(folder, 1000, &other);
    assert_string_not_equal(address.sun_path, other.sun_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_is_set_wins),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(long_folders_get_a_short_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
