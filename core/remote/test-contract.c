/* SPDX-License-Identifier: MIT */
/*
 * The contract of remote.h, asserted over every remote there is: the one in memory always,
 * Algorithmia when ALGOFS_TEST_API and ALGOFS_TEST_KEY name a server (tests/remote/test-contract
 * starts one).
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"
#include "core/remote/algorithmia.h"
#include "core/remote/call.h"
#include "core/remote/memory.h"
#include "core/remote/retry.h"
#include "core/remote/stats.h"

/* Patient, and quick about it: the server fails often, and shall not make the test slow. */
static const struct retry_policy policy = { .attempts = 10,
    .unreachable_attempts = 1,
    .base_ms = 2,
    .cap_ms = 20,
    .asked_max_ms = 5000,
    .deadline_ms = 60000 };

enum { BIG = 3 * 1024 * 1024 + 17, MANY = 60, READERS = 8 };

struct fixture {
    struct http_client *http; /* NULL for memory */
    struct remote *remote;
    char base[512]; /* "<account>/contract": the collection that the tests work in */
};

/* --- helpers --- */

static const char *path_in(const struct fixture *fixture, char buf[1024], const char *name)
{
    (void)snprintf(buf, 1024, "%s/%s", fixture->base, name);
    return buf;
}
#define PATH(name) path_in(fixture, (char[1024]){ 0 }, (name))

static int make_fd(const void *bytes, size_t len)
{
    int fd = memfd_create("contract", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    return fd;
}

static int put(struct fixture *fixture, const char *path, const void *bytes, size_t len,
    struct remote_entry *ret_entry)
{
    struct remote_call call = { 0 };
    CLEANUP_CLOSE int fd = make_fd(bytes, len);
    struct remote_write_source source = { .fd = fd, .size = len };
    int rc = remote_write(fixture->remote, &call, path, &source, ret_entry);
    if (rc < 0)
        print_message("put %s: %s\n", path, call.why);
    return rc;
}

struct content {
    struct strbuf bytes;
    uint64_t first, next, size;
    unsigned begins;
    int stop; /* returned by data */
};

static int content_begin(void *context, uint64_t size, const char *version)
{
    struct content *content = context;
    (void)version;
    content->begins++;
    content->size = size;
    content->next = UINT64_MAX;
    return 0;
}

static int content_data(void *context, uint64_t offset, const void *bytes, size_t len)
{
    struct content *content = context;
    assert_int_equal(content->begins, 1);
    if (content->next == UINT64_MAX)
        content->first = content->next = offset;
    assert_int_equal(offset, content->next);
    strbuf_add(&content->bytes, bytes, len);
    content->next += len;
    return content->stop;
}

static int get(struct fixture *fixture, struct remote_call *call, const char *path, uint64_t offset,
    uint64_t length, struct content *content)
{
    const struct remote_read_sink sink = { content, content_begin, content_data };
    return remote_read(fixture->remote, call, path, offset, length, &sink);
}

/* Reads a range and compares, whether or not the store ranges. */
static void assert_range(struct fixture *fixture, const char *path, uint64_t offset,
    uint64_t length, const char *whole, size_t whole_len)
{
    struct remote_call call = { 0 };
    struct content content = { .bytes = STRBUF_INIT };
    assert_int_equal(get(fixture, &call, path, offset, length, &content), 0);
    uint64_t end = length > whole_len - offset ? whole_len : offset + length;
    assert_true(content.size == whole_len || content.size == UINT64_MAX);
    if (end > offset) {
        assert_true(content.first <= offset);
        assert_true(content.next >= end);
        assert_memory_equal(content.bytes.buf, whole + content.first, content.bytes.len);
    }
    strbuf_free(&content.bytes);
}

static char *make_big(void)
{
    char *big = malloc(BIG);
    assert_non_null(big);
    for (size_t i = 0; i < BIG; i++)
        big[i] = (char)(i * 31 + i / 251);
    return big;
}

struct seen {
    unsigned files, dirs;
    uint64_t bytes;
    const char *wanted;
    bool found;
};

static int see(void *context, const char *name, size_t name_len, const struct remote_entry *entry)
{
    struct seen *seen = context;
    seen->files += !entry->is_dir;
    seen->dirs += entry->is_dir;
    seen->bytes += entry->size;
    if (seen->wanted != NULL && strlen(seen->wanted) == name_len &&
        memcmp(seen->wanted, name, name_len) == 0)
        seen->found = true;
    return 0;
}

/* --- the assertions --- */

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
    assert_int_equal(put(fixture, PATH("probe"), "12345", 5, NULL), 0);
    assert_int_equal(remote_probe(fixture->remote, &call, PATH("probe"), &entry), 0);
    assert_false(entry.is_dir);
    assert_int_equal(entry.size, 5);
}

