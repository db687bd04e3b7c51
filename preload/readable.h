/* SPDX-License-Identifier: MIT */
/*
 * Whether memory that a program names can be read at all: what the kernel would answer with EFAULT must not
 * make us crash. A page that was found readable is remembered, so that nearly every call costs a look at a
 * table; a page seen for the first time costs a system call. What is forgotten too late (memory that libc
 * gave back by itself) is believed wrongly and then crashes, as any use of it would.
 *
 * Safe from any thread and signal handler.
 */
#ifndef ALGOFS_PRELOAD_READABLE_H
#define ALGOFS_PRELOAD_READABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    READABLE_SLOTS = 512,
    READABLE_PAGE_BITS = 12,
    READABLE_SHORT = 256, /* of a text that begins this far from the end of its page only that page is looked at */
};

extern _Atomic uintptr_t readable_pages[READABLE_SLOTS];

/** The slow half: looks at every page of a text up to its NUL or PATH_MAX. */
bool readable_look(const char *text);
/** Whether `size` bytes can be read. */
bool readable_bytes(const void *bytes, size_t size);
/** The range was unmapped or taken from readers. */
void readable_forget(const void *at, size_t len);

/** Whether a text can be read; false for NULL. */
static inline bool readable_text(const char *text)
{
    uintptr_t address = (uintptr_t)text;
    uintptr_t page = address >> READABLE_PAGE_BITS;
    uintptr_t within = address & (((uintptr_t)1 << READABLE_PAGE_BITS) - 1);
    if (__builtin_expect(atomic_load_explicit(&readable_pages[page % READABLE_SLOTS],
                             memory_order_relaxed) == page &&
                within <= ((uintptr_t)1 << READABLE_PAGE_BITS) - READABLE_SHORT && page != 0,
            1))
        return true;
    return readable_look(text);
}

#endif
