/* SPDX-License-Identifier: MIT */
/* Chunks that are dropped while a file is being filled: what is complete then has no holes. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/engine/drop.h"
#include "core/engine/hydration.h"
#include "core/engine/internal.h"
#include "core/engine/ranges.h"
#include "core/engine/test-support.h"

enum { SIZE = 2 << PRESENCE_CHUNK_SHIFT, FILES = 300, NEEDS = 20, DROPPERS = 3 };

static unsigned char bytes[SIZE];
static atomic_bool stop;

static int start(void **state)
{
    (void)state;
    if (make_cache() < 0)
        return -1;
    whole_size = 1; /* by ranges, all of them */
    store = remote_memory_new();
    assert_non_null(store);
    for (unsigned i = 0; i < SIZE; i++)
        bytes[i] = (unsigned char)(i % 251 + 1); /* no zeros */
    for (unsigned i = 0; i < FILES; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "alice/c/%u", i);
        assert_int_equal(remote_memory_put(store, name, bytes, SIZE, 1700000000), 0);
    }
    start_engine(NULL);
    const struct wire_ensure_request request = { instance, WIRE_WANT_LISTING, 0, "data/alice/c" };
    struct wire_ensure_reply reply;
    assert_int_equal(engine_ensure(engine, &request, &reply), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    engine_free(engine);
    remote_free(store);
    return remove_cache();
}

/* The disk is full all the time. */
static void *drop_always(void *hydration)
{
    while (!atomic_load(&stop))
        (void)drop_for_room(hydration);
    return NULL;
}

/* Whether it became complete; its bytes are right then. */
static bool fill_while_dropped(unsigned number)
{
    static unsigned char got[SIZE];
    char path[32];
    char full[PATH_MAX * 2];
    struct hydration *h;
    struct stat st;
    pthread_t droppers[DROPPERS];
    uint64_t complete = 0;
    (void)snprintf(path, sizeof(path), "data/alice/c/%u", number);
    (void)snprintf(full, sizeof(full), "%s/%s", root, path);
    CLEANUP_CLOSE int fd = open(full, O_RDONLY | O_NOATIME | O_CLOEXEC);
    assert_int_equal(hydration_open(instance_find(engine, instance), path, fd, &h), 0);
    assert_int_equal(ranges_prepare(h), 0);
    atomic_store(&stop, false);
    for (unsigned i = 0; i < DROPPERS; i++)
        assert_int_equal(pthread_create(&droppers[i], NULL, drop_always, h), 0);
    for (unsigned i = 0; i < NEEDS && !complete; i++)
        assert_int_equal(ranges_need(h, 0, SIZE, &complete), 0);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < DROPPERS; i++)
        assert_int_equal(pthread_join(droppers[i], NULL), 0);
    hydration_put(h);
    assert_int_equal(fstat(fd, &st), 0);
    if ((st.st_mode & S_ISVTX) != 0)
        return false;
    assert_int_equal(pread(fd, got, SIZE, 0), SIZE);
    assert_memory_equal(got, bytes, SIZE);
    return true;
}

static void complete_files_have_no_holes(void **state)
{
    (void)state;
    unsigned complete = 0;
    for (unsigned i = 0; i < FILES; i++)
        complete += fill_while_dropped(i);
    assert_true(complete > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(complete_files_have_no_holes, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
