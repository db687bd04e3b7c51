/* SPDX-License-Identifier: MIT */
/*
 * What the files of algorithmia-*.c share. Private to them and to their tests.
 */
#ifndef ALGOFS_REMOTE_ALGORITHMIA_INTERNAL_H
#define ALGOFS_REMOTE_ALGORITHMIA_INTERNAL_H

#include "core/base/strbuf.h"
#include "core/remote/algorithmia.h"
#include "core/remote/latency.h"
#include "core/remote/retry.h"

struct algorithmia_account {
    struct http_client *http;
    char *base_url;
    char *authorization;        /* the header's value; NULL: none */
    char *ca_cert;              /* or NULL */
    struct retry_policy policy; /* for the later pages of a listing */
    struct latency latency;     /* has its own lock */
    atomic_uint references;
};

struct algorithmia {
    struct remote remote;
    struct algorithmia_account *account;
    char *connector;
    atomic_bool no_range; /* a ranged read was answered by 200 */
};

/* An answer being received: the error body (or a page) is kept, a file's bytes are not. */
struct algorithmia_answer {
    struct http_response response;
    struct strbuf body;
};

enum algorithmia_operation {
    ALGORITHMIA_LIST,
    ALGORITHMIA_PROBE,
    ALGORITHMIA_READ,
    ALGORITHMIA_WRITE,
    ALGORITHMIA_MAKE_DIR,
    ALGORITHMIA_REMOVE,
    ALGORITHMIA_ACL,
};

/* algorithmia.c */

/** The URL of `path`, without a query. Check url->failed. */
void algorithmia_url(const struct algorithmia *store, const char *path, struct strbuf *url);

/** Fills in what all requests share (key, CA, stall limit), sends, and learns the latency. */
int algorithmia_perform(struct algorithmia *store, struct remote_call *call,
    struct http_request *request, struct http_response *response);

/* algorithmia-error.c */

enum {
    ALGORITHMIA_ERROR_BODY_MAX = 64 << 10
}; /* an error's text beyond that is nobody's concern */

/**
 * The errno for an answer whose status is not 2xx, with call->why from the X-Error-Message header
 * or the body ({"error":{"message":…}}, or {"error":"…"}), call->transient and
 * call->retry_after_ms.
 */
int algorithmia_error(struct remote_call *call, enum algorithmia_operation operation,
    const char *path, const struct http_response *response, const struct strbuf *body);

/* algorithmia-list.c */

int algorithmia_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context);

/**
 * Delivers the entries of one page, folders first. `json` may be changed. The next page's marker
 * goes to *ret_marker (malloc'ed; NULL on the last page). 0, what `entry` returned, -EIO with
 * call->why, -ENOMEM.
 */
int algorithmia_page_parse(struct remote_call *call, char *json, size_t len, remote_entry_fn *entry,
    void *context, char **ret_marker);

/* algorithmia-read.c */

int algorithmia_read(struct remote *remote, struct remote_call *call, const char *path,
    uint64_t offset, uint64_t length, const struct remote_read_sink *sink);

/* algorithmia-acl.c */

int algorithmia_acl_get(
    struct remote *remote, struct remote_call *call, const char *path, char acl[REMOTE_ACL_MAX]);
int algorithmia_acl_set(
    struct remote *remote, struct remote_call *call, const char *path, const char *acl);

/* algorithmia-write.c */

int algorithmia_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry);

#endif
