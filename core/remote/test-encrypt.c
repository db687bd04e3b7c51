/* SPDX-License-Identifier: MIT */
/* The encrypting layer: what is stored, what is refused, what reaches the reader. The contract of remote.h is
 * asserted over it in test-contract.c. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/cleanup.h"
#include "core/remote/encrypt.h"
#include "core/remote/fault.h"
#include "core/remote/memory.h"
#include "core/remote/retry.h"

enum { PLAIN = 3 * ENCRYPT_CHUNK + 1234 };

static const unsigned char key[ENCRYPT_KEY] = "the key of these tests: 32 bytes";
static unsigned char plain[PLAIN];
static struct remote *store, *remote;

static int set_up(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PLAIN; i++)
        plain[i] = (unsigned char)(i * 2654435761u >> 15);
    store = remote_memory_new();
    remote = remote_encrypt_new(store, key, "/tmp");
    return remote == NULL || remote_memory_put_dir(store, "a") < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    remote_free(remote);
    return 0;
}

static void put(struct remote *to, const char *path, const void *bytes, size_t len)
{
    CLEANUP_CLOSE int fd = memfd_create("plain", MFD_CLOEXEC);
    struct remote_write_source source = { .fd = fd, .size = len };
    struct remote_call call = { 0 };
    struct remote_entry entry;
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(remote_write(to, &call, path, &source, &entry), 0);
    assert_int_equal(entry.size, len);
}

/* What a read delivered; bytes may come twice. */
struct got {
    unsigned char bytes[PLAIN];
    uint64_t first, end, size;
    bool any;
};

static int got_begin(void *context, uint64_t size, const char *version)
{
    struct got *got = context;
    got->size = size;
    return version[0] == '\0' || version[0] == 'e' ? 0 : -EINVAL;
}

static int got_data(void *context, uint64_t offset, const void *bytes, size_t len)
{
    struct got *got = context;
    assert_true(offset + len <= PLAIN);
    memcpy(got->bytes + offset, bytes, len);
    if (!got->any || offset < got->first)
        got->first = offset;
    if (offset + len > got->end)
        got->end = offset + len;
    got->any = true;
    return 0;
}

static int get(struct remote *from, const char *path, uint64_t offset, uint64_t length, struct got *got)
{
    const struct remote_read_sink sink = { got, got_begin, got_data };
    struct remote_call call = { 0 };
    memset(got, 0, sizeof(*got));
    return remote_read(from, &call, path, offset, length, &sink);
}

static void check_range(struct remote *from, size_t size, uint64_t offset, uint64_t length)
{
    static struct got got;
    assert_int_equal(get(from, "a/file", offset, length, &got), 0);
    uint64_t end = length > size - offset ? size : offset + length;
    assert_int_equal(got.size, size);
    if (end == offset) {
        assert_false(got.any);
        return;
    }
    assert_int_equal(got.first, offset);
    assert_int_equal(got.end, end);
    assert_memory_equal(got.bytes + offset, plain + offset, end - offset);
}

static void test_sizes(void **state)
{
    (void)state;
    const uint64_t sizes[] = { 0, 1, ENCRYPT_CHUNK - 1, ENCRYPT_CHUNK, ENCRYPT_CHUNK + 1,
        2 * ENCRYPT_CHUNK, UINT64_C(1) << 42, (UINT64_C(1) << 42) + 1 };
    uint64_t plain_size;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_true(encrypt_plain_size(encrypt_stored_size(sizes[i]), &plain_size));
        assert_int_equal(plain_size, sizes[i]);
    }
    /* Between them there are sizes that none of ours has, and no two plain sizes share one. */
    uint64_t last = 0;
    bool any = false;
    unsigned none = 0;
    for (uint64_t stored = 0; stored < 3 * ENCRYPT_STORED; stored++) {
        if (!encrypt_plain_size(stored, &plain_size)) {
            none++;
            continue;
        }
        assert_int_equal(encrypt_stored_size(plain_size), stored);
        assert_true(!any || plain_size == last + 1);
        last = plain_size;
        any = true;
    }
    assert_int_equal(none, ENCRYPT_HEADER + ENCRYPT_OVERHEAD + 2 * ENCRYPT_OVERHEAD);
    assert_int_equal(encrypt_stored_size(UINT64_MAX), 0);
}