static void test_empty_file(void **state)
{
    struct fixture *fixture = *state;
    struct remote_entry entry;
    struct remote_call call = { 0 };
    assert_int_equal(put(fixture, PATH("empty"), "", 0, &entry), 0);
    assert_int_equal(entry.size, 0);
    assert_int_equal(remote_probe(fixture->remote, &call, PATH("empty"), &entry), 0);
    assert_int_equal(entry.size, 0);
    assert_range(fixture, PATH("empty"), 0, UINT64_MAX, "", 0);
    assert_range(fixture, PATH("empty"), 0, 4096, "", 0);
}

static void test_ranges(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP_FREE char *big = make_big();
    struct remote_entry entry;
    assert_int_equal(put(fixture, PATH("big"), big, BIG, &entry), 0);
    assert_int_equal(entry.size, BIG);
    assert_range(fixture, PATH("big"), 0, UINT64_MAX, big, BIG);
    assert_range(fixture, PATH("big"), 0, 1, big, BIG);
    assert_range(fixture, PATH("big"), 4096, 65536, big, BIG);
    assert_range(fixture, PATH("big"), BIG - 1, 1, big, BIG);
    assert_range(fixture, PATH("big"), BIG - 100, 4096, big, BIG);
    assert_range(fixture, PATH("big"), 1000000, UINT64_MAX, big, BIG);
}

static void test_read_beyond_end(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct content content = { .bytes = STRBUF_INIT };
    assert_int_equal(put(fixture, PATH("short"), "abc", 3, NULL), 0);
    int rc = get(fixture, &call, PATH("short"), 10, 5, &content);
    if (rc == 0) /* a store that cannot range delivers the whole */
        assert_int_equal(content.next, 3);
    else
        assert_int_equal(rc, -ESTALE);
    strbuf_free(&content.bytes);
    assert_int_equal(get(fixture, &call, PATH("short"), 0, 0, &content), -EINVAL);
}

static void test_read_wrong_kind(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct content content = { .bytes = STRBUF_INIT };
    struct seen seen = { 0 };
    assert_int_equal(get(fixture, &call, fixture->base, 0, UINT64_MAX, &content), -EISDIR);
    assert_int_equal(get(fixture, &call, PATH("absent"), 0, UINT64_MAX, &content), -ENOENT);
    assert_int_equal(put(fixture, PATH("file"), "x", 1, NULL), 0);
    assert_int_equal(remote_list(fixture->remote, &call, PATH("file"), see, &seen), -ENOTDIR);
    assert_int_equal(remote_list(fixture->remote, &call, PATH("absent"), see, &seen), -ENOENT);
    assert_int_equal(seen.files + seen.dirs, 0);
}

static void test_sink_stops(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct content content = { .bytes = STRBUF_INIT, .stop = -ENOSPC };
    assert_int_equal(put(fixture, PATH("stop"), "abc", 3, NULL), 0);
    assert_int_equal(get(fixture, &call, PATH("stop"), 0, UINT64_MAX, &content), -ENOSPC);
    assert_int_equal(content.begins, 1);
    strbuf_free(&content.bytes);
}

