/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/wire/presence.h"

enum { CHUNKS = 101 };

static struct presence_map *new_map(uint64_t size)
{
    struct presence_map *map = calloc(1, presence_map_size(size));
    assert_non_null(map);
    map->magic = PRESENCE_MAGIC;
    map->version = PRESENCE_VERSION;
    map->chunk_shift = PRESENCE_CHUNK_SHIFT;
    map->size = size;
    return map;
}

static void sizes(void **state)
{
    (void)state;
    assert_int_equal(presence_chunks(0), 0);
    assert_int_equal(presence_chunks(1), 1);
    assert_int_equal(presence_chunks(PRESENCE_CHUNK), 1);
    assert_int_equal(presence_chunks(PRESENCE_CHUNK + 1), 2);
    assert_int_equal(presence_chunks(UINT64_MAX), (UINT64_MAX >> PRESENCE_CHUNK_SHIFT) + 1);
    assert_int_equal(presence_map_size(1), sizeof(struct presence_map) + 8);
}

/* Against a plain array of flags, over random ranges. */
static void agrees_with_an_array(void **state)
{
    (void)state;
    uint64_t size = CHUNKS * PRESENCE_CHUNK - 5;
    struct presence_map *map = new_map(size);
    bool here[CHUNKS] = { false };
    bool mark[CHUNKS] = { false };
    srand(1);
    for (int step = 0; step < 20000; step++) {
        uint64_t first = (uint64_t)rand() % CHUNKS;
        uint64_t end = first + (uint64_t)rand() % (CHUNKS - first + 1);
        switch (rand() % 5) {
        case 0:
            presence_set(map, first, end);
            for (uint64_t c = first; c < end; c++)
                here[c] = true;
            break;
        case 1:
            presence_clear(map, first, end);
            for (uint64_t c = first; c < end; c++)
                here[c] = false;
            break;
        case 2:
            mark[first] = rand() % 2;
            presence_mark(map, first, mark[first]);
            break;
        default: {
            uint64_t offset = first * PRESENCE_CHUNK + (uint64_t)rand() % PRESENCE_CHUNK;
            uint64_t length = (uint64_t)rand() % (8 * PRESENCE_CHUNK);
            bool want = true;
            bool crosses = false;
            for (uint64_t c = offset / PRESENCE_CHUNK;
                 length > 0 && offset < size && c < CHUNKS && c * PRESENCE_CHUNK < offset + length;
                 c++) {
                want &= here[c];
                crosses |= mark[c];
            }
            assert_int_equal(presence_has(map, offset, length), want);
            assert_int_equal(presence_crosses_mark(map, offset, length), crosses);
            uint64_t absent = first;
            while (absent < end && here[absent])
                absent++;
            assert_int_equal(presence_next_absent(map, first, end), absent);
        }
        }
    }
    free(map);
}

static void the_end_is_no_hole(void **state)
{
    (void)state;
    struct presence_map *map = new_map(PRESENCE_CHUNK + 1);
    assert_true(presence_has(map, PRESENCE_CHUNK + 1, 4096));
    assert_true(presence_has(map, UINT64_MAX, 1));
    assert_true(presence_has(map, 0, 0));
    assert_false(presence_has(map, PRESENCE_CHUNK, UINT64_MAX));
    presence_set(map, 1, 2);
    assert_true(presence_has(map, PRESENCE_CHUNK, UINT64_MAX));
    assert_false(presence_has(map, 0, UINT64_MAX));
    free(map);
}

static void foreign_maps_are_refused(void **state)
{
    (void)state;
    struct presence_map *map = new_map(1000);
    size_t mapped = presence_map_size(1000);
    assert_true(presence_map_valid(map, mapped, 1000));
    assert_false(presence_map_valid(map, mapped, 1001));
    assert_false(presence_map_valid(map, mapped - 1, 1000));
    assert_false(presence_map_valid(map, 3, 1000));
    map->chunk_shift++;
    assert_false(presence_map_valid(map, mapped, 1000));
    free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(agrees_with_an_array),
        cmocka_unit_test(the_end_is_no_hole),
        cmocka_unit_test(foreign_maps_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
