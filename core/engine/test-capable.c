/* SPDX-License-Identifier: MIT */
/* The engine over a store that can more than the Data API: what it then asks of it, and what not. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/engine/test-support.h"
#include "core/journal/journal.h"

enum { NEW = O_WRONLY | O_CREAT | O_TRUNC };

static int start(void **state)
{
    (void)state;
    if (make_cache() < 0)
        return -1;
    store = remote_memory_new();
    assert_non_null(store);
    assert_int_equal(remote_memory_put(store, "alice/c/old", "old content", 11, 1700000000), 0);
    assert_int_equal(remote_memory_put(store, "alice/c/d/leaf", "leaf", 4, 1700000000), 0);
    start_engine(NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    engine_free(engine);
    remote_free(store);
    return remove_cache();
}

/* --- a door --- */

static int list(const char *path)
{
    const struct wire_ensure_request request = { instance, WIRE_WANT_LISTING, 0, path };
    struct wire_ensure_reply reply;
    (void)usleep(2000); /* an answer of this millisecond would do; and what was changed in it is kept */
    return engine_ensure(engine, &request, &reply);
}

static int open_write(const char *path, int flags)
{
    const struct wire_open_write_request request = { instance, (unsigned)flags, 0644, path };
    struct wire_open_write_reply reply;
    int fd = -1;
    int rc = engine_open_write(engine, &request, &reply, &fd);
    return rc < 0 ? rc : fd;
}

static int commit(int fd)
{
    const struct wire_commit_request request = { instance, 0, 0, 0 };
    struct wire_commit_reply reply;
    return engine_commit(engine, &request, fd, &reply);
}

static int rename_path(const char *from, const char *to)
{
    const struct wire_rename_request request = { instance, 0, 0, from, to };
    return engine_rename(engine, &request);
}

static int make_symlink(const char *target, const char *path)
{
    const struct wire_symlink_request request = { instance, 0, target, path };
    return engine_symlink(engine, &request);
}

static int make_link(const char *from, const char *to)
{
    const struct wire_link_request request = { instance, 0, from, to };
    return engine_link(engine, &request);
}

static int change_mode(const char *path, mode_t mode)
{
    const struct wire_setattr_request request = {
        .instance = instance, .valid = WIRE_SET_MODE, .mode = mode, .path = path
    };
    return engine_setattr(engine, &request, -1);
}

static int change_time(const char *path, time_t mtime)
{
    const struct wire_setattr_request request = {
        .instance = instance, .valid = WIRE_SET_MTIME, .mtime_sec = (uint64_t)mtime, .path = path
    };
    return engine_setattr(engine, &request, -1);
}

