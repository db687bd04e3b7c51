/* SPDX-License-Identifier: MIT */
#include "preload/lazy.h"

#include <errno.h>
#include <limits.h>

#include "core/base/sys.h"
#include "core/client/door.h"
#include "core/client/partial.h"
#include "core/client/present.h"
#include "preload/place.h"

enum {
    SLOTS = 1024, /* open large partial files a process; one more is filled whole at open */
};
#define DYING 0x80000000u /* refs of a slot that is being emptied */

/*
 * Slots are never freed memory: whoever raises `refs` from above zero may read the rest, and finds out
 * by comparing the descriptor's word again whether it is still the slot that it wanted.
 */
struct lazy {
    _Atomic uint32_t refs; /* words in the table that name it, and calls in progress */
    _Atomic uint32_t busy; /* a readv is moving the shared file offset */
    struct partial partial;
    dev_t device;
    ino_t inode;
};

static struct lazy slots[SLOTS];

static struct lazy *slot_claim(uint32_t *ret_index)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        uint32_t free_slot = 0;
        if (atomic_load_explicit(&slots[i].refs, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(&slots[i].refs, &free_slot, 1)) {
            *ret_index = i;
            return &slots[i];
        }
    }
    return NULL;
}

/* One more reference, if the slot is alive. */
static bool slot_ref(struct lazy *lazy)
{
    uint32_t refs = atomic_load(&lazy->refs);
    do {
        if (refs == 0 || refs >= DYING)
            return false;
    } while (!atomic_compare_exchange_weak(&lazy->refs, &refs, refs + 1));
    return true;
}

void lazy_put(uint32_t slot)
{
    struct lazy *lazy = &slots[slot];
    uint32_t refs = atomic_load(&lazy->refs);
    do {
        if (refs == 1 && atomic_compare_exchange_weak(&lazy->refs, &refs, DYING)) {
            partial_close(&lazy->partial);
            atomic_store(&lazy->refs, 0);
            return;
        }
    } while (refs == 1 || !atomic_compare_exchange_weak(&lazy->refs, &refs, refs - 1));
}

/* The slot of a LAZY descriptor, with a reference that slot_put lets go; NULL if it is none any more. */
static struct lazy *slot_get(int fd, fd_word *ret_word)
{
    fd_word word = fdtable_get(fd);
    if (fd_kind_of(word) != FD_LAZY)
        return NULL;
    struct lazy *lazy = &slots[fd_payload(word)];
    if (!slot_ref(lazy))
        return NULL;
    if (fdtable_get(fd) != word) { /* closed, and the slot perhaps another file's */
        lazy_put((uint32_t)fd_payload(word));
        return NULL;
    }
    *ret_word = word;
    return lazy;
}

static void slot_put(fd_word word)
{
    lazy_put((uint32_t)fd_payload(word));
}

static fd_word filled_word(ino_t inode)
{
    return fd_make(FD_FILLED, inode & (UINT64_MAX >> FD_KIND_BITS));
}

/* Gives the descriptor a slot of its own. Fails where it cannot; the caller then fills the file. */
static int keep_on_demand(int fd, const struct stat *st, int map_fd)
{
    uint32_t index;
    struct lazy *lazy = slot_claim(&index);
    if (lazy == NULL)
        return -EMFILE;
    int rc = partial_open(map_fd, (uint64_t)st->st_size, &lazy->partial);
    if (rc < 0) {
        lazy_put(index);
        return rc;
    }
    lazy->device = st->st_dev;
    lazy->inode = st->st_ino;
    if (!fdtable_set(fd, fd_make(FD_LAZY, index))) {
        lazy_put(index);
        return -EMFILE;
    }
    return 0;
}

int lazy_adopt(int fd, const struct stat *st, enum lazy_wish wish)
{
    int flags = sys_fcntl(fd, F_GETFL, 0);
    if (flags < 0)
        return flags;
    char path[PATH_MAX];
    size_t len;
    int rc = place_of_fd(fd, path, sizeof(path), &len);
    if (rc < 0)
        return rc == -ENOENT ? -ESTALE : rc; /* already replaced: its name leads elsewhere now */
    (void)sys_fcntl(fd, F_SETFL, flags | O_NOATIME); /* atime holds the remote's mtime */
    bool complete = false;
    int map_fd = -1;
    rc = door_open(path, len, fd, flags, &complete, &map_fd);
    if (rc < 0)
        return rc;
    if (!complete && wish == LAZY_ON_DEMAND && map_fd >= 0 &&
        keep_on_demand(fd, st, map_fd) == 0) {
        (void)sys_close(map_fd);
        return 0;
    }
    if (map_fd >= 0)
        (void)sys_close(map_fd);
    if (!complete)
        rc = door_need(fd, 0, UINT64_MAX, true);
    if (rc == 0)
        (void)fdtable_set(fd, filled_word(st->st_ino)); /* without it only ctime is less constant */
    return rc;
}

static bool same_file(int fd, const struct lazy *lazy)
{
    struct stat st;
    return sys_fstat(fd, &st) == 0 && st.st_dev == lazy->device && st.st_ino == lazy->inode;
}

