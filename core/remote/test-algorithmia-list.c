/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/strbuf.h"
#include "core/remote/algorithmia-internal.h"

/* The entries of a page as text: "d:name " or "f:name:size[@mtime] ". */
static int note(void *context, const char *name, size_t name_len, const struct remote_entry *entry)
{
    struct strbuf *text = context;
    strbuf_addf(text, "%c:%.*s", entry->is_dir ? 'd' : 'f', (int)name_len, name);
    if (!entry->is_dir)
        strbuf_addf(text, ":%llu", (unsigned long long)entry->size);
    if (entry->has_mtime)
        strbuf_addf(text, "@%lld", (long long)entry->mtime.tv_sec);
    strbuf_addch(text, ' ');
    return 0;
}

static int parse(const char *json, size_t len, struct strbuf *text, char **ret_marker)
{
    struct remote_call call = { 0 };
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, json, len);
    copy[len] = '\0';
    *ret_marker = NULL;
    int rc = algorithmia_page_parse(&call, copy, len, note, text, ret_marker);
    assert_true(rc == 0 || call.why[0] != '\0');
    free(copy);
    return rc;
}

static void assert_page(const char *json, const char *expected, const char *expected_marker)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    char *marker;
    assert_int_equal(parse(json, strlen(json), &text, &marker), 0);
    assert_string_equal(strbuf_cstr(&text), expected);
    if (expected_marker == NULL)
        assert_null(marker);
    else
        assert_string_equal(marker, expected_marker);
    free(marker);
}

static void test_good(void **state)
{
    (void)state;
    assert_page("{}", "", NULL);
    assert_page("{\"folders\":[{\"name\":\"a\"}],\"files\":[{\"filename\":\"b\",\"size\":7,"
                "\"last_modified\":\"2016-01-06T00:52:34.000Z\"}],\"marker\":\"12-x\"}",
        "d:a f:b:7@1452041554 ", "12-x");
    assert_page("{\"files\":[{\"filename\":\"big\",\"size\":9007199254740992}]}",
        "f:big:9007199254740992 ", NULL);
}

static void test_last_markers(void **state)
{
    (void)state;
    assert_page("{\"marker\":null}", "", NULL);
    assert_page("{\"marker\":\"\"}", "", NULL);
    assert_page("{\"marker\":5}", "", NULL);
}

static void test_wrong_types(void **state)
{
    (void)state;
    assert_page("{\"folders\":{\"name\":\"a\"},\"files\":\"b\"}", "", NULL);
    assert_page("{\"folders\":[null,5,[],{},{\"name\":5},{\"name\":\"ok\"}]}", "d:ok ", NULL);
    assert_page("{\"files\":[{\"filename\":\"a\"},{\"size\":5},{\"filename\":\"b\",\"size\":\"5\"},"
                "{\"filename\":\"c\",\"size\":0,\"last_modified\":5}]}",
        "f:c:0 ", NULL);
    assert_page("{\"files\":[{\"filename\":\"a\",\"size\":1,\"last_modified\":\"yesterday\"}]}",
        "f:a:1 ", NULL);
}

static void test_sizes(void **state)
{
    (void)state;
    assert_page("{\"files\":[{\"filename\":\"a\",\"size\":-1},{\"filename\":\"b\",\"size\":1e300},"
                "{\"filename\":\"c\",\"size\":1.5},{\"filename\":\"d\",\"size\":1e999},"
                "{\"filename\":\"e\",\"size\":1e3}]}",
        "f:e:1000 ", NULL);
}

static void test_strange_names(void **state)
{
    (void)state;
    assert_page("{\"folders\":[{\"name\":\"\"},{\"name\":\"..\"},{\"name\":\"a/b\"}]}",
        "d: d:.. d:a/b ", NULL);
    /* A NUL must not make "evil" of it. */
    assert_page("{\"folders\":[{\"name\":\"evil\\u0000x\"}]}", "d:evil/x ", NULL);
    assert_page("{\"folders\":[{\"name\":\"a\\\\u0000\"}]}", "d:a\\u0000 ", NULL);
    assert_page("{\"folders\":[{\"name\":\"\\u00e9\"}]}", "d:\xc3\xa9 ", NULL);
}