static void flush(void)
{
    const struct wire_flush_request request = { instance, 60000 };
    struct wire_flush_reply reply = { 0 };
    int fd = -1;
    assert_int_equal(engine_flush(engine, &request, &reply, &fd), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(reply.pending, 0);
}

static struct stat look(const char *path)
{
    char full[PATH_MAX * 2];
    struct stat st;
    (void)snprintf(full, sizeof(full), "%s/%s", root, path);
    if (lstat(full, &st) < 0)
        st = (struct stat){ .st_mode = 0 };
    return st;
}

/* Reads it as a door does: opens it, has it fetched. */
static void assert_content(const char *path, const char *text)
{
    char full[PATH_MAX * 2];
    char bytes[100] = "";
    (void)snprintf(full, sizeof(full), "%s/%s", root, path);
    CLEANUP_CLOSE int fd = open(full, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    const struct wire_need_request request = { .instance = instance, .length = UINT64_MAX };
    struct wire_need_reply reply;
    assert_int_equal(engine_need(engine, &request, fd, &reply), 0);
    assert_int_equal(pread(fd, bytes, sizeof(bytes) - 1, 0), strlen(text));
    assert_string_equal(bytes, text);
}

static void assert_stored(const char *path, const char *text)
{
    size_t len;
    CLEANUP_FREE char *bytes = remote_memory_get(store, path, &len);
    if (text == NULL) {
        assert_null(bytes);
        return;
    }
    assert_non_null(bytes);
    assert_string_equal(bytes, text);
}

static struct remote_entry stored(const char *path)
{
    struct remote_call call = { 0 };
    struct remote_entry entry = { .version = "" };
    assert_int_equal(remote_probe(store, &call, path, &entry), 0);
    return entry;
}

static unsigned calls(enum remote_operation operation)
{
    return (unsigned)remote_memory_calls(store, operation);
}

/* --- renames --- */

static void test_rename_at_once(void **state)
{
    (void)state;
    assert_int_equal(list("data/alice/c"), 0);
    assert_int_equal(rename_path("data/alice/c/old", "data/alice/c/new"), 0);
    assert_int_equal(calls(REMOTE_OP_RENAME), 1);
    assert_int_equal(calls(REMOTE_OP_READ) + calls(REMOTE_OP_WRITE), 0);
    assert_stored("alice/c/new", "old content");
    assert_stored("alice/c/old", NULL);
    assert_int_equal(look("data/alice/c/old").st_mode, 0);
    assert_true((look("data/alice/c/new").st_mode & S_ISVTX) != 0); /* not fetched */
    assert_content("data/alice/c/new", "old content");
}

static void test_rename_by_copy(void **state)
{
    (void)state;
    remote_memory_limit(store, REMOTE_CAN_WRITE | REMOTE_CAN_COPY | REMOTE_KEEPS_ATTRIBUTES);
    assert_int_equal(list("data/alice/c"), 0);
    assert_int_equal(rename_path("data/alice/c/old", "data/alice/c/new"), 0);
    assert_int_equal(calls(REMOTE_OP_COPY), 1);
    assert_int_equal(calls(REMOTE_OP_READ) + calls(REMOTE_OP_WRITE), 0);
    assert_stored("alice/c/new", "old content");
    assert_stored("alice/c/old", NULL);
    ino_t inode = look("data/alice/c/new").st_ino;
    assert_int_equal(list("data/alice/c"), 0);
    assert_int_equal(look("data/alice/c/new").st_ino, inode); /* its own, not somebody else's */
    assert_content("data/alice/c/new", "old content");
}

static void test_rename_directory_at_once(void **state)
{
    (void)state;
    assert_int_equal(list("data/alice/c"), 0);
    assert_int_equal(list("data/alice/c/d"), 0);
    CLEANUP_CLOSE int fd = open_write("data/alice/c/d/leaf", O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "LEAF!", 5, 0), 5);
    assert_int_equal(rename_path("data/alice/c/d", "data/alice/c/e"), 0);
    assert_int_equal(calls(REMOTE_OP_RENAME), 1);
    assert_stored("alice/c/e/leaf", "leaf");
    assert_int_equal(commit(fd), 0); /* goes to where the file is now */
    assert_stored("alice/c/e/leaf", "LEAF!");
    assert_stored("alice/c/d/leaf", NULL);
    assert_int_equal(rename_path("data/alice/c/e", "data/alice/c/old"), -ENOTDIR);
}

/* An agent died after the intent, or after the remote's half: the next one finishes it. */
static void rename_after_crash(bool remote_done)
{
    char folder[PATH_MAX + 4];
    struct journal *journal;
    struct remote_call call = { 0 };
    struct journal_intent intent = { .kind = JOURNAL_RENAME,
        .flags = JOURNAL_AT_ONCE,
        .path = "data/alice/c/old",
        .to = "data/alice/c/new",
        .why = "" };
    assert_int_equal(list("data/alice/c"), 0);
    (void)snprintf(folder, sizeof(folder), "%s/..", root);
    engine_free(engine);
    if (remote_done)
        assert_int_equal(remote_rename(store, &call, "alice/c/old", "alice/c/new"), 0);
    assert_int_equal(journal_open(folder, &journal), 0);
    assert_int_equal(journal_put(journal, &intent, false), 0);
    journal_close(journal);
    start_engine(NULL);
    flush();
    assert_stored("alice/c/new", "old content");
    assert_stored("alice/c/old", NULL);
    assert_int_equal(look("data/alice/c/old").st_mode, 0);
    assert_content("data/alice/c/new", "old content");
}

static void test_rename_crashed_before(void **state)
{
    (void)state;
    rename_after_crash(false);
}

static void test_rename_crashed_after(void **state)
{
    (void)state;
    rename_after_crash(true);
}

static void test_rename_refused(void **state)
{
    (void)state;
    engine_free(engine);
    start_engine("rename:*:EACCES!");
    assert_int_equal(list("data/alice/c"), 0);
    assert_int_equal(rename_path("data/alice/c/old", "data/alice/c/new"), -EACCES);
    assert_int_not_equal(look("data/alice/c/old").st_mode, 0);
    assert_int_equal(look("data/alice/c/new").st_mode, 0);
    assert_stored("alice/c/old", "old content");
    flush(); /* no intent is left */
}

/* --- attributes --- */

static void test_attributes_are_sent(void **state)
{
    (void)state;
    CLEANUP_CLOSE int fd = open_write("data/alice/c/fresh", NEW);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "fresh", 5), 5);
    assert_int_equal(change_mode("data/alice/c/fresh", 0640), 0);
    assert_int_equal(calls(REMOTE_OP_SET_ATTRIBUTES), 0); /* they go along */
    assert_int_equal(commit(fd), 0);
    struct remote_entry entry = stored("alice/c/fresh");
    assert_int_equal(entry.mode, 0640);
    struct stat st = look("data/alice/c/fresh");
    assert_int_equal(entry.mtime.tv_sec, st.st_mtim.tv_sec);
    assert_int_equal(entry.mtime.tv_nsec, st.st_mtim.tv_nsec);
}

