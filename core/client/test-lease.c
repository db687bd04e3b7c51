/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/client/lease.h"

static uint64_t now_ms = 5000000;

static int fake_clock(clockid_t clock, struct timespec *now)
{
    (void)clock;
    now->tv_sec = (time_t)(now_ms / 1000);
    now->tv_nsec = (long)(now_ms % 1000) * 1000000;
    return 0;
}

static void it_holds_until_its_end(void **state)
{
    (void)state;
    lease_remember(LEASE_DIRECTORY, "data/u", 6, lease_time_from_ms(now_ms + 2000));
    assert_true(lease_valid(lease_find(LEASE_DIRECTORY, "data/u", 6)));
    assert_false(lease_valid(lease_find(LEASE_ENTRY, "data/u", 6)));
    assert_false(lease_valid(lease_find(LEASE_DIRECTORY, "data/v", 6)));
    now_ms += 1900;
    assert_true(lease_valid(lease_find(LEASE_DIRECTORY, "data/u", 6)));
    now_ms += 101;
    assert_false(lease_valid(lease_find(LEASE_DIRECTORY, "data/u", 6)));
    now_ms += 60ull * 86400 * 1000; /* two months later it is still over */
    assert_false(lease_valid(lease_find(LEASE_DIRECTORY, "data/u", 6)));
}

static void for_ever_is_for_ever(void **state)
{
    (void)state;
    lease_remember(LEASE_ENTRY, "x", 1, lease_time_from_ms(UINT64_MAX));
    now_ms += 1000ull * 86400 * 1000;
    assert_true(lease_valid(lease_find(LEASE_ENTRY, "x", 1)));
}

static void the_past_gives_none(void **state)
{
    (void)state;
    assert_int_equal(lease_time_from_ms(0), 0);
    assert_int_equal(lease_time_from_ms(now_ms - 1), 0);
    assert_false(lease_valid(0));
}

static void all_over_the_circle(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        now_ms += 7777777;
        lease_time until = lease_time_from_ms(now_ms + 60000);
        assert_true(lease_valid(until));
        now_ms += 60001;
        assert_false(lease_valid(until));
    }
}

static void many_paths(void **state)
{
    (void)state;
    char path[32];
    int found = 0;
    for (int i = 0; i < 2000; i++) {
        int len = snprintf(path, sizeof(path), "data/u/dir%d", i);
        lease_remember(LEASE_DIRECTORY, path, (size_t)len, lease_time_from_ms(now_ms + 60000));
    }
    for (int i = 0; i < 4000; i++) {
        int len = snprintf(path, sizeof(path), "data/u/dir%d", i);
        bool valid = lease_valid(lease_find(LEASE_DIRECTORY, path, (size_t)len));
        found += valid;
        if (i >= 2000)
            assert_false(valid); /* never one that was not given */
    }
    assert_true(found > 1500); /* some were overwritten by others: that costs a message only */
}

int main(void)
{
    lease_use_clock(fake_clock);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_holds_until_its_end),
        cmocka_unit_test(for_ever_is_for_ever),
        cmocka_unit_test(the_past_gives_none),
        cmocka_unit_test(all_over_the_circle),
        cmocka_unit_test(many_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
