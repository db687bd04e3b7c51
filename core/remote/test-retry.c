/* SPDX-License-Identifier: MIT */
/* The retry layer over a store in memory that fails by plan; with that the fault and stats layers.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"
#include "core/remote/call.h"
#include "core/remote/fault.h"
#include "core/remote/latency.h"
#include "core/remote/memory.h"
#include "core/remote/retry.h"
#include "core/remote/stats.h"

enum { SIZE = 100000 };

static const struct retry_policy quick = { .attempts = 4,
    .unreachable_attempts = 2,
    .base_ms = 1,
    .cap_ms = 2,
    .asked_max_ms = 1000,
    .deadline_ms = 0 };

struct stack {
    struct remote *memory, *top;
    struct remote_counters counters;
    char content[SIZE];
};

/* retry(stats(fault(memory))), "alice/c/file" in it. */
static void stack_init(struct stack *stack, const char *faults)
{
    char why[256] = "";
    memset(stack, 0, sizeof(*stack));
    for (size_t i = 0; i < SIZE; i++)
        stack->content[i] = (char)(i * 7 + i / 256);
    stack->memory = remote_memory_new();
    assert_non_null(stack->memory);
    assert_int_equal(remote_memory_put(stack->memory, "alice/c/file", stack->content, SIZE, 1), 0);
    struct remote *fault = remote_fault_new(stack->memory, faults, 1, why, sizeof(why));
    assert_string_equal(why, "");
    stack->top = remote_retry_new(remote_stats_new(fault, &stack->counters), &quick);
    assert_non_null(stack->top);
}

struct sink {
    struct strbuf bytes;
    uint64_t first, next;
    unsigned begins, pieces;
    struct remote *change_in; /* after the first piece the object is replaced there */
};

static int sink_begin(void *context, uint64_t size, const char *version)
{
    struct sink *sink = context;
    sink->begins++;
    assert_int_equal(size, SIZE);
    assert_true(version[0] != '\0');
    return 0;
}

static int sink_data(void *context, uint64_t offset, const void *bytes, size_t len)
{
    struct sink *sink = context;
    if (sink->pieces++ == 0)
        sink->first = sink->next = offset;
    assert_int_equal(offset, sink->next); /* resumed exactly, nothing twice */
    strbuf_add(&sink->bytes, bytes, len);
    sink->next += len;
    if (sink->change_in != NULL) {
        assert_int_equal(remote_memory_put(sink->change_in, "alice/c/file", "other", 5, 2), 0);
        sink->change_in = NULL;
    }
    return 0;
}

static int stack_read(struct stack *stack, struct remote_call *call, uint64_t offset,
    uint64_t length, struct sink *sink)
{
    const struct remote_read_sink wrapped = { sink, sink_begin, sink_data };
    *sink = (struct sink){ .bytes = STRBUF_INIT, .change_in = sink->change_in };
    return remote_read(stack->top, call, "alice/c/file", offset, length, &wrapped);
}

static void test_passing_failure(void **state)
{
    (void)state;
    struct stack stack;
    struct remote_call call = { 0 };
    struct remote_entry entry;
    stack_init(&stack, "probe:1-3:EIO");
    assert_int_equal(remote_probe(stack.top, &call, "alice/c/file", &entry), 0);
    assert_int_equal(call.attempts, 4);
    assert_int_equal(entry.size, SIZE);
    struct remote_counters_snapshot now;
    remote_counters_read(&stack.counters, &now);
    assert_int_equal(now.operation[REMOTE_OP_PROBE].calls, 4);
    assert_int_equal(now.operation[REMOTE_OP_PROBE].retries, 3);
    assert_int_equal(now.errors[REMOTE_ERROR_IO], 3);
    remote_free(stack.top);
}

static void test_gives_up(void **state)
{
    (void)state;
    struct stack stack;
    struct remote_call call = { 0 };
    struct remote_entry entry;
    stack_init(&stack, "probe:*:ETIMEDOUT");
    assert_int_equal(remote_probe(stack.top, &call, "alice/c/file", &entry), -ETIMEDOUT);
    assert_int_equal(call.attempts, 4);
    assert_true(call.transient);
    assert_non_null(strstr(call.why, "(after 4 tries)"));
    remote_free(stack.top);
}

