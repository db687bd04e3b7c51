/* SPDX-License-Identifier: MIT */
/*
 * The doors' rule (DESIGN section 4), for every door alike: ensure, then act natively; ask only when a
 * file is not all here. Paths are relative to the prefix and normalised: no leading slash, no empty,
 * "." or ".." components, "" is the prefix itself; they need not end in NUL.
 *
 * All return 0 or -errno and are safe from any thread, in signal handlers and between vfork and exec.
 */
#ifndef ALGOFS_CLIENT_DOOR_H
#define ALGOFS_CLIENT_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/client/lease.h"
#include "core/wire/message.h"

/**
 * Makes the tree true for `path`: WIRE_WANT_ENTRY, whether it exists and its attributes;
 * WIRE_WANT_LISTING, every name in directory `path`. Returns at once under a lease.
 */
int door_ensure(const char *path, size_t len, enum wire_wanted wanted);

/** Until when all names of directory `path` may be trusted, from what this process holds; 0: unknown. */
lease_time door_directory_lease(const char *path, size_t len);

/** How long the entry `path` may be trusted without asking, in milliseconds; UINT64_MAX: for ever. */
uint64_t door_lease_left_ms(const char *path, size_t len);

/**
 * Tells the agent that `fd`, opened natively at `path`, is an incomplete file about to be read.
 * ret_complete: all is here now. Else *ret_map_fd is its presence map, to be mapped and closed.
 * -ESTALE: the tree has a newer file at `path` now; close and open again.
 */
int door_open(const char *path, size_t len, int fd, int flags, bool *ret_complete, int *ret_map_fd);
/** Returns when bytes [offset, offset+length) of `fd` are here; UINT64_MAX: all, and complete. `hold`: to stay. */
int door_need(int fd, uint64_t offset, uint64_t length, bool hold);
/**
 * Sends an encoded request, its first number (the instance) filled in here, and puts the reply there;
 * again after HELLO where the agent does not know us. Returns the reply's status. send_fd, ret_fd: as
 * call_agent.
 */
int door_ask(struct wire_buffer *message, int send_fd, int *ret_fd);
/** Wishes for read-ahead from `offset` on. */
void door_hint(int fd, uint64_t offset);

#endif
