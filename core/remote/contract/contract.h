/* SPDX-License-Identifier: MIT */
/*
 * The contract of remote.h as tests: one suite, asserted over every store there is.
 *
 * A backend opens one store; test-contract.c runs the suite over each that is available, once behind
 * the retry layer and once more with faults injected below that, which retries have to hide. What a
 * store cannot is skipped, unless its backend says that it must.
 *
 * To add a store: write a contract_backend (backends.c), and put it into contract_backends.
 */
#ifndef ALGOFS_REMOTE_CONTRACT_CONTRACT_H
#define ALGOFS_REMOTE_CONTRACT_CONTRACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"
#include "core/remote/remote.h"

struct fixture;

struct contract_backend {
    const char *name;
    unsigned must; /* remote_capability bits that it has to have */
    /* Whether the environment gives what it needs. NULL: always. */
    bool (*available)(void);
    /* The bare remote; `fixture->own` is the backend's. NULL fails the suite. */
    struct remote *(*open)(struct fixture *fixture);
    /* After the remote was freed; may be NULL. */
    void (*close)(struct fixture *fixture);
};

extern const struct contract_backend contract_backends[];
extern const size_t contract_backends_count;

struct fixture {
    const struct contract_backend *backend;
    const char *faults; /* or NULL: the specification of the fault layer below retry */
    struct remote *remote;
    void *own;
    char base[512]; /* an existing directory for the tests */
};

/* The suite, by topic. */
extern const struct CMUnitTest contract_read[], contract_write[], contract_names[], contract_keep[];
extern const size_t contract_read_count, contract_write_count, contract_names_count,
    contract_keep_count;

/* --- for the tests; each asserts --- */

enum { BIG = 3 * 1024 * 1024 + 17 };

/* "<base>/name". */
const char *contract_path(const struct fixture *fixture, char buf[1024], const char *name);
#define PATH(name) contract_path(fixture, (char[1024]){ 0 }, (name))

/* Skips the test where the store cannot; fails it where it must. */
#define NEED(capabilities)                                                                       \
    do {                                                                                         \
        if (!contract_can(fixture, (capabilities)))                                              \
            skip();                                                                              \
    } while (0)
bool contract_can(const struct fixture *fixture, unsigned capabilities);

/** `rc` is `error`. Under faults a repeated change may be taken for its own earlier try: then 0 too. */
void contract_refused(const struct fixture *fixture, int rc, int error);

int contract_put(struct fixture *fixture, const char *path, const void *bytes, size_t len,
    struct remote_entry *ret_entry);
/** The same with a condition and attributes (either may be NULL). */
int contract_put_as(struct fixture *fixture, const char *path, const char *text,
    const char *expected, const struct remote_attributes *attributes,
    struct remote_entry *ret_entry);

struct content {
    struct strbuf bytes;
    uint64_t first, next, size;
    unsigned begins;
    int stop; /* returned by data */
};

int contract_get(struct fixture *fixture, struct remote_call *call, const char *path,
    uint64_t offset, uint64_t length, struct content *content);
/** Reads a range and compares, whether or not the store ranges. */
void contract_range(struct fixture *fixture, const char *path, uint64_t offset, uint64_t length,
    const char *whole, size_t whole_len);
/** The file holds this text. */
void contract_holds(struct fixture *fixture, const char *path, const char *text);
/** Nothing is there. */
void contract_absent(struct fixture *fixture, const char *path);
/** It is there: what it is. */
struct remote_entry contract_entry(struct fixture *fixture, const char *path);
/** BIG bytes, malloc'ed. */
char *contract_big(void);

/* What a listing showed. */
struct seen {
    unsigned files, dirs;
    uint64_t bytes;
    const char *wanted;
    bool found;
    struct remote_entry entry; /* of `wanted` */
};
int contract_see(
    void *context, const char *name, size_t name_len, const struct remote_entry *entry);

#endif
