/* SPDX-License-Identifier: MIT */
/*
 * The Algorithmia Data API as a remote: /v1/connector/<connector>/<path>.
 *
 * An account is a server, a key and what is learnt about that server; it is shared by the remotes
 * of all its connectors and counted by reference. The HTTP client is borrowed and must outlive the
 * account.
 *
 *     struct algorithmia_account *account = algorithmia_account_new(http, &profile);
 *     struct remote *data = algorithmia_new(account, "data");
 *     algorithmia_account_unref(account); // the remote holds its own reference
 *
 * What this store cannot do, or does differently:
 *   - HEAD tells no time of change: entries of a probe have has_mtime == false.
 *   - There is no rename. Deleting does not tell a file from an empty directory: remove of either
 *     kind removes either.
 *   - A server may ignore Range: the first ranged read answered by 200 takes REMOTE_CAN_RANGE away.
 *   - A listing's pages are fetched one after the other. A failure of the first page is returned
 *     (the retry layer repeats the call: nothing was delivered yet); later pages are tried again
 *     in here, because entries were delivered that a repeated listing would deliver twice. At most
 *     one page is in memory, of at most ALGORITHMIA_PAGE_MAX bytes.
 *   - Entries of a listing that are no use to anybody (a file without a size, a negative size, a
 *     name that is not a string) are left out, with a debug line. A name with an escaped NUL is
 *     delivered with '/' in its place, so that the caller's check of names refuses it, and does
 *     not take a shortened one.
 *     Sizes are exact up to 2^53 (cJSON keeps doubles).
 *
 * Threads: any.
 */
#ifndef ALGOFS_REMOTE_ALGORITHMIA_H
#define ALGOFS_REMOTE_ALGORITHMIA_H

#include "core/remote/http.h"
#include "core/config/profile.h"
#include "core/remote/remote.h"

enum { ALGORITHMIA_PAGE_MAX = 64 << 20 };

struct algorithmia_account;

/** An account with one reference; copies what it needs of `profile`. NULL: errno is set. */
struct algorithmia_account *algorithmia_account_new(
    struct http_client *http, const struct profile *profile);
struct algorithmia_account *algorithmia_account_ref(struct algorithmia_account *account);
/** Always returns NULL; NULL is allowed. The last one wipes the key. */
struct algorithmia_account *algorithmia_account_unref(struct algorithmia_account *account);

/**
 * The remote of one connector: "data", "s3", "s3+label", … Takes its own reference to `account`.
 * NULL with errno EINVAL (letters, digits and '+' only) or ENOMEM.
 */
struct remote *algorithmia_new(struct algorithmia_account *account, const char *connector);

#endif
