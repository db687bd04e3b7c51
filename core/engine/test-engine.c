/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/engine/test-support.h"
#include "core/wire/presence.h"

enum { BIG = 6 << 20, READERS = 8 };

static unsigned char *bytes; /* BIG of them */

static void put(const char *path, const void *content, size_t len, int64_t mtime)
{
    assert_int_equal(remote_memory_put(store, path, content, len, mtime), 0);
}

static void fill_store(void)
{
    store = remote_memory_new();
    assert_non_null(store);
    remote_memory_limit(store, REMOTE_CAN_WRITE); /* as the Data API is */
    put("alice/c/small", "hello", 5, 1700000000);
    put("alice/c/big", bytes, BIG, 1700000001);
}

static void stop_engine(void)
{
    engine_free(engine);
    remote_free(store);
}

static int start(void **state)
{
    (void)state;
    bytes = malloc(BIG);
    if (make_cache() < 0 || bytes == NULL)
        return -1;
    for (unsigned i = 0; i < BIG; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    fill_store();
    start_engine(NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    stop_engine();
    free(bytes);
    return remove_cache();
}

static int ensure_with(const char *path, uint64_t wanted, uint64_t max_age, struct wire_ensure_reply *ret)
{
    const struct wire_ensure_request request = { instance, wanted, max_age, path };
    return engine_ensure(engine, &request, ret);
}

static uint64_t ensure(const char *path)
{
    struct wire_ensure_reply reply;
    assert_int_equal(ensure_with(path, WIRE_WANT_ENTRY, UINT64_MAX, &reply), 0);
    return reply.scope;
}

static int tree_open_file(const char *path)
{
    char full[PATH_MAX * 2];
    (void)snprintf(full, sizeof(full), "%s/%s", root, path);
    return open(full, O_RDONLY | O_NOATIME | O_CLOEXEC);
}

static bool is_placeholder(int fd)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    return (st.st_mode & S_ISVTX) != 0;
}

static int open_at(const char *path, int fd, int *ret_map)
{
    const struct wire_open_request request = { instance, O_RDONLY, 0, path };
    struct wire_open_reply reply;
    *ret_map = -1;
    return engine_open(engine, &request, fd, &reply, ret_map);
}

static int need(int fd, uint64_t offset, uint64_t length)
{
    const struct wire_need_request request = { instance, offset, length, 0 };
    struct wire_need_reply reply;
    return engine_need(engine, &request, fd, &reply);
}

static bool same(int fd, uint64_t offset, size_t length)
{
    CLEANUP_FREE unsigned char *got = malloc(length);
    return got != NULL && pread(fd, got, length, (off_t)offset) == (ssize_t)length &&
        memcmp(got, bytes + offset, length) == 0;
}

static uint64_t reads(void)
{
    return remote_memory_calls(store, REMOTE_OP_READ);
}

static void small_files_are_one_get(void **state)
{
    (void)state;
    char text[6] = "";
    int map;
    assert_int_equal(ensure("data/alice/c/small"), WIRE_SCOPE_DIRECTORY);
    CLEANUP_CLOSE int fd = tree_open_file("data/alice/c/small");
    assert_true(is_placeholder(fd));
    assert_int_equal(open_at("data/alice/c/small", fd, &map), 0);
    assert_false(is_placeholder(fd));
    assert_int_equal(open_at("data/.my/c/small", fd, &map), 0);
    assert_int_equal(map, -1);
    assert_int_equal(pread(fd, text, 5, 0), 5);
    assert_string_equal(text, "hello");
    assert_int_equal(reads(), 1);
    assert_int_equal(remote_memory_calls(store, REMOTE_OP_LIST), 1);
    assert_int_equal(ensure("data/alice/c/none"), WIRE_SCOPE_DIRECTORY);
    assert_int_equal(remote_memory_calls(store, REMOTE_OP_LIST), 1);
}

static void large_files_come_as_needed(void **state)
{
    (void)state;
    int map;
    (void)ensure("data/alice/c/big");
    CLEANUP_CLOSE int fd = tree_open_file("data/alice/c/big");
    assert_int_equal(open_at("data/alice/c/big", fd, &map), 0);
    CLEANUP_CLOSE int map_fd = map;
    assert_true(map_fd >= 0);
    size_t mapped = presence_map_size(BIG);
    struct presence_map *presence = mmap(NULL, mapped, PROT_READ, MAP_SHARED, map_fd, 0);
    assert_ptr_not_equal(presence, MAP_FAILED);
    assert_true(presence_map_valid(presence, mapped, BIG));
    assert_ptr_equal(mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0), MAP_FAILED);
    for (unsigned i = 0; i < 64; i++) {
        uint64_t offset = (uint64_t)i * 2654435761u % (BIG - 5000);
        assert_int_equal(need(fd, offset, 5000), 0);
        assert_true(presence_has(presence, offset, 5000));
        assert_true(same(fd, offset, 5000));
    }
    assert_int_equal(need(fd, BIG, 1), 0);
    assert_int_equal(need(fd, BIG - 1, UINT64_MAX - 1), 0);
    assert_int_equal(need(fd, 0, UINT64_MAX), 0);
    assert_int_equal(presence->complete, 1);
    assert_false(is_placeholder(fd));
    assert_true(same(fd, 0, BIG));
    (void)munmap(presence, mapped);
}

