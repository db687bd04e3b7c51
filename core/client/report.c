/* SPDX-License-Identifier: MIT */
#include "core/client/report.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/base/sys.h"

enum { HEAD_SIZE = 4096, SCRIPT_DEPTH = 5, SLOT_FREE = 0, SLOT_BUSY = 1, SLOT_READY = 2 };
#if __SIZEOF_POINTER__ == 8
#define OWN_CLASS ELFCLASS64
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
#else
#define OWN_CLASS ELFCLASS32
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
#endif
#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#endif

bool report_counting;
static const char *file_path = "";

void report_setup(const char *value)
{
    report_counting = value[0] == '+';
    file_path = report_counting ? value + 1 : value;
}

bool report_is_wanted(void)
{
    return file_path[0] != '\0';
}

static struct report_file *map_file(void)
{
    int fd = sys_openat(AT_FDCWD, file_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
    if (fd < 0)
        return NULL;
    struct stat st;
    struct report_file *file = NULL;
    if (sys_fstat(fd, &st) == 0 && st.st_size == (off_t)sizeof(*file))
        file = sys_mmap(NULL, sizeof(*file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)sys_close(fd);
    return file == NULL || sys_is_error(file) ? NULL : file;
}

static void unmap_file(struct report_file *file)
{
    (void)sys_munmap(file, sizeof(*file));
}

static void copy_name(char out[REPORT_NAME], const char *name)
{
    size_t len = strlen(name);
    const char *end = len < REPORT_NAME ? name : name + len - (REPORT_NAME - 1); /* the end tells more */
    memcpy(out, end, strlen(end) + 1);
}

/* ---- Escapes ---- */

static void note(enum report_reason reason, const char *name)
{
    char text[REPORT_NAME] = { 0 };
    copy_name(text, name);
    struct report_file *file = map_file();
    if (file == NULL)
        return;
    for (int i = 0; i < REPORT_ESCAPES; i++) {
        struct report_escape *escape = &file->escapes[i];
        uint32_t expected = SLOT_FREE;
        if (atomic_compare_exchange_strong(&escape->state, &expected, SLOT_BUSY)) {
            escape->reason = reason;
            memcpy(escape->name, text, sizeof(text));
            atomic_store(&escape->state, SLOT_READY);
            unmap_file(file);
            return;
        }
        if (expected == SLOT_READY && strncmp(escape->name, text, REPORT_NAME) == 0) {
            unmap_file(file);
            return;
        }
    }
    (void)atomic_fetch_add(&file->lost_escapes, 1);
    unmap_file(file);
}

static enum report_reason reason_of_elf(const char *head, size_t size)
{
    elf_header elf;
    if (size < sizeof(elf) || memcmp(head, ELFMAG, SELFMAG) != 0)
        return REPORT_SEES; /* no program of the kernel's own: binfmt_misc, or an error */
    memcpy(&elf, head, sizeof(elf));
    if (head[EI_CLASS] != OWN_CLASS || elf.e_machine != OWN_MACHINE)
        return REPORT_FOREIGN;
    for (unsigned i = 0; i < elf.e_phnum; i++) {
        elf_segment segment;
        uint64_t at = elf.e_phoff + (uint64_t)i * elf.e_phentsize;
        if (at > size || size - at < sizeof(segment))
            return REPORT_SEES; /* unusual enough not to say anything */
        memcpy(&segment, head + at, sizeof(segment));
        if (segment.p_type == PT_INTERP)
            return REPORT_SEES;
    }
    return REPORT_STATIC;
}

/* Whether exec of this file gains privileges, so that the loader is in its secure mode. */
static bool gains_privileges(int fd, const struct stat *st)
{
    bool by_mode = ((st->st_mode & S_ISUID) != 0 && st->st_uid != geteuid()) ||
        ((st->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st->st_gid != getegid());
    bool by_file = sys_call(SYS_fgetxattr, fd, (long)"security.capability", 0, 0, 0, 0) > 0 &&
        geteuid() != 0;
    enum { GET_NO_NEW_PRIVS = 39 };
    return (by_mode || by_file) && sys_call(SYS_prctl, GET_NO_NEW_PRIVS, 0, 0, 0, 0, 0) != 1;
}

/* The loader itself, started as a program, preloads like any other. */
static bool is_loader(const char *name)
{
    const char *slash = strrchr(name, '/');
    return strncmp(slash == NULL ? name : slash + 1, "ld-", 3) == 0 ||
        strncmp(slash == NULL ? name : slash + 1, "ld.so", 5) == 0;
}

/* The interpreter of a "#!" line, in place. NULL: no script. */
static char *interpreter_of(char *head, size_t size)
{
    if (size < 3 || head[0] != '#' || head[1] != '!')
        return NULL;
    head[size] = '\0';
    char *start = head + 2 + strspn(head + 2, " \t");
    start[strcspn(start, " \t\n")] = '\0';
    return start[0] == '/' ? start : NULL;
}

static void name_of_fd(int fd, char *out, size_t size)
{
    char link[32] = "/proc/self/fd/";
    char digits[12];
    size_t count = 0;
    size_t at = strlen(link);
    unsigned value = (unsigned)fd;
    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    while (count > 0)
        link[at++] = digits[--count];
    link[at] = '\0';
    ssize_t got = sys_readlinkat(AT_FDCWD, link, out, size - 1);
    out[got < 0 ? 0 : got] = '\0';
}

/* Looks at one file; if it is a script, puts its interpreter into `next` and returns true. */
static bool look(int fd, const char *name, char next[HEAD_SIZE + 1])
{
    char native[PATH_MAX];
    struct stat st;
    if (sys_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0)
        return false;
    ssize_t got = sys_call(SYS_pread64, fd, (long)next, HEAD_SIZE, 0, 0, 0);
    if (got <= 0)
        return false;
    char *interpreter = interpreter_of(next, (size_t)got);
    if (interpreter != NULL) {
        memmove(next, interpreter, strlen(interpreter) + 1);
        return true;
    }
    enum report_reason reason =
        gains_privileges(fd, &st) ? REPORT_SETUID : reason_of_elf(next, (size_t)got);
    if (reason == REPORT_SEES)
        return false;
    if (name == NULL)
        name_of_fd(fd, native, sizeof(native));
    if (!is_loader(name == NULL ? native : name))
        note(reason, name == NULL ? native : name);
    return false;
}

void report_exec(int dirfd, const char *path, const char *name)
{
    char next[HEAD_SIZE + 1];
    if (!report_is_wanted())
        return;
    for (int depth = 0; depth < SCRIPT_DEPTH; depth++) {
        bool open_already = path[0] == '\0';
        int fd = open_already ? dirfd : sys_openat(dirfd, path, O_RDONLY | O_CLOEXEC, 0);
        if (fd < 0)
            return; /* not there, or not ours to read */
        bool script = look(fd, name, next);
        if (!open_already)
            (void)sys_close(fd);
        if (!script)
            return;
        dirfd = AT_FDCWD;
        path = next;
        name = NULL;
    }
}

/* ---- Counters ---- */

static _Atomic(struct report_program *) own;
static atomic_flag tried = ATOMIC_FLAG_INIT;

static struct report_program *slot_of(struct report_file *file, const char *name)
{
    for (int i = 0; i < REPORT_PROGRAMS; i++) {
        struct report_program *program = &file->programs[i];
        uint32_t expected = SLOT_FREE;
        if (atomic_compare_exchange_strong(&program->state, &expected, SLOT_BUSY)) {
            memcpy(program->name, name, REPORT_NAME);
            atomic_store(&program->state, SLOT_READY);
            return program;
        }
        if (expected == SLOT_READY && strncmp(program->name, name, REPORT_NAME) == 0)
            return program;
    }
    (void)atomic_fetch_add(&file->lost_programs, 1);
    return NULL;
}

/* Once a process; the mapping stays until its end. Calls that race with it are not counted. */
static void attach(void)
{
    char native[PATH_MAX];
    char name[REPORT_NAME] = { 0 };
    ssize_t got = sys_readlinkat(AT_FDCWD, "/proc/self/exe", native, sizeof(native) - 1);
    native[got < 0 ? 0 : got] = '\0';
    copy_name(name, got <= 0 ? "?" : native);
    struct report_file *file = map_file();
    if (file == NULL)
        return;
    struct report_program *program = slot_of(file, name);
    if (program == NULL) {
        unmap_file(file);
        return;
    }
    (void)atomic_fetch_add(&program->processes, 1);
    atomic_store(&own, program);
}

void report_add(enum report_family family)
{
    if (!atomic_flag_test_and_set(&tried))
        attach();
    struct report_program *program = atomic_load(&own);
    if (program != NULL)
        (void)atomic_fetch_add_explicit(&program->counts[family], 1, memory_order_relaxed);
}
