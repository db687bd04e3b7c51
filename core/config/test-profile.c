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

#include <cmocka.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"
#include "core/config/profile.h"

static char home[] = "/tmp/algofs-profile-XXXXXX";
static char config[sizeof(home) + 32];
static char why[256];

static int make_home(void **state)
{
    char folder[sizeof(home) + 16];
    (void)state;
    if (mkdtemp(home) == NULL)
        return -1;
    (void)snprintf(folder, sizeof(folder), "%s/.algorithmia", home);
    (void)snprintf(config, sizeof(config), "%s/config", folder);
    return mkdir(folder, 0700);
}

static int remove_home(void **state)
{
    char folder[sizeof(home) + 16];
    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/.algorithmia", home);
    (void)unlink(config);
    (void)rmdir(folder);
    return rmdir(home);
}

static void write_config(const char *text)
{
    FILE *file = fopen(config, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_text(const char *text, const char *expected)
{
    if (expected == NULL)
        assert_null(text);
    else
        assert_string_equal(text, expected);
}

static void assert_profile(const struct profile_input *input, const char *url, const char *key,
    const char *bearer, const char *ca_cert)
{
    CLEANUP_PROFILE struct profile profile = PROFILE_INIT;
    int rc = profile_load(input, why, sizeof(why), &profile);
    if (rc < 0)
        print_message("%s\n", why);
    assert_int_equal(rc, 0);
    assert_text(profile.base_url, url);
    assert_text(profile.key, key);
    assert_text(profile.bearer, bearer);
    assert_text(profile.ca_cert, ca_cert);
}

static void assert_refused(const struct profile_input *input, int expected, const char *in_why)
{
    CLEANUP_PROFILE struct profile profile = PROFILE_INIT;
    assert_int_equal(profile_load(input, why, sizeof(why), &profile), expected);
    assert_non_null(strstr(why, in_why));
    assert_null(strstr(why, "simSECRET"));
}

static void test_environment(void **state)
{
    (void)state;
    assert_profile(
        &(struct profile_input){ .key = "simA" }, PROFILE_DEFAULT_API, "simA", NULL, NULL);
    assert_profile(&(struct profile_input){ .key = " simA\n", .api = "" }, PROFILE_DEFAULT_API,
        "simA", NULL, NULL);
    assert_profile(
        &(struct profile_input){ .bearer = "a.b.c" }, PROFILE_DEFAULT_API, NULL, "a.b.c", NULL);
    assert_profile(&(struct profile_input){ .key = "simA", .bearer = "a.b.c" }, PROFILE_DEFAULT_API,
        "simA", NULL, NULL);
}

static void test_urls(void **state)
{
    static const char *const good[][2] = { { "http://h", "http://h" }, { "http://h/", "http://h" },
        { "https://h:8443/v1", "https://h:8443" }, { "https://h/v1//", "https://h" },
        { "http://h/prefix/v1/", "http://h/prefix" }, { "http://v1", "http://v1" },
        { "http://[::1]:80/", "http://[::1]:80" }, { "HTTP://h", "HTTP://h" } };
    static const char *const bad[] = { "h", "ftp://h", "http://", "http:///v1", "http://u:p@h",
        "http://h?x", "http://h#x", "http://h x", "http://h\nX: y" };
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_profile(&(struct profile_input){ .key = "simA", .api = good[i][0] }, good[i][1],
            "simA", NULL, NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(
            &(struct profile_input){ .key = "simSECRET", .api = bad[i] }, -EINVAL, "API address");
}

static void test_no_key(void **state)
{
    (void)state;
    assert_refused(&(struct profile_input){ .key = "" }, -EACCES, "export ALGORITHMIA_API_KEY=");
    assert_refused(&(struct profile_input){ .key = "simSECRET\r\nX: y" }, -EINVAL, "API key");
    assert_refused(
        &(struct profile_input){ .home = "/nonexistent" }, -EACCES, ".algorithmia/config");
}

static void test_file(void **state)
{
    (void)state;
    struct profile_input input = { .home = home };
    write_config("# made by algo auth\n"
                 "title = 5\n"
                 "\n"
                 "[profiles.default] # mine\n"
                 "  api_key = \"simF\" # the key\n"
                 "api_server = 'https://api.file/v1/'\r\n"
                 "unknown = [1, 2]\n"
                 "ca_cert=\"/etc/a ;b#c.pem\"\n"
                 "[profiles.\"other one\"]\n"
                 "\"api_key\" = \"sim\\\"\\\\\\u0041\"\n"
                 "[[tables]]\n"
                 "api_key = \"wrong\"\n"
                 "[profiles.default.deeper]\n"
                 "api_key = \"wrong\"\n");
    assert_profile(&input, "https://api.file", "simF", NULL, "/etc/a ;b#c.pem");
    input.key = "simE";
    input.api = "http://env";
    assert_profile(&input, "http://env", "simE", NULL, "/etc/a ;b#c.pem");
    input.key = NULL;
    input.bearer = "env.bearer.token";
    assert_profile(&input, "http://env", NULL, "env.bearer.token", "/etc/a ;b#c.pem");
    input = (struct profile_input){ .home = home, .name = "other one" };
    assert_profile(&input, PROFILE_DEFAULT_API, "sim\"\\A", NULL, NULL);
    input.name = "absent";
    assert_refused(&input, -EINVAL, "[profiles.absent]");
}

static void test_long_bearer(void **state)
{
    (void)state;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf token = STRBUF_INIT;
    for (int i = 0; i < 3000; i++)
        strbuf_addch(&token, (char)('a' + i % 26));
    strbuf_addf(
        &text, "[profiles.default]\napi_key = \"\"\nbearer_token = \"%s\"", strbuf_cstr(&token));
    write_config(strbuf_cstr(&text));
    assert_profile(&(struct profile_input){ .home = home }, PROFILE_DEFAULT_API, NULL,
        strbuf_cstr(&token), NULL);
}

static void test_broken_file(void **state)
{
    static const char *const lines[] = { "api_key", "api_key = simSECRET", "api_key = \"simSECRET",
        "api_key = \"simSECRET\" x", "api_key = \"simSECRET\\q\"", "= \"simSECRET\"", "[profiles",
        "[profiles.]", "[profiles] x", "api_key = \"\\u0000simSECRET\"" };
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
        strbuf_addf(&text, "[profiles.default]\n\n%s\n", lines[i]);
        write_config(strbuf_cstr(&text));
        assert_refused(&(struct profile_input){ .home = home }, -EINVAL, ".algorithmia/config:3");
    }
}

static void test_unreadable_file(void **state)
{
    (void)state;
    assert_int_equal(unlink(config), 0);
    assert_int_equal(mkdir(config, 0700), 0);
    CLEANUP_PROFILE struct profile profile = PROFILE_INIT;
    /* Not -EACCES, or whatever reading said: that would be no account. */
    assert_int_equal(profile_load(&(struct profile_input){ .home = home, .key = "simA" }, why,
                         sizeof(why), &profile),
        -EINVAL);
    assert_non_null(strstr(why, config));
    assert_int_equal(rmdir(config), 0);
}

int main(void)
{
    (void)unsetenv("CURL_CA_BUNDLE"); /* of whoever runs the tests */
    (void)unsetenv("SSL_CERT_FILE");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_no_key),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_long_bearer),
        cmocka_unit_test(test_broken_file),
        cmocka_unit_test(test_unreadable_file),
    };
    return cmocka_run_group_tests_name("profile", tests, make_home, remove_home);
}
