/* SPDX-License-Identifier: MIT */
/* The signature against the examples that AWS publishes (sig-v4-header-based-auth.html), the HMAC
 * against RFC 4231. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/remote/s3-sign.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct s3_keys example = { .access_key = "AKIAIOSFODNN7EXAMPLE",
    .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };

static void assert_signature(const char *method, const char *path, const char *query,
    const char *const *headers, const char *payload, const char *names, const char *signature)
{
    CLEANUP_STRBUF struct strbuf got = STRBUF_INIT, want = STRBUF_INIT;
    const struct s3_signing signing = { .method = method,
        .host = "examplebucket.s3.amazonaws.com",
        .path = path,
        .query = query,
        .headers = headers,
        .payload = payload,
        .date = "20130524T000000Z",
        .region = "us-east-1" };
    assert_int_equal(s3_sign(&signing, &example, &got), 0);
    strbuf_addf(&want,
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=%s,Signature=%s",
        names, signature);
    assert_string_equal(strbuf_cstr(&got), strbuf_cstr(&want));
}

static void test_get_object(void **state)
{
    (void)state;
    static const char *const headers[] = { "Range: bytes=0-9", "x-amz-content-sha256: " EMPTY,
        "x-amz-date: 20130524T000000Z", NULL };
    assert_signature("GET", "/test.txt", "", headers, EMPTY,
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

static void test_put_object(void **state)
{
    (void)state;
    static const char payload[] =
        "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
    static const char *const headers[] = { "Date:Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-date:20130524T000000Z", "X-Amz-Storage-Class:  REDUCED_REDUNDANCY ",
        "x-amz-content-sha256:44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        NULL };
    assert_signature("PUT", "/test%24file.text", "", headers, payload,
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    char hex[S3_SHA256_HEX];
    s3_sha256_hex("Welcome to Amazon S3.", strlen("Welcome to Amazon S3."), hex);
    assert_string_equal(hex, payload);
}

static void test_queries(void **state)
{
    (void)state;
    static const char *const headers[] = { "x-amz-content-sha256: " EMPTY,
        "x-amz-date: 20130524T000000Z", NULL };
    assert_signature("GET", "/", "lifecycle=", headers, EMPTY,
        "host;x-amz-content-sha256;x-amz-date",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    assert_signature("GET", "/", "max-keys=2&prefix=J", headers, EMPTY,
        "host;x-amz-content-sha256;x-amz-date",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void assert_hmac(const void *key, size_t key_len, const char *text, const char *want)
{
    uint8_t digest[S3_SHA256_SIZE];
    char hex[S3_SHA256_HEX];
    s3_hmac(key, key_len, text, strlen(text), digest);
    s3_hex(digest, sizeof(digest), hex);
    assert_string_equal(hex, want);
}

static void test_hmac(void **state)
{
    (void)state;
    char key[131];
    memset(key, 0x0b, 20);
    assert_hmac(
        key, 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_hmac("Jefe", 4, "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    assert_hmac(key, sizeof(key), "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_date(void **state)
{
    (void)state;
    char date[S3_DATE_SIZE];
    s3_sign_date(1369353600, date);
    assert_string_equal(date, "20130524T000000Z");
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_get_object),
        cmocka_unit_test(test_put_object), cmocka_unit_test(test_queries),
        cmocka_unit_test(test_hmac), cmocka_unit_test(test_date) };
    return cmocka_run_group_tests_name("s3-sign", tests, NULL, NULL);
}