static void test_list(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct seen seen = { .wanted = "file-042" };
    char name[32];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof(name), "file-%03d", i);
        assert_int_equal(put(fixture, PATH(name), "1234567", 7, NULL), 0);
    }
    assert_int_equal(remote_list(fixture->remote, &call, fixture->base, see, &seen), 0);
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
    assert_int_equal(put(fixture, PATH("one"), "1", 1, NULL), 0);
    assert_int_equal(put(fixture, PATH("two"), "2", 1, NULL), 0);
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
        assert_int_equal(put(fixture, PATH(names[i]), "name", 4, NULL), 0);
        assert_int_equal(remote_probe(fixture->remote, &call, PATH(names[i]), &entry), 0);
        assert_int_equal(remote_list(fixture->remote, &call, fixture->base, see, &seen), 0);
        assert_true(seen.found);
        assert_int_equal(
            remote_remove(fixture->remote, &call, PATH(names[i]), REMOTE_REMOVE_FILE), 0);
        assert_int_equal(remote_probe(fixture->remote, &call, PATH(names[i]), &entry), -ENOENT);
    }
}

static void test_replace(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    struct remote_entry before, after;
    assert_int_equal(put(fixture, PATH("replaced"), "old bytes", 9, NULL), 0);
    assert_int_equal(remote_probe(fixture->remote, &call, PATH("replaced"), &before), 0);
    assert_int_equal(put(fixture, PATH("replaced"), "new", 3, NULL), 0);
    assert_int_equal(remote_probe(fixture->remote, &call, PATH("replaced"), &after), 0);
    assert_range(fixture, PATH("replaced"), 0, UINT64_MAX, "new", 3);
    if (before.version[0] != '\0')
        assert_string_not_equal(before.version, after.version);
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
    assert_true(rc == -EEXIST || rc == -EINVAL); /* Algorithmia's status for it is not known */
    assert_int_equal(remote_list(fixture->remote, &call, dir, see, &seen), 0);
    assert_int_equal(seen.files + seen.dirs, 0);
    assert_int_equal(put(fixture, file, "x", 1, NULL), 0);
    assert_int_equal(
        remote_remove(fixture->remote, &call, dir, REMOTE_REMOVE_EMPTY_DIR), -ENOTEMPTY);
    assert_int_equal(remote_remove(fixture->remote, &call, file, REMOTE_REMOVE_FILE), 0);
    assert_int_equal(remote_remove(fixture->remote, &call, file, REMOTE_REMOVE_FILE), -ENOENT);
    assert_int_equal(remote_remove(fixture->remote, &call, dir, REMOTE_REMOVE_EMPTY_DIR), 0);
    assert_int_equal(remote_make_dir(fixture->remote, &call, dir), 0);
    assert_int_equal(put(fixture, file, "x", 1, NULL), 0);
    assert_int_equal(remote_remove(fixture->remote, &call, dir, REMOTE_REMOVE_TREE), 0);
    struct remote_entry entry;
    assert_int_equal(remote_probe(fixture->remote, &call, file, &entry), -ENOENT);
}

static void test_cancel(void **state)
{
    struct fixture *fixture = *state;
    atomic_bool cancel = true;
    struct remote_call call = { .cancel = &cancel };
    struct content content = { .bytes = STRBUF_INIT };
    CLEANUP_FREE char *big = make_big();
    assert_int_equal(put(fixture, PATH("cancel"), big, BIG, NULL), 0);
    assert_int_equal(get(fixture, &call, PATH("cancel"), 0, UINT64_MAX, &content), -ECANCELED);
    strbuf_free(&content.bytes);
}

static void *read_many(void *context)
{
    struct fixture *fixture = context;
    CLEANUP_FREE char *big = make_big();
    for (uint64_t i = 0; i < 20; i++)
        assert_range(fixture, PATH("shared"), i * 4099, 60000, big, BIG);
    return NULL;
}

