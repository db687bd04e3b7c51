/* SPDX-License-Identifier: MIT */
/* What lasts beside bytes: attributes, links, extended attributes. */
#include "core/remote/contract/contract.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

static const struct remote_attributes given = {
    .valid = REMOTE_SET_MODE | REMOTE_SET_MTIME, .mode = 0640, .mtime = { 1234567890, 123456789 }
};

static void assert_given(const struct remote_entry *entry)
{
    assert_true(entry->has_mode && entry->has_mtime);
    assert_int_equal(entry->mode, given.mode);
    assert_int_equal(entry->mtime.tv_sec, given.mtime.tv_sec);
    assert_int_equal(entry->mtime.tv_nsec, given.mtime.tv_nsec);
}

static void test_attributes(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct remote_entry told = { .version = "" };
    struct seen seen = { .wanted = "kept" };
    NEED(REMOTE_KEEPS_ATTRIBUTES);
    assert_int_equal(contract_put_as(fixture, PATH("kept"), "kept", NULL, &given, NULL), 0);
    struct remote_entry entry = contract_entry(fixture, PATH("kept"));
    assert_given(&entry);
    assert_int_equal(remote_list(fixture->remote, &call, fixture->base, contract_see, &seen), 0);
    assert_true(seen.found);
    assert_given(&seen.entry);
    const struct remote_attributes mode = { .valid = REMOTE_SET_MODE, .mode = 0755 };
    assert_int_equal(
        remote_set_attributes(fixture->remote, &call, PATH("kept"), &mode, &told), 0);
    entry = contract_entry(fixture, PATH("kept"));
    assert_int_equal(entry.mode, 0755);
    assert_int_equal(entry.mtime.tv_sec, given.mtime.tv_sec);
    assert_string_equal(entry.version, told.version);
    contract_holds(fixture, PATH("kept"), "kept");
    const struct remote_attributes time = { .valid = REMOTE_SET_MTIME, .mtime = { 1500000000, 5 } };
    assert_int_equal(
        remote_set_attributes(fixture->remote, &call, PATH("kept"), &time, &told), 0);
    entry = contract_entry(fixture, PATH("kept"));
    assert_int_equal(entry.mode, 0755);
    assert_int_equal(entry.mtime.tv_sec, 1500000000);
    assert_int_equal(entry.mtime.tv_nsec, 5);
    assert_string_equal(entry.version, told.version);
    assert_int_equal(
        remote_set_attributes(fixture->remote, &call, PATH("kept-none"), &time, NULL), -ENOENT);
}

/* What is not said anything about stays with an object that is replaced. */
static void test_attributes_stay(void **state)
{
    struct fixture *fixture = *state;
    NEED(REMOTE_KEEPS_ATTRIBUTES);
    assert_int_equal(contract_put_as(fixture, PATH("stays"), "1", NULL, &given, NULL), 0);
    assert_int_equal(contract_put_as(fixture, PATH("stays"), "2", NULL, NULL, NULL), 0);
    struct remote_entry entry = contract_entry(fixture, PATH("stays"));
    assert_int_equal(entry.mode, given.mode);
    assert_int_not_equal(entry.mtime.tv_sec, given.mtime.tv_sec);
}

static void test_attributes_of_directory(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    NEED(REMOTE_KEEPS_ATTRIBUTES);
    assert_int_equal(remote_make_dir(fixture->remote, &call, PATH("kept-dir")), 0);
    const struct remote_attributes mode = { .valid = REMOTE_SET_MODE | REMOTE_SET_MTIME,
        .mode = 0750,
        .mtime = { 1300000000, 0 } };
    assert_int_equal(
        remote_set_attributes(fixture->remote, &call, PATH("kept-dir"), &mode, NULL), 0);
    struct remote_entry entry = contract_entry(fixture, PATH("kept-dir"));
    assert_true(entry.is_dir && entry.has_mode);
    assert_int_equal(entry.mode, 0750);
    if (entry.has_mtime)
        assert_int_equal(entry.mtime.tv_sec, 1300000000);
}

