/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/cleanup.h"
#include "core/base/beneath.h"
#include "core/wire/entry.h"
#include "core/tree/file.h"
#include "core/tree/listing.h"
#include "core/tree/map.h"
#include "core/tree/tree.h"

static char folder[] = "/tmp/algofs-test-tree.XXXXXX";
static struct tree *tree;

static int start(void **state)
{
    (void)state;
    (void)stpcpy(folder, "/tmp/algofs-test-tree.XXXXXX");
    return mkdtemp(folder) == NULL || tree_open(folder, "instance", NULL, &tree) < 0 ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int end(void **state)
{
    (void)state;
    tree_free(tree);
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static struct tree_attributes file(uint64_t size, time_t mtime)
{
    return (struct tree_attributes){
        .has_mtime = true,
        .size = size,
        .mtime = { .tv_sec = mtime, .tv_nsec = 123000000 },
        .version = "",
    };
}

static const struct tree_attributes directory = { .is_dir = true, .version = "" };

static struct stat look(const char *path)
{
    struct stat st = { .st_mode = 0 };
    (void)fstatat(tree_root(tree), path, &st, AT_SYMLINK_NOFOLLOW); /* st_mode 0: nothing there */
    return st;
}

static int open_entry(const char *path)
{
    return openat(tree_root(tree), path, O_RDONLY | O_CLOEXEC);
}

static void add(struct listing *listing, const char *name, struct tree_attributes attributes)
{
    assert_int_equal(listing_add(listing, name, strlen(name), &attributes), 0);
}

static struct listing_outcome apply(struct listing *listing, const char *path)
{
    const struct listing_how how = { .partial = false };
    struct listing_outcome outcome;
    assert_int_equal(listing_apply(tree, path, listing, &how, &outcome), 0);
    listing_free(listing);
    return outcome;
}

/* What an engine does: fills the file and completes it. */
static void fill(const char *path, const char *version)
{
    struct file_state state;
    CLEANUP_CLOSE int fd = file_open(tree, path);
    assert_true(fd >= 0);
    assert_int_equal(file_inspect(fd, &state), 0);
    assert_false(state.complete);
    for (uint64_t i = 0; i < state.size; i++)
        assert_int_equal(pwrite(fd, "x", 1, (off_t)i), 1);
    assert_int_equal(file_complete(tree, fd, &state, version, false), 0);
}

static void listings_make_placeholders(void **state)
{
    (void)state;
    struct listing *listing = listing_new();
    add(listing, "a", file(10, 1700000000));
    add(listing, "b", file(0, 1700000001));
    add(listing, "d", directory);
    struct listing_outcome outcome = apply(listing, "data/u/c");
    assert_int_equal(outcome.created, 3);
    struct stat st = look("data/u/c/a");
    assert_int_equal(st.st_mode, S_IFREG | S_ISVTX | TREE_FILE_MODE);
    assert_int_equal(st.st_size, 10);
    assert_int_equal(st.st_blocks, 0);
    assert_int_equal(st.st_mtime, 1700000000);
    assert_int_equal(st.st_atime, 1700000000);
    assert_int_equal(look("data/u/c/b").st_mode, S_IFREG | TREE_FILE_MODE); /* nothing to fetch */
    assert_int_equal(look("data/u/c/d").st_mode, S_IFDIR | TREE_DIRECTORY_MODE);
    assert_int_equal(look("data/u/c").st_mtime, ENTRY_DIRECTORY_MTIME);
    assert_int_equal(look("data/u").st_mtime, ENTRY_DIRECTORY_MTIME);
}

static void equal_listings_move_nothing(void **state)
{
    (void)state;
    struct stat before[3], after[3];
    static const char *const paths[] = { "data/c", "data/c/a", "data/c/full" };
    for (int round = 0; round < 2; round++) {
        struct listing *listing = listing_new();
        add(listing, "a", file(10, 1700000000));
        add(listing, "full", file(3, 1700000000));
        struct listing_outcome outcome = apply(listing, "data/c");
        assert_int_equal(outcome.unchanged, round == 0 ? 0 : 2);
        if (round == 0)
            fill("data/c/full", "v1");
        for (int i = 0; i < 3; i++)
            (round == 0 ? before : after)[i] = look(paths[i]);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(before[i].st_ino, after[i].st_ino);
        assert_int_equal(before[i].st_mtim.tv_sec, after[i].st_mtim.tv_sec);
        assert_int_equal(before[i].st_mtim.tv_nsec, after[i].st_mtim.tv_nsec);
    }
    assert_int_equal(after[2].st_mode & S_ISVTX, 0);
}

static void replacing_keeps_open_files(void **state)
{
    (void)state;
    char byte;
    struct listing *listing = listing_new();
    add(listing, "a", file(5, 1700000000));
    add(listing, "gone", file(5, 1700000000));
    (void)apply(listing, "data/c");
    fill("data/c/a", "");
    CLEANUP_CLOSE int held = open_entry("data/c/a");
    listing = listing_new();
    add(listing, "a", file(5, 1700000001));
    struct listing_outcome outcome = apply(listing, "data/c");
    assert_int_equal(outcome.replaced, 1);
    assert_int_equal(outcome.removed, 1);
    assert_int_equal(look("data/c/gone").st_mode, 0);
    assert_true((look("data/c/a").st_mode & S_ISVTX) != 0);
    assert_int_equal(pread(held, &byte, 1, 4), 1);
    assert_int_equal(byte, 'x');
}

static void types_change(void **state)
{
    (void)state;
    struct tree_attributes deep = file(1, 1);
    for (int i = 0; i < 4; i++) {
        struct listing *listing = listing_new();
        add(listing, "turns", i % 2 == 0 ? directory : file(7, 1700000000));
        (void)apply(listing, "data/c");
        assert_int_equal(look("data/c/turns").st_mode & S_IFMT, i % 2 == 0 ? S_IFDIR : S_IFREG);
        if (i % 2 == 0) {
            assert_int_equal(tree_put(tree, "data/c/turns/x/y/1/2/3", &deep, NULL), 0);
            assert_int_equal(tree_put(tree, "data/c/turns/x/1/y", &deep, NULL), 0);
        }
    }
}

static void hostile_names_are_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t len;
    } hostile[] = { { "", 0 }, { ".", 1 }, { "..", 2 }, { "a/b", 3 }, { "../x", 4 }, { "a\0b", 3 },
        { "/etc", 4 } };
    char longest[NAME_MAX + 2];
    struct listing *listing = listing_new();
    struct tree_attributes attributes = file(1, 1);
    memset(longest, 'n', sizeof(longest));
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        assert_int_equal(
            listing_add(listing, hostile[i].name, hostile[i].len, &attributes), 0);
    assert_int_equal(listing_add(listing, longest, NAME_MAX + 1, &attributes), 0);
    assert_int_equal(listing_add(listing, longest, NAME_MAX, &attributes), 0);
    add(listing, "twice", attributes);
    add(listing, "twice", directory);
    add(listing, "\n\x01 odd but legal", attributes);
    struct listing_outcome outcome = apply(listing, "data/c");
    assert_int_equal(outcome.created, 3);
    assert_int_equal(outcome.skipped, 9);
    assert_int_equal(tree_skipped_names(tree), 9);
    assert_true(S_ISREG(look("data/c/twice").st_mode));
    assert_int_equal(tree_put(tree, "data/../x", &attributes, NULL), -EINVAL);
}

