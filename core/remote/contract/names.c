/* SPDX-License-Identifier: MIT */
/* Listings, names, directories, and changing names. */
#include "core/remote/contract/contract.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 60 };

static void test_list(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct seen seen = { .wanted = "file-042" };
    char name[32];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof(name), "file-%03d", i);
        assert_int_equal(contract_put(fixture, PATH(name), "1234567", 7, NULL), 0);
    }
    assert_int_equal(remote_list(fixture->remote, &call, fixture->base, contract_see, &seen), 0);
    assert_true(seen.files >= MANY);
    assert_true(seen.bytes >= MANY * 7);
    assert_true(seen.found);
}

static int stop_listing(
    void *context, const char *name, size_t name_len, const struct remote_entry *entry)
{
    (void)name, (void)name_len, (void)entry;
    ++*(unsigned *)context;
    return -EXDEV;
}

static void test_list_stops(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    unsigned count = 0;
    assert_int_equal(contract_put(fixture, PATH("one"), "1", 1, NULL), 0);
    assert_int_equal(contract_put(fixture, PATH("two"), "2", 1, NULL), 0);
    assert_int_equal(
        remote_list(fixture->remote, &call, fixture->base, stop_listing, &count), -EXDEV);
    assert_int_equal(count, 1);
}

static void test_names(void **state)
{
    static const char *const names[] = { "with space", "per%cent", "plus+and&amp=;", "a#b?c",
        "\xc3\xa9t\xc3\xa9", "quote'\"q", "...", "~tilde", "[x]{y}", "back\\slash" };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct remote_call call = { 0 };
        struct remote_entry entry;
        struct seen seen = { .wanted = names[i] };
        assert_int_equal(contract_put(fixture, PATH(names[i]), "name", 4, NULL), 0);
        assert_int_equal(remote_probe(fixture->remote, &call, PATH(names[i]), &entry), 0);
        assert_int_equal(remote_list(fixture->remote, &call, fixture->base, contract_see, &seen), 0);
        assert_true(seen.found);
        assert_int_equal(
            remote_remove(fixture->remote, &call, PATH(names[i]), REMOTE_REMOVE_FILE), 0);
        assert_int_equal(remote_probe(fixture->remote, &call, PATH(names[i]), &entry), -ENOENT);
    }
}

static void test_directories(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct seen seen = { 0 };
    char dir[600], file[700];
    (void)snprintf(dir, sizeof(dir), "%s_dir", fixture->base);
    (void)snprintf(file, sizeof(file), "%s/file", dir);
    assert_int_equal(remote_make_dir(fixture->remote, &call, dir), 0);
    int rc = remote_make_dir(fixture->remote, &call, dir);
    if (rc != -EINVAL) /* Algorithmia's status for it is not known */
        contract_refused(fixture, rc, -EEXIST);
    assert_int_equal(remote_list(fixture->remote, &call, dir, contract_see, &seen), 0);
    assert_int_equal(seen.files + seen.dirs, 0);
    assert_int_equal(contract_put(fixture, file, "x", 1, NULL), 0);
    assert_int_equal(
        remote_remove(fixture->remote, &call, dir, REMOTE_REMOVE_EMPTY_DIR), -ENOTEMPTY);
    assert_int_equal(remote_remove(fixture->remote, &call, file, REMOTE_REMOVE_FILE), 0);
    contract_refused(
        fixture, remote_remove(fixture->remote, &call, file, REMOTE_REMOVE_FILE), -ENOENT);
    assert_int_equal(remote_remove(fixture->remote, &call, dir, REMOTE_REMOVE_EMPTY_DIR), 0);
    assert_int_equal(remote_make_dir(fixture->remote, &call, dir), 0);
    assert_int_equal(contract_put(fixture, file, "x", 1, NULL), 0);
    assert_int_equal(remote_remove(fixture->remote, &call, dir, REMOTE_REMOVE_TREE), 0);
    struct remote_entry entry;
    assert_int_equal(remote_probe(fixture->remote, &call, file, &entry), -ENOENT);
}

/* --- rename and copy --- */

static int rename_to(struct fixture *fixture, const char *from, const char *to)
{
    struct remote_call call = { 0 };
    return remote_rename(fixture->remote, &call, from, to);
}

static void make_dir(struct fixture *fixture, const char *path)
{
    struct remote_call call = { 0 };
    assert_int_equal(remote_make_dir(fixture->remote, &call, path), 0);
}