static void test_attributes_are_set(void **state)
{
    (void)state;
    assert_int_equal(list("data/alice/c"), 0);
    ino_t inode = look("data/alice/c/old").st_ino;
    assert_int_equal(look("data/alice/c/old").st_mode & 0777, 0644); /* as the store says */
    assert_int_equal(change_mode("data/alice/c/old", 0600), 0);
    assert_int_equal(change_time("data/alice/c/old", 1234567890), 0);
    assert_int_equal(calls(REMOTE_OP_SET_ATTRIBUTES), 2);
    assert_int_equal(stored("alice/c/old").mode, 0600);
    assert_int_equal(stored("alice/c/old").mtime.tv_sec, 1234567890);
    assert_int_equal(list("data/alice/c"), 0);
    struct stat st = look("data/alice/c/old");
    assert_int_equal(st.st_ino, inode); /* our own change is no foreign one */
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_atim.tv_sec, 1234567890); /* a placeholder's mtime */
    assert_content("data/alice/c/old", "old content");
    assert_int_equal(look("data/alice/c/old").st_mtim.tv_sec, 1234567890);
    assert_int_equal(calls(REMOTE_OP_WRITE), 0);
}

static void test_attributes_from_elsewhere(void **state)
{
    (void)state;
    struct remote_call call = { 0 };
    const struct remote_attributes mode = { .valid = REMOTE_SET_MODE, .mode = 0711 };
    assert_int_equal(list("data/alice/c"), 0);
    assert_content("data/alice/c/old", "old content");
    assert_int_equal(remote_set_attributes(store, &call, "alice/c/d", &mode, NULL), 0);
    assert_int_equal(remote_set_attributes(store, &call, "alice/c/old", &mode, NULL), 0);
    assert_int_equal(list("data/alice/c"), 0);
    assert_int_equal(look("data/alice/c/old").st_mode & 0777, 0711);
    assert_int_equal(look("data/alice/c/d").st_mode & 0777, 0711);
}