/* `hold`: the bytes will be taken without another look at the map. */
static int wait_for_range(int fd, uint64_t offset, uint64_t length, bool hold)
{
    fd_word word;
    struct lazy *lazy = slot_get(fd, &word);
    if (lazy == NULL)
        return 0;
    int rc = 0;
    uint64_t epoch;
    if (!same_file(fd, lazy)) { /* closed behind our back: the number is another file's */
        (void)fdtable_replace(fd, word, 0);
    } else {
        rc = hold ? partial_hold(&lazy->partial, fd, offset, length)
                  : partial_wait(&lazy->partial, fd, offset, length, &epoch);
        if (rc == 0 && partial_is_complete(&lazy->partial))
            (void)fdtable_replace(fd, word, filled_word(lazy->inode));
    }
    slot_put(word);
    return rc;
}

int lazy_range(int fd, uint64_t offset, uint64_t length)
{
    return wait_for_range(fd, offset, length, true);
}

int lazy_whole(int fd)
{
    if (fdtable_is_lazy(fd))
        return lazy_range(fd, 0, UINT64_MAX);
    struct stat st;
    if (sys_fstat(fd, &st) < 0 || !entry_is_incomplete(st.st_mode) || !place_has_fd(fd))
        return 0;
    return lazy_adopt(fd, &st, LAZY_WHOLE);
}

static size_t total_of(const struct iovec *parts, int count)
{
    size_t total = 0;
    for (int i = 0; i < count; i++)
        total += parts[i].iov_len;
    return total;
}

ssize_t lazy_preadv(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
    size_t total = total_of(parts, count);
    for (int i = 0; i < PARTIAL_TRIES; i++) {
        fd_word word;
        struct lazy *lazy = offset < 0 ? NULL : slot_get(fd, &word);
        if (lazy == NULL || !same_file(fd, lazy)) {
            if (lazy != NULL)
                slot_put(word);
            return sys_call(SYS_preadv2, fd, (long)parts, count, offset, 0, flags);
        }
        uint64_t epoch = 0;
        int rc = partial_wait(&lazy->partial, fd, (uint64_t)offset, total, &epoch);
        ssize_t got = rc < 0
            ? rc
            : sys_call(SYS_preadv2, fd, (long)parts, count, offset, 0, flags);
        bool complete = rc == 0 && partial_is_complete(&lazy->partial);
        bool steady = rc < 0 || partial_is_steady(&lazy->partial, epoch);
        if (complete)
            (void)fdtable_replace(fd, word, filled_word(lazy->inode));
        slot_put(word);
        if (steady)
            return got;
    }
    return -EIO;
}

/*
 * read(2) on a shared offset: first make what stands there present, then, with the offset held still
 * against this process's other threads, read it by position and move the offset. Signals wait
 * meanwhile: a handler that reads the same descriptor would spin for ever.
 */
static ssize_t read_at_offset(int fd, struct lazy *lazy, const struct iovec *parts, int count)
{
    uint64_t all = ~(uint64_t)0;
    uint64_t before = 0;
    (void)sys_sigprocmask(SIG_SETMASK, &all, &before);
    while (atomic_exchange(&lazy->busy, 1) != 0)
        (void)sys_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    ssize_t got = sys_lseek(fd, 0, SEEK_CUR);
    if (got >= 0) {
        off_t offset = got;
        if (!partial_has(&lazy->partial, (uint64_t)offset, total_of(parts, count)))
            got = -EAGAIN; /* another thread has moved on: look again */
        else
            got = lazy_preadv(fd, parts, count, offset, 0);
        if (got > 0)
            (void)sys_lseek(fd, offset + got, SEEK_SET);
    }
    atomic_store(&lazy->busy, 0);
    (void)sys_sigprocmask(SIG_SETMASK, &before, NULL);
    return got;
}

ssize_t lazy_readv(int fd, const struct iovec *parts, int count)
{
    size_t total = total_of(parts, count);
    for (int i = 0; i < PARTIAL_TRIES; i++) {
        off_t offset = sys_lseek(fd, 0, SEEK_CUR);
        if (offset < 0)
            return offset;
        int rc = wait_for_range(fd, (uint64_t)offset, total, false);
        if (rc < 0)
            return rc;
        fd_word word;
        struct lazy *lazy = slot_get(fd, &word);
        if (lazy == NULL) /* complete by now, or not ours at all */
            return sys_call(SYS_readv, fd, (long)parts, count, 0, 0, 0);
        ssize_t got = read_at_offset(fd, lazy, parts, count);
        slot_put(word);
        if (got != -EAGAIN)
            return got;
    }
    return -EIO;
}

void lazy_share(int fd, fd_word word)
{
    if (fd_kind_of(word) != FD_LAZY) {
        (void)fdtable_set(fd, word);
        return;
    }
    /* The parent's table cannot name a vfork child's descriptor; and 0 is libc's stdin, which does not ask. */
    if (fd == 0 || fdtable_is_borrowed()) {
        (void)lazy_whole(fd);
        return;
    }
    if (!slot_ref(&slots[fd_payload(word)])) {
        (void)lazy_whole(fd);
    } else if (!fdtable_set(fd, word)) {
        slot_put(word);
        (void)lazy_whole(fd);
    }
}

static void fill_one(int fd, fd_word word, void *context)
{
    (void)word;
    int *rc = context;
    int flags = sys_fcntl(fd, F_GETFD, 0);
    if (flags < 0 || (flags & FD_CLOEXEC) != 0 || *rc < 0)
        return;
    *rc = lazy_range(fd, 0, UINT64_MAX);
}

int lazy_before_exec(void)
{
    int rc = 0;
    fdtable_each(FD_LAZY, fill_one, &rc);
    return rc;
}