static void test_symlink(void **state)
{
    static const char *const targets[] = { "kept", "../up/and/away", "/absolute/path", "a b\xc3\xa9",
        "." };
    struct fixture *fixture = *state;
    NEED(REMOTE_CAN_SYMLINK);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct remote_call call = { 0 };
        struct seen seen = { .wanted = "link" };
        char target[256];
        assert_int_equal(remote_make_symlink(
                             fixture->remote, &call, targets[i], PATH("link"), NULL, NULL), 0);
        struct remote_entry entry = contract_entry(fixture, PATH("link"));
        assert_true(entry.is_symlink && !entry.is_dir);
        assert_int_equal(entry.size, strlen(targets[i]));
        assert_int_equal(
            remote_list(fixture->remote, &call, fixture->base, contract_see, &seen), 0);
        assert_true(seen.found && seen.entry.is_symlink);
        assert_int_equal(
            remote_read_link(fixture->remote, &call, PATH("link"), target, sizeof(target)), 0);
        assert_string_equal(target, targets[i]);
        assert_int_equal(
            remote_read_link(fixture->remote, &call, PATH("link"), target, strlen(target)),
            -ENAMETOOLONG);
        assert_int_equal(
            remote_remove(fixture->remote, &call, PATH("link"), REMOTE_REMOVE_FILE), 0);
        contract_absent(fixture, PATH("link"));
    }
}

static void test_symlink_in_the_way(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct remote_entry entry;
    char target[64];
    NEED(REMOTE_CAN_SYMLINK);
    assert_int_equal(contract_put(fixture, PATH("taken"), "x", 1, NULL), 0);
    assert_int_equal(
        remote_make_symlink(fixture->remote, &call, "y", PATH("taken"), NULL, NULL), -EEXIST);
    assert_int_equal(
        remote_read_link(fixture->remote, &call, PATH("taken"), target, sizeof(target)), -EINVAL);
    assert_int_equal(
        remote_read_link(fixture->remote, &call, PATH("no-link"), target, sizeof(target)), -ENOENT);
    /* A link is no directory to the remote, wherever it leads. */
    assert_int_equal(remote_make_dir(fixture->remote, &call, PATH("real")), 0);
    assert_int_equal(contract_put(fixture, PATH("real/file"), "x", 1, NULL), 0);
    assert_int_equal(
        remote_make_symlink(fixture->remote, &call, "real", PATH("led"), NULL, NULL), 0);
    assert_int_equal(remote_probe(fixture->remote, &call, PATH("led/file"), &entry), -ENOENT);
    assert_int_equal(
        remote_remove(fixture->remote, &call, PATH("led"), REMOTE_REMOVE_FILE), 0);
    contract_holds(fixture, PATH("real/file"), "x");
}

static void test_rename_symlink(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    char target[64];
    NEED(REMOTE_CAN_SYMLINK | REMOTE_CAN_RENAME);
    assert_int_equal(
        remote_make_symlink(fixture->remote, &call, "to", PATH("old-link"), NULL, NULL), 0);
    assert_int_equal(
        remote_rename(fixture->remote, &call, PATH("old-link"), PATH("new-link")), 0);
    contract_absent(fixture, PATH("old-link"));
    assert_int_equal(
        remote_read_link(fixture->remote, &call, PATH("new-link"), target, sizeof(target)), 0);
    assert_string_equal(target, "to");
}

static void test_hard_link(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    NEED(REMOTE_CAN_LINK);
    assert_int_equal(contract_put(fixture, PATH("name-a"), "one file", 8, NULL), 0);
    assert_int_equal(
        remote_link(fixture->remote, &call, PATH("name-a"), PATH("name-b")), 0);
    contract_holds(fixture, PATH("name-b"), "one file");
    assert_int_equal(contract_put(fixture, PATH("name-b"), "written by b", 12, NULL), 0);
    contract_holds(fixture, PATH("name-a"), "written by b");
    assert_int_equal(contract_put(fixture, PATH("name-a"), "short", 5, NULL), 0);
    contract_holds(fixture, PATH("name-b"), "short");
    contract_refused(fixture,
        remote_link(fixture->remote, &call, PATH("name-a"), PATH("name-b")), -EEXIST);
    assert_int_equal(remote_remove(fixture->remote, &call, PATH("name-a"), REMOTE_REMOVE_FILE), 0);
    contract_holds(fixture, PATH("name-b"), "short");
    assert_int_equal(
        remote_link(fixture->remote, &call, PATH("name-none"), PATH("name-c")), -ENOENT);
}

