/* SPDX-License-Identifier: MIT */
/* The stores that the contract is asserted over. */
#include "core/remote/contract/contract.h"

#include <stdio.h>
#include <string.h>

#include "core/remote/algorithmia.h"
#include "core/remote/cache_only.h"
#include "core/remote/encrypt.h"
#include "core/remote/local.h"
#include "core/remote/memory.h"
#include "core/remote/readonly.h"
#include "core/remote/s3.h"

enum {
    EVERYTHING = REMOTE_CAN_RANGE | REMOTE_CAN_WRITE | REMOTE_CAN_RENAME | REMOTE_CAN_RENAME_DIR |
                 REMOTE_CAN_COPY | REMOTE_CAN_CONDITION | REMOTE_KEEPS_ATTRIBUTES |
                 REMOTE_CAN_SYMLINK | REMOTE_CAN_LINK | REMOTE_KEEPS_FILES_AT_ROOT
};

static struct remote *memory_open(struct fixture *fixture)
{
    struct remote *memory = remote_memory_new();
    (void)snprintf(fixture->base, sizeof(fixture->base), "alice/contract");
    return remote_memory_put_dir(memory, "alice") == 0 ? memory : NULL;
}

/* --- the layers that a configuration can ask for, around one in memory --- */

static const atomic_bool off;

static struct remote *layers_open(struct fixture *fixture)
{
    static const unsigned char key[ENCRYPT_KEY] = "the key of the contract's tests.";
    struct remote *remote = remote_encrypt_new(memory_open(fixture), key, "/tmp");
    return remote_readonly_new(remote_cache_only_new(remote, &off), &off);
}

/* --- a directory --- */

static struct remote *local_open(struct fixture *fixture)
{
    const char *tmp = getenv("TMPDIR");
    char root[1024];
    (void)snprintf(
        root, sizeof(root), "%s/algofs-contract.XXXXXX", tmp == NULL || *tmp == '\0' ? "/tmp" : tmp);
    if (mkdtemp(root) == NULL)
        return NULL;
    fixture->own = strdup(root);
    (void)snprintf(fixture->base, sizeof(fixture->base), "contract");
    return local_new(root);
}

static void local_close(struct fixture *fixture)
{
    assert_int_equal(rmdir(fixture->own), 0); /* the suite leaves nothing, nor does an upload */
    free(fixture->own);
}

/* --- Algorithmia: ALGOFS_TEST_API and ALGOFS_TEST_KEY name a server (tests/remote/test-contract starts
 * some) --- */

static bool algorithmia_available(void)
{
    return getenv("ALGOFS_TEST_API") != NULL;
}

static struct remote *algorithmia_open_as(struct http_client *http, const char *key)
{
    char why[256];
    struct profile_input input = { .api = getenv("ALGOFS_TEST_API"), .key = key };
    CLEANUP_PROFILE struct profile profile = PROFILE_INIT;
    assert_int_equal(profile_load(&input, why, sizeof(why), &profile), 0);
    struct algorithmia_account *account = algorithmia_account_new(http, &profile);
    assert_non_null(account);
    struct remote *remote = algorithmia_new(account, "data");
    (void)algorithmia_account_unref(account);
    return remote;
}

static struct remote *algorithmia_open(struct fixture *fixture)
{
    struct http_client *http = http_client_new(NULL);
    struct remote_call call = { 0 };
    struct remote_entry entry;
    char name[256];
    assert_non_null(http);
    fixture->own = http;
    /* A wrong key is refused, and not told to anybody. */
    struct remote *refused = algorithmia_open_as(http, "simWRONG");
    int rc = -EIO; /* the server may fail on purpose */
    for (int i = 0; i < 20 && rc != -EACCES; i++)
        rc = remote_probe(refused, &call, "", &entry);
    assert_int_equal(rc, -EACCES);
    assert_null(strstr(call.why, "simWRONG"));
    remote_free(refused);
    struct remote *remote = algorithmia_open_as(http, getenv("ALGOFS_TEST_KEY"));
    rc = -EIO;
    for (int i = 0; i < 20 && rc != 0; i++)
        rc = remote_account(remote, &call, name, sizeof(name));
    assert_int_equal(rc, 0);
    (void)snprintf(fixture->base, sizeof(fixture->base), "%s/contract", name);
    return remote;
}

static void algorithmia_close(struct fixture *fixture)
{
    http_client_free(fixture->own);
}

/* --- S3: ALGOFS_TEST_S3_ENDPOINT, _BUCKET, _KEY and _SECRET name a server (tests/s3/) --- */

static bool s3_available(void)
{
    return getenv("ALGOFS_TEST_S3_ENDPOINT") != NULL;
}

static struct remote *s3_open(struct fixture *fixture)
{
    struct s3_options options = { .endpoint = getenv("ALGOFS_TEST_S3_ENDPOINT"),
        .bucket = getenv("ALGOFS_TEST_S3_BUCKET"),
        .path_prefix = "in/a prefix",
        .credentials = { .access_key = getenv("ALGOFS_TEST_S3_KEY"),
            .secret_key = "WRONGsecret" } };
    struct http_client *http = http_client_new(NULL);
    struct remote_call call = { 0 };
    struct remote_entry entry;
    assert_non_null(http);
    fixture->own = http;
    /* A wrong key is refused, and not told to anybody. */
    struct remote *refused = s3_new(http, &options);
    assert_non_null(refused);
    assert_int_equal(remote_probe(refused, &call, "", &entry), -EACCES);
    assert_null(strstr(call.why, "WRONG"));
    remote_free(refused);
    options.credentials.secret_key = getenv("ALGOFS_TEST_S3_SECRET");
    (void)snprintf(fixture->base, sizeof(fixture->base), "contract");
    return s3_new(http, &options);
}

static void s3_close(struct fixture *fixture)
{
    http_client_free(fixture->own);
}

const struct contract_backend contract_backends[] = {
    { "memory", EVERYTHING | REMOTE_KEEPS_XATTRS, NULL, memory_open, NULL },
    { "layers", EVERYTHING | REMOTE_KEEPS_XATTRS, NULL, layers_open, NULL },
    /* Extended attributes are not on every file system. */
    { "local", EVERYTHING, NULL, local_open, local_close },
    { "algorithmia", REMOTE_CAN_WRITE, algorithmia_available, algorithmia_open,
        algorithmia_close },
    { "s3",
        REMOTE_CAN_RANGE | REMOTE_CAN_WRITE | REMOTE_CAN_COPY | REMOTE_KEEPS_ATTRIBUTES |
            REMOTE_CAN_SYMLINK | REMOTE_KEEPS_FILES_AT_ROOT,
        s3_available, s3_open, s3_close },
};
const size_t contract_backends_count = sizeof(contract_backends) / sizeof(contract_backends[0]);