static void test_rename(void **state)
{
    struct fixture *fixture = *state;
    NEED(REMOTE_CAN_RENAME);
    assert_int_equal(contract_put(fixture, PATH("rename-a"), "a", 1, NULL), 0);
    assert_int_equal(rename_to(fixture, PATH("rename-a"), PATH("rename-b")), 0);
    contract_absent(fixture, PATH("rename-a"));
    contract_holds(fixture, PATH("rename-b"), "a");
    assert_int_equal(contract_put(fixture, PATH("rename-c"), "other", 5, NULL), 0);
    assert_int_equal(rename_to(fixture, PATH("rename-c"), PATH("rename-b")), 0);
    contract_holds(fixture, PATH("rename-b"), "other");
    contract_absent(fixture, PATH("rename-c"));
    assert_int_equal(rename_to(fixture, PATH("rename-none"), PATH("rename-d")), -ENOENT);
    assert_int_equal(rename_to(fixture, PATH("rename-b"), PATH("no-such-dir/b")), -ENOENT);
    contract_holds(fixture, PATH("rename-b"), "other");
    make_dir(fixture, PATH("rename-dir"));
    assert_int_equal(rename_to(fixture, PATH("rename-b"), PATH("rename-dir")), -EISDIR);
    assert_int_equal(rename_to(fixture, PATH("rename-b"), PATH("rename-dir/b")), 0);
    contract_holds(fixture, PATH("rename-dir/b"), "other");
}

static void test_rename_dir(void **state)
{
    struct fixture *fixture = *state;
    NEED(REMOTE_CAN_RENAME | REMOTE_CAN_RENAME_DIR);
    make_dir(fixture, PATH("tree"));
    make_dir(fixture, PATH("tree/sub"));
    make_dir(fixture, PATH("target"));
    assert_int_equal(contract_put(fixture, PATH("tree/sub/leaf"), "leaf", 4, NULL), 0);
    assert_int_equal(contract_put(fixture, PATH("tree-file"), "x", 1, NULL), 0);
    assert_int_equal(rename_to(fixture, PATH("tree"), PATH("tree-file")), -ENOTDIR);
    assert_int_equal(rename_to(fixture, PATH("tree"), PATH("tree/sub/in")), -EINVAL);
    assert_int_equal(rename_to(fixture, PATH("tree"), PATH("target")), 0); /* an empty one goes */
    contract_absent(fixture, PATH("tree"));
    contract_absent(fixture, PATH("tree/sub/leaf"));
    contract_holds(fixture, PATH("target/sub/leaf"), "leaf");
    make_dir(fixture, PATH("tree"));
    assert_int_equal(rename_to(fixture, PATH("tree"), PATH("target")), -ENOTEMPTY);
    assert_true(contract_entry(fixture, PATH("tree")).is_dir);
    assert_int_equal(rename_to(fixture, PATH("target"), PATH("tree/moved")), 0);
    contract_holds(fixture, PATH("tree/moved/sub/leaf"), "leaf");
}

static void test_copy(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct remote_entry entry = { .version = "" };
    NEED(REMOTE_CAN_COPY);
    assert_int_equal(contract_put(fixture, PATH("copy-a"), "copied", 6, NULL), 0);
    assert_int_equal(
        remote_copy(fixture->remote, &call, PATH("copy-a"), PATH("copy-b"), &entry), 0);
    assert_true(entry.size == 6 || entry.size == 0);
    contract_holds(fixture, PATH("copy-b"), "copied");
    assert_int_equal(contract_put(fixture, PATH("copy-a"), "changed", 7, NULL), 0);
    contract_holds(fixture, PATH("copy-b"), "copied");
    assert_int_equal(
        remote_copy(fixture->remote, &call, PATH("copy-a"), PATH("copy-b"), NULL), 0);
    contract_holds(fixture, PATH("copy-b"), "changed");
    assert_int_equal(
        remote_copy(fixture->remote, &call, PATH("copy-none"), PATH("copy-c"), NULL), -ENOENT);
    contract_absent(fixture, PATH("copy-c"));
}

static void test_copy_keeps_attributes(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    const struct remote_attributes given = { .valid = REMOTE_SET_MODE | REMOTE_SET_MTIME,
        .mode = 0640,
        .mtime = { 1400000000, 0 } };
    NEED(REMOTE_CAN_COPY | REMOTE_KEEPS_ATTRIBUTES);
    assert_int_equal(contract_put_as(fixture, PATH("kept-a"), "k", NULL, &given, NULL), 0);
    assert_int_equal(
        remote_copy(fixture->remote, &call, PATH("kept-a"), PATH("kept-b"), NULL), 0);
    struct remote_entry entry = contract_entry(fixture, PATH("kept-b"));
    assert_true(entry.has_mode && entry.has_mtime);
    assert_int_equal(entry.mode, 0640);
    assert_int_equal(entry.mtime.tv_sec, 1400000000);
}

const struct CMUnitTest contract_names[] = {
    cmocka_unit_test(test_list),
    cmocka_unit_test(test_list_stops),
    cmocka_unit_test(test_names),
    cmocka_unit_test(test_directories),
    cmocka_unit_test(test_rename),
    cmocka_unit_test(test_rename_dir),
    cmocka_unit_test(test_copy),
    cmocka_unit_test(test_copy_keeps_attributes),
};
const size_t contract_names_count = sizeof(contract_names) / sizeof(contract_names[0]);