static void test_ranges(void **state)
{
    (void)state;
    const size_t sizes[] = { 0, 1, ENCRYPT_CHUNK - 1, ENCRYPT_CHUNK, ENCRYPT_CHUNK + 1,
        2 * ENCRYPT_CHUNK, PLAIN };
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        size_t size = sizes[s];
        put(remote, "a/file", plain, size);
        check_range(remote, size, 0, UINT64_MAX);
        for (size_t edge = 0; edge <= size; edge += ENCRYPT_CHUNK)
            for (int from = -1; from <= 1; from++)
                for (int len = 1; len <= 3 * ENCRYPT_CHUNK; len += ENCRYPT_CHUNK - 1)
                    if ((edge > 0 || from >= 0) && (size == 0 || edge + (size_t)from < size) &&
                        (size > 0 || edge + (size_t)from == 0))
                        check_range(remote, size, edge + (size_t)from, (uint64_t)len);
        static struct got got;
        if (size > 0)
            assert_int_equal(get(remote, "a/file", size, 1, &got), -ESTALE);
        assert_int_equal(get(remote, "a/file", size + 10 * ENCRYPT_CHUNK, 1, &got), -ESTALE);
        /* A store that answers with everything. */
        remote_memory_set_range(store, false);
        check_range(remote, size, 0, UINT64_MAX);
        if (size > ENCRYPT_CHUNK + 7)
            check_range(remote, size, ENCRYPT_CHUNK + 5, 2);
        remote_memory_set_range(store, true);
    }
}

static void test_stored(void **state)
{
    (void)state;
    size_t len, again_len;
    struct remote_call call = { 0 };
    struct remote_entry entry;
    put(remote, "a/file", plain, PLAIN);
    CLEANUP_FREE char *stored = remote_memory_get(store, "a/file", &len);
    assert_int_equal(len, encrypt_stored_size(PLAIN));
    assert_memory_equal(stored, "algofsE\x01", 8);
    assert_null(memmem(stored, len, plain, 16));
    assert_null(memmem(stored, len, plain + ENCRYPT_CHUNK, 16));
    assert_null(memmem(stored, len, key, sizeof(key)));
    assert_int_equal(remote_probe(remote, &call, "a/file", &entry), 0);
    assert_int_equal(entry.size, PLAIN);
    /* The same content is other bytes each time. */
    put(remote, "a/file", plain, PLAIN);
    CLEANUP_FREE char *again = remote_memory_get(store, "a/file", &again_len);
    assert_int_equal(again_len, len);
    assert_memory_not_equal(stored + 16, again + 16, 32);
    assert_memory_not_equal(stored + ENCRYPT_HEADER, again + ENCRYPT_HEADER, 64);
}

/* Reads the whole of a/file and each chunk by itself: nothing but true bytes comes, and `bad` chunks (a bit each) and
 * whatever needs them are refused. All: the object as a whole is wrong. */
static void check_refused(const unsigned char *bytes, size_t len, unsigned bad)
{
    static struct got got;
    assert_int_equal(remote_memory_put(store, "a/file", bytes, len, 1700000000), 0);
    assert_int_equal(get(remote, "a/file", 0, UINT64_MAX, &got), -EIO);
    if (got.any)
        assert_memory_equal(got.bytes, plain, got.end);
    for (unsigned i = 0; i < 4; i++) {
        int rc = get(remote, "a/file", i * ENCRYPT_CHUNK, 100, &got);
        if ((bad & 1u << i) != 0) {
            assert_true(rc == -EIO || rc == -ESTALE); /* ESTALE: behind its end */
            assert_false(got.any);
        } else {
            assert_int_equal(rc, 0);
            assert_memory_equal(got.bytes + i * ENCRYPT_CHUNK, plain + i * ENCRYPT_CHUNK, 100);
        }
    }
}

