/* SPDX-License-Identifier: MIT */
/*
 * Failures on demand: a layer for tests and debugging that spoils calls before, after or while they
 * are passed on. The same specification and seed, and the same order of calls, give the same
 * failures.
 *
 *     struct remote *r = remote_fault_new(
 *         remote_memory_new(), "read:2:short=100,list:%3:EIO", 1, why, sizeof(why));
 *
 * A specification is rules, separated by commas; the first that applies to a call is carried out:
 *
 *     rule      operation ":" when ":" action
 *     operation list probe read write make_dir remove account rename copy set_attributes make_symlink
 *               read_link link xattr_set xattr_get xattr_list acl_get acl_set any
 *     when      N      the Nth call of that operation, from 1
 *               N-M    the Nth to the Mth
 *               %N     every Nth
 *               pN     N of 100, by chance (seeded)
 *               *      all
 *     action    E      fail in passing, with EIO ETIMEDOUT EHOSTUNREACH EACCES ENOENT ESTALE
 *                      ENOSPC or EEXIST
 *               E!     fail for good
 *               lost=E carry the call out, then fail in passing: the answer was lost
 *               short=N  of a read: pass N bytes on, then fail with EIO in passing
 *               delay=N  wait N ms, then pass the call on
 *
 * Each operation counts its calls; a rule for "any" uses the count of all. Threads: any; counts are
 * atomic, and which of two simultaneous calls is the Nth is chance.
 */
#ifndef ALGOFS_REMOTE_FAULT_H
#define ALGOFS_REMOTE_FAULT_H

#include "core/remote/remote.h"

enum { REMOTE_FAULT_RULES_MAX = 16 };

/**
 * Wraps `inner` and owns it, on failure too. NULL: `inner` is NULL, no memory, or `spec` does not
 * parse (errno EINVAL), and the reason is in why[why_size].
 */
struct remote *remote_fault_new(
    struct remote *inner, const char *spec, uint64_t seed, char *why, size_t why_size);

#endif
