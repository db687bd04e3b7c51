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

#include "core/base/cleanup.h"
#include "core/config/config.h"

static char folder[64], file[128];

static int set_up(void **state)
{
    (void)state;
    (void)stpcpy(folder, "/tmp/algofs-test-config.XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(file, sizeof(file), "%s/config", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)remove(file);
    return remove(folder);
}

static void write_file(const char *bytes, size_t len, mode_t mode)
{
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(file, mode), 0);
}

static void write_text(const char *text)
{
    write_file(text, strlen(text), 0600);
}

static int load(const struct wire_hello_request *environment, char why[CONFIG_WHY_MAX],
    struct config *config)
{
    struct wire_hello_request request = *environment;
    if (request.config == NULL)
        request.config = file;
    return config_load(&request, why, CONFIG_WHY_MAX, config);
}

/* What is wrong, and on which line it is said to be, in words of the reason. */
static const struct {
    const char *text;
    unsigned line;
    const char *reason;
} bad[] = {
    { "[a]\ntype = nfs\n", 2, "type \"nfs\" is not one of" },
    { "[a]\ntype = memory\n", 2, "type \"memory\"" },
    { "[a]\nroot = /srv\n", 1, "[a] has no type" },
    { "[a]\n\n[b]\ntype=local\nroot=/\n", 1, "[a] has no type" },
    { "[a]\ntype=local\ntype=local\n", 3, "type is there twice" },
    { "[a]\ntype=local\nroot=/\nroot=/srv\n", 4, "root is there twice" },
    { "[a]\ntype=local\nroot=/\n[a]\ntype=local\n", 4, "[a] is there twice" },
    { "[a]\ntype=local\nroot=/\ncolour=red\n", 4, "unknown key \"colour\"" },
    { "[a]\ntype=local\nroot=/\nread_only=yes\n", 4, "unknown key \"read_only\": did you mean \"readonly\"?" },
    { "[a]\nTYPE=local\nroot=/\n", 2, "did you mean \"type\"?" },
    { "[a]\ntype=s3\nbuckt=b\n", 3, "did you mean \"bucket\"?" },
    { "[a]\ntype=s3\nbucket=b\nacces_key=b\n", 4, "unknown key \"acces_key\"" },
    { "[a]\ntype=local\nroot=/\nbucket=b\n", 4, "type local has no key \"bucket\"" },
    { "[a]\nbucket=b\ntype=local\nroot=/\n", 2, "type local has no key \"bucket\"" },
    { "# nothing\n[a]\ntype=local\n", 2, "[a] has no root" },
    { "[a]\ntype=s3\nregion=eu\n", 1, "[a] has no bucket" },
    { "[a]\ntype=b2\nbucket=b\n", 1, "[a] has no region" },
    { "[a]\ntype=s3\nbucket=b\naccess_key_id=x\n", 1, "without the other" },
    { "[a]\ntype=s3\nbucket=b\nsession_token=x\n", 1, "session_token without" },
    { "[a]\ntype=local\nroot=srv\n", 3, "\"srv\" is no absolute path" },
    { "[a]\ntype=local\nroot=\n", 3, "root has no value" },
    { "[a]\ntype=local\nroot=/\nreadonly=perhaps\n", 4, "readonly is yes or no" },
    { "[a]\ntype=s3\nbucket=b\naddressing=virtua\n", 4, "addressing is one of path|virtual" },
    { "[a]\ntype=s3\nbucket=b\nendpoint=example.org\n", 4, "no http:// or https:// address" },
    { "[a]\ntype=s3\nbucket=b\nendpoint=https://user:pass@example.org\n", 4, "no http:// or https://" },
    { "[a]\ntype=s3\nbucket=b\nendpoint=https://example.org/path\n", 4, "[a]: an endpoint is http:// or" },
    { "[a]\ntype=s3\nbucket=b\nregion=eu west\n", 4, "[a]: a region's name has letters" },
    { "[a]\ntype=s3\nbucket=s3://b\n", 3, "[a]: a bucket's name has letters" },
    { "[data]\ntype=algorithmia\napi_key=sim1\napi=ftp://example.org\n", 4, "no http:// or https://" },
    { "type=local\n", 1, "a key stands below its [section]" },
    { "[a/b]\ntype=local\nroot=/\n", 1, "a connector's name" },
    { "[.a]\ntype=local\nroot=/\n", 1, "a connector's name" },
    { "[a b]\ntype=local\nroot=/\n", 1, "has no blanks" },
    { "[a\ntype=local\n", 1, "a section is [name]" },
    { "[a] # mine\ntype=local\n", 1, "a section is [name]" },
    { "[]\ntype=local\n", 1, "a section is [name]" },
    { "[a]\ntype\n", 2, "not understood" },
    { "[a]\n= local\n", 2, "not understood" },
    { "[a]\ntype: local\n", 2, "not understood" },
    { "[a]\nty:pe = local\n", 2, "a key has no ':'" },
    { "[a]\ntype=local\nroot=/srv ; mine\n", 3, "a comment stands on a line of its own" },
    { "[a]\ntype=local\nroot=/srv # mine\n", 3, "a comment stands on a line of its own" },
    { "[a]\ntype=local\nroot=\"/srv\"\n", 3, "without quotes" },
    { "[a]\ntype=local\nroot=/a\x01\n", 3, "a control character" },
    { "[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n", 1, "longer than 49 bytes" },
    { "[a]\nbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb=1\n", 2, "longer than 49 bytes" },
};