static void test_tampering(void **state)
{
    (void)state;
    enum { ALL = 15 };
    size_t len, other_len;
    put(remote, "a/file", plain, PLAIN);
    CLEANUP_FREE char *good = remote_memory_get(store, "a/file", &len);
    put(remote, "a/other", plain, PLAIN);
    CLEANUP_FREE char *other = remote_memory_get(store, "a/other", &other_len);
    CLEANUP_FREE unsigned char *bytes = malloc(len + ENCRYPT_STORED);
#define FRESH() memcpy(bytes, good, len)
    /* One bit, of each kind of byte: magic, format, chunk size, reserved, salt, check … */
    const size_t header[] = { 0, 7, 8, 12, 16, 47, 48, 63 };
    for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++) {
        FRESH();
        bytes[header[i]] ^= 1;
        check_refused(bytes, len, ALL);
    }
    /* … of a chunk: its stream's header, its tag, its text, its MAC. */
    for (unsigned chunk = 0; chunk < 4; chunk++) {
        size_t at = encrypt_chunk_offset(chunk);
        size_t end = at + encrypt_chunk_size(chunk, PLAIN) + ENCRYPT_OVERHEAD;
        const size_t places[] = { at, at + 23, at + 24, at + 25, (at + end) / 2, end - 17, end - 1 };
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
            FRESH();
            bytes[places[i]] ^= 0x80;
            check_refused(bytes, len, 1u << chunk);
        }
    }
    FRESH(); /* two chunks exchanged */
    memcpy(bytes + encrypt_chunk_offset(0), good + encrypt_chunk_offset(1), ENCRYPT_STORED);
    memcpy(bytes + encrypt_chunk_offset(1), good + encrypt_chunk_offset(0), ENCRYPT_STORED);
    check_refused(bytes, len, 3);
    FRESH(); /* the same chunk of another file, of the same content, size and key */
    memcpy(bytes + encrypt_chunk_offset(2), other + encrypt_chunk_offset(2), ENCRYPT_STORED);
    check_refused(bytes, len, 4);
    FRESH(); /* its header */
    memcpy(bytes, other, ENCRYPT_HEADER);
    check_refused(bytes, len, ALL);
    /* Cut: everywhere it matters. */
    const size_t cuts[] = { 0, 1, 63, 64, 65, 64 + ENCRYPT_OVERHEAD, encrypt_chunk_offset(1) - 1,
        encrypt_chunk_offset(1), encrypt_chunk_offset(3), encrypt_chunk_offset(3) + 24, len - 1 };
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        FRESH();
        check_refused(bytes, cuts[i], ALL);
    }
    FRESH(); /* made longer: by a byte, by another whole chunk */
    bytes[len] = 0;
    check_refused(bytes, len + 1, ALL);
    memcpy(bytes + encrypt_chunk_offset(3), good + encrypt_chunk_offset(2), ENCRYPT_STORED);
    memcpy(bytes + encrypt_chunk_offset(4), good + encrypt_chunk_offset(3), len - encrypt_chunk_offset(3));
    check_refused(bytes, len + ENCRYPT_STORED, ALL);
    /* As it was, it is right. */
    assert_int_equal(remote_memory_put(store, "a/file", good, len, 1700000000), 0);
    check_range(remote, PLAIN, 0, UINT64_MAX);
}

static void test_not_ours(void **state)
{
    (void)state;
    static struct got got;
    struct remote_call call = { 0 };
    struct remote_entry entry;
    for (size_t len = 0; len <= 300; len += 50) {
        assert_int_equal(remote_memory_put(store, "a/file", plain, len, 1700000000), 0);
        assert_int_equal(get(remote, "a/file", 0, UINT64_MAX, &got), -EIO);
        assert_false(got.any);
        assert_int_equal(remote_probe(remote, &call, "a/file", &entry), 0);
    }
    const struct remote_read_sink sink = { &got, got_begin, got_data };
    assert_int_equal(remote_read(remote, &call, "a/file", 0, UINT64_MAX, &sink), -EIO);
    assert_non_null(strstr(call.why, "'a/file': cannot decrypt: it is not encrypted"));
    assert_false(call.transient);
}

static void test_wrong_key(void **state)
{
    (void)state;
    static struct got got;
    size_t len;
    unsigned char wrong[ENCRYPT_KEY];
    memcpy(wrong, key, sizeof(wrong));
    wrong[31] ^= 1;
    const size_t sizes[] = { 0, 10, PLAIN };
    for (size_t i = 0; i < 3; i++) {
        put(remote, "a/file", plain, sizes[i]);
        CLEANUP_FREE char *stored = remote_memory_get(store, "a/file", &len);
        struct remote *second = remote_memory_new();
        assert_int_equal(remote_memory_put(second, "a/file", stored, len, 1700000000), 0);
        struct remote *reader = remote_encrypt_new(second, wrong, "/tmp");
        assert_int_equal(get(reader, "a/file", 0, UINT64_MAX, &got), -EIO);
        assert_false(got.any);
        if (sizes[i] == PLAIN)
            assert_int_equal(get(reader, "a/file", 2 * ENCRYPT_CHUNK, 10, &got), -EIO);
        assert_false(got.any);
        remote_free(reader);
    }
}

