/* SPDX-License-Identifier: MIT */
#include "server/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "server/auth.h"

static struct fault_plan plan(struct faults *faults, const char *method, const char *target)
{
    struct fault_plan made;
    faults_plan(faults, method, target, &made);
    return made;
}

static void test_conditions(void **state)
{
    (void)state;
    const struct options options = {
        .faults = { "match=GET:/a,nth=2,status=500", "match=*:/b:c,every=2,count=1,reset" },
        .fault_count = 2,
    };
    char why[FAULT_WHY_MAX];
    struct faults faults;
    assert_int_equal(faults_init(&faults, &options, why), 0);
    assert_int_equal(plan(&faults, "GET", "/a").status, 0);
    assert_int_equal(plan(&faults, "PUT", "/a").status, 0);
    assert_int_equal(plan(&faults, "GET", "/z").status, 0);
    assert_int_equal(plan(&faults, "GET", "/x/a").status, 500);
    assert_int_equal(plan(&faults, "GET", "/a").status, 0);
    assert_false(plan(&faults, "PUT", "/b:c").reset);
    assert_true(plan(&faults, "GET", "/b:c").reset);
    assert_false(plan(&faults, "GET", "/b:c").reset);
    assert_false(plan(&faults, "GET", "/b:c").reset);
    faults_deinit(&faults);
}

static void test_several_faults_act_together(void **state)
{
    (void)state;
    const struct options options = {
        .faults = { "status=503,retry-after=2", "status=500,cut=7",
            "length=-3,cut=9,stall=1,wrong-etag" },
        .fault_count = 3,
    };
    char why[FAULT_WHY_MAX];
    struct faults faults;
    assert_int_equal(faults_init(&faults, &options, why), 0);
    struct fault_plan made = plan(&faults, "GET", "/");
    assert_int_equal(made.status, 503);
    assert_int_equal(made.retry_after, 2);
    assert_int_equal(made.cut, 7);
    assert_int_equal(made.length, -3);
    assert_true(made.has_stall && made.wrong_etag && !made.reset);
    faults_deinit(&faults);
}

static void test_wrong_specs(void **state)
{
    (void)state;
    static const char *const specs[] = { "", "x", "status", "status=", "status=x", "status=200",
        "status=600", "reset=1", "cut=-1", "length=x", "length=9999999999", "upload-reset=101",
        "nth=1,,reset", "names=/nonexistent/x", "status=500 ", "nth=+1", "latency=9999999999" };
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        const struct options options = { .faults = { specs[i] }, .fault_count = 1 };
        char why[FAULT_WHY_MAX] = "";
        struct faults faults;
        assert_true(faults_init(&faults, &options, why) < 0);
        assert_true(why[0] != '\0' && strchr(why, '\n') == NULL);
        faults_deinit(&faults);
    }
}

static void test_keys(void **state)
{
    (void)state;
    char writer[] = "simW";
    char reader[] = "simR";
    const struct options_list keys = { .count = 2,
        .entries = { { .name = writer }, { .name = reader, .read_only = true } } };
    assert_int_equal(auth_check(&keys, "simW"), AUTH_WRITE);
    assert_int_equal(auth_check(&keys, "Simple simW"), AUTH_WRITE);
    assert_int_equal(auth_check(&keys, "bearer  simR"), AUTH_READ);
    assert_int_equal(auth_check(&keys, NULL), AUTH_NONE);
    assert_int_equal(auth_check(&keys, ""), AUTH_NONE);
    assert_int_equal(auth_check(&keys, "Simple "), AUTH_NONE);
    assert_int_equal(auth_check(&keys, "simX"), AUTH_NONE);
    assert_int_equal(auth_check(&keys, "simW "), AUTH_NONE);
    assert_int_equal(auth_check(&keys, "Basic simW"), AUTH_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_several_faults_act_together),
        cmocka_unit_test(test_wrong_specs),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