static void test_bad_files(void **state)
{
    (void)state;
    const struct wire_hello_request none = { .key = "simKEY" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct config config = CONFIG_INIT;
        char why[CONFIG_WHY_MAX], place[160];
        write_text(bad[i].text);
        if (load(&none, why, &config) != -EINVAL)
            fail_msg("accepted: %s", bad[i].text);
        (void)snprintf(place, sizeof(place), "%s:%u: ", file, bad[i].line);
        assert_null(strstr(why, "pass@")); /* of an address: a password */
        if (strncmp(why, place, strlen(place)) != 0 || strstr(why, bad[i].reason) == NULL)
            fail_msg("%s said: %s, and not %s%s", bad[i].text, why, place, bad[i].reason);
        assert_null(config.connectors);
    }
}

static void test_zero_byte(void **state)
{
    (void)state;
    const struct wire_hello_request none = { .key = "simKEY" };
    struct config config = CONFIG_INIT;
    char why[CONFIG_WHY_MAX];
    write_file("[a]\ntype=lo\0cal\nroot=/\n", 23, 0600);
    assert_int_equal(load(&none, why, &config), -EINVAL);
    assert_non_null(strstr(why, "config:2: a control character"));
}

static const char *value(const struct config *config, const char *name, enum config_option option)
{
    const struct config_connector *connector = config_find(config, name);
    assert_non_null(connector);
    return config_text(connector, option);
}

static const char *origin(const struct config *config, const char *name, enum config_option option)
{
    return config_find(config, name)->values[option].origin;
}

static void test_good_file(void **state)
{
    (void)state;
    CLEANUP_CONFIG struct config config = CONFIG_INIT;
    const struct wire_hello_request environment = { .home = "/home/u", .aws_region = "eu-1",
        .aws_key_id = "AKIAENV", .aws_secret = "ENVSECRET", .aws_endpoint = "https://everywhere.example" };
    char why[CONFIG_WHY_MAX];
    write_text("\xef\xbb\xbf# comment\r\n; another\r\n  [s3+models]\r\n\ttype = s3\r\n"
               "  bucket = models   \n\nreadonly = TRUE\n"
               "[archive]\ntype=local\nroot=~/a;b#c=d:e\n"
               "[b2+x]\ntype=b2\nbucket=x\nregion=us-west-004\nprofile=b2\n");
    assert_int_equal(load(&environment, why, &config), 0);
    assert_true(config.has_file);
    assert_int_equal(config.count, 3); /* no account: no data */
    assert_null(config_lookup(&config));
    assert_string_equal(value(&config, "s3+models", CONFIG_OPTION_bucket), "models");
    assert_string_equal(value(&config, "s3+models", CONFIG_OPTION_readonly), "yes");
    assert_string_equal(value(&config, "s3+models", CONFIG_OPTION_cache_only), "no");
    assert_string_equal(value(&config, "s3+models", CONFIG_OPTION_region), "eu-1");
    assert_string_equal(value(&config, "s3+models", CONFIG_OPTION_access_key_id), "AKIAENV");
    assert_string_equal(value(&config, "s3+models", CONFIG_OPTION_endpoint), "https://everywhere.example");
    assert_string_equal(origin(&config, "s3+models", CONFIG_OPTION_region), "environment AWS_REGION");
    assert_non_null(strstr(origin(&config, "s3+models", CONFIG_OPTION_bucket), "/config:5"));
    assert_string_equal(value(&config, "archive", CONFIG_OPTION_root), "/home/u/a;b#c=d:e");
    /* A section with a profile takes no key from the environment; B2 is none of AWS's. */
    assert_null(value(&config, "b2+x", CONFIG_OPTION_access_key_id));
    assert_null(value(&config, "b2+x", CONFIG_OPTION_endpoint));
    assert_string_equal(value(&config, "b2+x", CONFIG_OPTION_region), "us-west-004");
    assert_string_equal(value(&config, "b2+x", CONFIG_OPTION_credentials_file), "/home/u/.aws/credentials");
    assert_null(config.warning); /* there is no key in it */
}

