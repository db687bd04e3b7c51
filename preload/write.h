/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that may change a file of the tree. They come from the agent, which has written an intent
 * first; reading and writing them is native. What is left to do here: when such a descriptor is closed,
 * synchronised or replaced, the agent is asked for the verdict, and that is the call's answer.
 *
 * Word of a WRITER: payload bit 0: a shared writable mapping was made; the rest: low bits of the inode.
 *
 * Mappings that outlive their descriptor are remembered in a small table, so that msync and munmap commit.
 * A mapping that does not fit there is committed by the agent when its last user is gone.
 */
#ifndef ALGOFS_PRELOAD_WRITE_H
#define ALGOFS_PRELOAD_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "preload/fdtable.h"
#include "preload/target.h"

enum { WRITE_PAYLOAD_MAPPED = 1 };

static inline bool write_is_writer(int fd)
{
    return __builtin_expect(fd_kind_of(fdtable_get(fd)) == FD_WRITER, 0);
}

/** Whether an open with these flags is one for writing (or creating, or truncating). */
bool write_is_wanted(int flags);
/** Opens the file that `name` names below the prefix: a descriptor, or -1 with errno. */
int write_open(const struct target *t, const char *name, int flags, mode_t mode);
/** Makes `fd`, opened natively under an intent, a WRITER. */
void write_adopt(int fd);
/** The verdict when `fd` is about to be closed or replaced. 0 or -errno; 0 for what is no WRITER. */
int write_closing(int fd);
/** The same for all WRITERs of [first, last]; verdicts cannot be told, the agent keeps what failed. */
void write_closing_range(unsigned first, unsigned last);
/** fsync and fdatasync of a WRITER. 0 or -errno. */
int write_synchronise(int fd);

/** A shared writable mapping of WRITER `fd` was made at [at, at+len). */
void write_mapped(int fd, void *at, size_t len);
/** Commits what a mapping of the range may have changed. 0 or -errno. */
int write_commit_mapped(const void *at, size_t len);
/** The mapping at `from` is now [to, to+len). */
void write_moved(const void *from, const void *to, size_t len);
/** Forgets mappings in the range: they are gone. */
void write_unmapped(const void *at, size_t len);
bool write_has_mappings(void);

/** The process's umask, known without changing it. */
mode_t write_umask(void);

/** "1,5": the WRITERs that a program exec'ed now would inherit, or "" . */
void write_inherited(char *out, size_t size);
/** Takes such a list on: called once at start. */
void write_inherit(const char *list);
/** At the end of the process: standard streams redirected into the prefix are committed. */
void write_at_exit(void);

#endif