static void test_attributes_refused(void **state)
{
    (void)state;
    engine_free(engine);
    start_engine("set_attributes:*:EACCES!");
    assert_int_equal(list("data/alice/c"), 0);
    struct stat before = look("data/alice/c/old");
    assert_int_equal(change_mode("data/alice/c/old", 0600), -EACCES);
    assert_int_equal(change_time("data/alice/c/old", 1), -EACCES);
    assert_int_equal(look("data/alice/c/old").st_mode, before.st_mode);
    assert_int_equal(look("data/alice/c/old").st_atim.tv_sec, before.st_atim.tv_sec);
}

/* --- links, attributes of the user --- */

static void test_symlinks(void **state)
{
    (void)state;
    const struct wire_ensure_request through = { instance, WIRE_WANT_ENTRY, 0, "data/alice/c/l/leaf" };
    struct wire_ensure_reply reply;
    char target[64] = "";
    char full[PATH_MAX * 2];
    struct remote_call call = { 0 };
    assert_int_equal(make_symlink("d", "data/alice/c/l"), 0);
    assert_int_equal(make_symlink("d", "data/alice/c/l"), -EEXIST);
    assert_int_equal(make_symlink("d", "data/alice/c/none/l"), -ENOENT);
    assert_true(S_ISLNK(look("data/alice/c/l").st_mode));
    assert_int_equal(remote_read_link(store, &call, "alice/c/l", target, sizeof(target)), 0);
    assert_string_equal(target, "d");
    assert_int_equal(engine_ensure(engine, &through, &reply), -ELOOP);
    assert_int_equal(rename_path("data/alice/c/l", "data/alice/c/m"), 0);
    assert_true(stored("alice/c/m").is_symlink);
    /* Another target elsewhere; then something else. */
    assert_int_equal(remote_remove(store, &call, "alice/c/m", REMOTE_REMOVE_FILE), 0);
    assert_int_equal(remote_make_symlink(store, &call, "../other", "alice/c/m", NULL, NULL), 0);
    (void)snprintf(full, sizeof(full), "%s/data/alice/c/m", root);
    assert_int_equal(list("data/alice/c"), 0);
    ssize_t len = readlink(full, target, sizeof(target) - 1);
    assert_int_equal(len, 8);
    assert_memory_equal(target, "../other", 8);
    assert_int_equal(remote_memory_put(store, "alice/c/m", "a file", 6, 1700000000), 0);
    assert_int_equal(list("data/alice/c"), 0);
    assert_content("data/alice/c/m", "a file");
}

static void test_hard_links(void **state)
{
    (void)state;
    struct remote_call call = { 0 };
    assert_int_equal(list("data/alice/c"), 0);
    assert_int_equal(make_link("data/alice/c/old", "data/alice/c/d/second"), 0);
    assert_int_equal(look("data/alice/c/old").st_ino, look("data/alice/c/d/second").st_ino);
    CLEANUP_CLOSE int fd = open_write("data/alice/c/d/second", O_RDWR | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "both", 4), 4);
    assert_int_equal(commit(fd), 0);
    assert_stored("alice/c/old", "both");
    assert_stored("alice/c/d/second", "both");
    /* One made elsewhere is found when its directory is listed, in whatever order that happens. */
    assert_int_equal(remote_memory_put(store, "alice/c/x", "x", 1, 1700000000), 0);
    assert_int_equal(remote_link(store, &call, "alice/c/x", "alice/c/d/y"), 0);
    assert_int_equal(list("data/alice/c"), 0);
    assert_int_equal(look("data/alice/c/x").st_nlink, 2); /* there is another */
    assert_int_equal(list("data/alice/c/d"), 0);
    assert_int_equal(look("data/alice/c/x").st_ino, look("data/alice/c/d/y").st_ino);
    assert_int_equal(look("data/alice/c/x").st_nlink, 2);
    assert_content("data/alice/c/d/y", "x");
    assert_int_equal(look("data/alice/c/x").st_mode & S_ISVTX, 0);
}