/* What the environment says of a store is looked at as what the file says; the reason tells which it was. */
static void test_bad_environment(void **state)
{
    (void)state;
    char why[CONFIG_WHY_MAX];
    struct config config = CONFIG_INIT;
    write_text("[a]\ntype=s3\nbucket=b\n");
    struct wire_hello_request environment = { .aws_endpoint = "s3.example.org" };
    assert_int_equal(load(&environment, why, &config), -EINVAL);
    assert_string_equal(why, "environment AWS_ENDPOINT_URL: [a]: an endpoint is http:// or https://, host and port, "
                             "and nothing else");
    environment = (struct wire_hello_request){ .aws_endpoint_s3 = "https://user:pass@example.org" };
    assert_int_equal(load(&environment, why, &config), -EINVAL);
    assert_null(strstr(why, "pass@"));
    environment = (struct wire_hello_request){ .aws_region = "eu-1 " };
    assert_int_equal(load(&environment, why, &config), -EINVAL);
    assert_non_null(strstr(why, "environment AWS_REGION: [a]: a region"));
    environment = (struct wire_hello_request){ .aws_endpoint = "http://127.0.0.1:9000/" };
    assert_int_equal(load(&environment, why, &config), 0);
    config_free(&config);
}

/* inih by itself cuts a line at 200 bytes. */
static void test_long_lines(void **state)
{
    (void)state;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, path = STRBUF_INIT;
    const struct wire_hello_request none = { .key = NULL };
    char why[CONFIG_WHY_MAX];
    while (path.len < 4000)
        strbuf_addf(&path, "/folder-%zu", path.len);
    strbuf_addf(&text, "[a]\ntype=local\nroot=%s\nreadonly=yes\n", strbuf_cstr(&path));
    write_text(strbuf_cstr(&text));
    {
        CLEANUP_CONFIG struct config config = CONFIG_INIT;
        assert_int_equal(load(&none, why, &config), 0);
        assert_string_equal(value(&config, "a", CONFIG_OPTION_root), strbuf_cstr(&path));
        assert_true(config_yes(config_find(&config, "a"), CONFIG_OPTION_readonly));
    }
    while (path.len <= 8192)
        strbuf_addf(&path, "/folder-%zu", path.len);
    strbuf_reset(&text);
    strbuf_addf(&text, "[a]\ntype=local\nroot=%s\n", strbuf_cstr(&path));
    write_text(strbuf_cstr(&text));
    struct config config = CONFIG_INIT;
    assert_int_equal(load(&none, why, &config), -EINVAL);
    assert_non_null(strstr(why, "config:3: the line is longer than"));
}

static void test_accounts(void **state)
{
    (void)state;
    char why[CONFIG_WHY_MAX];
    const struct wire_hello_request environment = { .api = "https://env.example/", .key = "simENV" };
    write_text("[work]\ntype=algorithmia\napi=https://work.example\napi_key=simWORK\n");
    {
        CLEANUP_CONFIG struct config config = CONFIG_INIT;
        assert_int_equal(load(&environment, why, &config), 0);
        assert_int_equal(config.count, 2);
        assert_string_equal(value(&config, "work", CONFIG_OPTION_api), "https://work.example");
        assert_string_equal(value(&config, "work", CONFIG_OPTION_api_key), "simWORK");
        assert_string_equal(value(&config, "data", CONFIG_OPTION_api), "https://env.example");
        assert_string_equal(value(&config, "data", CONFIG_OPTION_api_key), "simENV");
        assert_string_equal(
            origin(&config, "data", CONFIG_OPTION_api_key), "environment ALGORITHMIA_API_KEY");
        assert_string_equal(config_lookup(&config)->name, "work");
    }
    /* A server in the file, the key in the environment. */
    write_text("[data]\ntype=algorithmia\napi=https://work.example\n");
    CLEANUP_CONFIG struct config config = CONFIG_INIT;
    assert_int_equal(load(&environment, why, &config), 0);
    assert_int_equal(config.count, 1);
    assert_string_equal(value(&config, "data", CONFIG_OPTION_api), "https://work.example");
    assert_string_equal(value(&config, "data", CONFIG_OPTION_api_key), "simENV");
}

