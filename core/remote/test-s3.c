/* SPDX-License-Identifier: MIT */
/* S3 without a store: its XML, metadata, errors and credentials, against a server of a few lines. That
 * it is what stores want is shown by the contract over Swift (tests/s3/). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/cleanup.h"
#include "core/remote/s3-internal.h"
#include "core/remote/s3-xml.h"
#include "core/remote/test-server.h"

#define SECRET "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"

/* --- a store --- */

#define HEAD(status) "HTTP/1.1 " status "\r\nConnection: close\r\nContent-Type: application/xml\r\n"

static struct remote *open_store(struct http_client *http, const struct server *server)
{
    const struct s3_options options = { .endpoint = server->url,
        .bucket = "bucket",
        .metadata = S3_METADATA_LISTING,
        .credentials = { .access_key = "AKIDEXAMPLE", .secret_key = SECRET } };
    return s3_new(http, &options);
}

/* --- XML --- */

static int count_element(void *context, const char *path, const char *text, size_t len)
{
    (void)path, (void)text, (void)len;
    ++*(unsigned *)context;
    return 0;
}

static int walk(const char *xml, unsigned *count)
{
    *count = 0;
    return s3_xml_walk(xml, strlen(xml), count_element, count);
}

static void test_xml_hostile(void **state)
{
    (void)state;
    unsigned count;
    CLEANUP_STRBUF struct strbuf xml = STRBUF_INIT;
    assert_int_equal(walk("<a><b>1</b><b/></a>", &count), 0);
    assert_int_equal(count, 3);
    assert_int_equal(walk("<a><b>1</a>", &count), -EBADMSG);
    assert_int_equal(walk("", &count), -EBADMSG);
    assert_int_equal(walk("<!DOCTYPE a [<!ENTITY x \"yy\"><!ENTITY z \"&x;&x;\">]><a>&z;</a>", &count),
        -EBADMSG);
    assert_int_equal(
        walk("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", &count), -EBADMSG);
    for (int i = 0; i < 100000; i++)
        strbuf_addstr(&xml, "<a>");
    assert_int_equal(walk(strbuf_cstr(&xml), &count), -EBADMSG);
    strbuf_reset(&xml);
    strbuf_addstr(&xml, "<a>");
    for (int i = 0; i < S3_XML_TEXT; i++)
        strbuf_addch(&xml, 'x');
    strbuf_addstr(&xml, "</a>");
    assert_int_equal(walk(strbuf_cstr(&xml), &count), 0);
    xml.len -= 4;
    strbuf_addstr(&xml, "y</a>");
    assert_int_equal(walk(strbuf_cstr(&xml), &count), -EBADMSG);
    strbuf_reset(&xml);
    strbuf_addch(&xml, '<');
    for (int i = 0; i < S3_XML_PATH; i++)
        strbuf_addch(&xml, 'n');
    strbuf_addstr(&xml, "/>");
    assert_int_equal(walk(strbuf_cstr(&xml), &count), -EBADMSG);
}

static void test_xml_text(void **state)
{
    (void)state;
    static const char xml[] = "<?xml version='1.0'?><s:Error xmlns:s='urn:s'><s:Code>A&amp;B</s:Code></s:Error>";
    char text[8];
    s3_xml_text(xml, strlen(xml), "Error/Code", text, sizeof(text));
    assert_string_equal(text, "A&B");
    s3_xml_text(xml, strlen(xml), "Error/Code", text, 3); /* would be cut: none */
    assert_string_equal(text, "");
    s3_xml_text(xml, strlen(xml), "Error/Other", text, sizeof(text));
    assert_string_equal(text, "");
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    s3_xml_add_text(&out, "a<b>&\x01");
    assert_string_equal(strbuf_cstr(&out), "a&lt;b&gt;&amp;&#x1;");
}

/* --- a page --- */

#define PAGE(content) "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" content "</ListBucketResult>"
#define FILE_OF(key, size)                                                                       \
    "<Contents><Key>" key "</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>"           \
    "<ETag>&quot;0123456789abcdef&quot;</ETag><Size>" size "</Size></Contents>"
#define DIR_OF(prefix) "<CommonPrefixes><Prefix>" prefix "</Prefix></CommonPrefixes>"

