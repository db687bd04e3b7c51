/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/pool.h"

enum { THREADS = 4, JOBS = 1000 };

static atomic_uint done, together, most;

static void job(void *argument)
{
    unsigned now = atomic_fetch_add(&together, 1) + 1;
    unsigned known = atomic_load(&most);
    while (now > known && !atomic_compare_exchange_weak(&most, &known, now))
        ;
    atomic_fetch_sub(&together, 1);
    atomic_fetch_add(&done, 1);
    if (argument != NULL) /* a job may submit others */
        assert_int_equal(pool_submit(argument, job, NULL), 0);
}

static void every_job_runs_once_within_the_limit(void **state)
{
    (void)state;
    struct pool *pool = pool_new(THREADS, 1); /* so idle that threads leave in between */
    assert_non_null(pool);
    for (unsigned i = 0; i < JOBS; i++)
        assert_int_equal(pool_submit(pool, job, pool), 0);
    assert_true(pool_threads(pool) <= THREADS);
    pool_free(pool);
    assert_int_equal(atomic_load(&done), 2 * JOBS);
    assert_true(atomic_load(&most) <= THREADS);
    pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_runs_once_within_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