/* A file that is being written loses the name that it was opened by. */
static void test_unlink_one_name(void **state)
{
    (void)state;
    const struct wire_remove_request removal = { instance, 0, 0, "data/alice/c/old" };
    assert_int_equal(list("data/alice/c"), 0);
    assert_int_equal(make_link("data/alice/c/old", "data/alice/c/second"), 0);
    CLEANUP_CLOSE int fd = open_write("data/alice/c/old", O_RDWR | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "late", 4), 4);
    assert_int_equal(engine_remove(engine, &removal), 0);
    assert_int_equal(commit(fd), 0);
    assert_stored("alice/c/second", "late");
    assert_stored("alice/c/old", NULL);
}

static ssize_t get_xattr(const char *path, const char *name, char *value, size_t size)
{
    const struct wire_getxattr_request request = { instance, path, name };
    struct wire_getxattr_reply reply = { 0 };
    int fd = -1;
    int rc = engine_getxattr(engine, &request, &reply, &fd);
    if (rc < 0)
        return rc;
    assert_true(reply.size <= size);
    assert_int_equal(read(fd, value, size), reply.size);
    assert_int_equal(close(fd), 0);
    return (ssize_t)reply.size;
}

static int set_xattr(const char *path, const char *name, const char *value)
{
    const struct wire_setxattr_request request = { .instance = instance,
        .remove = value == NULL,
        .size = value == NULL ? 0 : strlen(value),
        .path = path,
        .name = name };
    CLEANUP_CLOSE int fd = memfd_create("value", MFD_CLOEXEC);
    if (value != NULL)
        assert_int_equal(write(fd, value, strlen(value)), strlen(value));
    return engine_setxattr(engine, &request, fd);
}

static void test_xattrs(void **state)
{
    (void)state;
    char value[64];
    assert_int_equal(list("data/alice/c"), 0);
    assert_int_equal(set_xattr("data/alice/c/old", "user.color", "blue"), 0);
    assert_int_equal(get_xattr("data/alice/c/old", "user.color", value, sizeof(value)), 4);
    assert_memory_equal(value, "blue", 4);
    assert_int_equal(get_xattr("data/alice/c/old", "", value, sizeof(value)), 11);
    assert_string_equal(value, "user.color");
    assert_int_equal(set_xattr("data/alice/c/old", "user.color", NULL), 0);
    assert_int_equal(get_xattr("data/alice/c/old", "user.color", value, sizeof(value)), -ENODATA);
    assert_int_equal(set_xattr("data/alice/c/none", "user.color", "x"), -ENOENT);
    /* Of a file that the remote has not yet: then it gets it. */
    CLEANUP_CLOSE int fd = open_write("data/alice/c/fresh", NEW);
    assert_int_equal(set_xattr("data/alice/c/fresh", "user.a", "b"), 0);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(commit(fd), 0);
    assert_int_equal(get_xattr("data/alice/c/fresh", "user.a", value, sizeof(value)), 1);
}

/* --- exclusive creation --- */

static void test_exclusive(void **state)
{
    (void)state;
    assert_int_equal(list("data/alice/c"), 0);
    CLEANUP_CLOSE int fd = open_write("data/alice/c/lock", O_RDWR | O_CREAT | O_EXCL);
    assert_true(fd >= 0);
    assert_stored("alice/c/lock", ""); /* seen by others from now on */
    assert_int_equal(write(fd, "me", 2), 2);
    assert_int_equal(commit(fd), 0);
    assert_stored("alice/c/lock", "me");
    /* Made elsewhere, unknown here. */
    assert_int_equal(remote_memory_put(store, "alice/c/theirs", "them", 4, 1700000000), 0);
    assert_int_equal(open_write("data/alice/c/theirs", O_RDWR | O_CREAT | O_EXCL), -EEXIST);
    assert_stored("alice/c/theirs", "them");
    assert_int_equal(list("data/alice/c"), 0);
    assert_content("data/alice/c/theirs", "them");
    flush();
}