static int parse(const char *xml, const char *prefix, struct s3_page *page)
{
    struct remote_call call = { 0 };
    return s3_page_parse(&call, xml, strlen(xml), prefix, page);
}

static void test_page(void **state)
{
    (void)state;
    struct s3_page page;
    assert_int_equal(parse(PAGE(FILE_OF("a%20b/", "0") FILE_OF("a%20b/c+d%2B", "7") DIR_OF("a%20b/%C3%A9/") 
                               "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"),
                         "a b/", &page),
        0);
    assert_int_equal(page.count, 2);
    assert_true(page.has_marker);
    assert_null(page.token);
    assert_string_equal(page.items[0].name, "c d+");
    assert_string_equal(page.items[0].etag, "0123456789abcdef");
    assert_int_equal(page.items[0].size, 7);
    assert_int_equal(page.items[0].last_modified, 1767323045);
    assert_true(page.items[1].is_dir);
    assert_string_equal(page.items[1].name, "\xc3\xa9");
    assert_string_equal(page.last_key, "\xc3\xa9/");
    s3_page_free(&page);
    /* Not encoded: as it is. */
    assert_int_equal(parse(PAGE(FILE_OF("c+d%20", "7")), "", &page), 0);
    assert_string_equal(page.items[0].name, "c+d%20");
    s3_page_free(&page);
    assert_int_equal(parse(PAGE("<IsTruncated>true</IsTruncated>"), "", &page), -EIO);
    assert_int_equal(parse(PAGE(FILE_OF("other/x", "1")), "mine/", &page), -EIO);
    assert_int_equal(parse(PAGE(FILE_OF("x", "-1")), "", &page), -EIO);
    assert_int_equal(parse(PAGE(FILE_OF("x", "99999999999999999999999")), "", &page), -EIO);
    assert_int_equal(parse(PAGE(DIR_OF("no-slash")), "", &page), -EIO);
    assert_int_equal(parse("<Other/>", "", &page), -EIO);
    assert_int_equal(parse("{}", "", &page), -EIO);
}

struct names {
    struct strbuf text;
};

static int note_name(
    void *context, const char *name, size_t name_len, const struct remote_entry *entry)
{
    struct names *names = context;
    strbuf_addf(&names->text, "%.*s%s ", (int)name_len, name, entry->is_dir ? "/" : "");
    return 0;
}

/* Names that are directories too, a page apart; keys that no name can be. */
static void test_list_pages(void **state)
{
    (void)state;
    static const char *const answers[] = {
        HEAD("200 OK") "\r\n" PAGE(DIR_OF("//") FILE_OF(S3_CONDITION_PROBE "0", "0") FILE_OF("x", "1") FILE_OF("x-1", "1")
            "<IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken>"),
        HEAD("200 OK") "\r\n" PAGE(FILE_OF("x.old", "1")
            "<IsTruncated>true</IsTruncated><NextContinuationToken>t2</NextContinuationToken>"),
        HEAD("200 OK") "\r\n" PAGE(DIR_OF("x/") FILE_OF("y", "1") "<IsTruncated>false</IsTruncated>"),
    };
    struct server server;
    struct names names = { .text = STRBUF_INIT };
    struct remote_call call = { 0 };
    server_start(&server, answers, 3);
    struct http_client *http = http_client_new(NULL);
    struct remote *remote = open_store(http, &server);
    assert_int_equal(remote_list(remote, &call, "", note_name, &names), 0);
    assert_string_equal(strbuf_cstr(&names.text), "// x-1 x/ x x.old y ");
    assert_non_null(strstr(strbuf_cstr(&server.requests[1]),
        "GET /bucket?continuation-token=t%261&delimiter=%2F&encoding-type=url&list-type=2&"
        "max-keys=1000&prefix= HTTP/1.1\r\n"));
    strbuf_free(&names.text);
    remote_free(remote);
    http_client_free(http);
    server_stop(&server);
}

