/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/config/keyfile.h"

static const char text[] = "0123456789abcdefghijklmnopqrstuv"; /* 32 bytes, as hexadecimal and base64 below */
static char folder[64], path[80];

static int set_up(void **state)
{
    (void)state;
    (void)stpcpy(folder, "/tmp/algofs-test-keyfile.XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/key", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)remove(path);
    return remove(folder);
}

static int read_back(const char *bytes, size_t len, unsigned char key[KEYFILE_BYTES], char why[256])
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
    return keyfile_read(path, key, why, 256);
}

static void test_forms(void **state)
{
    (void)state;
    const char *const good[] = {
        text,
        "303132333435363738396162636465666768696a6b6c6d6e6f70717273747576",
        " 303132333435363738396162636465666768696A6B6C6D6E6F70717273747576\r\n",
        "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=\n",
        "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY",
    };
    unsigned char key[KEYFILE_BYTES];
    char why[256];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        memset(key, 0, sizeof(key));
        assert_int_equal(read_back(good[i], strlen(good[i]), key, why), 0);
        assert_memory_equal(key, text, KEYFILE_BYTES);
    }
    const char *const bad[] = {
        "",
        "\n",
        "0123456789abcdefghijklmnopqrstu",
        "0123456789abcdefghijklmnopqrstuv\n", /* 33 bytes, and neither of the others */
        "303132333435363738396162636465666768696a6b6c6d6e6f707172737475",
        "303132333435363738396162636465666768696a6b6c6d6e6f7071727374757677",
        "30313233343536373839616263646566 6768696a6b6c6d6e6f70717273747576",
        "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(read_back(bad[i], strlen(bad[i]), key, why), -EINVAL);
        assert_non_null(strstr(why, path));
    }
    char long_one[4096];
    memset(long_one, 'a', sizeof(long_one));
    assert_int_equal(read_back(long_one, sizeof(long_one), key, why), -EINVAL);
    assert_int_equal(remove(path), 0);
    /* A setting is wrong; the programs' own files are not what is missing. */
    assert_int_equal(keyfile_read(path, key, why, sizeof(why)), -EINVAL);
    assert_non_null(strstr(why, path));
    assert_non_null(strstr(why, "No such file"));
    assert_int_equal(keyfile_read(folder, key, why, sizeof(why)), -EINVAL);
    assert_non_null(strstr(why, "Is a directory"));
}

static void test_make(void **state)
{
    (void)state;
    unsigned char first[KEYFILE_BYTES], second[KEYFILE_BYTES];
    char why[256];
    struct stat st;
    mode_t before = umask(0);
    assert_int_equal(keyfile_make(path), 0);
    assert_int_equal(keyfile_make(path), -EEXIST);
    (void)umask(before);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(keyfile_read(path, first, why, sizeof(why)), 0);
    assert_int_equal(remove(path), 0);
    assert_int_equal(keyfile_make(path), 0);
    assert_int_equal(keyfile_read(path, second, why, sizeof(why)), 0);
    assert_memory_not_equal(first, second, KEYFILE_BYTES);
    assert_int_equal(keyfile_make("/nonexistent/key"), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_make),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
