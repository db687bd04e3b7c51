/* SPDX-License-Identifier: MIT */
/*
 * The name space: which served directory a route leads to.
 *
 *     data://<user>/...    the store of --home <user>=DIR, else <user>/... in the store of --root
 *     data://.my/...       the same for --user
 *     <connector>://...    the store of --connector <connector>=DIR
 *
 * Built once at the start, immutable after, used by any thread.
 */
#ifndef ALGOFS_SERVER_SPACE_H
#define ALGOFS_SERVER_SPACE_H

#include <stdbool.h>
#include <stddef.h>

#include "server/options.h"
#include "server/route.h"
#include "server/store.h"

struct space_mount {
    const char *name; /* of the user or the connector; borrowed from the options */
    bool is_home;
    struct store store;
};

struct space {
    const char *user; /* borrowed from the options */
    bool has_root;
    struct store root;
    struct space_mount *mounts;
    size_t mount_count;
};

/* Where a route leads. */
struct target {
    const struct store *store; /* NULL: the root of data://, which is no directory on disk */
    char *path;                /* owned; relative to the store */
    bool hosted;               /* data://: has ACLs, and accounts at its top */
    unsigned level;            /* names below the connector's root; hosted: 1 is an account */
};

#define TARGET_INIT                                                                                \
    {                                                                                              \
        0                                                                                          \
    }

/** Opens every directory of the options. 0, or -errno after one line on stderr. */
int space_open(struct space *space, const struct options *options);
void space_close(struct space *space);

/** 0; -ENOENT: no such connector or account; -ENOMEM. Free with target_free, also after a failure.
 */
int space_resolve(const struct space *space, const struct route *route, struct target *target);
void target_free(struct target *target);
/** Whether the target stays for ever and is always a directory: a root or an account. */
bool target_is_fixed(const struct target *target);

#endif
