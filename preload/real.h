/* SPDX-License-Identifier: MIT */
/*
 * The next functions: what a program would have called without us (libc's, or another preload's).
 *
 * Found once, by the constructor or by the first call of any shell before it; read-only afterwards.
 * A pointer is NULL where this libc has no such symbol; then no program that runs here calls it.
 * Code of the shim calls libc's file functions through these only; what is its own business goes to the
 * kernel by core/base/sys.h.
 */
#ifndef ALGOFS_PRELOAD_REAL_H
#define ALGOFS_PRELOAD_REAL_H

#include <aio.h>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <nl_types.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <linux/aio_abi.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <utime.h>
#include <wordexp.h>

typedef int scandir_filter(const struct dirent *entry);
typedef int scandir_compare(const struct dirent **a, const struct dirent **b);
typedef int scandir64_filter(const struct dirent64 *entry);
typedef int scandir64_compare(const struct dirent64 **a, const struct dirent64 **b);
typedef int glob_error(const char *path, int error);
typedef int fts_compare(const FTSENT **a, const FTSENT **b);
typedef int fts64_compare(const FTSENT64 **a, const FTSENT64 **b);

#define CALL(name, ret, params, args) ret(*name) params;
#define TWIN(name, policy, ret, params, args) ret(*name) params;
#define VCALL(name, ret, params) ret(*name) params;
#define LEGACY(name, policy, ret, params, args) ret(*name) params;
struct real_calls {
#include "preload/calls.def"
};
#undef CALL
#undef TWIN
#undef VCALL
#undef LEGACY

extern struct real_calls real;
extern atomic_bool real_ready;

/** Finds all next functions and sets the shim up (preload/shim.c). Any number of threads may race. */
void real_init(void);

/** Finds those that libc may lack: by the constructor, when allocation works. */
void real_find_rest(void);

/** What each shell does first; costs one load. */
static inline void real_need(void)
{
    if (__builtin_expect(!atomic_load_explicit(&real_ready, memory_order_acquire), 0))
        real_init();
}

#endif