static void test_no_file(void **state)
{
    (void)state;
    char why[CONFIG_WHY_MAX];
    struct wire_hello_request environment = { .key = "simENV", .home = folder };
    {
        CLEANUP_CONFIG struct config config = CONFIG_INIT;
        environment.config = "";
        assert_int_equal(load(&environment, why, &config), 0);
        assert_false(config.has_file);
        assert_int_equal(config.count, 1);
        assert_string_equal(value(&config, "data", CONFIG_OPTION_api), "https://api.algorithmia.com");
        assert_string_equal(origin(&config, "data", CONFIG_OPTION_api), "default");
    }
    struct config config = CONFIG_INIT;
    environment.key = NULL;
    assert_int_equal(load(&environment, why, &config), -EACCES);
    assert_non_null(strstr(why, "no API key"));
    environment.config = "/nonexistent/config"; /* asked for: then it must be there */
    assert_int_equal(load(&environment, why, &config), -EINVAL);
    assert_non_null(strstr(why, "/nonexistent/config"));
    environment.config = "config";
    assert_int_equal(load(&environment, why, &config), -EINVAL);
    environment.config = "/dev/null"; /* none on purpose */
    environment.key = "simENV";
    assert_int_equal(load(&environment, why, &config), 0);
    assert_false(config.has_file);
    config_free(&config);
}

/* What cannot be read is a setting that is wrong, never a file without sections, and not the errno of reading. */
static void test_unreadable_files(void **state)
{
    (void)state;
    char why[CONFIG_WHY_MAX];
    struct config config = CONFIG_INIT;
    const struct wire_hello_request environment = { .key = "simENV" };
    (void)remove(file);
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_int_equal(load(&environment, why, &config), -EINVAL);
    assert_non_null(strstr(why, "config: is no file"));
    assert_int_equal(remove(file), 0);
    assert_int_equal(mkdir(file, 0700), 0);
    assert_int_equal(load(&environment, why, &config), -EINVAL);
    assert_non_null(strstr(why, "config: Is a directory"));
    assert_int_equal(remove(file), 0);
    write_text("");
    assert_int_equal(truncate(file, CONFIG_FILE_MAX + 1), 0);
    assert_int_equal(load(&environment, why, &config), -EINVAL);
    assert_non_null(strstr(why, "config: File too large"));
    /* "data" does not go away because the profiles cannot be read. */
    char below[128], profiles[160];
    (void)snprintf(below, sizeof(below), "%s/.algorithmia", folder);
    (void)snprintf(profiles, sizeof(profiles), "%s/config", below);
    assert_int_equal(mkdir(below, 0700), 0);
    assert_int_equal(symlink("config", profiles), 0); /* ELOOP, for root too */
    const struct wire_hello_request home = { .home = folder };
    write_text("[a]\ntype=local\nroot=/\n");
    assert_int_equal(load(&home, why, &config), -EINVAL);
    assert_non_null(strstr(why, profiles));
    assert_int_equal(remove(profiles), 0);
    assert_int_equal(remove(below), 0);
}

static void test_readable_key(void **state)
{
    (void)state;
    char why[CONFIG_WHY_MAX];
    const char text[] = "[s]\ntype=s3\nbucket=b\naccess_key_id=AKIASECRET\nsecret_access_key=verySECRET\n";
    const struct wire_hello_request none = { .key = NULL };
    CLEANUP_CONFIG struct config config = CONFIG_INIT;
    write_file(text, strlen(text), 0644);
    assert_int_equal(load(&none, why, &config), 0);
    assert_non_null(config.warning);
    assert_null(strstr(config.warning, "SECRET"));
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    config_print(&config, &out);
    config_print_json(&config, &out);
    assert_null(strstr(strbuf_cstr(&out), "SECRET"));
    assert_non_null(strstr(strbuf_cstr(&out), "/config:4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_zero_byte),
        cmocka_unit_test(test_good_file),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_bad_environment),
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_unreadable_files),
        cmocka_unit_test(test_readable_key),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