/* The header of the version before is remembered; the object is another by now. */
static void test_replaced(void **state)
{
    (void)state;
    uint64_t before;
    put(remote, "a/file", plain, PLAIN);
    check_range(remote, PLAIN, 2 * ENCRYPT_CHUNK, 5);
    before = remote_memory_calls(store, REMOTE_OP_READ);
    check_range(remote, PLAIN, 2 * ENCRYPT_CHUNK + 100, 5);
    assert_int_equal(remote_memory_calls(store, REMOTE_OP_READ), before + 1);
    put(remote, "a/file", plain, PLAIN - 7);
    check_range(remote, PLAIN - 7, 2 * ENCRYPT_CHUNK, 5);
}

static void test_conditions(void **state)
{
    (void)state;
    struct remote_call call = { 0 };
    struct remote_entry entry;
    CLEANUP_CLOSE int fd = memfd_create("plain", MFD_CLOEXEC);
    assert_int_equal(write(fd, "abc", 3), 3);
    put(remote, "a/file", plain, 10);
    assert_int_equal(remote_probe(remote, &call, "a/file", &entry), 0);
    struct remote_write_source source = { .fd = fd, .size = 3, .expected = entry.version };
    assert_int_equal(remote_write(remote, &call, "a/file", &source, NULL), 0);
    assert_int_equal(remote_write(remote, &call, "a/file", &source, NULL), -ESTALE);
    source.expected = "";
    assert_int_equal(remote_write(remote, &call, "a/file", &source, NULL), -EEXIST);
    source.size = 4; /* the source has shrunk */
    source.expected = NULL;
    assert_int_equal(remote_write(remote, &call, "a/file", &source, NULL), -ESTALE);
}

/* Ciphertext that finds no room is not sent, not even in part. */
static void test_no_room(void **state)
{
    (void)state;
    struct remote_call call = { 0 };
    struct rlimit before, little;
    CLEANUP_CLOSE int fd = memfd_create("plain", MFD_CLOEXEC);
    assert_int_equal(write(fd, plain, PLAIN), PLAIN);
    const struct remote_write_source source = { .fd = fd, .size = PLAIN };
    put(remote, "a/file", plain, 100);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = (struct rlimit){ ENCRYPT_STORED, before.rlim_max };
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    int rc = remote_write(remote, &call, "a/file", &source, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, -EFBIG);
    assert_non_null(strstr(call.why, "cannot encrypt it in '/tmp'"));
    check_range(remote, 100, 0, UINT64_MAX);
    struct remote *nowhere = remote_encrypt_new(remote_memory_new(), key, "/nonexistent");
    assert_int_equal(remote_write(nowhere, &call, "x", &source, NULL), -ENOENT);
    remote_free(nowhere);
}

/* Under it a store that fails and breaks off, and retries: what is delivered twice is decrypted once. */
static void test_faults_below(void **state)
{
    (void)state;
    static const struct retry_policy policy = { .attempts = 10, .unreachable_attempts = 1,
        .base_ms = 1, .cap_ms = 2, .asked_max_ms = 10, .deadline_ms = 60000 };
    char why[256] = "";
    struct remote *memory = remote_memory_new();
    struct remote *faulty = remote_fault_new(
        memory, "read:%2:short=20000,read:%3:EIO,write:%2:lost=EIO", 1, why, sizeof(why));
    assert_string_equal(why, "");
    struct remote *top = remote_encrypt_new(remote_retry_new(faulty, &policy), key, "/tmp");
    assert_int_equal(remote_memory_put_dir(memory, "a"), 0);
    for (unsigned i = 0; i < 5; i++) {
        put(top, "a/file", plain, PLAIN - i);
        check_range(top, PLAIN - i, 0, UINT64_MAX);
        check_range(top, PLAIN - i, ENCRYPT_CHUNK * 2 - 3, ENCRYPT_CHUNK);
    }
    remote_free(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ranges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tampering, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_ours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_conditions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_faults_below, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
