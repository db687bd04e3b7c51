/* SPDX-License-Identifier: MIT */
/*
 * Failing on purpose, so that clients can be tested.
 *
 * A fault is `key=value,...`: which requests it concerns, and what happens to them (fault_help
 * lists the keys). A request's faults are looked up once, when its headers are in; several that
 * hit the same request act together, the earlier one winning where they contradict.
 *
 * Faults of the command line stay; those of the fault file are replaced by faults_reload, and
 * count from the start again. Thread-safe.
 */
#ifndef ALGOFS_SERVER_FAULT_H
#define ALGOFS_SERVER_FAULT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/options.h"

enum { FAULT_WHY_MAX = 256 };

/* Entries that are not on disk, as the JSON to put into a listing. Immutable, counted. */
struct fault_names {
    atomic_uint references;
    char *folders; /* `{"name":..},..` or "" */
    char *files;
};

/* What happens to one request. */
struct fault_plan {
    bool reset;           /* the connection is reset at once */
    uint64_t status;      /* answered with this status; 0: no */
    uint64_t retry_after; /* seconds, together with a status; 0: no header */
    uint64_t latency_ms;  /* waits this long first */
    bool has_cut;
    uint64_t cut; /* the connection ends after so many bytes of the answer's body */
    bool has_stall;
    uint64_t stall_s; /* half of the answer, silence, then the connection ends */
    int64_t length;   /* added to Content-Length; 0: no */
    bool has_upload_reset;
    uint64_t upload_reset; /* percent of the upload after which the connection is reset */
    bool wrong_etag;
    bool nospace;              /* an upload is answered with 507 */
    struct fault_names *names; /* counted; NULL: none */
};

#define FAULT_PLAN_INIT                                                                            \
    {                                                                                              \
        0                                                                                          \
    }

struct fault;

struct fault_list {
    struct fault *faults;
    size_t count;
};

struct faults {
    const struct options *options;
    pthread_mutex_t lock; /* guards all below */
    struct fault_list fixed;
    struct fault_list file;
};

/**
 * Reads the faults of the options. 0, or -errno with the reason in `ret_why`, one line. Free with
 * faults_deinit, also after a failure.
 */
int faults_init(struct faults *faults, const struct options *options, char ret_why[FAULT_WHY_MAX]);
void faults_deinit(struct faults *faults);
/** Reads the fault file again. On failure, as above, the old faults stay. */
int faults_reload(struct faults *faults, char ret_why[FAULT_WHY_MAX]);
/** What is to happen to this request; counts it. Free with fault_plan_free. */
void faults_plan(
    struct faults *faults, const char *method, const char *target, struct fault_plan *ret_plan);
void fault_plan_free(struct fault_plan *plan);
/** The part of --help about SPEC. Static. */
const char *fault_help(void);

#endif
