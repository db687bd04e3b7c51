/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/wire/board.h"

static struct board board;

static void what_is_posted_is_found(void **state)
{
    (void)state;
    board_init(&board);
    assert_true(board_valid(&board, sizeof(board)));
    assert_false(board_valid(&board, sizeof(board) - 1));
    assert_int_equal(board_find(&board, "data/u", 6), 0);
    board_post(&board, "data/u", 6, 1000123);
    uint64_t found = board_find(&board, "data/u", 6);
    assert_true(found <= 1000123 && found > 1000123 - 1000 / 16 - 1);
    assert_int_equal(board_find(&board, "data/v", 6), 0);
}

static void what_is_withdrawn_is_not(void **state)
{
    (void)state;
    board_post(&board, "data/u/c", 8, 5000);
    board_withdraw(&board, "data/u/d", 8);
    assert_true(board_find(&board, "data/u/c", 8) != 0);
    board_withdraw(&board, "data/u/c", 8);
    assert_int_equal(board_find(&board, "data/u/c", 8), 0);
}

/* Many more paths than slots: each is found with its own time, or not at all. */
static void a_full_board_forgets_and_never_mixes(void **state)
{
    char path[32];
    unsigned known = 0;
    (void)state;
    for (unsigned i = 1; i <= 4 * BOARD_SLOTS; i++)
        board_post(&board, path, (size_t)snprintf(path, sizeof(path), "data/%u", i), i * 1000u);
    for (unsigned i = 1; i <= 4 * BOARD_SLOTS; i++) {
        uint64_t found = board_find(&board, path, (size_t)snprintf(path, sizeof(path), "data/%u", i));
        assert_true(found == 0 || found == i * 1000u);
        known += found != 0;
    }
    assert_in_range(known, BOARD_SLOTS / 2, BOARD_SLOTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_posted_is_found),
        cmocka_unit_test(what_is_withdrawn_is_not),
        cmocka_unit_test(a_full_board_forgets_and_never_mixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