/* A server that leads in circles is left. */
static void test_list_circle(void **state)
{
    (void)state;
    static const char page[] = HEAD("200 OK") "\r\n" PAGE(FILE_OF("x", "1")
        "<IsTruncated>true</IsTruncated><NextContinuationToken>again</NextContinuationToken>");
    const char *const answers[] = { page, page, page, page, page };
    struct server server;
    struct names names = { .text = STRBUF_INIT };
    struct remote_call call = { 0 };
    server_start(&server, answers, 5);
    struct http_client *http = http_client_new(NULL);
    struct remote *remote = open_store(http, &server);
    assert_int_equal(remote_list(remote, &call, "", note_name, &names), -EIO);
    strbuf_free(&names.text);
    remote_free(remote);
    http_client_free(http);
    server_stop(&server);
}

/* --- metadata --- */

static void assert_time(const char *text, int64_t seconds, long nanoseconds)
{
    struct timespec time;
    assert_true(s3_metadata_parse_time(text, &time));
    assert_int_equal(time.tv_sec, seconds);
    assert_int_equal(time.tv_nsec, nanoseconds);
}

static void assert_round_trip(int64_t seconds, long nanoseconds, const char *want)
{
    const struct timespec time = { .tv_sec = (time_t)seconds, .tv_nsec = nanoseconds };
    char text[S3_TIME_SIZE];
    s3_metadata_print_time(&time, text);
    assert_string_equal(text, want);
    assert_time(text, seconds, nanoseconds);
}

static void test_metadata_time(void **state)
{
    (void)state;
    struct timespec time;
    assert_time("1499963452", 1499963452, 0);
    assert_time("1499963452.5", 1499963452, 500000000);
    assert_time("1499963452.123456789", 1499963452, 123456789);
    assert_time("1499963452.1234567891234", 1499963452, 123456789);
    assert_time("2017-07-13T16:30:52.25Z", 1499963452, 250000000);
    assert_round_trip(0, 0, "0");
    assert_round_trip(1499963452, 1, "1499963452.000000001");
    assert_round_trip(-2, 750000000, "-1.250000000");
    assert_round_trip(-1, 0, "-1");
    assert_false(s3_metadata_parse_time("", &time));
    assert_false(s3_metadata_parse_time("soon", &time));
    assert_false(s3_metadata_parse_time("12x", &time));
    assert_false(s3_metadata_parse_time("99999999999999999999", &time));
}

static void test_metadata_mode(void **state)
{
    (void)state;
    mode_t mode;
    assert_true(s3_metadata_parse_mode("33188", &mode)); /* s3fs */
    assert_int_equal(mode, 0100644);
    assert_true(s3_metadata_parse_mode("41471", &mode));
    assert_true(S_ISLNK(mode));
    assert_true(s3_metadata_parse_mode("100644", &mode)); /* rclone */
    assert_int_equal(mode, 0100644);
    assert_true(s3_metadata_parse_mode("0100755", &mode));
    assert_int_equal(mode, 0100755);
    assert_true(s3_metadata_parse_mode("0640", &mode));
    assert_int_equal(mode, 0640);
    assert_false(s3_metadata_parse_mode("", &mode));
    assert_false(s3_metadata_parse_mode("rw-r--r--", &mode));
    assert_false(s3_metadata_parse_mode("9999999", &mode));
    struct s3_attributes attributes = { 0 };
    s3_metadata_take(&attributes, "uid", "1000");
    s3_metadata_take(&attributes, "gid", "-1");
    s3_metadata_take(&attributes, "other", "1");
    assert_true(attributes.has_uid && !attributes.has_gid && attributes.uid == 1000);
}

static void test_query(void **state)
{
    (void)state;
    static const struct s3_parameter parameters[S3_PARAMETERS_MAX] = { { "uploads", "" },
        { "prefix", "a b/&+" }, { "list-type", "2" } };
    CLEANUP_STRBUF struct strbuf query = STRBUF_INIT;
    s3_query(parameters, &query);
    assert_string_equal(strbuf_cstr(&query), "list-type=2&prefix=a%20b%2F%26%2B&uploads=");
}

/* --- errors --- */

static int probe_answered(const char *answer, struct remote_call *call, unsigned *ret_requests)
{
    struct server server;
    struct remote_entry entry;
    const char *const answers[] = { answer, answer };
    server_start(&server, answers, 2);
    struct http_client *http = http_client_new(NULL);
    struct remote *remote = open_store(http, &server);
    *call = (struct remote_call){ 0 };
    int rc = remote_probe(remote, call, "", &entry);
    assert_null(strstr(call->why, SECRET));
    assert_null(strstr(strbuf_cstr(&server.requests[0]), SECRET));
    remote_free(remote);
    http_client_free(http);
    *ret_requests = atomic_load(&server.seen);
    server_stop(&server);
    return rc;
}

