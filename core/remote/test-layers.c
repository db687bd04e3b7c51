/* SPDX-License-Identifier: MIT */
/* The layers readonly and cache_only with their switches thrown; the contract, with them off, is
 * asserted in test-contract.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/cleanup.h"
#include "core/remote/cache_only.h"
#include "core/remote/memory.h"
#include "core/remote/readonly.h"
#include "core/remote/stats.h"

static atomic_bool on;
static struct remote *store;
static struct remote_call call;

static int count_entry(void *context, const char *name, size_t len, const struct remote_entry *entry)
{
    (void)name;
    (void)len;
    (void)entry;
    (*(unsigned *)context)++;
    return 0;
}

static int take_data(void *context, uint64_t offset, const void *bytes, size_t len)
{
    memcpy((char *)context + offset, bytes, len);
    return 0;
}

/* Every change is `error`, and the store is as it was. */
static void check_no_change(struct remote *remote, int error)
{
    CLEANUP_CLOSE int fd = memfd_create("source", MFD_CLOEXEC);
    struct remote_write_source source = { .fd = fd };
    struct remote_attributes attributes = { .valid = REMOTE_SET_MODE, .mode = 0600 };
    assert_int_equal(remote_write(remote, &call, "d/f", &source, NULL), error);
    assert_non_null(strstr(call.why, "in the configuration"));
    assert_false(call.transient);
    assert_int_equal(remote_make_dir(remote, &call, "d/new"), error);
    assert_int_equal(remote_remove(remote, &call, "d/f", REMOTE_REMOVE_FILE), error);
    assert_int_equal(remote_rename(remote, &call, "d/f", "d/g"), error);
    assert_int_equal(remote_copy(remote, &call, "d/f", "d/g", NULL), error);
    assert_int_equal(remote_link(remote, &call, "d/f", "d/g"), error);
    assert_int_equal(remote_make_symlink(remote, &call, "f", "d/l", NULL, NULL), error);
    assert_int_equal(remote_set_attributes(remote, &call, "d/f", &attributes, NULL), error);
    assert_int_equal(remote_xattr_set(remote, &call, "d/f", "user.a", "1", 1, 0), error);
    assert_int_equal(remote_acl_set(remote, &call, "d", "public"), error);
    assert_int_equal(remote_capabilities(remote) & (REMOTE_CAN_WRITE | REMOTE_CAN_RENAME), 0);
}

static void check_all_works(struct remote *remote)
{
    const char *const name = "d/made";
    char text[8] = "";
    unsigned entries = 0;
    const struct remote_read_sink sink = { text, NULL, take_data };
    struct remote_entry entry;
    assert_int_equal(remote_list(remote, &call, "d", count_entry, &entries), 0);
    assert_int_equal(entries, 1);
    assert_int_equal(remote_probe(remote, &call, "d/f", &entry), 0);
    assert_int_equal(remote_read(remote, &call, "d/f", 0, UINT64_MAX, &sink), 0);
    assert_string_equal(text, "hello");
    if (atomic_load(&on))
        return;
    assert_true((remote_capabilities(remote) & REMOTE_CAN_WRITE) != 0);
    assert_int_equal(remote_make_dir(remote, &call, name), 0);
    assert_int_equal(remote_remove(remote, &call, name, REMOTE_REMOVE_EMPTY_DIR), 0);
}

static struct remote *new_store(void)
{
    store = remote_memory_new();
    assert_int_equal(remote_memory_put(store, "d/f", "hello", 5, 1700000000), 0);
    return store;
}

static void test_readonly(void **state)
{
    (void)state;
    struct remote *remote = remote_readonly_new(new_store(), &on);
    atomic_store(&on, true);
    check_no_change(remote, -EROFS);
    check_all_works(remote);
    atomic_store(&on, false);
    check_all_works(remote);
    remote_free(remote);
}

static void test_cache_only(void **state)
{
    (void)state;
    char text[8], name[64];
    unsigned entries = 0;
    const struct remote_read_sink sink = { text, NULL, take_data };
    struct remote_entry entry;
    struct remote *remote = remote_cache_only_new(new_store(), &on);
    atomic_store(&on, true);
    check_no_change(remote, -EIO);
    assert_true((remote_capabilities(remote) & REMOTE_IS_OFFLINE) != 0);
    assert_int_equal(remote_list(remote, &call, "d", count_entry, &entries), -EIO);
    assert_int_equal(remote_probe(remote, &call, "d/f", &entry), -EIO);
    assert_int_equal(remote_read(remote, &call, "d/f", 0, UINT64_MAX, &sink), -EIO);
    assert_non_null(strstr(call.why, "cache_only=yes"));
    assert_int_equal(remote_account(remote, &call, name, sizeof(name)), -EIO);
    for (int operation = 0; operation < REMOTE_OPERATIONS; operation++)
        assert_int_equal(remote_memory_calls(store, (enum remote_operation)operation), 0);
    atomic_store(&on, false);
    assert_int_equal(remote_capabilities(remote) & REMOTE_IS_OFFLINE, 0);
    check_all_works(remote);
    remote_free(remote);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readonly),
        cmocka_unit_test(test_cache_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