/* Whether the store has conditions turns out when it is asked: it has none. */
static void test_exclusive_after_all_not(void **state)
{
    (void)state;
    remote_memory_limit(store, REMOTE_CAN_WRITE | REMOTE_MAY_CONDITION);
    assert_int_equal(list("data/alice/c"), 0);
    CLEANUP_CLOSE int fd = open_write("data/alice/c/lock", O_RDWR | O_CREAT | O_EXCL);
    assert_true(fd >= 0);
    assert_int_equal(open_write("data/alice/c/lock", O_RDWR | O_CREAT | O_EXCL), -EEXIST);
    assert_int_equal(write(fd, "me", 2), 2);
    assert_int_equal(commit(fd), 0);
    assert_stored("alice/c/lock", "me");
    assert_int_equal(remote_memory_put(store, "alice/c/theirs", "them", 4, 1700000000), 0);
    CLEANUP_CLOSE int second = open_write("data/alice/c/theirs", O_RDWR | O_CREAT | O_EXCL);
    assert_true(second >= 0);
    assert_stored("alice/c/theirs", "them"); /* not emptied */
}

/* --- a store without all that --- */

static void test_plain_store(void **state)
{
    (void)state;
    char value[8];
    remote_memory_limit(store, REMOTE_CAN_WRITE);
    assert_int_equal(list("data/alice/c"), 0);
    assert_int_equal(make_symlink("x", "data/alice/c/l"), -EPERM);
    assert_int_equal(make_symlink("x", "data/alice/c/old"), -EEXIST);
    assert_int_equal(make_link("data/alice/c/old", "data/alice/c/l"), -EPERM);
    assert_int_equal(set_xattr("data/alice/c/old", "user.a", "x"), -EOPNOTSUPP);
    assert_int_equal(get_xattr("data/alice/c/old", "user.a", value, sizeof(value)), -EOPNOTSUPP);
    assert_int_equal(open_write("data/at-root", NEW), -EACCES);
    assert_int_equal(change_mode("data/alice/c/old", 0600), 0);
    assert_int_equal(calls(REMOTE_OP_SET_ATTRIBUTES), 0);
    assert_int_equal(rename_path("data/alice/c/old", "data/alice/c/new"), 0);
    assert_int_equal(calls(REMOTE_OP_RENAME) + calls(REMOTE_OP_COPY), 0);
    assert_int_equal(calls(REMOTE_OP_WRITE), 1);
    assert_stored("alice/c/new", "old content");
}

#define CAPABLE_TEST(test) cmocka_unit_test_setup_teardown(test, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CAPABLE_TEST(test_rename_at_once),
        CAPABLE_TEST(test_rename_by_copy),
        CAPABLE_TEST(test_rename_directory_at_once),
        CAPABLE_TEST(test_rename_crashed_before),
        CAPABLE_TEST(test_rename_crashed_after),
        CAPABLE_TEST(test_rename_refused),
        CAPABLE_TEST(test_attributes_are_sent),
        CAPABLE_TEST(test_attributes_are_set),
        CAPABLE_TEST(test_attributes_from_elsewhere),
        CAPABLE_TEST(test_attributes_refused),
        CAPABLE_TEST(test_symlinks),
        CAPABLE_TEST(test_hard_links),
        CAPABLE_TEST(test_unlink_one_name),
        CAPABLE_TEST(test_xattrs),
        CAPABLE_TEST(test_exclusive),
        CAPABLE_TEST(test_exclusive_after_all_not),
        CAPABLE_TEST(test_plain_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
