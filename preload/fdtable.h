/* SPDX-License-Identifier: MIT */
/*
 * What this process knows of its descriptors: one word each, in lock-free pages.
 *
 *   UNKNOWN    nothing (also: inherited, received, or not a file)
 *   OUTSIDE    opened through us, not in the tree
 *   DIRECTORY  a directory of the tree; payload: until when its listing is leased (0: ask)
 *   LAZY       a file of the tree whose data is not all here; payload: its slot in lazy.c
 *   FILLED     was LAZY, is complete now; payload: low bits of its inode number, as a check
 *   WRITER     open for writing: its close is a commit; payload: as in write.h
 *
 * libc closes descriptors behind our back now and then, so a word may be stale; each kind is safe then:
 * DIRECTORY and FILLED are verified where it matters, LAZY compares the inode before it acts, OUTSIDE is
 * set only over UNKNOWN, and everything that opens in the tree overwrites.
 *
 * A child of vfork shares this memory but not the descriptors. It must not take LAZY, FILLED or WRITER away
 * from its parent: such changes ask the kernel for the process number first.
 *
 * Safe from any thread and signal handler. Descriptors beyond FDTABLE_MAX have no word.
 */
#ifndef ALGOFS_PRELOAD_FDTABLE_H
#define ALGOFS_PRELOAD_FDTABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fd_kind {
    FD_UNKNOWN = 0,
    FD_OUTSIDE = 1,
    FD_DIRECTORY = 2,
    FD_LAZY = 3,
    FD_FILLED = 4,
    FD_WRITER = 5,
};

enum {
    FDTABLE_PAGE = 1024,
    FDTABLE_PAGES = 1024,
    FDTABLE_MAX = FDTABLE_PAGE * FDTABLE_PAGES,
    FD_KIND_BITS = 3,
};

typedef uint64_t fd_word;

extern _Atomic(_Atomic fd_word *) fdtable_pages[FDTABLE_PAGES];

static inline fd_word fd_make(enum fd_kind kind, uint64_t payload)
{
    return payload << FD_KIND_BITS | kind;
}

static inline enum fd_kind fd_kind_of(fd_word word)
{
    return (enum fd_kind)(word & ((1 << FD_KIND_BITS) - 1));
}

static inline uint64_t fd_payload(fd_word word)
{
    return word >> FD_KIND_BITS;
}

/** The word of a descriptor; 0 for any that has none, negative numbers included. */
static inline fd_word fdtable_get(int fd)
{
    if (__builtin_expect((unsigned)fd >= FDTABLE_MAX, 0))
        return 0;
    _Atomic fd_word *page =
        atomic_load_explicit(&fdtable_pages[fd / FDTABLE_PAGE], memory_order_acquire);
    if (page == NULL)
        return 0;
    return atomic_load_explicit(&page[fd % FDTABLE_PAGE], memory_order_acquire);
}

static inline bool fdtable_is_lazy(int fd)
{
    return __builtin_expect(fd_kind_of(fdtable_get(fd)) == FD_LAZY, 0);
}

/** Overwrites. False if the descriptor cannot have a word (too high, no memory). */
bool fdtable_set(int fd, fd_word word);
/** UNKNOWN becomes OUTSIDE; anything else that only we could have put there is dropped. */
void fdtable_opened_outside(int fd);
/** The descriptor is about to be closed (or replaced). */
void fdtable_drop(int fd);
/** The same for all of [first, last]. */
void fdtable_drop_range(unsigned first, unsigned last);
/** Replaces `expected`; false if the word was another one. */
bool fdtable_replace(int fd, fd_word expected, fd_word word);
/** Calls visit(fd, word) for each descriptor of one kind. */
void fdtable_each(
    enum fd_kind kind, void (*visit)(int fd, fd_word word, void *context), void *context);

/** Whether this is a vfork child (or a thread with descriptors of its own) of the table's process. */
bool fdtable_is_borrowed(void);
/** To be called in every process once, and in the child of each fork. */
void fdtable_own(void);

#endif