static bool keep_local(void *context, const char *where, const char *name, bool listed)
{
    (void)where;
    (void)listed;
    return strcmp(name, context) == 0;
}

static void partial_and_kept_entries_stay(void **state)
{
    (void)state;
    char mine[] = "mine";
    const struct tree_keep keep = { keep_local, mine };
    struct listing_how how = { .keep = &keep };
    struct tree_attributes attributes = file(1, 1);
    struct listing_outcome outcome;
    assert_int_equal(tree_put(tree, "data/mine", &attributes, NULL), 0);
    assert_int_equal(tree_put(tree, "data/other", &attributes, NULL), 0);
    struct listing *listing = listing_new();
    assert_int_equal(listing_apply(tree, "data", listing, &how, &outcome), 0);
    assert_true(S_ISREG(look("data/mine").st_mode));
    assert_int_equal(look("data/other").st_mode, 0);
    how = (struct listing_how){ .partial = true };
    assert_int_equal(listing_apply(tree, "data", listing, &how, &outcome), 0);
    assert_true(S_ISREG(look("data/mine").st_mode));
    listing_free(listing);
}

static void symbolic_links_are_not_followed(void **state)
{
    (void)state;
    struct tree_attributes attributes = file(1, 1);
    char outside[PATH_MAX];
    enum tree_kind kind;
    (void)snprintf(outside, sizeof(outside), "%s/outside", folder);
    assert_int_equal(mkdir(outside, 0700), 0);
    assert_int_equal(tree_make_directory(tree, "data", NULL), 0);
    assert_int_equal(symlinkat(outside, tree_root(tree), "data/evil"), 0);
    assert_true(beneath_open(tree_root(tree), "data/evil", O_RDONLY) < 0);
    assert_true(beneath_open(tree_root(tree), "..", O_RDONLY) < 0);
    assert_true(beneath_open(tree_root(tree), "/etc/passwd", O_RDONLY) < 0);
    assert_true(file_open(tree, "data/evil/x") < 0);
    assert_int_equal(tree_look(tree, "data/evil/x", &kind), 0);
    assert_int_equal(kind, TREE_ABSENT);
    assert_int_equal(tree_put(tree, "data/evil/x", &attributes, NULL), 0); /* becomes a directory here */
    assert_int_equal(look("data/evil").st_mode & S_IFMT, S_IFDIR);
    assert_int_equal(rmdir(outside), 0); /* still empty */
    assert_int_equal(tree_put_link(tree, "data/.my", "u"), 0);
    assert_int_equal(look("data/.my").st_mode & S_IFMT, S_IFLNK);
    assert_int_equal(tree_remove(tree, "data", NULL), 0);
    assert_int_equal(look("data").st_mode, 0);
}