static void test_threads(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP_FREE char *big = make_big();
    pthread_t readers[READERS];
    assert_int_equal(put(fixture, PATH("shared"), big, BIG, NULL), 0);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_many, fixture), 0);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
}

/* --- the remotes --- */

static struct remote_counters counters;

static void make_base(struct fixture *fixture)
{
    struct remote_call call = { 0 };
    char name[256];
    assert_int_equal(remote_account(fixture->remote, &call, name, sizeof(name)), 0);
    (void)snprintf(fixture->base, sizeof(fixture->base), "%s/contract", name);
    (void)remote_remove(
        fixture->remote, &call, fixture->base, REMOTE_REMOVE_TREE); /* of a run before */
    assert_int_equal(remote_make_dir(fixture->remote, &call, fixture->base), 0);
}

static int set_up_memory(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    struct remote *memory = remote_memory_new();
    assert_int_equal(remote_memory_put_dir(memory, "alice"), 0);
    fixture->remote = remote_retry_new(remote_stats_new(memory, &counters), &policy);
    assert_non_null(fixture->remote);
    make_base(fixture);
    *state = fixture;
    return 0;
}

static int set_up_algorithmia(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    char why[256];
    struct profile_input input = { .api = getenv("ALGOFS_TEST_API"),
        .key = getenv("ALGOFS_TEST_KEY") };
    CLEANUP_PROFILE struct profile profile = PROFILE_INIT;
    assert_int_equal(profile_load(&input, why, sizeof(why), &profile), 0);
    fixture->http = http_client_new(NULL);
    assert_non_null(fixture->http);
    struct algorithmia_account *account = algorithmia_account_new(fixture->http, &profile);
    assert_non_null(account);
    fixture->remote =
        remote_retry_new(remote_stats_new(algorithmia_new(account, "data"), &counters), &policy);
    assert_non_null(fixture->remote);
    (void)algorithmia_account_unref(account);
    make_base(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    remote_free(fixture->remote);
    http_client_free(fixture->http);
    free(fixture);
    return 0;
}

static void test_wrong_key(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->http == NULL)
        skip(); /* memory has no keys */
    char why[256];
    struct profile_input input = { .api = getenv("ALGOFS_TEST_API"), .key = "simWRONG" };
    CLEANUP_PROFILE struct profile profile = PROFILE_INIT;
    assert_int_equal(profile_load(&input, why, sizeof(why), &profile), 0);
    struct algorithmia_account *account = algorithmia_account_new(fixture->http, &profile);
    struct remote *remote = remote_retry_new(algorithmia_new(account, "data"), &policy);
    struct remote_call call = { 0 };
    struct remote_entry entry;
    (void)algorithmia_account_unref(account);
    assert_int_equal(remote_probe(remote, &call, fixture->base, &entry), -EACCES);
    assert_null(strstr(call.why, "simWRONG"));
    remote_free(remote);
}

static const struct CMUnitTest contract[] = {
    cmocka_unit_test(test_probe),
    cmocka_unit_test(test_empty_file),
    cmocka_unit_test(test_ranges),
    cmocka_unit_test(test_read_beyond_end),
    cmocka_unit_test(test_read_wrong_kind),
    cmocka_unit_test(test_sink_stops),
    cmocka_unit_test(test_list),
    cmocka_unit_test(test_list_stops),
    cmocka_unit_test(test_names),
    cmocka_unit_test(test_replace),
    cmocka_unit_test(test_directories),
    cmocka_unit_test(test_cancel),
    cmocka_unit_test(test_threads),
    cmocka_unit_test(test_wrong_key),
};

int main(void)
{
    int failed = cmocka_run_group_tests_name("memory", contract, set_up_memory, tear_down);
    if (getenv("ALGOFS_TEST_API") != NULL)
        failed +=
            cmocka_run_group_tests_name("algorithmia", contract, set_up_algorithmia, tear_down);
    return failed == 0 ? 0 : 1;
}
