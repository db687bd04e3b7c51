/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "core/wire/message.h"

static void round_trip(void **state)
{
    (void)state;
    struct wire_buffer b;
    struct wire_ensure_request in = { .instance = 0x123456789abcu, .wanted = WIRE_WANT_LISTING,
        .max_age_ms = UINT64_MAX, .path = "data/\xff odd/\n" };
    struct wire_ensure_request out;
    assert_int_equal(wire_encode_ensure_request(&b, WIRE_ENSURE, &in), 0);
    assert_int_equal(wire_decode_ensure_request(&b, &out), 0);
    assert_int_equal(out.instance, in.instance);
    assert_int_equal(out.wanted, WIRE_WANT_LISTING);
    assert_int_equal(out.max_age_ms, UINT64_MAX);
    assert_string_equal(out.path, in.path);
    struct wire_header header;
    assert_int_equal(wire_decode_header(&b, &header), 0);
    assert_int_equal(header.type, WIRE_ENSURE);
}

static void null_strings_are_empty(void **state)
{
    (void)state;
    struct wire_buffer b;
    struct wire_hello_request in = { .key = "simKEY" };
    struct wire_hello_request out;
    assert_int_equal(wire_encode_hello_request(&b, WIRE_HELLO, &in), 0);
    assert_int_equal(wire_decode_hello_request(&b, &out), 0);
    assert_string_equal(out.api, "");
    assert_string_equal(out.key, "simKEY");
}

static void a_failure_is_its_status(void **state)
{
    (void)state;
    struct wire_buffer b;
    struct wire_open_reply out = { .complete = 7 };
    wire_encode_failure(&b, WIRE_OPEN, -ESTALE);
    assert_int_equal(wire_decode_open_reply(&b, &out), -ESTALE);
    assert_int_equal(out.complete, 0);
}

static void too_long_is_refused(void **state)
{
    (void)state;
    static char path[WIRE_MESSAGE_MAX];
    struct wire_buffer b;
    memset(path, 'x', sizeof(path) - 1);
    struct wire_ensure_request in = { .path = path };
    assert_int_equal(wire_encode_ensure_request(&b, WIRE_ENSURE, &in), -EMSGSIZE);
}

/* Every truncation and every changed byte either decodes to something or is -EPROTO; nothing is read
 * beyond the message (ASan and valgrind watch the heap copy). */
static void hostile_bytes(void **state)
{
    (void)state;
    struct wire_buffer good;
    struct wire_open_request in = { .instance = 1, .flags = 2, .mode = 3, .path = "data/u/c/f" };
    assert_int_equal(wire_encode_open_request(&good, WIRE_OPEN, &in), 0);
    struct wire_open_request out;
    for (size_t len = 0; len < good.len; len++) {
        struct wire_buffer cut = { .len = len };
        memcpy(cut.bytes, good.bytes, len);
        assert_int_equal(wire_decode_open_request(&cut, &out), -EPROTO);
    }
    for (size_t at = 0; at < good.len; at++) {
        struct wire_buffer bent = good;
        bent.bytes[at] ^= 0x41;
        int rc = wire_decode_open_request(&bent, &out);
        assert_true(rc == 0 || rc < 0);
        if (rc == 0)
            assert_true(strlen(out.path) < WIRE_MESSAGE_MAX);
    }
    struct wire_buffer longer = good;
    longer.bytes[longer.len++] = 0;
    assert_int_equal(wire_decode_open_request(&longer, &out), -EPROTO);
}

static void another_version_is_told_apart(void **state)
{
    (void)state;
    struct wire_buffer b;
    struct wire_header header;
    wire_encode_failure(&b, WIRE_STATUS, 0);
    b.bytes[offsetof(struct wire_header, version)] ^= 0xff;
    assert_int_equal(wire_decode_header(&b, &header), -EPROTONOSUPPORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(null_strings_are_empty),
        cmocka_unit_test(a_failure_is_its_status),
        cmocka_unit_test(too_long_is_refused),
        cmocka_unit_test(hostile_bytes),
        cmocka_unit_test(another_version_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
