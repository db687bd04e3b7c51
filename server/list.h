/* SPDX-License-Identifier: MIT */
/*
 * Listings: pages of the names of a directory, folders and files together in the order of their
 * bytes. A marker is the name the page ended with, spelled in letters that need no escaping, so it
 * stays good whatever happens to the directory or the server between two pages.
 */
#ifndef ALGOFS_SERVER_LIST_H
#define ALGOFS_SERVER_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "server/answer.h"
#include "server/snapshot.h"
#include "server/space.h"

struct list_query {
    bool acl;                  /* the directory's access list is wanted */
    const char *marker;        /* as received; NULL or "": the first page */
    size_t page;               /* entries of one page */
    const char *extra_folders; /* JSON to add to the first page, "{..},{..}", or "" */
    const char *extra_files;
};

/** Answers with a page of the directory `target`, open as `dir_fd` (borrowed). */
void list_directory(struct snapshot_cache *cache, const struct target *target, int dir_fd,
    const struct list_query *query, struct answer *answer);
/** Answers with the root of data://: the one folder `user`. */
void list_hosted_root(const char *user, const struct list_query *query, struct answer *answer);

/** Writes the marker for a page that ended with `name`. */
void list_encode_marker(struct strbuf *out, const char *name);
/** Writes the name back. 0 or -EINVAL. */
int list_decode_marker(struct strbuf *out, const char *marker);

#endif
