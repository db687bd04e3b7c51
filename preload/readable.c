/* SPDX-License-Identifier: MIT */
#include "preload/readable.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>

#include "core/base/sys.h"

_Atomic uintptr_t readable_pages[READABLE_SLOTS];

#define PAGE_SIZE_HERE ((uintptr_t)1 << READABLE_PAGE_BITS)

/* One byte is copied by the kernel, which answers instead of faulting. Where that is not allowed (an old
 * sandbox) the memory is taken to be there. */
static bool probe(uintptr_t address)
{
    uintptr_t page = address >> READABLE_PAGE_BITS;
    _Atomic uintptr_t *slot = &readable_pages[page % READABLE_SLOTS];
    if (page == 0)
        return false;
    if (atomic_load_explicit(slot, memory_order_relaxed) == page)
        return true;
    char byte;
    struct iovec here = { &byte, 1 };
    struct iovec there = { (void *)address, 1 };
    long got =
        sys_call(SYS_process_vm_readv, sys_getpid(), (long)&here, 1, (long)&there, 1, 0);
    if (got == -EFAULT)
        return false;
    atomic_store_explicit(slot, page, memory_order_relaxed);
    return true;
}

bool readable_look(const char *text)
{
    uintptr_t address = (uintptr_t)text;
    for (size_t seen = 0; seen < PATH_MAX;) {
        if (address > UINTPTR_MAX - PAGE_SIZE_HERE || !probe(address))
            return false;
        size_t left = PAGE_SIZE_HERE - (address & (PAGE_SIZE_HERE - 1));
        if (memchr((const char *)address, '\0', left) != NULL)
            return true;
        seen += left;
        address += left;
    }
    return true;
}

bool readable_bytes(const void *bytes, size_t size)
{
    uintptr_t address = (uintptr_t)bytes;
    uintptr_t end = address + size;
    if (end < address)
        return false;
    while (address < end) {
        if (!probe(address))
            return false;
        address += PAGE_SIZE_HERE - (address & (PAGE_SIZE_HERE - 1));
    }
    return true;
}

void readable_forget(const void *at, size_t len)
{
    uintptr_t first = (uintptr_t)at >> READABLE_PAGE_BITS;
    uintptr_t count = (len >> READABLE_PAGE_BITS) + 1;
    if (count > READABLE_SLOTS)
        count = READABLE_SLOTS;
    for (uintptr_t i = 0; i < count; i++) {
        _Atomic uintptr_t *slot = &readable_pages[(first + i) % READABLE_SLOTS];
        uintptr_t page = atomic_load_explicit(slot, memory_order_relaxed);
        if (page - first <= len >> READABLE_PAGE_BITS)
            atomic_store_explicit(slot, 0, memory_order_relaxed);
    }
}
