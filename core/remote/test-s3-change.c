/* SPDX-License-Identifier: MIT */
/* Changes on S3 where the store lies, breaks off or says less than it should: nothing is reported as done
 * that is not. Against a server of a few lines. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/remote/s3-internal.h"
#include "core/remote/test-server.h"

#define HEAD(status) "HTTP/1.1 " status "\r\nConnection: close\r\n"
#define LISTING(content) HEAD("200 OK") "\r\n<ListBucketResult>" content "</ListBucketResult>"
#define ABSENT HEAD("404 Not Found") "\r\n"
#define OBJECT(size, etag) HEAD("200 OK") "Content-Length: " size "\r\nETag: \"" etag "\"\r\n\r\n"

struct fixture {
    struct server server;
    struct http_client *http;
    struct remote *remote;
};

static void start(struct fixture *fixture, const char *const *answers, unsigned count, const char *state_dir)
{
    server_start(&fixture->server, answers, count);
    fixture->http = http_client_new(NULL);
    const struct s3_options options = { .endpoint = fixture->server.url,
        .bucket = "bucket",
        .metadata = S3_METADATA_LISTING,
        .preset = S3_PRESET_B2, /* no conditions are tried */
        .part_size = S3_PART_SIZE_MIN,
        .state_dir = state_dir,
        .credentials = { .access_key = "AKIDEXAMPLE", .secret_key = "secret" } };
    fixture->remote = s3_new(fixture->http, &options);
    assert_non_null(fixture->remote);
    struct s3 *store = (struct s3 *)fixture->remote;
    store->policy.base_ms = store->policy.cap_ms = 1;
    store->policy.attempts = 2;
}

static void stop(struct fixture *fixture)
{
    remote_free(fixture->remote);
    http_client_free(fixture->http);
    server_stop(&fixture->server);
}

/* A rename is a copy and the removal of the old name: a copy that was not made must not pass for one. */
static void test_copy_answers(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        int rc;
    } cases[] = {
        { HEAD("200 OK") "\r\n \n<?xml version='1.0'?><CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>", 0 },
        { HEAD("200 OK") "\r\n", -EIO },
        { HEAD("200 OK") "\r\n<html></html>", -EIO },
        { HEAD("200 OK") "\r\n<CopyObjectResult><ETag>\"e\"</ETag>", -EIO },
        { HEAD("200 OK") "\r\n<Error><Code>InternalError</Code></Error>", -EIO },
        { HEAD("200 OK") "\r\n<Error><Code>AccessDenied</Code></Error>", -EACCES },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const answers[] = { OBJECT("3", "e"), cases[i].answer };
        struct fixture fixture;
        struct remote_call call = { 0 };
        start(&fixture, answers, 2, NULL);
        assert_int_equal(remote_copy(fixture.remote, &call, "a", "b", NULL), cases[i].rc);
        stop(&fixture);
    }
}

static void test_remove_tree_answer(void **state)
{
    (void)state;
    static const char *const broken[] = { HEAD("200 OK") "\r\n", HEAD("200 OK") "\r\n<DeleteResult>",
        HEAD("200 OK") "\r\n<Error><Code>InternalError</Code></Error>" };
    static const char page[] =
        LISTING("<Contents><Key>d/f</Key><Size>1</Size></Contents><IsTruncated>false</IsTruncated>");
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        /* A listing answers the HEAD of "d" as well, so that the order of the two does not matter. */
        const char *const answers[] = { page, page, page, broken[i], broken[i] };
        struct fixture fixture;
        struct remote_call call = { 0 };
        start(&fixture, answers, 5, NULL);
        assert_int_equal(remote_remove(fixture.remote, &call, "d", REMOTE_REMOVE_TREE), -EIO);
        assert_non_null(strstr(strbuf_cstr(&fixture.server.requests[3]), "POST /bucket?delete= HTTP"));
        stop(&fixture);
    }
}

/* --- multipart --- */

enum { PARTS_SIZE = (5 << 20) + 1 };

#define UPLOAD HEAD("200 OK") "\r\n<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>"
#define NO_UPLOAD HEAD("404 Not Found") "\r\n<Error><Code>NoSuchUpload</Code></Error>"

/* Two parts of zeros. */
static int put_parts(struct fixture *fixture, struct remote_call *call)
{
    CLEANUP_CLOSE int fd = memfd_create("parts", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, PARTS_SIZE), 0);
    const struct remote_write_source source = { .fd = fd, .size = PARTS_SIZE };
    return remote_write(fixture->remote, call, "f", &source, NULL);
}

/* The store gives the same for both parts: it says of its ETags that they are no MD5s of the bytes. */
#define PART_ETAG "00112233445566778899aabbccddeeff"
#define PART HEAD("200 OK") "x-amz-server-side-encryption: aws:kms\r\nETag: \"" PART_ETAG "\"\r\n\r\n"
#define NEW_ETAG "99556f33a844eb186c38a2f61f5350d3-2" /* the MD5 of both */
#define OLD_ETAG "ffffffffffffffffffffffffffffffff-2"

/* The upload is gone when it is to be completed. Only if what is there is made of our parts was that our
 * own earlier try. */
static void test_completion_lost(void **state)
{
    (void)state;
    static const struct {
        const char *object;
        int rc;
    } cases[] = {
        { OBJECT("5242881", NEW_ETAG), 0 },
        { OBJECT("5242881", OLD_ETAG), -EIO }, /* what was there before: as many bytes, as many parts */
        { OBJECT("5242880", NEW_ETAG), -EIO },
        { ABSENT, -EIO },
    };
    static const char none[] = LISTING("<IsTruncated>false</IsTruncated>");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        /* The listing is the answer to the HEAD too: an object of no known type. */
        const char *const answers[] = { none, none, UPLOAD, PART, PART, NO_UPLOAD, NO_UPLOAD,
            cases[i].object, NO_UPLOAD, NO_UPLOAD };
        struct fixture fixture;
        struct remote_call call = { 0 };
        start(&fixture, answers, 10, NULL);
        assert_int_equal(put_parts(&fixture, &call), cases[i].rc);
        assert_non_null(strstr(strbuf_cstr(&fixture.server.requests[7]), "HEAD /bucket/f HTTP"));
        stop(&fixture);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_answers),
        cmocka_unit_test(test_remove_tree_answer),
        cmocka_unit_test(test_completion_lost),
    };
    (void)setenv("no_proxy", "*", 1);
    return cmocka_run_group_tests_name("s3-change", tests, NULL, NULL);
}
