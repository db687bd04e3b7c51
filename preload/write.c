/* SPDX-License-Identifier: MIT */
#include "preload/write.h"

#include <errno.h>
#include <string.h>

#include "core/base/sys.h"
#include "core/client/door-write.h"
#include "preload/change.h"
#include "preload/fs.h"

enum { UMASK_UNKNOWN = -1, STATUS_SIZE = 1024, DEFAULT_UMASK = 022 };

static fd_word writer_word(ino_t inode, bool mapped)
{
    uint64_t payload = ((uint64_t)inode << 1 | (mapped ? WRITE_PAYLOAD_MAPPED : 0));
    return fd_make(FD_WRITER, payload & (UINT64_MAX >> FD_KIND_BITS));
}

bool write_is_wanted(int flags)
{
    return (flags & O_PATH) == 0 &&
        ((flags & O_ACCMODE) != O_RDONLY || (flags & (O_TRUNC | O_CREAT)) != 0 ||
            (flags & O_TMPFILE) == O_TMPFILE);
}

/* ---- The umask ---- */

static _Atomic int known_umask = UMASK_UNKNOWN;

/* umask(2) tells only by changing; /proc tells without. */
static int read_umask(void)
{
    char text[STATUS_SIZE];
    int fd = sys_openat(AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC, 0);
    ssize_t got = fd < 0 ? -1 : sys_read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        (void)sys_close(fd);
    text[got < 0 ? 0 : got] = '\0';
    const char *line = strstr(text, "\nUmask:");
    if (line == NULL)
        return DEFAULT_UMASK;
    int value = 0;
    for (line += 7; *line == '\t' || *line == ' '; line++)
        ;
    for (; *line >= '0' && *line <= '7'; line++)
        value = value * 8 + (*line - '0');
    return value;
}

mode_t write_umask(void)
{
    if (fdtable_is_borrowed())
        return (mode_t)read_umask();
    if (atomic_load(&known_umask) == UMASK_UNKNOWN)
        atomic_store(&known_umask, read_umask());
    return (mode_t)atomic_load(&known_umask);
}

mode_t fs_umask(mode_t mask)
{
    mode_t before = real.umask(mask);
    if (!fdtable_is_borrowed())
        atomic_store(&known_umask, (int)(mask & 0777));
    return before;
}

/* ---- Open and commit ---- */

static int fail(int error)
{
    errno = error;
    return -1;
}

int write_open(const struct target *t, const char *name, int flags, mode_t mode)
{
    if (change_is_refused())
        return change_open(t, flags);
    if (t->slash) { /* said to be a directory: never a file to write to, and not to be truncated */
        struct stat st;
        int found = sys_fstatat(t->dirfd, t->path, &st, 0);
        return fail((flags & O_CREAT) != 0 ? EISDIR : found < 0 ? -found : EISDIR);
    }
    int fd;
    int rc = door_open_write(name, flags, mode & ~write_umask() & 07777, &fd);
    if (rc < 0)
        return fail(-rc);
    write_adopt(fd);
    return fd;
}

void write_adopt(int fd)
{
    struct stat st;
    fdtable_drop(fd);
    if (sys_fstat(fd, &st) == 0)
        (void)fdtable_set(fd, writer_word(st.st_ino, false));
}

struct search {
    int except;
    uint64_t inode_bits;
    bool found;
};

static void compare(int fd, fd_word word, void *context)
{
    struct search *search = context;
    if (fd != search->except && fd_payload(word) >> 1 == search->inode_bits)
        search->found = true;
}

static bool is_shared(int fd, fd_word word)
{
    struct search search = { .except = fd, .inode_bits = fd_payload(word) >> 1 };
    fdtable_each(FD_WRITER, compare, &search);
    return search.found;
}

static unsigned how_mapped(fd_word word)
{
    return (fd_payload(word) & WRITE_PAYLOAD_MAPPED) != 0 ? WIRE_COMMIT_MAPPED : 0;
}

int write_closing(int fd)
{
    fd_word word = fdtable_get(fd);
    if (fd_kind_of(word) != FD_WRITER || fdtable_is_borrowed())
        return 0;
    unsigned how = how_mapped(word);
    if (is_shared(fd, word))
        how |= WIRE_COMMIT_SHARED;
    return door_commit_closing(fd, how);
}

struct range {
    unsigned first;
    unsigned last;
};

static void close_one(int fd, fd_word word, void *context)
{
    (void)word;
    const struct range *range = context;
    if ((unsigned)fd >= range->first && (unsigned)fd <= range->last)
        (void)write_closing(fd); /* the agent keeps what failed and says so in its status */
}

void write_closing_range(unsigned first, unsigned last)
{
    struct range range = { first, last };
    if (!fdtable_is_borrowed())
        fdtable_each(FD_WRITER, close_one, &range);
}

int write_synchronise(int fd)
{
    return door_commit_synchronised(fd, how_mapped(fdtable_get(fd)));
}

/* ---- Shared writable mappings ---- */

enum { MAPPINGS = 256 };