static void test_no_json(void **state)
{
    static const char *const texts[] = { "", " ", "[]", "5", "null", "{", "<html>", "{\"files\":[",
        "{\"folders\":[{\"name\":\"\\ud800\"}]}" };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
        char *marker;
        assert_int_equal(parse(texts[i], strlen(texts[i]), &text, &marker), -EIO);
        assert_null(marker);
        assert_int_equal(text.len, 0);
    }
}

static void test_bare_nul(void **state)
{
    static const char json[] = "{\"folders\":[{\"name\":\"a\0b\"}]}";
    (void)state;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    char *marker;
    assert_int_equal(parse(json, sizeof(json) - 1, &text, &marker), -EIO);
}

static void test_deep(void **state)
{
    (void)state;
    CLEANUP_STRBUF struct strbuf json = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    char *marker;
    strbuf_addstr(&json, "{\"x\":");
    for (int i = 0; i < 100000; i++)
        strbuf_addch(&json, '[');
    assert_int_equal(parse(json.buf, json.len, &text, &marker), -EIO);
}

static int refuse(
    void *context, const char *name, size_t name_len, const struct remote_entry *entry)
{
    (void)context, (void)name, (void)name_len, (void)entry;
    return -EXDEV;
}

static void test_stop(void **state)
{
    char json[] = "{\"folders\":[{\"name\":\"a\"}],\"marker\":\"m\"}";
    struct remote_call call = { 0 };
    char *marker = NULL;
    (void)state;
    assert_int_equal(
        algorithmia_page_parse(&call, json, strlen(json), refuse, NULL, &marker), -EXDEV);
    assert_null(marker);
}

static void assert_error(enum algorithmia_operation operation, int status, const char *body_text,
    int expected, bool transient, const char *in_why)
{
    struct remote_call call = { 0 };
    struct http_response response = { .status = status };
    CLEANUP_STRBUF struct strbuf body = STRBUF_INIT;
    strbuf_addstr(&body, body_text);
    assert_int_equal(algorithmia_error(&call, operation, "p", &response, &body), expected);
    assert_int_equal(call.transient, transient);
    assert_non_null(strstr(call.why, in_why));
}

static void test_errors(void **state)
{
    (void)state;
    assert_error(ALGORITHMIA_PROBE, 404, "", -ENOENT, false, "no such object (404)");
    assert_error(
        ALGORITHMIA_READ, 401, "{\"error\":{\"message\":\"bad key\"}}", -EACCES, false, "bad key");
    assert_error(ALGORITHMIA_READ, 403, "{\"error\":\"plain\"}", -EACCES, false, "plain");
    assert_error(ALGORITHMIA_READ, 503, "<html>", -EIO, true, "503");
    assert_error(ALGORITHMIA_READ, 504, "{\"error\":5}", -ETIMEDOUT, true, "504");
    assert_error(ALGORITHMIA_READ, 429, "[]", -EIO, true, "429");
    assert_error(ALGORITHMIA_REMOVE, 400, "", -ENOTEMPTY, false, "400");
    assert_error(ALGORITHMIA_MAKE_DIR, 409, "", -EEXIST, false, "409");
    assert_error(ALGORITHMIA_MAKE_DIR, 400, "{\"error\":{\"message\":\"Already Exists\"}}", -EEXIST,
        false, "Already");
    assert_error(ALGORITHMIA_MAKE_DIR, 400, "", -EINVAL, false, "400");
    assert_error(ALGORITHMIA_WRITE, 507, "", -ENOSPC, false, "507");
    assert_error(ALGORITHMIA_WRITE, 413, "", -EFBIG, false, "413");
    assert_error(ALGORITHMIA_WRITE, 418, "{\"error\":{\"message\":\"a\\nforged line\"}}", -EIO,
        false, "a?forged line");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_last_markers),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_strange_names),
        cmocka_unit_test(test_no_json),
        cmocka_unit_test(test_bare_nul),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests_name("algorithmia-list", tests, NULL, NULL);
}