static void versions_tell_what_times_do_not(void **state)
{
    (void)state;
    struct tree_attributes probed = { .size = 4, .version = "etag-1" };
    struct file_state found;
    assert_int_equal(tree_put(tree, "data/a", &probed, NULL), 0);
    struct stat first = look("data/a");
    assert_int_equal(tree_put(tree, "data/a", &probed, NULL), 0);
    assert_int_equal(look("data/a").st_ino, first.st_ino);
    assert_int_equal(look("data/a").st_mtim.tv_nsec, first.st_mtim.tv_nsec);
    CLEANUP_CLOSE int fd = open_entry("data/a");
    assert_int_equal(file_inspect(fd, &found), 0);
    if (found.version[0] == '\0')
        skip(); /* no user attributes on this file system */
    probed.version = "etag-2";
    assert_int_equal(tree_put(tree, "data/a", &probed, NULL), 0);
    assert_int_not_equal(look("data/a").st_ino, first.st_ino);
    fill("data/a", "etag-2");
    first = look("data/a");
    assert_int_equal(tree_renew(tree, "data/a", first.st_ino + 1, true, NULL), -ESTALE);
    assert_int_equal(tree_renew(tree, "data/a", first.st_ino, true, NULL), 0);
    CLEANUP_CLOSE int renewed = open_entry("data/a");
    assert_int_equal(file_inspect(renewed, &found), 0);
    assert_false(found.complete);
    assert_string_equal(found.version, "etag-2");
    assert_int_equal(found.mtime.tv_sec, first.st_mtim.tv_sec);
}

static void maps_belong_to_one_inode(void **state)
{
    (void)state;
    struct tree_attributes attributes = file(100 * PRESENCE_CHUNK, 1);
    struct map map = MAP_INIT;
    struct file_state found;
    assert_int_equal(tree_put(tree, "data/big", &attributes, NULL), 0);
    CLEANUP_CLOSE int fd = file_open(tree, "data/big");
    assert_int_equal(file_inspect(fd, &found), 0);
    assert_int_equal(map_open(tree, fd, &found, &map), 0);
    presence_set(map.presence, 3, 40);
    bool reusable = map.presence->birth_sec != 0;
    assert_true(fcntl(map.reader, F_GETFL) >= 0 && (fcntl(map.reader, F_GETFL) & O_ACCMODE) == 0);
    map_close(&map);
    assert_int_equal(map_open(tree, fd, &found, &map), 0);
    assert_int_equal(presence_has(map.presence, 3 * PRESENCE_CHUNK, 37 * PRESENCE_CHUNK), reusable);
    map.presence->birth_nsec++; /* of another file that had the number before */
    map_close(&map);
    assert_int_equal(map_open(tree, fd, &found, &map), 0);
    assert_false(presence_has(map.presence, 3 * PRESENCE_CHUNK, 1));
    presence_set(map.presence, 0, 1);
    map_close(&map);
    attributes.mtime.tv_sec++;
    assert_int_equal(tree_put(tree, "data/big", &attributes, NULL), 0); /* replaced: its map is gone */
    assert_int_equal(map_open(tree, fd, &found, &map), 0);
    assert_false(presence_has(map.presence, 0, 1));
    map_close(&map);
    map_delete(tree, found.inode);
}