/* `at` is 0 for a free slot and 1 while one is being filled. */
static struct mapping {
    _Atomic uintptr_t at;
    size_t len;
    dev_t device;
    ino_t inode;
} mappings[MAPPINGS];
static _Atomic int mapping_count;

bool write_has_mappings(void)
{
    return __builtin_expect(atomic_load_explicit(&mapping_count, memory_order_relaxed) > 0, 0);
}

void write_mapped(int fd, void *at, size_t len)
{
    struct stat st;
    fd_word word = fdtable_get(fd);
    if (fd_kind_of(word) != FD_WRITER || sys_fstat(fd, &st) < 0)
        return;
    if (how_mapped(word) == 0)
        (void)fdtable_replace(fd, word, writer_word(st.st_ino, true));
    (void)door_commit(fd, WIRE_COMMIT_MAPPED | WIRE_COMMIT_NOTE); /* else times tell, mostly */
    for (int i = 0; i < MAPPINGS; i++) {
        uintptr_t free_slot = 0;
        if (!atomic_compare_exchange_strong(&mappings[i].at, &free_slot, 1))
            continue;
        mappings[i].len = len;
        mappings[i].device = st.st_dev;
        mappings[i].inode = st.st_ino;
        atomic_fetch_add(&mapping_count, 1);
        atomic_store(&mappings[i].at, (uintptr_t)at);
        return;
    }
}

static bool overlaps(const struct mapping *m, uintptr_t at, size_t len)
{
    uintptr_t start = atomic_load(&m->at);
    return start > 1 && start < at + len && at < start + m->len;
}

int write_commit_mapped(const void *at, size_t len)
{
    int rc = 0;
    for (int i = 0; i < MAPPINGS; i++)
        if (overlaps(&mappings[i], (uintptr_t)at, len)) {
            int one =
                door_commit_inode(mappings[i].device, mappings[i].inode, WIRE_COMMIT_MAPPED);
            rc = one < 0 ? one : rc;
        }
    return rc;
}

void write_moved(const void *from, const void *to, size_t len)
{
    for (int i = 0; i < MAPPINGS; i++) {
        uintptr_t start = (uintptr_t)from;
        if (start > 1 && atomic_compare_exchange_strong(&mappings[i].at, &start, 1)) {
            mappings[i].len = len;
            atomic_store(&mappings[i].at, (uintptr_t)to);
        }
    }
}

void write_unmapped(const void *at, size_t len)
{
    uintptr_t from = (uintptr_t)at;
    for (int i = 0; i < MAPPINGS; i++) {
        uintptr_t start = atomic_load(&mappings[i].at);
        if (start > 1 && start >= from && start + mappings[i].len <= from + len &&
            atomic_compare_exchange_strong(&mappings[i].at, &start, 0))
            atomic_fetch_sub(&mapping_count, 1);
    }
}

/* ---- Across exec, and at the end ---- */

struct list {
    char *out;
    size_t size;
    size_t len;
};

static void list_add(struct list *list, int fd)
{
    char digits[12];
    size_t count = 0;
    unsigned value = (unsigned)fd;
    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    if (list->len + count + 2 > list->size)
        return; /* whoever is not named is committed by the agent */
    if (list->len > 0)
        list->out[list->len++] = ',';
    while (count > 0)
        list->out[list->len++] = digits[--count];
    list->out[list->len] = '\0';
}

static void list_if_inherited(int fd, fd_word word, void *context)
{
    (void)word;
    int flags = fd > 2 ? sys_fcntl(fd, F_GETFD, 0) : FD_CLOEXEC; /* 0 to 2 are looked at by inode */
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0)
        list_add(context, fd);
}

void write_inherited(char *out, size_t size)
{
    struct list list = { out, size, 0 };
    out[0] = '\0';
    for (int fd = 0; fd <= 2; fd++) { /* in a child of vfork the table does not know what they are */
        struct stat st;
        if (sys_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
            continue;
        struct search search = { .except = -1,
            .inode_bits = fd_payload(writer_word(st.st_ino, false)) >> 1 };
        fdtable_each(FD_WRITER, compare, &search);
        if (search.found)
            list_add(&list, fd);
    }
    fdtable_each(FD_WRITER, list_if_inherited, &list);
}

void write_inherit(const char *list)
{
    while (*list != '\0') {
        int fd = 0;
        for (; *list >= '0' && *list <= '9' && fd < FDTABLE_MAX; list++)
            fd = fd * 10 + (*list - '0');
        struct stat st;
        if (sys_fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
            (void)fdtable_set(fd, writer_word(st.st_ino, false));
        if (*list != ',')
            return;
        list++;
    }
}

/* _exit runs no destructor: a subshell whose output goes to the prefix ends so. */
void fs_exit_now(int status)
{
    write_at_exit();
    real._exit(status);
    __builtin_unreachable();
}

void write_at_exit(void)
{
    for (int fd = 0; fd <= 2; fd++)
        (void)write_closing(fd); /* nobody is left to hear the verdict; the agent keeps what failed */
}
