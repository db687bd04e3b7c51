/* SPDX-License-Identifier: MIT */
/*
 * This process's relation to its agent: which cache, which instance, where its tree is.
 *
 * The first touch of the prefix says HELLO; what comes back is published once and read without a lock.
 * A session is replaced only if the agent answers differently after a restart (the profile file was
 * edited); the old one stays valid memory for who still reads it. Safe from any thread, in signal
 * handlers, after fork and between vfork and exec.
 */
#ifndef ALGOFS_CLIENT_SESSION_H
#define ALGOFS_CLIENT_SESSION_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/wire/board.h"
#include "core/wire/message.h"

struct session {
    uint64_t instance;
    const struct board *board; /* NULL: none could be had */
    size_t tree_len;
    char tree[PATH_MAX]; /* the tree's root: absolute, canonical, no trailing slash */
};

/** What the environment says; environment_load must have run. Both live for ever. */
const char *session_prefix(size_t *ret_len);
const char *session_cache(void);
/** How old what the agent knows may be: ALGOFS_TTL in milliseconds, UINT64_MAX for "inf". */
uint64_t session_max_age_ms(void);

/** Reads prefix, cache and TTL from the environment. 0, or -EINVAL (a prefix that is no absolute path). */
int session_configure(void);
/** What selects the remotes, as HELLO tells it. The strings live for ever. */
void session_environment(struct wire_hello_request *ret_request);
/** The session if there is one, without asking anyone; else NULL. */
const struct session *session_current(void);
/** Whether a store in use can that, as far as is known: false is certain. */
static inline bool session_may_have(enum board_feature feature)
{
    const struct session *session = session_current();
    return session != NULL &&
        (session->board == NULL ||
            (atomic_load_explicit(&session->board->features, memory_order_relaxed) & feature) != 0);
}
/** Whether the tree may have symbolic links, which are not to be followed natively (preload/follow.h). */
static inline bool session_has_links(void)
{
    return session_may_have(BOARD_HAS_LINKS);
}

/** The session, made by HELLO if need be. 0, or -errno: -EACCES no key, -ENOTCONN no agent, … */
int session_get(const struct session **ret_session);
/** Says HELLO again: the agent does not know our instance any more. 0 or -errno. */
int session_renew(const struct session **ret_session);

#endif