#define ERROR_OF(code) "\r\n<Error><Code>" code "</Code><Message>m</Message></Error>"

static void test_errors(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        int error;
        bool transient;
        const char *words;
    } cases[] = {
        { HEAD("404 Not Found") ERROR_OF("NoSuchBucket"), -EIO, false, "no such bucket" },
        { HEAD("403 Forbidden") ERROR_OF("AccessDenied"), -EACCES, false, "no right" },
        { HEAD("403 Forbidden") ERROR_OF("SignatureDoesNotMatch"), -EACCES, false, "secret key" },
        { HEAD("403 Forbidden") ERROR_OF("RequestTimeTooSkewed"), -EACCES, false, "clock" },
        { HEAD("500 Error") ERROR_OF("InternalError"), -EIO, true, "failed" },
        { HEAD("400 Bad Request") ERROR_OF("EntityTooLarge"), -EFBIG, false, "larger" },
        { HEAD("400 Bad Request") ERROR_OF("NobodyKnows"), -EIO, false, "m (400 NobodyKnows)" },
        { HEAD("503 Slow Down") "Retry-After: 7\r\n" ERROR_OF("SlowDown"), -EIO, true, "too many" },
        { HEAD("502 Bad Gateway") "\r\n<html>", -EIO, true, "gateway" },
        { HEAD("200 OK") "\r\nnothing", -EIO, true, "XML" },
    };
    struct remote_call call;
    unsigned requests;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(probe_answered(cases[i].answer, &call, &requests), cases[i].error);
        assert_int_equal(call.transient, cases[i].transient);
        if (strstr(call.why, cases[i].words) == NULL)
            fail_msg("'%s' is not in '%s'", cases[i].words, call.why);
        assert_int_equal(call.retry_after_ms, strstr(cases[i].answer, "Retry-After") ? 7000 : 0);
    }
}

/* No redirect is followed, not even to the same host, and the right region is named. */
static void test_wrong_region(void **state)
{
    (void)state;
    struct remote_call call;
    unsigned requests;
    int rc = probe_answered(HEAD("301 Moved Permanently") "x-amz-bucket-region: eu-west-1\r\n"
                            "Location: http://127.0.0.1:1/steal\r\n"
                            "\r\n<Error><Code>PermanentRedirect</Code><Endpoint>e</Endpoint></Error>",
        &call, &requests);
    assert_int_equal(rc, -EIO);
    assert_int_equal(requests, 1);
    assert_non_null(strstr(call.why, "region=eu-west-1"));
    rc = probe_answered(HEAD("307 Temporary Redirect") "Location: /bucket\r\n\r\n", &call, &requests);
    assert_int_equal(rc, -EIO);
    assert_int_equal(requests, 1);
    rc = probe_answered(HEAD("400 Bad Request") "\r\n<Error><Code>AuthorizationHeaderMalformed</Code>"
                        "<Region>us-west-2</Region></Error>",
        &call, &requests);
    assert_int_equal(rc, -EIO);
    assert_non_null(strstr(call.why, "'us-west-2'"));
}

