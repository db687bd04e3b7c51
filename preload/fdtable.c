/* SPDX-License-Identifier: MIT */
#include "preload/fdtable.h"

#include "core/base/sys.h"
#include "preload/lazy.h"

_Atomic(_Atomic fd_word *) fdtable_pages[FDTABLE_PAGES];
static _Atomic pid_t owner;

void fdtable_own(void)
{
    atomic_store(&owner, sys_getpid());
}

bool fdtable_is_borrowed(void)
{
    return sys_getpid() != atomic_load(&owner);
}

static _Atomic fd_word *page_of(int fd)
{
    _Atomic(_Atomic fd_word *) *slot = &fdtable_pages[fd / FDTABLE_PAGE];
    _Atomic fd_word *page = atomic_load_explicit(slot, memory_order_acquire);
    if (page != NULL)
        return page;
    size_t size = FDTABLE_PAGE * sizeof(fd_word);
    _Atomic fd_word *fresh =
        sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (sys_is_error((const void *)fresh))
        return NULL;
    if (atomic_compare_exchange_strong(slot, &page, fresh))
        return fresh;
    (void)sys_munmap((void *)fresh, size); /* another thread was first */
    return page;
}

/* What a word holds on to must be let go when the word goes. */
static void release_word(fd_word word)
{
    if (fd_kind_of(word) == FD_LAZY)
        lazy_put((uint32_t)fd_payload(word));
}

static bool precious(fd_word word)
{
    return fd_kind_of(word) >= FD_LAZY;
}

bool fdtable_set(int fd, fd_word word)
{
    if ((unsigned)fd >= FDTABLE_MAX)
        return false;
    fd_word before = fdtable_get(fd);
    if (before == word)
        return true;
    if (precious(before) && fdtable_is_borrowed())
        return false;
    _Atomic fd_word *page = page_of(fd);
    if (page == NULL)
        return false;
    release_word(atomic_exchange(&page[fd % FDTABLE_PAGE], word));
    return true;
}

void fdtable_opened_outside(int fd)
{
    if ((unsigned)fd >= FDTABLE_MAX)
        return;
    fd_word before = fdtable_get(fd);
    if (fd_kind_of(before) == FD_OUTSIDE)
        return;
    if (before != 0)
        fdtable_drop(fd);
    _Atomic fd_word *page = page_of(fd);
    fd_word unknown = 0;
    if (page != NULL) /* not over what another thread has just put there for a parent's descriptor */
        (void)atomic_compare_exchange_strong(
            &page[fd % FDTABLE_PAGE], &unknown, fd_make(FD_OUTSIDE, 0));
}

void fdtable_drop(int fd)
{
    if (fdtable_get(fd) != 0)
        (void)fdtable_set(fd, 0); /* refused only where it must be: in a vfork child */
}

void fdtable_drop_range(unsigned first, unsigned last)
{
    if (last >= FDTABLE_MAX)
        last = FDTABLE_MAX - 1;
    for (unsigned fd = first; fd <= last; fd++) {
        if (atomic_load(&fdtable_pages[fd / FDTABLE_PAGE]) == NULL)
            fd |= FDTABLE_PAGE - 1; /* nothing on this page */
        else
            fdtable_drop((int)fd);
    }
}

bool fdtable_replace(int fd, fd_word expected, fd_word word)
{
    if (fdtable_get(fd) != expected || fdtable_is_borrowed())
        return false;
    _Atomic fd_word *page = page_of(fd);
    if (page == NULL || !atomic_compare_exchange_strong(&page[fd % FDTABLE_PAGE], &expected, word))
        return false;
    release_word(expected);
    return true;
}

void fdtable_each(
    enum fd_kind kind, void (*visit)(int fd, fd_word word, void *context), void *context)
{
    for (int first = 0; first < FDTABLE_MAX; first += FDTABLE_PAGE) {
        if (atomic_load(&fdtable_pages[first / FDTABLE_PAGE]) == NULL)
            continue;
        for (int fd = first; fd < first + FDTABLE_PAGE; fd++) {
            fd_word word = fdtable_get(fd);
            if (word != 0 && fd_kind_of(word) == kind)
                visit(fd, word, context);
        }
    }
}