static void *open_in_thread(void *path)
{
    int map;
    CLEANUP_CLOSE int fd = tree_open_file(path);
    intptr_t rc = open_at(path, fd, &map);
    CLEANUP_CLOSE int map_fd = map;
    if (rc == 0 && map_fd >= 0)
        rc = need(fd, 0, BIG);
    if (rc == 0 && map_fd >= 0 && !same(fd, 0, BIG))
        rc = -EILSEQ;
    return (void *)rc;
}

static void open_together(char *path)
{
    pthread_t threads[READERS];
    (void)ensure(path);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_in_thread, path), 0);
    for (int i = 0; i < READERS; i++) {
        void *rc;
        assert_int_equal(pthread_join(threads[i], &rc), 0);
        assert_int_equal((intptr_t)rc, 0);
    }
}

static void openers_share_a_transfer(void **state)
{
    (void)state;
    char small[] = "data/alice/c/small", big[] = "data/alice/c/big";
    open_together(small);
    assert_int_equal(reads(), 1);
    open_together(big);
}

static void streams_release_their_readers(void **state)
{
    (void)state;
    char big[] = "data/alice/c/big";
    remote_memory_set_range(store, false);
    open_together(big);
    CLEANUP_CLOSE int fd = tree_open_file(big);
    assert_int_equal(need(fd, 0, UINT64_MAX), 0);
    assert_true(same(fd, 0, BIG));
    assert_int_equal(reads(), 1);
}

static void changed_objects_are_stale(void **state)
{
    (void)state;
    int map;
    (void)ensure("data/alice/c/small");
    CLEANUP_CLOSE int small = tree_open_file("data/alice/c/small");
    put("alice/c/small", "HELLO!", 6, 1700000000);
    assert_int_equal(open_at("data/alice/c/small", small, &map), -ESTALE);
    CLEANUP_CLOSE int fresh = tree_open_file("data/alice/c/small");
    assert_int_equal(open_at("data/alice/c/small", fresh, &map), 0);
    CLEANUP_CLOSE int big = tree_open_file("data/alice/c/big");
    assert_int_equal(open_at("data/alice/c/big", big, &map), 0);
    assert_int_equal(close(map), 0);
    assert_int_equal(need(big, 0, 1), 0);
    remote_memory_drop(store, "alice/c/big");
    assert_int_equal(need(big, BIG - 1, 1), -ESTALE);
    CLEANUP_CLOSE int gone = tree_open_file("data/alice/c/big");
    assert_int_equal(gone, -1);
}

