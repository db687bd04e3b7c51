/* SPDX-License-Identifier: MIT */
/*
 * Where a door and the agent meet: the cache folder and, from it, the socket's address.
 *
 * $CACHE is ALGOFS_CACHE, else $XDG_CACHE_HOME/algofs, else $HOME/.cache/algofs, else
 * /var/tmp/algofs-UID. The socket is $CACHE/agent.sock; where that does not fit a socket address
 * (107 bytes), it is /tmp/algofs-UID-HASH/agent.sock, HASH being 16 hex digits of $CACHE's hash.
 * XDG_RUNTIME_DIR is not used on purpose: two programs with different environments (env -i, sudo, cron)
 * must meet the same agent. Safe in the shim: no libc beyond memcpy, no allocation.
 */
#ifndef ALGOFS_WIRE_LOCATION_H
#define ALGOFS_WIRE_LOCATION_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The values of the environment that decide; NULL or "" where unset. */
struct location_environment {
    const char *algofs_cache;
    const char *xdg_cache_home;
    const char *home;
};

/** The cache folder's absolute path. 0, -ENAMETOOLONG, or -EINVAL if what is set is not absolute. */
int location_cache(
    const struct location_environment *environment, uid_t uid, char *out, size_t size);
/** The address of the agent of `cache` (absolute path). */
void location_socket(const char *cache, uid_t uid, struct sockaddr_un *ret_address);

#endif
