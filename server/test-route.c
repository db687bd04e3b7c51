/* SPDX-License-Identifier: MIT */
#include "server/route.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const struct {
    const char *target;
    const char *connector;
    const char *path;
    unsigned depth;
    bool wants_dir;
} good[] = {
    { "/v1/data", "data", "", 0, false },
    { "/v1/data/", "data", "", 0, false },
    { "/v1/connector/data", "data", "", 0, false },
    { "/v1/data/.my/c/f", "data", ".my/c/f", 3, false },
    { "/v1/data/.my/c/", "data", ".my/c", 2, true },
    { "/v1/data/.my%2Fc%2f", "data", ".my/c", 2, true },
    { "/v1/data/a?acl=true&x=/..", "data", "a", 1, false },
    { "/v1/data/a#b", "data", "a", 1, false },
    { "/v1/data/a+b%2Bc%20d", "data", "a+b+c d", 1, false },
    { "/v1/data/%2541", "data", "%41", 1, false },
    { "/v1/data/a%3Fb%23c", "data", "a?b#c", 1, false },
    { "/v1/data/...", "data", "...", 1, false },
    { "/v1/data/s3+lab://b/k", "s3+lab", "b/k", 2, false },
    { "/v1/data/s3%2Blab%3A%2F%2Fb%2Fk", "s3+lab", "b/k", 2, false },
    { "/v1/data/gs://", "gs", "", 0, false },
    { "/v1/data/.my%2Fc+d%2Fa+b%2Bc", "data", ".my/c d/a b+c", 3, false }, /* form-encoded */
    { "/v1/data/s3%2Blab%3A%2F%2Fb%2Fk+l", "s3+lab", "b/k l", 2, false },
    { "/v1/data/.my%2fc%20d%2fa+b", "data", ".my/c d/a+b", 3, false }, /* not: it has %20 */
    { "/v1/data/.my/c%2Fa+b", "data", ".my/c/a+b", 3, false },         /* not: it has a slash */
    { "/v1/data/a/\xfcn\xef%20x", "data", "a/\xc3\xbcn\xc3\xaf x", 2, false }, /* ISO-8859-1 */
    { "/v1/data/a/\xc3\xbcn\xc3\xaf", "data", "a/\xc3\xbcn\xc3\xaf", 2, false },
    { "/v1/data/a/%FC", "data", "a/\xfc", 2, false },
    { "/v1/connector/data/.my%2Fa+b", "data", ".my/a+b", 2, false },
    { "/v1/data/s3:/b", "data", "s3:/b", 2, false },
    { "/v1/connector/S3+Lab/b", "s3+Lab", "b", 1, false },
    { "/v1/connector/s3%2Blab/b/", "s3+lab", "b", 1, true },
    { "http://host:1/v1/data/a", "data", "a", 1, false },
};

static const struct {
    const char *target;
    int error;
} bad[] = {
    { "", -ENOENT },
    { "*", -ENOENT },
    { "/v1", -ENOENT },
    { "/v1/database/x", -ENOENT },
    { "/v1/connector", -ENOENT },
    { "/v1/connector/", -ENOENT },
    { "/v1/connector/+x/y", -ENOENT },
    { "/v1/connector/s3+/y", -ENOENT },
    { "http://host", -ENOENT },
    { "/v1/data/.", -EINVAL },
    { "/v1/data/..", -EINVAL },
    { "/v1/data/a/%2e%2E/b", -EINVAL },
    { "/v1/data/a/..%2fb", -EINVAL },
    { "/v1/data//a", -EINVAL },
    { "/v1/data/a//", -EINVAL },
    { "/v1/data/a/%2F", -EINVAL },
    { "/v1/data/data:///", -EINVAL },
    { "/v1/connector/data//", -EINVAL },
    { "/v1/data/a/s3://b", -EINVAL },
    { "/v1/data/a%00", -EINVAL },
    { "/v1/data/a%", -EINVAL },
    { "/v1/data/a%2", -EINVAL },
    { "/v1/data/a%g0", -EINVAL },
    { "/v1/data/.algofs-server/x", -ENOENT },
    { "/v1/data/a/%2Ealgofs-server", -ENOENT },
};

static void test_good_targets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct route route = ROUTE_INIT;
        assert_int_equal(route_parse(&route, good[i].target), 0);
        assert_string_equal(route.connector, good[i].connector);
        assert_string_equal(route.path, good[i].path);
        assert_int_equal(route.depth, good[i].depth);
        assert_int_equal(route.wants_dir, good[i].wants_dir);
        route_free(&route);
    }
}

static void test_bad_targets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct route route = ROUTE_INIT;
        int rc = route_parse(&route, bad[i].target);
        if (rc != bad[i].error)
            print_error("%s: %d\n", bad[i].target, rc);
        assert_int_equal(rc, bad[i].error);
        route_free(&route);
    }
}

static void test_name_length(void **state)
{
    (void)state;
    char name[ROUTE_NAME_MAX + 2];
    memset(name, 'n', sizeof(name));
    name[ROUTE_NAME_MAX] = '\0';
    assert_int_equal(route_check_name(name), 0);
    name[ROUTE_NAME_MAX] = 'n';
    name[ROUTE_NAME_MAX + 1] = '\0';
    assert_int_equal(route_check_name(name), -ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_targets),
        cmocka_unit_test(test_bad_targets),
        cmocka_unit_test(test_name_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