static void test_lasting_failure(void **state)
{
    (void)state;
    struct stack stack;
    struct remote_call call = { 0 };
    struct remote_entry entry;
    stack_init(&stack, "probe:*:EACCES!");
    assert_int_equal(remote_probe(stack.top, &call, "alice/c/file", &entry), -EACCES);
    assert_int_equal(call.attempts, 1);
    assert_null(strstr(call.why, "tries"));
    remote_free(stack.top);
}

static void test_unreachable(void **state)
{
    (void)state;
    struct stack stack;
    struct remote_call call = { 0 };
    struct remote_entry entry;
    char name[64];
    stack_init(&stack, "probe:*:EHOSTUNREACH");
    assert_int_equal(remote_probe(stack.top, &call, "x", &entry), -EHOSTUNREACH);
    assert_int_equal(call.attempts, 2); /* never reached: likely a wrong address */
    assert_int_equal(remote_account(stack.top, &call, name, sizeof(name)), 0);
    call = (struct remote_call){ 0 };
    assert_int_equal(remote_probe(stack.top, &call, "x", &entry), -EHOSTUNREACH);
    assert_int_equal(call.attempts, 4); /* reached before: an outage */
    remote_free(stack.top);
}

static void test_read_resumes(void **state)
{
    (void)state;
    struct stack stack;
    struct remote_call call = { 0 };
    struct sink sink = { 0 };
    stack_init(
        &stack, "read:%2:EIO,read:*:short=20000"); /* more failures than attempts, but progress */
    assert_int_equal(stack_read(&stack, &call, 0, UINT64_MAX, &sink), 0);
    assert_int_equal(sink.begins, 1);
    assert_int_equal(sink.bytes.len, SIZE);
    assert_memory_equal(sink.bytes.buf, stack.content, SIZE);
    assert_true(call.attempts > quick.attempts);
    strbuf_free(&sink.bytes);
    assert_int_equal(stack_read(&stack, &call, 1000, 50000, &sink), 0);
    assert_int_equal(sink.bytes.len, 50000);
    assert_memory_equal(sink.bytes.buf, stack.content + 1000, 50000);
    strbuf_free(&sink.bytes);
    remote_free(stack.top);
}

static void test_read_resumes_without_range(void **state)
{
    (void)state;
    struct stack stack;
    struct remote_call call = { 0 };
    struct sink sink = { 0 };
    stack_init(&stack, "read:1:short=30000,read:2:short=60000");
    remote_memory_set_range(stack.memory, false);
    assert_int_equal(stack_read(&stack, &call, 70000, 10000, &sink), 0);
    assert_int_equal(sink.first, 0);
    assert_int_equal(sink.bytes.len, SIZE);
    assert_memory_equal(sink.bytes.buf, stack.content, SIZE);
    strbuf_free(&sink.bytes);
    remote_free(stack.top);
}

static void test_read_without_progress(void **state)
{
    (void)state;
    struct stack stack;
    struct remote_call call = { 0 };
    struct sink sink = { 0 };
    stack_init(&stack, "read:*:short=0");
    assert_int_equal(stack_read(&stack, &call, 0, UINT64_MAX, &sink), -EIO);
    assert_int_equal(call.attempts, 4);
    assert_int_equal(sink.begins, 1);
    remote_free(stack.top);
}

static void test_read_changed(void **state)
{
    (void)state;
    struct stack stack;
    struct remote_call call = { 0 };
    struct sink sink = { 0 };
    stack_init(&stack, "read:1:short=20000");
    sink.change_in = stack.memory;
    assert_int_equal(stack_read(&stack, &call, 0, UINT64_MAX, &sink), -ESTALE);
    assert_int_equal(call.attempts, 2);
    strbuf_free(&sink.bytes);
    remote_free(stack.top);
}

