/* SPDX-License-Identifier: MIT */
/*
 * The contract of remote.h (contract/contract.h) over every remote there is: in memory and in a
 * directory always, others when the environment names a server (contract/backends.c).
 */
#include <stdio.h>
#include <string.h>

#include "core/remote/contract/contract.h"
#include "core/remote/fault.h"
#include "core/remote/retry.h"
#include "core/remote/stats.h"

/* Patient, and quick about it: the server fails often, and shall not make the test slow. */
static const struct retry_policy policy = { .attempts = 10,
    .unreachable_attempts = 1,
    .base_ms = 2,
    .cap_ms = 20,
    .asked_max_ms = 5000,
    .deadline_ms = 60000 };

/* Every operation fails now and then, before or after it was carried out. Reads by chance: of several readers in
 * step, one would meet every third call each time, and no number of tries would do. */
static const char faults[] =
    "list:%4:EIO,probe:%5:ETIMEDOUT,read:p10:EIO,read:p25:short=20000,write:%3:lost=EIO,write:%4:EIO,"
    "make_dir:%3:lost=EIO,remove:%3:lost=EIO,rename:%2:lost=EIO,copy:%2:lost=EIO,"
    "set_attributes:%2:lost=EIO,make_symlink:%2:lost=EIO,read_link:%2:EIO,link:%2:lost=EIO,"
    "xattr_set:%3:lost=EIO,xattr_get:%3:EIO";

static struct remote_counters counters;
static const struct contract_backend *backend; /* of the group that is about to run */
static bool faulty;

static int set_up(void **state)
{
    struct remote_call call = { 0 };
    char why[256] = "";
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->backend = backend;
    struct remote *remote = backend->open(fixture);
    assert_non_null(remote);
    if (faulty) {
        fixture->faults = faults;
        remote = remote_fault_new(remote, faults, 1, why, sizeof(why));
        assert_string_equal(why, "");
    }
    fixture->remote = remote_retry_new(remote_stats_new(remote, &counters), &policy);
    assert_non_null(fixture->remote);
    assert_int_equal(remote_capabilities(fixture->remote) & backend->must, backend->must);
    (void)remote_remove(
        fixture->remote, &call, fixture->base, REMOTE_REMOVE_TREE); /* of a run before */
    assert_int_equal(remote_make_dir(fixture->remote, &call, fixture->base), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    struct remote_call call = { 0 };
    char other[600];
    (void)snprintf(other, sizeof(other), "%s_dir", fixture->base);
    (void)remote_remove(fixture->remote, &call, other, REMOTE_REMOVE_TREE); /* may be gone */
    int rc = remote_remove(fixture->remote, &call, fixture->base, REMOTE_REMOVE_TREE);
    remote_free(fixture->remote);
    if (backend->close != NULL)
        backend->close(fixture);
    free(fixture);
    return rc;
}

static int run(void)
{
    static const struct {
        const char *name;
        const struct CMUnitTest *tests;
        const size_t *count;
    } topics[] = {
        { "read", contract_read, &contract_read_count },
        { "write", contract_write, &contract_write_count },
        { "names", contract_names, &contract_names_count },
        { "keep", contract_keep, &contract_keep_count },
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "%s%s: %s", backend->name, faulty ? ", faulty" : "",
            topics[i].name);
        /* What cmocka_run_group_tests_name does, for an array whose length is elsewhere. */
        failed +=
            _cmocka_run_group_tests(name, topics[i].tests, *topics[i].count, set_up, tear_down);
    }
    return failed;
}

/* "plain" or "faulty" among the arguments: only the one half. */
static bool has_word(int argc, char **argv, const char *word)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], word) == 0)
            return true;
    return false;
}

/* Arguments name the stores to be tested; without, all that are available. */
static bool is_wanted(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], backend->name) == 0)
            return true;
    return argc == 1 && (backend->available == NULL || backend->available());
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (size_t i = 0; i < contract_backends_count; i++) {
        backend = &contract_backends[i];
        if (!is_wanted(argc, argv))
            continue;
        faulty = false;
        if (!has_word(argc, argv, "faulty"))
            failed += run();
        faulty = true;
        if (!has_word(argc, argv, "plain"))
            failed += run();
    }
    return failed == 0 ? 0 : 1;
}
