/* SPDX-License-Identifier: MIT */
/*
 * The agent's place: the cache folder, the lock that makes it the only agent there, the log file.
 * Used by the starting process, before there are threads.
 */
#ifndef ALGOFS_AGENT_HOME_H
#define ALGOFS_AGENT_HOME_H

#include <limits.h>
#include <sys/un.h>

struct home {
    char cache[PATH_MAX]; /* absolute, no symbolic links */
    int lock;             /* holds the flock for the life of the agent */
    int log;
    struct sockaddr_un address;
};

/** Makes the cache folder `path` (0700, with what leads to it) if it is not there. -EPERM: it
 * belongs to somebody else, or others may write to it. */
int home_open(const char *path, struct home *ret_home);

/** Takes the lock. 0, -EWOULDBLOCK (another agent has it), -errno. */
int home_lock(struct home *home);

/** Opens the log: `path`, or agent.log in the cache if NULL or "". A long one is moved to *.1
 * first. */
int home_open_log(struct home *home, const char *path);

/** Whether an agent answers at the address. */
int home_answers(const struct home *home);

/** Binds and listens. Call with the lock held: what is left of an earlier socket is removed. The
 * descriptor or -errno. */
int home_listen(struct home *home);

#endif
