/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/engine/test-support.h"

enum { WRITERS = 8, NEW = O_WRONLY | O_CREAT | O_TRUNC };

/* A store of its own for each engine: what an earlier one had is gone with it. */
static void start_anew(const char *with_faults)
{
    store = remote_memory_new();
    assert_non_null(store);
    remote_memory_limit(store, REMOTE_CAN_WRITE); /* as the Data API is */
    assert_int_equal(remote_memory_put(store, "alice/c/old", "old content", 11, 1700000000), 0);
    start_engine(with_faults);
}

static void stop_engine(void)
{
    engine_free(engine);
    remote_free(store);
}

static int start(void **state)
{
    (void)state;
    if (make_cache() < 0)
        return -1;
    start_anew(NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    stop_engine();
    return remove_cache();
}

/* --- a door --- */

static int open_write(const char *path, int flags)
{
    const struct wire_open_write_request request = { instance, (unsigned)flags, 0644, path };
    struct wire_open_write_reply reply;
    int fd;
    int rc = engine_open_write(engine, &request, &reply, &fd);
    return rc < 0 ? rc : fd;
}

static int commit(int fd, uint64_t how)
{
    const struct wire_commit_request request = { instance, how, 0, 0 };
    struct wire_commit_reply reply;
    return engine_commit(engine, &request, fd, &reply);
}

static int write_file(const char *path, int flags, const char *text, uint64_t how)
{
    CLEANUP_CLOSE int fd = open_write(path, flags);
    if (fd < 0)
        return fd;
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return commit(fd, how);
}

static int make_directory(const char *path)
{
    const struct wire_mkdir_request request = { instance, 0, 0755, path };
    return engine_mkdir(engine, &request);
}

static int remove_path(const char *path, int flags)
{
    const struct wire_remove_request request = { instance, 0, (unsigned)flags, path };
    return engine_remove(engine, &request);
}

static int rename_path(const char *from, const char *to)
{
    const struct wire_rename_request request = { instance, 0, 0, from, to };
    return engine_rename(engine, &request);
}

static int list(const char *path)
{
    const struct wire_ensure_request request = { instance, WIRE_WANT_LISTING, 0, path };
    struct wire_ensure_reply reply;
    return engine_ensure(engine, &request, &reply);
}

/* Waits; what is left. */
static uint64_t flush(uint64_t wait_ms)
{
    const struct wire_flush_request request = { instance, wait_ms };
    struct wire_flush_reply reply = { 0 };
    int fd = -1;
    assert_int_equal(engine_flush(engine, &request, &reply, &fd), 0);
    assert_int_equal(close(fd), 0);
    return reply.pending;
}

static bool is_there(const char *path)
{
    char full[PATH_MAX * 2];
    (void)snprintf(full, sizeof(full), "%s/%s", root, path);
    return access(full, F_OK) == 0;
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

static uint64_t writes(void)
{
    return remote_memory_calls(store, REMOTE_OP_WRITE);
}

static unsigned intents(void)
{
    char path[PATH_MAX * 2];
    unsigned count = 0;
    (void)snprintf(path, sizeof(path), "%s/../journal", root);
    CLEANUP_CLOSEDIR DIR *folder = opendir(path);
    assert_non_null(folder);
    const struct dirent *found;
    while ((found = readdir(folder)) != NULL)
        count += found->d_name[0] != '.' && strcmp(found->d_name, "damaged") != 0;
    return count;
}

/* Waits until nothing is known to be dirty. */
static void settle(void)
{
    for (unsigned i = 0; i < 1000 && engine_pending(engine) + intents() > 0; i++)
        (void)usleep(10000);
    assert_int_equal(engine_pending(engine), 0);
    assert_int_equal(intents(), 0);
}

/* --- tests --- */

static void closed_files_are_stored(void **state)
{
    (void)state;
    assert_int_equal(write_file("data/alice/c/new", NEW, "text", 0), 0);
    assert_stored("alice/c/new", "text");
    assert_int_equal(write_file("data/.my/c/old", O_WRONLY | O_APPEND, "!", 0), 0);
    assert_stored("alice/c/old", "old content!");
    CLEANUP_CLOSE int fd = open_write("data/alice/c/new", O_RDWR);
    assert_true(fd >= 0);
    assert_true(intents() > 0); /* before the first byte differs */
    assert_int_equal(commit(fd, 0), 0);
    assert_int_equal(writes(), 2); /* nothing had changed */
    assert_int_equal(list("data/alice/c"), 0);
    assert_true(is_there("data/alice/c/new"));
}

static void records_go_with_their_writers(void **state)
{
    (void)state;
    assert_int_equal(write_file("data/alice/c/new", NEW, "text", 0), 0);
    settle();
    CLEANUP_CLOSE int fd = open_write("data/alice/c/new", O_WRONLY);
    assert_int_equal(write(fd, "TEXT", 4), 4);
    assert_int_equal(close(fd), 0); /* without a commit, as by a kill */
    fd = -1;
    assert_int_equal(flush(60000), 0);
    assert_stored("alice/c/new", "TEXT");
}

static void failures_keep_bytes_and_intent(void **state)
{
    (void)state;
    stop_engine();
    start_anew("write:1-2:EIO!");
    assert_int_equal(write_file("data/alice/c/new", NEW, "kept", 0), -EIO);
    assert_stored("alice/c/new", NULL);
    assert_int_equal(intents(), 1);
    assert_int_equal(list("data/alice/c"), 0);
    assert_true(is_there("data/alice/c/new")); /* though no listing has it */
    unsigned tries = 0;
    while (flush(60000) > 0) /* tries again each time */
        assert_true(++tries < 10);
    assert_stored("alice/c/new", "kept");
}

static void the_next_engine_goes_on(void **state)
{
    (void)state;
    stop_engine();
    start_anew("write:*:EIO!");
    assert_int_equal(write_file("data/alice/c/sync", NEW, "sync", 0), -EIO);
    assert_int_equal(write_file("data/alice/c/async", NEW, "async", WIRE_COMMIT_JOURNAL), 0);
    stop_engine();
    start_anew(NULL);
    assert_int_equal(flush(60000), 0);
    assert_stored("alice/c/sync", "sync");
    assert_stored("alice/c/async", "async");
    settle();
}

static void *append_in_thread(void *argument)
{
    CLEANUP_CLOSE int fd = open_write("data/alice/c/log", O_WRONLY | O_CREAT | O_APPEND);
    assert_true(fd >= 0);
    for (unsigned i = 0; i < 10; i++) {
        char line[32];
        size_t len;
        int line_len = snprintf(line, sizeof(line), "<%s.%u>", (const char *)argument, i);
        assert_int_equal(write(fd, line, (size_t)line_len), line_len);
        assert_int_equal(commit(fd, 0), 0);
        CLEANUP_FREE char *bytes = remote_memory_get(store, "alice/c/log", &len);
        assert_non_null(bytes);
        assert_non_null(strstr(bytes, line)); /* the verdict was of these bytes, too */
    }
    return NULL;
}

static void verdicts_are_shared(void **state)
{
    (void)state;
    pthread_t threads[WRITERS];
    char names[WRITERS][2];
    for (unsigned i = 0; i < WRITERS; i++) {
        names[i][0] = (char)('a' + i);
        names[i][1] = '\0';
        assert_int_equal(pthread_create(&threads[i], NULL, append_in_thread, names[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(writes() <= WRITERS * 10);
}

static void *write_in_thread(void *argument)
{
    char path[64];
    for (unsigned i = 0; i < 20; i++) {
        (void)snprintf(path, sizeof(path), "data/alice/c/%s%u", (const char *)argument, i % 3);
        assert_int_equal(write_file(path, NEW, path, i % 2 == 0 ? WIRE_COMMIT_JOURNAL : 0), 0);
        (void)list("data/alice/c");
        char other[80];
        (void)snprintf(other, sizeof(other), "%s-renamed", path);
        int rc = rename_path(path, other);
        assert_true(rc == 0 || rc == -EBUSY);
        if (rc == 0)
            assert_int_equal(remove_path(other, 0), 0);
    }
    return NULL;
}

static void threads_change_one_directory(void **state)
{
    (void)state;
    pthread_t threads[WRITERS];
    char names[WRITERS][2];
    for (unsigned i = 0; i < WRITERS; i++) {
        names[i][0] = (char)('a' + i);
        names[i][1] = '\0';
        assert_int_equal(pthread_create(&threads[i], NULL, write_in_thread, names[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(flush(60000), 0);
    assert_int_equal(list("data/alice/c"), 0);
    assert_true(is_there("data/alice/c/old"));
}

static void *list_in_thread(void *argument)
{
    (void)argument;
    return (void *)(intptr_t)list("data/alice/c");
}

/* A listing leaves, things are changed, its answer of before arrives. */
static void listings_do_not_undo(void **state)
{
    (void)state;
    pthread_t thread;
    void *rc;
    stop_engine();
    start_anew("list:2:delay=300");
    assert_int_equal(list("data/alice/c"), 0);
    assert_int_equal(write_file("data/alice/c/gone", NEW, "x", 0), 0);
    assert_int_equal(write_file("data/alice/c/moved", NEW, "y", 0), 0);
    assert_int_equal(pthread_create(&thread, NULL, list_in_thread, NULL), 0);
    (void)usleep(50000);
    assert_int_equal(remove_path("data/alice/c/gone", 0), 0);
    assert_int_equal(rename_path("data/alice/c/moved", "data/alice/c/to"), 0);
    assert_int_equal(make_directory("data/alice/c/dir"), 0);
    assert_int_equal(write_file("data/alice/c/dir/file", NEW, "z", 0), 0);
    /* as if the remote had said it before all that */
    remote_memory_drop(store, "alice/c/to");
    remote_memory_drop(store, "alice/c/dir");
    assert_int_equal(remote_memory_put(store, "alice/c/gone", "x", 1, 1700000000), 0);
    assert_int_equal(remote_memory_put(store, "alice/c/moved", "y", 1, 1700000000), 0);
    assert_int_equal(pthread_join(thread, &rc), 0);
    assert_int_equal((intptr_t)rc, 0);
    assert_false(is_there("data/alice/c/gone"));
    assert_false(is_there("data/alice/c/moved"));
    assert_true(is_there("data/alice/c/to"));
    assert_true(is_there("data/alice/c/dir/file"));
    assert_int_equal(list("data/alice/c"), 0); /* and one that left later does */
    assert_true(is_there("data/alice/c/gone"));
    assert_false(is_there("data/alice/c/to"));
}

static void dirty_files_outlive_their_directory(void **state)
{
    (void)state;
    assert_int_equal(make_directory("data/alice/c/dir"), 0);
    CLEANUP_CLOSE int fd = open_write("data/alice/c/dir/file", NEW);
    assert_int_equal(write(fd, "text", 4), 4);
    remote_memory_drop(store, "alice/c/dir");
    (void)usleep(5000);
    assert_int_equal(list("data/alice/c"), 0);
    assert_true(is_there("data/alice/c/dir/file"));
    assert_int_equal(list("data/alice/c/dir"), 0);
    assert_true(is_there("data/alice/c/dir/file"));
    assert_int_equal(commit(fd, 0), -ENOENT); /* its directory has gone: never silent */
    assert_int_equal(remote_memory_put_dir(store, "alice/c/dir"), 0);
    assert_int_equal(commit(fd, 0), 0);
    assert_stored("alice/c/dir/file", "text");
}

static void renames_never_lose_both(void **state)
{
    (void)state;
    stop_engine();
    start_anew("remove:2-3:EIO"); /* the first is the question whether the key may write */
    assert_int_equal(write_file("data/alice/c/a", NEW, "text", 0), 0);
    assert_int_equal(rename_path("data/alice/c/a", "data/alice/c/b"), -EIO);
    assert_stored("alice/c/a", "text");
    assert_stored("alice/c/b", NULL); /* undone */
    assert_true(is_there("data/alice/c/a"));
    assert_int_equal(rename_path("data/alice/c/a", "data/alice/c/b"), 0);
    assert_stored("alice/c/a", NULL);
    assert_stored("alice/c/b", "text");
    assert_int_equal(rename_path("data/alice/c/old", "data/alice/c/b"), 0);
    assert_stored("alice/c/b", "old content");
    assert_int_equal(make_directory("data/alice/c/dir"), 0);
    assert_int_equal(rename_path("data/alice/c/b", "data/alice/c/dir"), -EISDIR);
    assert_int_equal(rename_path("data/alice/c/b", "data/alice/c/dir/b"), 0);
    assert_int_equal(rename_path("data/alice/c/dir", "data/alice/c/dir/x"), -EINVAL);
    assert_int_equal(rename_path("data/alice/c/dir", "data/alice/c/other"), 0);
    assert_stored("alice/c/other/b", "old content");
    assert_int_equal(remove_path("data/alice/c/other", AT_REMOVEDIR), -ENOTEMPTY);
}

static void unlinked_files_are_forgotten(void **state)
{
    (void)state;
    CLEANUP_CLOSE int fd = open_write("data/alice/c/temp", O_RDWR | O_CREAT);
    assert_int_equal(write(fd, "text", 4), 4);
    assert_int_equal(remove_path("data/alice/c/temp", 0), 0);
    assert_int_equal(commit(fd, 0), 0);
    assert_int_equal(writes(), 0);
    assert_int_equal(intents(), 0);
    assert_int_equal(engine_pending(engine), 0);
}

static void what_cannot_be_written_is_known_at_open(void **state)
{
    (void)state;
    stop_engine();
    start_anew("write:*:EACCES!");
    assert_int_equal(write_file("data/alice/c/f", NEW, "x", 0), -EACCES);
    assert_int_equal(open_write("data/bob/c/f", NEW), -EACCES);
    assert_int_equal(open_write("data/f", NEW), -EACCES);
    assert_int_equal(make_directory("data/alice"), -EEXIST);
    assert_int_equal(open_write("data/alice/c", O_WRONLY), -EISDIR);
    assert_int_equal(open_write("data/alice/c/none", O_WRONLY), -ENOENT);
    assert_int_equal(open_write("data/alice/c/old", NEW | O_EXCL), -EEXIST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(closed_files_are_stored, start, end),
        cmocka_unit_test_setup_teardown(records_go_with_their_writers, start, end),
        cmocka_unit_test_setup_teardown(failures_keep_bytes_and_intent, start, end),
        cmocka_unit_test_setup_teardown(the_next_engine_goes_on, start, end),
        cmocka_unit_test_setup_teardown(verdicts_are_shared, start, end),
        cmocka_unit_test_setup_teardown(threads_change_one_directory, start, end),
        cmocka_unit_test_setup_teardown(listings_do_not_undo, start, end),
        cmocka_unit_test_setup_teardown(dirty_files_outlive_their_directory, start, end),
        cmocka_unit_test_setup_teardown(renames_never_lose_both, start, end),
        cmocka_unit_test_setup_teardown(unlinked_files_are_forgotten, start, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_is_known_at_open, start, end),
    };
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    log_init(null < 0 ? STDERR_FILENO : null, NULL); /* failures are logged */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