static void test_xattrs(void **state)
{
    struct fixture *fixture = *state;
    struct remote *remote = fixture->remote;
    struct remote_call call = { 0 };
    char value[64], names[256];
    NEED(REMOTE_KEEPS_XATTRS);
    const char *path = PATH("attributed");
    assert_int_equal(contract_put(fixture, path, "x", 1, NULL), 0);
    assert_int_equal(remote_xattr_list(remote, &call, path, names, sizeof(names)), 0);
    assert_int_equal(remote_xattr_get(remote, &call, path, "user.a", value, sizeof(value)), -ENODATA);
    assert_int_equal(remote_xattr_set(remote, &call, path, "user.a", "A\0A", 3, 0), 0);
    assert_int_equal(remote_xattr_set(remote, &call, path, "user.b", "", 0, 0), 0);
    assert_int_equal(remote_xattr_get(remote, &call, path, "user.a", value, sizeof(value)), 3);
    assert_memory_equal(value, "A\0A", 3);
    assert_int_equal(remote_xattr_get(remote, &call, path, "user.a", NULL, 0), 3);
    assert_int_equal(remote_xattr_get(remote, &call, path, "user.a", value, 2), -ERANGE);
    assert_int_equal(remote_xattr_get(remote, &call, path, "user.b", value, sizeof(value)), 0);
    assert_int_equal(remote_xattr_list(remote, &call, path, NULL, 0), 14);
    assert_int_equal(remote_xattr_list(remote, &call, path, names, 13), -ERANGE);
    assert_int_equal(remote_xattr_list(remote, &call, path, names, sizeof(names)), 14);
    contract_refused(fixture,
        remote_xattr_set(remote, &call, path, "user.a", "B", 1, XATTR_CREATE), -EEXIST);
    assert_int_equal(
        remote_xattr_set(remote, &call, path, "user.c", "C", 1, XATTR_REPLACE), -ENODATA);
    assert_int_equal(remote_xattr_set(remote, &call, path, "user.a", "new", 3, XATTR_REPLACE), 0);
    /* New content is no new file. */
    assert_int_equal(contract_put(fixture, path, "other", 5, NULL), 0);
    assert_int_equal(remote_xattr_get(remote, &call, path, "user.a", value, sizeof(value)), 3);
    assert_memory_equal(value, "new", 3);
    assert_int_equal(remote_xattr_set(remote, &call, path, "user.a", NULL, 0, 0), 0);
    contract_refused(
        fixture, remote_xattr_set(remote, &call, path, "user.a", NULL, 0, 0), -ENODATA);
    assert_int_equal(remote_xattr_list(remote, &call, path, names, sizeof(names)), 7);
    assert_int_equal(
        remote_xattr_set(remote, &call, PATH("nobody"), "user.a", "x", 1, 0), -ENOENT);
}

static void test_files_at_root(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct seen seen = { .wanted = "contract-at-root" };
    NEED(REMOTE_KEEPS_FILES_AT_ROOT);
    assert_int_equal(contract_put(fixture, "contract-at-root", "root", 4, NULL), 0);
    contract_holds(fixture, "contract-at-root", "root");
    assert_int_equal(remote_list(fixture->remote, &call, "", contract_see, &seen), 0);
    assert_true(seen.found);
    assert_int_equal(
        remote_remove(fixture->remote, &call, "contract-at-root", REMOTE_REMOVE_FILE), 0);
}

const struct CMUnitTest contract_keep[] = {
    cmocka_unit_test(test_attributes),
    cmocka_unit_test(test_attributes_stay),
    cmocka_unit_test(test_attributes_of_directory),
    cmocka_unit_test(test_symlink),
    cmocka_unit_test(test_symlink_in_the_way),
    cmocka_unit_test(test_rename_symlink),
    cmocka_unit_test(test_hard_link),
    cmocka_unit_test(test_xattrs),
    cmocka_unit_test(test_files_at_root),
};
const size_t contract_keep_count = sizeof(contract_keep) / sizeof(contract_keep[0]);