static void test_options(void **state)
{
    (void)state;
    struct http_client *http = http_client_new(NULL);
    static const struct s3_options wrong[] = {
        { .bucket = NULL },
        { .bucket = "a/b" },
        { .bucket = "b", .endpoint = "ftp://x" },
        { .bucket = "b", .endpoint = "http://x/path" },
        { .bucket = "b", .endpoint = "http://user:key@x" },
        { .bucket = "b", .region = "a b" },
        { .bucket = "b", .part_size = 1 },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        errno = 0;
        assert_null(s3_new(http, &wrong[i]));
        assert_int_equal(errno, EINVAL);
    }
    static const struct {
        struct s3_options options;
        const char *origin, *root;
    } good[] = {
        { { .bucket = "b" }, "https://b.s3.us-east-1.amazonaws.com", "" },
        { { .bucket = "b.c", .region = "eu-1" }, "https://s3.eu-1.amazonaws.com", "/b.c" },
        { { .bucket = "b", .region = "us-west-004", .preset = S3_PRESET_B2 },
            "https://s3.us-west-004.backblazeb2.com", "/b" },
        { { .bucket = "b", .endpoint = "http://h:80/" }, "http://h", "/b" },
        { { .bucket = "b", .endpoint = "https://h:9000", .addressing = S3_ADDRESSING_VIRTUAL },
            "https://b.h:9000", "" },
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct s3 *store = (struct s3 *)s3_new(http, &good[i].options);
        assert_non_null(store);
        assert_string_equal(store->origin, good[i].origin);
        assert_string_equal(store->root, good[i].root);
        remote_free(&store->remote);
    }
    struct s3 big = { .part_size = S3_PART_SIZE_DEFAULT };
    assert_int_equal(s3_part_size(&big, UINT64_C(5) << 30), S3_PART_SIZE_DEFAULT);
    for (uint64_t size = UINT64_C(150) << 30; size < UINT64_C(5) << 40; size = size * 3 + 7)
        assert_true((size + s3_part_size(&big, size) - 1) / s3_part_size(&big, size) <= S3_PARTS_MAX);
    http_client_free(http);
}

/* --- credentials --- */

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_profile(void **state)
{
    (void)state;
    char path[] = "/tmp/algofs-test-s3.XXXXXX", value[64];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    write_text(path, "# comment\n[default]\naws_access_key_id = A1\naws_secret_access_key=S1\n"
                     "s3 =\n  aws_access_key_id = nested\n[ other ]\r\naws_access_key_id=A2\r\n"
                     "aws_secret_access_key = S=2\n[profile third]\naws_access_key_id=A3\naws_secret_access_key=S3\n");
    assert_int_equal(s3_profile_read(path, "other", "aws_secret_access_key", value, 64), 0);
    assert_string_equal(value, "S=2");
    assert_int_equal(s3_profile_read(path, "other", "aws_access_key_id", value, 64), 0);
    assert_string_equal(value, "A2");
    assert_int_equal(s3_profile_read(path, "default", "aws_access_key_id", value, 64), 0);
    assert_string_equal(value, "A1");
    assert_int_equal(s3_profile_read(path, "none", "aws_access_key_id", value, 64), -ENOENT);
    assert_int_equal(s3_profile_read(path, "default", "aws_access_key_id", value, 2), -E2BIG);
    assert_int_equal(s3_profile_read("/nowhere", "default", "x", value, 64), -ENOENT);

    struct http_client *http = http_client_new(NULL);
    const struct s3_credentials_source source = {
        .profile = "third", .credentials_file = "/nowhere", .config_file = path
    };
    struct s3_credentials *credentials = s3_credentials_new(http, &source);
    struct remote_call call = { 0 };
    struct s3_keys keys;
    assert_int_equal(s3_credentials_get(credentials, &call, &keys), 0);
    assert_string_equal(keys.access_key, "A3");
    /* Refused: the file may have been changed since. */
    write_text(path, "[profile third]\naws_access_key_id=A4\naws_secret_access_key=S4\n");
    assert_int_equal(s3_credentials_get(credentials, &call, &keys), 0);
    assert_string_equal(keys.access_key, "A3");
    assert_true(s3_credentials_refused(credentials, &keys));
    assert_int_equal(s3_credentials_get(credentials, &call, &keys), 0);
    assert_string_equal(keys.access_key, "A4");
    s3_credentials_free(credentials);
    (void)unlink(path);

    const struct s3_credentials_source nothing = { .profile = "third" };
    credentials = s3_credentials_new(http, &nothing);
    assert_int_equal(s3_credentials_get(credentials, &call, &keys), -EACCES);
    assert_non_null(strstr(call.why, "third"));
    s3_credentials_free(credentials);
    http_client_free(http);
}

/* An answer of an endpoint whose keys last `seconds`. */
static const char *document(char *buf, size_t size, const char *key, int seconds)
{
    char when[32];
    time_t then = time(NULL) + seconds;
    struct tm parts;
    (void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&then, &parts));
    (void)snprintf(buf, size,
        HEAD("200 OK") "\r\n{\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"" SECRET
                       "\",\"Token\":\"tok\",\"Expiration\":\"%s\"}",
        key, when);
    return buf;
}