static void test_lost_answers(void **state)
{
    (void)state;
    struct stack stack;
    struct remote_call call = { 0 };
    stack_init(&stack, "make_dir:1:lost=EIO,remove:1:lost=ETIMEDOUT");
    assert_int_equal(remote_make_dir(stack.top, &call, "alice/new"), 0);
    assert_int_equal(remote_make_dir(stack.top, &call, "alice/new"), -EEXIST);
    assert_int_equal(remote_remove(stack.top, &call, "alice/c/file", REMOTE_REMOVE_FILE), 0);
    assert_int_equal(remote_remove(stack.top, &call, "alice/c/file", REMOTE_REMOVE_FILE), -ENOENT);
    remote_free(stack.top);
}

static void test_refused_is_not_done(void **state)
{
    (void)state;
    struct stack stack;
    struct remote_call call = { 0 };
    stack_init(
        &stack, "make_dir:1:EHOSTUNREACH"); /* never arrived: the directory is somebody else's */
    assert_int_equal(remote_memory_put_dir(stack.memory, "alice/theirs"), 0);
    assert_int_equal(remote_make_dir(stack.top, &call, "alice/theirs"), -EEXIST);
    remote_free(stack.top);
}

static void test_write(void **state)
{
    (void)state;
    struct stack stack;
    struct remote_call call = { 0 };
    CLEANUP_CLOSE int fd = memfd_create("source", MFD_CLOEXEC);
    assert_int_equal(write(fd, "hello", 5), 5);
    struct remote_write_source source = { .fd = fd, .size = 5 };
    size_t len;
    stack_init(&stack, "write:1:EIO,write:2:lost=EIO");
    assert_int_equal(remote_write(stack.top, &call, "alice/c/new", &source, NULL), 0);
    CLEANUP_FREE char *content = remote_memory_get(stack.memory, "alice/c/new", &len);
    assert_int_equal(len, 5);
    assert_string_equal(content, "hello");
    remote_free(stack.top);
}

static int count_entries(
    void *context, const char *name, size_t name_len, const struct remote_entry *entry)
{
    (void)name, (void)name_len, (void)entry;
    ++*(unsigned *)context;
    return 0;
}

static void test_list(void **state)
{
    (void)state;
    struct stack stack;
    struct remote_call call = { 0 };
    unsigned count = 0;
    stack_init(&stack, "list:1-2:EIO,list:4:lost=EIO");
    assert_int_equal(remote_list(stack.top, &call, "alice/c", count_entries, &count), 0);
    assert_int_equal(count, 1);
    /* This one delivers, then fails: to repeat it would deliver twice. */
    count = 0;
    assert_int_equal(remote_list(stack.top, &call, "alice/c", count_entries, &count), -EIO);
    assert_int_equal(count, 1);
    assert_true(call.transient);
    remote_free(stack.top);
}

/* --- a store that asks for pauses --- */

static uint32_t asked_ms;

static int busy_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry)
{
    (void)remote, (void)path, (void)ret_entry;
    call->attempts++;
    call->status = 503;
    call->retry_after_ms = asked_ms;
    return remote_call_fail_transient(call, -EIO, "busy");
}

static void busy_free(struct remote *remote)
{
    free(remote);
}

static const struct remote_ops busy_ops = {
    .type = "busy", .probe = busy_probe, .free = busy_free
};

static struct remote *busy_new(const struct retry_policy *policy)
{
    struct remote *busy = calloc(1, sizeof(*busy));
    assert_non_null(busy);
    busy->ops = &busy_ops;
    return remote_retry_new(busy, policy);
}

static void test_asked_too_much(void **state)
{
    (void)state;
    struct remote_call call = { 0 };
    struct remote_entry entry;
    struct remote *remote = busy_new(&quick);
    asked_ms = quick.asked_max_ms + 1;
    assert_int_equal(remote_probe(remote, &call, "x", &entry), -EIO);
    assert_int_equal(call.attempts, 1);
    asked_ms = 1;
    call = (struct remote_call){ 0 };
    assert_int_equal(remote_probe(remote, &call, "x", &entry), -EIO);
    assert_int_equal(call.attempts, 4);
    call = (struct remote_call){ .deadline_ms = 500 };
    asked_ms = 900; /* longer than the time that is left: not waited for */
    assert_int_equal(remote_probe(remote, &call, "x", &entry), -EIO);
    assert_int_equal(call.attempts, 1);
    assert_int_equal(call.deadline_ms, 500);
    remote_free(remote);
}

