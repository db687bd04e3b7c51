/* SPDX-License-Identifier: MIT */
/* Looking and reading. */
#include "core/remote/contract/contract.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { READERS = 8 };

static void test_probe(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct remote_entry entry;
    assert_int_equal(remote_probe(fixture->remote, &call, fixture->base, &entry), 0);
    assert_true(entry.is_dir);
    assert_int_equal(entry.size, 0);
    assert_int_equal(remote_probe(fixture->remote, &call, PATH("absent"), &entry), -ENOENT);
    assert_false(call.transient);
    assert_true(call.why[0] != '\0');
    assert_int_equal(contract_put(fixture, PATH("probe"), "12345", 5, NULL), 0);
    assert_int_equal(remote_probe(fixture->remote, &call, PATH("probe"), &entry), 0);
    assert_false(entry.is_dir);
    assert_int_equal(entry.size, 5);
}

static void test_empty_file(void **state)
{
    struct fixture *fixture = *state;
    struct remote_entry entry;
    struct remote_call call = { 0 };
    assert_int_equal(contract_put(fixture, PATH("empty"), "", 0, &entry), 0);
    assert_int_equal(entry.size, 0);
    assert_int_equal(remote_probe(fixture->remote, &call, PATH("empty"), &entry), 0);
    assert_int_equal(entry.size, 0);
    contract_range(fixture, PATH("empty"), 0, UINT64_MAX, "", 0);
    contract_range(fixture, PATH("empty"), 0, 4096, "", 0);
}

static void test_ranges(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP_FREE char *big = contract_big();
    struct remote_entry entry;
    assert_int_equal(contract_put(fixture, PATH("big"), big, BIG, &entry), 0);
    assert_int_equal(entry.size, BIG);
    contract_range(fixture, PATH("big"), 0, UINT64_MAX, big, BIG);
    contract_range(fixture, PATH("big"), 0, 1, big, BIG);
    contract_range(fixture, PATH("big"), 4096, 65536, big, BIG);
    contract_range(fixture, PATH("big"), BIG - 1, 1, big, BIG);
    contract_range(fixture, PATH("big"), BIG - 100, 4096, big, BIG);
    contract_range(fixture, PATH("big"), 1000000, UINT64_MAX, big, BIG);
}

static void test_read_beyond_end(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct content content = { .bytes = STRBUF_INIT };
    assert_int_equal(contract_put(fixture, PATH("short"), "abc", 3, NULL), 0);
    int rc = contract_get(fixture, &call, PATH("short"), 10, 5, &content);
    if (rc == 0) /* a store that cannot range delivers the whole */
        assert_int_equal(content.next, 3);
    else
        assert_int_equal(rc, -ESTALE);
    strbuf_free(&content.bytes);
    assert_int_equal(contract_get(fixture, &call, PATH("short"), 0, 0, &content), -EINVAL);
}

static void test_read_wrong_kind(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct content content = { .bytes = STRBUF_INIT };
    struct seen seen = { 0 };
    assert_int_equal(contract_get(fixture, &call, fixture->base, 0, UINT64_MAX, &content), -EISDIR);
    assert_int_equal(contract_get(fixture, &call, PATH("absent"), 0, UINT64_MAX, &content), -ENOENT);
    assert_int_equal(contract_put(fixture, PATH("file"), "x", 1, NULL), 0);
    assert_int_equal(remote_list(fixture->remote, &call, PATH("file"), contract_see, &seen), -ENOTDIR);
    assert_int_equal(remote_list(fixture->remote, &call, PATH("absent"), contract_see, &seen), -ENOENT);
    assert_int_equal(seen.files + seen.dirs, 0);
}

static void test_sink_stops(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct content content = { .bytes = STRBUF_INIT, .stop = -ENOSPC };
    assert_int_equal(contract_put(fixture, PATH("stop"), "abc", 3, NULL), 0);
    assert_int_equal(contract_get(fixture, &call, PATH("stop"), 0, UINT64_MAX, &content), -ENOSPC);
    assert_int_equal(content.begins, 1);
    strbuf_free(&content.bytes);
}

static void test_cancel(void **state)
{
    struct fixture *fixture = *state;
    atomic_bool cancel = true;
    struct remote_call call = { .cancel = &cancel };
    struct content content = { .bytes = STRBUF_INIT };
    CLEANUP_FREE char *big = contract_big();
    assert_int_equal(contract_put(fixture, PATH("cancel"), big, BIG, NULL), 0);
    assert_int_equal(contract_get(fixture, &call, PATH("cancel"), 0, UINT64_MAX, &content), -ECANCELED);
    strbuf_free(&content.bytes);
}

static void *read_many(void *context)
{
    struct fixture *fixture = context;
    CLEANUP_FREE char *big = contract_big();
    for (uint64_t i = 0; i < 20; i++)
        contract_range(fixture, PATH("shared"), i * 4099, 60000, big, BIG);
    return NULL;
}

static void test_threads(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP_FREE char *big = contract_big();
    pthread_t readers[READERS];
    assert_int_equal(contract_put(fixture, PATH("shared"), big, BIG, NULL), 0);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_many, fixture), 0);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
}

const struct CMUnitTest contract_read[] = {
    cmocka_unit_test(test_probe),
    cmocka_unit_test(test_empty_file),
    cmocka_unit_test(test_ranges),
    cmocka_unit_test(test_read_beyond_end),
    cmocka_unit_test(test_read_wrong_kind),
    cmocka_unit_test(test_sink_stops),
    cmocka_unit_test(test_cancel),
    cmocka_unit_test(test_threads),
};
const size_t contract_read_count = sizeof(contract_read) / sizeof(contract_read[0]);