static void test_container(void **state)
{
    (void)state;
    char first[512], second[512], third[512], url[128];
    const char *const answers[] = { document(first, sizeof(first), "K1", 200),
        document(second, sizeof(second), "K2", 3600),
        document(third, sizeof(third), "K3", 3600) };
    struct server server;
    struct s3_keys keys;
    struct remote_call call = { 0 };
    server_start(&server, answers, 3);
    struct http_client *http = http_client_new(NULL);
    (void)snprintf(url, sizeof(url), "%s/v2/credentials/x", server.url);
    const struct s3_credentials_source source = {
        .container_url = url, .container_token = "Bearer T"
    };
    struct s3_credentials *credentials = s3_credentials_new(http, &source);
    assert_int_equal(s3_credentials_get(credentials, &call, &keys), 0);
    assert_string_equal(keys.access_key, "K1");
    assert_string_equal(keys.session_token, "tok");
    assert_non_null(strstr(strbuf_cstr(&server.requests[0]), "\r\nAuthorization: Bearer T\r\n"));
    /* They would expire soon, so they are asked for again; the new ones last. */
    for (int i = 0; i < 5; i++) {
        assert_int_equal(s3_credentials_get(credentials, &call, &keys), 0);
        assert_string_equal(keys.access_key, "K2");
    }
    assert_true(s3_credentials_refused(credentials, &keys));
    assert_int_equal(s3_credentials_get(credentials, &call, &keys), 0);
    assert_string_equal(keys.access_key, "K3");
    s3_credentials_free(credentials);
    http_client_free(http);
    server_stop(&server);
}

static void test_instance(void **state)
{
    (void)state;
    char keys_document[512];
    const char *const answers[] = { HEAD("200 OK") "\r\nTOKEN==", HEAD("200 OK") "\r\nmy-role\n",
        document(keys_document, sizeof(keys_document), "I1", 3600),
        HEAD("500 Error") "\r\n", HEAD("404 Not Found") "\r\n" };
    struct server server;
    struct s3_keys keys;
    struct remote_call call = { 0 };
    server_start(&server, answers, 5);
    struct http_client *http = http_client_new(NULL);
    const struct s3_credentials_source source = { .instance_url = server.url };
    struct s3_credentials *credentials = s3_credentials_new(http, &source);
    assert_int_equal(s3_credentials_get(credentials, &call, &keys), 0);
    assert_string_equal(keys.access_key, "I1");
    const char *const requests[] = { strbuf_cstr(&server.requests[0]),
        strbuf_cstr(&server.requests[1]), strbuf_cstr(&server.requests[2]) };
    assert_non_null(strstr(requests[0], "PUT /latest/api/token HTTP"));
    assert_non_null(strstr(requests[0], "X-aws-ec2-metadata-token-ttl-seconds: 21600\r\n"));
    assert_non_null(strstr(requests[1], "GET /latest/meta-data/iam/security-credentials/ HTTP"));
    assert_non_null(strstr(requests[1], "X-aws-ec2-metadata-token: TOKEN==\r\n"));
    assert_non_null(strstr(requests[2], "GET /latest/meta-data/iam/security-credentials/my-role HTTP"));
    s3_credentials_free(credentials);
    credentials = s3_credentials_new(http, &source);
    assert_int_equal(s3_credentials_get(credentials, &call, &keys), -EIO);
    assert_true(call.transient);
    assert_int_equal(s3_credentials_get(credentials, &call, &keys), -EACCES);
    assert_false(call.transient);
    s3_credentials_free(credentials);
    http_client_free(http);
    server_stop(&server);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xml_hostile),
        cmocka_unit_test(test_xml_text),
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_list_pages),
        cmocka_unit_test(test_list_circle),
        cmocka_unit_test(test_metadata_time),
        cmocka_unit_test(test_metadata_mode),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_wrong_region),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_container),
        cmocka_unit_test(test_instance),
    };
    (void)setenv("no_proxy", "*", 1);
    return cmocka_run_group_tests_name("s3", tests, NULL, NULL);
}