static void *set_flag(void *flag)
{
    atomic_store((atomic_bool *)flag, true);
    return NULL;
}

static void test_cancelled_pause(void **state)
{
    (void)state;
    static const struct retry_policy sleepy = { .attempts = 2,
        .unreachable_attempts = 2,
        .base_ms = 1,
        .cap_ms = 1,
        .asked_max_ms = UINT32_MAX };
    atomic_bool cancel = false;
    struct remote_call call = { .cancel = &cancel };
    struct remote_entry entry;
    struct remote *remote = busy_new(&sleepy);
    pthread_t canceller;
    asked_ms = 24 * 3600 * 1000; /* a test that waits for the pause to end does not end */
    assert_int_equal(pthread_create(&canceller, NULL, set_flag, &cancel), 0);
    assert_int_equal(remote_probe(remote, &call, "x", &entry), -ECANCELED);
    assert_int_equal(pthread_join(canceller, NULL), 0);
    remote_free(remote);
}

static void test_missing_operation(void **state)
{
    (void)state;
    struct remote_call call = { 0 };
    struct remote *remote = busy_new(&quick);
    assert_int_equal(remote_make_dir(remote, &call, "x"), -EOPNOTSUPP);
    assert_int_equal(remote_capabilities(remote), 0);
    remote_free(remote);
    remote_free(NULL);
    assert_null(remote_retry_new(NULL, NULL));
}

static void test_bad_faults(void **state)
{
    static const char *const specs[] = { "x", "probe:1", "probe:1:EWHAT", "probe:x:EIO",
        "walk:1:EIO", "probe:%0:EIO", "probe:p101:EIO", "probe:1:short=x", "probe:1:slow=1",
        "probe:1-:EIO", "probe:1:EIO,,x" };
    (void)state;
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        char why[128] = "";
        assert_null(remote_fault_new(remote_memory_new(), specs[i], 1, why, sizeof(why)));
        assert_true(why[0] != '\0');
    }
}

static void test_chance_is_seeded(void **state)
{
    (void)state;
    unsigned failed[2] = { 0 };
    uint64_t pattern[2] = { 0 };
    for (int run = 0; run < 2; run++) {
        char why[128];
        struct remote *r =
            remote_fault_new(remote_memory_new(), "probe:p50:EIO", 7, why, sizeof(why));
        for (int i = 0; i < 64; i++) {
            struct remote_call call = { 0 };
            struct remote_entry entry;
            bool fails = remote_probe(r, &call, "", &entry) < 0;
            failed[run] += fails;
            pattern[run] |= (uint64_t)fails << i;
        }
        remote_free(r);
    }
    assert_true(failed[0] > 0 && failed[0] < 64);
    assert_true(pattern[0] == pattern[1]);
}

static void test_latency(void **state)
{
    (void)state;
    struct latency latency;
    latency_init(&latency);
    assert_int_equal(latency_stall_ms(&latency), LATENCY_MAX_MS);
    for (int i = 0; i < LATENCY_RING; i++)
        latency_add(&latency, 10);
    assert_int_equal(latency_stall_ms(&latency), LATENCY_MIN_MS);
    for (int i = 0; i < LATENCY_RING; i++)
        latency_add(&latency, 2000);
    assert_int_equal(latency_stall_ms(&latency), 2000 * LATENCY_FACTOR);
    for (int i = 0; i < LATENCY_RING; i++)
        latency_add(&latency, UINT32_MAX);
    assert_int_equal(latency_stall_ms(&latency), LATENCY_MAX_MS);
    latency_deinit(&latency);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passing_failure),
        cmocka_unit_test(test_gives_up),
        cmocka_unit_test(test_lasting_failure),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_read_resumes),
        cmocka_unit_test(test_read_resumes_without_range),
        cmocka_unit_test(test_read_without_progress),
        cmocka_unit_test(test_read_changed),
        cmocka_unit_test(test_lost_answers),
        cmocka_unit_test(test_refused_is_not_done),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_asked_too_much),
        cmocka_unit_test(test_cancelled_pause),
        cmocka_unit_test(test_missing_operation),
        cmocka_unit_test(test_bad_faults),
        cmocka_unit_test(test_chance_is_seeded),
        cmocka_unit_test(test_latency),
    };
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
