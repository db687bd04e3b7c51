/* SPDX-License-Identifier: MIT */
/* Writing, and its conditions. */
#include "core/remote/contract/contract.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { WRITERS = 6 };

static void test_replace(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct remote_entry before, after;
    assert_int_equal(contract_put(fixture, PATH("replaced"), "old bytes", 9, NULL), 0);
    assert_int_equal(remote_probe(fixture->remote, &call, PATH("replaced"), &before), 0);
    assert_int_equal(contract_put(fixture, PATH("replaced"), "new", 3, NULL), 0);
    assert_int_equal(remote_probe(fixture->remote, &call, PATH("replaced"), &after), 0);
    contract_range(fixture, PATH("replaced"), 0, UINT64_MAX, "new", 3);
    if (before.version[0] != '\0')
        assert_string_not_equal(before.version, after.version);
}

/* What write answers is what a probe says, as far as it says it. */
static void test_write_tells(void **state)
{
    struct fixture *fixture = *state;
    struct remote_entry told = { .version = "" };
    assert_int_equal(contract_put(fixture, PATH("told"), "12345", 5, &told), 0);
    struct remote_entry entry = contract_entry(fixture, PATH("told"));
    if (told.version[0] != '\0' && entry.version[0] != '\0')
        assert_string_equal(told.version, entry.version);
    assert_true(told.size == 5 || told.size == 0);
}

static void test_write_nowhere(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    assert_int_equal(remote_make_dir(fixture->remote, &call, PATH("a-dir")), 0);
    assert_int_equal(contract_put_as(fixture, PATH("a-dir"), "x", NULL, NULL, NULL), -EISDIR);
    assert_true(contract_entry(fixture, PATH("a-dir")).is_dir);
}

/* A source that is shorter than was said is no object. */
static void test_short_source(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    CLEANUP_FCLOSE FILE *file = tmpfile();
    assert_non_null(file);
    const struct remote_write_source source = { .fd = fileno(file), .size = 100 };
    assert_int_equal(contract_put(fixture, PATH("short-source"), "whole", 5, NULL), 0);
    assert_true(
        remote_write(fixture->remote, &call, PATH("short-source"), &source, NULL) < 0);
    contract_holds(fixture, PATH("short-source"), "whole");
}

/* A time of its own, by which a writer whose answer was lost knows its object again. */
static const struct remote_attributes mine = {
    .valid = REMOTE_SET_MTIME, .mtime = { 1111111111, 222 }
};

static void test_only_if_absent(void **state)
{
    struct fixture *fixture = *state;
    NEED(REMOTE_CAN_CONDITION);
    assert_int_equal(contract_put_as(fixture, PATH("once"), "first", "", &mine, NULL), 0);
    assert_int_equal(contract_put_as(fixture, PATH("once"), "second", "", NULL, NULL), -EEXIST);
    contract_holds(fixture, PATH("once"), "first");
}

static void test_only_if_version(void **state)
{
    struct fixture *fixture = *state;
    struct remote_entry first = { .version = "" }, second = { .version = "" };
    NEED(REMOTE_CAN_CONDITION);
    assert_int_equal(contract_put_as(fixture, PATH("versioned"), "1", NULL, NULL, &first), 0);
    assert_true(first.version[0] != '\0');
    assert_int_equal(
        contract_put_as(fixture, PATH("versioned"), "22", first.version, &mine, &second), 0);
    assert_string_not_equal(first.version, second.version);
    assert_int_equal(
        contract_put_as(fixture, PATH("versioned"), "333", first.version, NULL, NULL), -ESTALE);
    contract_holds(fixture, PATH("versioned"), "22");
    assert_int_equal(
        contract_put_as(fixture, PATH("never-there"), "x", first.version, NULL, NULL), -ESTALE);
    contract_absent(fixture, PATH("never-there"));
}

struct race {
    struct fixture *fixture;
    const char *path, *expected;
    unsigned number;
    atomic_uint *won, *winner;
};

static void *race_run(void *context)
{
    const struct race *race = context;
    char text[16];
    (void)snprintf(text, sizeof(text), "writer %u", race->number);
    int rc = contract_put_as(race->fixture, race->path, text, race->expected, NULL, NULL);
    assert_true(rc == 0 || rc == -EEXIST || rc == -ESTALE);
    if (rc == 0) {
        atomic_fetch_add(race->won, 1);
        atomic_store(race->winner, race->number);
    }
    return NULL;
}

/* Of many who want to be the first, one is, and it is its bytes that are there. */
static void race(struct fixture *fixture, const char *path, const char *expected)
{
    pthread_t threads[WRITERS];
    struct race races[WRITERS];
    atomic_uint won = 0, winner = 0;
    char text[16];
    for (unsigned i = 0; i < WRITERS; i++) {
        races[i] = (struct race){ fixture, path, expected, i, &won, &winner };
        assert_int_equal(pthread_create(&threads[i], NULL, race_run, &races[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&won), 1);
    (void)snprintf(text, sizeof(text), "writer %u", atomic_load(&winner));
    contract_holds(fixture, path, text);
}

static void test_races(void **state)
{
    struct fixture *fixture = *state;
    NEED(REMOTE_CAN_CONDITION);
    if (fixture->faults != NULL)
        skip(); /* a writer whose answer was lost cannot always tell that it won */
    race(fixture, PATH("race-absent"), "");
    struct remote_entry entry = { .version = "" };
    assert_int_equal(contract_put_as(fixture, PATH("race-version"), "0", NULL, NULL, &entry), 0);
    race(fixture, PATH("race-version"), entry.version);
}

const struct CMUnitTest contract_write[] = {
    cmocka_unit_test(test_replace),
    cmocka_unit_test(test_write_tells),
    cmocka_unit_test(test_write_nowhere),
    cmocka_unit_test(test_short_source),
    cmocka_unit_test(test_only_if_absent),
    cmocka_unit_test(test_only_if_version),
    cmocka_unit_test(test_races),
};
const size_t contract_write_count = sizeof(contract_write) / sizeof(contract_write[0]);
