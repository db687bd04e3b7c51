/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/cleanup.h"
#include "core/client/partial.h"

enum { SIZE = 4 << PRESENCE_CHUNK_SHIFT };

/* Chunks were dropped under a reader, came again, and the file became complete before the reader looks: it
 * may have read a hole all the same. */
static void completeness_does_not_excuse_a_drop(void **state)
{
    (void)state;
    uint64_t epoch;
    CLEANUP_FREE struct presence_map *map = calloc(1, presence_map_size(SIZE));
    assert_non_null(map);
    map->size = SIZE;
    const struct partial partial = { map, presence_map_size(SIZE) };
    presence_set(map, 0, 4);
    assert_int_equal(partial_wait(&partial, -1, 0, SIZE, &epoch), 0);
    assert_true(partial_is_steady(&partial, epoch));
    atomic_fetch_add(&map->epoch, 1);
    presence_clear(map, 0, 4); /* it reads now */
    atomic_fetch_add(&map->epoch, 1);
    presence_set(map, 0, 4);
    atomic_store(&map->complete, 1);
    assert_false(partial_is_steady(&partial, epoch));
    assert_int_equal(partial_wait(&partial, -1, 0, SIZE, &epoch), 0);
    assert_true(partial_is_steady(&partial, epoch));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(completeness_does_not_excuse_a_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