static void a_new_engine_goes_on(void **state)
{
    (void)state;
    int map;
    (void)ensure("data/alice/c/big");
    CLEANUP_CLOSE int fd = tree_open_file("data/alice/c/big");
    assert_int_equal(open_at("data/alice/c/big", fd, &map), 0);
    assert_int_equal(close(map), 0);
    assert_int_equal(need(fd, 0, BIG / 2), 0);
    stop_engine();
    fill_store();
    start_engine(NULL);
    assert_int_equal(need(fd, 0, 1 << 20), 0);
    assert_int_equal(reads(), 0); /* the map told */
    assert_int_equal(need(fd, 0, UINT64_MAX), 0);
    assert_true(same(fd, 0, BIG));
    assert_false(is_placeholder(fd));
    instance++;
    assert_int_equal(need(fd, 0, 1), WIRE_UNKNOWN_INSTANCE);
    instance--;
}

static void replaced_files_are_stale_to_a_new_engine(void **state)
{
    (void)state;
    struct wire_ensure_reply lease;
    (void)ensure("data/alice/c/big");
    CLEANUP_CLOSE int fd = tree_open_file("data/alice/c/big");
    put("alice/c/big", bytes, BIG - 1, 1700000009);
    assert_int_equal(ensure_with("data/alice/c", WIRE_WANT_LISTING, 0, &lease), 0);
    assert_int_equal(need(fd, 0, 1), -ESTALE);
    CLEANUP_CLOSE int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(need(other, 0, 1), -EINVAL);
    CLEANUP_CLOSE int outside = open(cache, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (outside >= 0) {
        assert_int_equal(fchmod(outside, S_ISVTX | 0600), 0);
        assert_int_equal(need(outside, 0, 1), -ESTALE);
    }
}

static void failures_leave_a_placeholder(void **state)
{
    (void)state;
    int map;
    stop_engine();
    fill_store();
    start_engine("read:1-6:short=2,list:2:EIO!");
    (void)ensure("data/alice/c/small");
    CLEANUP_CLOSE int fd = tree_open_file("data/alice/c/small");
    int rc = -EIO;
    for (int i = 0; i < 4 && rc != 0; i++)
        rc = open_at("data/alice/c/small", fd, &map);
    assert_int_equal(rc, 0);
    struct wire_ensure_reply lease;
    assert_int_equal(ensure_with("data/bob", WIRE_WANT_ENTRY, 0, &lease), -EIO);
}

static void listing_failures_are_reported(void **state)
{
    (void)state;
    struct wire_ensure_reply lease;
    stop_engine();
    fill_store();
    start_engine("list:1:EACCES!,list:2:EHOSTUNREACH!");
    /* may not be listed, but probed: a lease of one name */
    assert_int_equal(ensure_with("data/alice/c/small", WIRE_WANT_ENTRY, UINT64_MAX, &lease), 0);
    assert_int_equal(lease.scope, WIRE_SCOPE_ENTRY);
    CLEANUP_CLOSE int fd = tree_open_file("data/alice/c/small");
    assert_true(is_placeholder(fd));
    assert_int_equal(
        ensure_with("data/alice/c", WIRE_WANT_LISTING, UINT64_MAX, &lease), -EACCES);
    assert_int_equal(
        ensure_with("data/alice", WIRE_WANT_LISTING, UINT64_MAX, &lease), -EHOSTUNREACH);
    assert_int_equal(
        ensure_with("data/alice", WIRE_WANT_LISTING, UINT64_MAX, &lease), -EHOSTUNREACH);
    assert_int_equal(remote_memory_calls(store, REMOTE_OP_LIST), 0); /* and none hammered */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(small_files_are_one_get, start, end),
        cmocka_unit_test_setup_teardown(large_files_come_as_needed, start, end),
        cmocka_unit_test_setup_teardown(openers_share_a_transfer, start, end),
        cmocka_unit_test_setup_teardown(streams_release_their_readers, start, end),
        cmocka_unit_test_setup_teardown(changed_objects_are_stale, start, end),
        cmocka_unit_test_setup_teardown(a_new_engine_goes_on, start, end),
        cmocka_unit_test_setup_teardown(replaced_files_are_stale_to_a_new_engine, start, end),
        cmocka_unit_test_setup_teardown(failures_leave_a_placeholder, start, end),
        cmocka_unit_test_setup_teardown(listing_failures_are_reported, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