static void reopening_keeps_what_is_there(void **state)
{
    (void)state;
    struct tree_attributes attributes = file(3, 1700000000);
    char left[PATH_MAX];
    assert_int_equal(tree_put(tree, "data/a", &attributes, NULL), 0);
    fill("data/a", "");
    tree_free(tree);
    (void)snprintf(left, sizeof(left), "%s/instance/tmp/17", folder);
    assert_int_equal(mkdir(left, 0700), 0);
    (void)snprintf(left, sizeof(left), "%s/instance/tmp/17/17", folder);
    assert_int_equal(mkdir(left, 0700), 0);
    assert_int_equal(tree_open(folder, "instance", NULL, &tree), 0);
    assert_int_equal(access(left, F_OK), -1);
    assert_int_equal(look("data/a").st_mode, S_IFREG | TREE_FILE_MODE);
    assert_int_equal(look("data/a").st_mtime, 1700000000);
}

/* Fetched in the second of its time: a listing that agrees makes it doubtful, and a crash of the machine
 * throws it away like what is complete. */
static void racy_files_are_doubted(void **state)
{
    (void)state;
    char path[PATH_MAX];
    time_t now = time(NULL);
    struct file_state found;
    for (int round = 0; round < 2; round++) {
        struct listing *listing = listing_new();
        add(listing, "a", file(3, now));
        add(listing, "b", file(3, now));
        (void)apply(listing, "data/c");
        if (round == 0) {
            fill("data/c/a", "v1");
            fill("data/c/b", "v1");
            CLEANUP_CLOSE int fd = file_open(tree, "data/c/a");
            file_set_racy(fd, true);
        }
    }
    CLEANUP_CLOSE int fd = file_open(tree, "data/c/a");
    assert_int_equal(file_inspect(fd, &found), 0);
    assert_false(found.complete);
    assert_int_equal(found.mtime.tv_sec, now);
    assert_int_equal(look("data/c/b").st_mode, S_IFREG | TREE_FILE_MODE);
    assert_int_equal(file_trust(tree, fd), 0);
    assert_int_equal(look("data/c/a").st_mode, S_IFREG | TREE_FILE_MODE);
    assert_int_equal(look("data/c/a").st_mtime, now);
    assert_int_equal(file_doubt(fd), 0);
    tree_free(tree);
    (void)snprintf(path, sizeof(path), "%s/instance/state", folder);
    CLEANUP_FCLOSE FILE *crashed = fopen(path, "we");
    assert_true(crashed != NULL && fputs("dirty another-boot\n", crashed) != EOF && fflush(crashed) == 0);
    assert_int_equal(tree_open(folder, "instance", NULL, &tree), 0);
    assert_int_equal(look("data/c/a").st_mode, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(listings_make_placeholders, start, end),
        cmocka_unit_test_setup_teardown(equal_listings_move_nothing, start, end),
        cmocka_unit_test_setup_teardown(replacing_keeps_open_files, start, end),
        cmocka_unit_test_setup_teardown(types_change, start, end),
        cmocka_unit_test_setup_teardown(hostile_names_are_left_out, start, end),
        cmocka_unit_test_setup_teardown(partial_and_kept_entries_stay, start, end),
        cmocka_unit_test_setup_teardown(symbolic_links_are_not_followed, start, end),
        cmocka_unit_test_setup_teardown(versions_tell_what_times_do_not, start, end),
        cmocka_unit_test_setup_teardown(maps_belong_to_one_inode, start, end),
        cmocka_unit_test_setup_teardown(reopening_keeps_what_is_there, start, end),
        cmocka_unit_test_setup_teardown(racy_files_are_doubted, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
