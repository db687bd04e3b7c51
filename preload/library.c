/* SPDX-License-Identifier: MIT */
#include "preload/library.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/sys.h"
#include "preload/exec.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/lazy.h"
#include "preload/place.h"
#include "preload/target.h"

enum {
    SEGMENTS_MAX = 64,
    DYNAMIC_MAX = 1024,  /* entries that are read of a dynamic section */
    NEEDED_DEPTH = 4,    /* libraries of libraries of … */
    NEEDED_MAX = 64,     /* libraries that one program makes us look for */
    NAME_SIZE = 256,
};

/* ---- What an ELF file needs (System V ABI, "Dynamic Linking") ---- */

struct image {
    int fd;
    size_t segments;
    ElfW(Phdr) segment[SEGMENTS_MAX];
    ElfW(Addr) strings;
    ElfW(Addr) search;            /* of the search path in the strings; 0: none */
    size_t needed;
    ElfW(Addr) name[NEEDED_MAX];  /* of each needed library, in the strings */
};

static bool read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
    return sys_call(SYS_pread64, fd, (long)buffer, (long)size, (long)offset, 0, 0) == (long)size;
}

static uint64_t offset_of(const struct image *image, ElfW(Addr) address)
{
    for (size_t i = 0; i < image->segments; i++) {
        const ElfW(Phdr) *s = &image->segment[i];
        if (s->p_type == PT_LOAD && address >= s->p_vaddr && address - s->p_vaddr < s->p_filesz)
            return s->p_offset + (address - s->p_vaddr);
    }
    return UINT64_MAX;
}

/* A string of the dynamic string table; false if it is too long or not there. */
static bool read_string(const struct image *image, ElfW(Addr) at, char *out, size_t size)
{
    uint64_t offset = offset_of(image, image->strings + at);
    if (offset == UINT64_MAX)
        return false;
    long got = sys_call(SYS_pread64, image->fd, (long)out, (long)size, (long)offset, 0, 0);
    return got > 0 && memchr(out, '\0', (size_t)got) != NULL;
}

static void note_entry(struct image *image, const ElfW(Dyn) *entry)
{
    if (entry->d_tag == DT_STRTAB)
        image->strings = entry->d_un.d_ptr;
    else if (entry->d_tag == DT_RUNPATH || (entry->d_tag == DT_RPATH && image->search == 0))
        image->search = entry->d_un.d_val;
    else if (entry->d_tag == DT_NEEDED && image->needed < NEEDED_MAX)
        image->name[image->needed++] = entry->d_un.d_val;
}

/* False for what is no dynamic ELF file of this machine's class, or needs nothing by a search path. */
static bool read_image(int fd, struct image *image)
{
    ElfW(Ehdr) head;
    image->fd = fd;
    image->segments = image->needed = 0;
    image->strings = image->search = 0;
    if (!read_at(fd, &head, sizeof(head), 0) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
        head.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        head.e_phentsize != sizeof(ElfW(Phdr)) || head.e_phnum > SEGMENTS_MAX)
        return false;
    if (!read_at(fd, image->segment, head.e_phnum * sizeof(ElfW(Phdr)), head.e_phoff))
        return false;
    image->segments = head.e_phnum;
    for (size_t i = 0; i < image->segments; i++) {
        if (image->segment[i].p_type != PT_DYNAMIC)
            continue;
        uint64_t at = image->segment[i].p_offset;
        ElfW(Dyn) entry = { .d_tag = DT_NULL };
        for (int n = 0; n < DYNAMIC_MAX && read_at(fd, &entry, sizeof(entry), at); n++) {
            if (entry.d_tag == DT_NULL)
                break;
            note_entry(image, &entry);
            at += sizeof(entry);
        }
    }
    return image->search != 0 && image->needed > 0;
}

/* ---- Where they are ---- */

struct search {
    int depth;
    int left;     /* libraries still looked for */
    bool preload; /* load what the loader would not find by itself */
};

static void fill_needed(int fd, struct search *search);

/* One folder of the search path, in the program's words. *ret_own: it stands on $ORIGIN. */
static bool folder_of(const char *part, size_t len, const char *origin, char out[PATH_MAX], bool *ret_own)
{
    static const char *const marks[] = { "$ORIGIN", "${ORIGIN}" };
    size_t skip = 0;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (strncmp(part, marks[i], strlen(marks[i])) == 0)
            skip = strlen(marks[i]);
    *ret_own = skip > 0;
    size_t origin_len = skip > 0 ? strlen(origin) : 0;
    if (origin_len + (len - skip) + 2 > PATH_MAX || len == 0)
        return false;
    memcpy(out, origin, origin_len);
    memcpy(out + origin_len, part + skip, len - skip);
    out[origin_len + len - skip] = '\0';
    return true;
}

/* Fills library `name` of a folder, if the folder is in the prefix and has it. */
static bool fill_in_folder(const char *folder, const char *name, bool own, struct search *search)
{
    char path[PATH_MAX];
    struct target t;
    size_t folder_len = strlen(folder);
    size_t name_len = strlen(name);
    if (folder_len + 1 + name_len >= sizeof(path) || !target_may_be_inside(folder))
        return false;
    memcpy(path, folder, folder_len);
    path[folder_len] = '/';
    memcpy(path + folder_len + 1, name, name_len + 1);
    if (target_find(&t, AT_FDCWD, path) < 0 || !t.inside)
        return false;
    int fd = sys_openat(t.dirfd, t.path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    if (lazy_whole(fd) == 0)
        fill_needed(fd, search);
    (void)sys_close(fd);
    if (!own && search->preload) /* the loader then has it by its name, wherever it looks */
        (void)real.dlopen(t.path, RTLD_LAZY);
    return true;
}

static void fill_library(
    const char *paths, const char *origin, const char *name, struct search *search)
{
    char folder[PATH_MAX];
    for (const char *part = paths; *part != '\0';) {
        size_t len = strcspn(part, ":");
        bool own;
        if (folder_of(part, len, origin, folder, &own) && fill_in_folder(folder, name, own, search))
            return;
        part += len;
        part += *part == ':';
    }
}

/* The folder that the file is in, as the program sees it. */
static bool origin_of(int fd, char out[PATH_MAX])
{
    char native[PATH_MAX];
    if (place_native_of_fd(fd, native, sizeof(native)) < 0 ||
        target_narrow(native, out, PATH_MAX) < 0)
        return false;
    char *slash = strrchr(out, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    return true;
}

static __attribute__((noinline)) void fill_needed(int fd, struct search *search)
{
    struct image image;
    char origin[PATH_MAX];
    char paths[PATH_MAX];
    char name[NAME_SIZE];
    if (search->depth >= NEEDED_DEPTH || !read_image(fd, &image) || !origin_of(fd, origin) ||
        !read_string(&image, image.search, paths, sizeof(paths)))
        return;
    search->depth++;
    for (size_t i = 0; i < image.needed && search->left > 0; i++) {
        search->left--;
        if (read_string(&image, image.name[i], name, sizeof(name)) && strchr(name, '/') == NULL)
            fill_library(paths, origin, name, search);
    }
    search->depth--;
}

void library_fill_needed(int fd)
{
    struct search search = { .left = NEEDED_MAX };
    int saved = errno;
    fill_needed(fd, &search);
    errno = saved;
}

/* ---- dlopen ---- */

static bool make_whole(const struct target *t)
{
    struct search search = { .left = NEEDED_MAX, .preload = true };
    int fd = sys_openat(t->dirfd, t->path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool whole = lazy_whole(fd) == 0; /* what is wrong with the file, dlerror says */
    if (whole)
        fill_needed(fd, &search);
    (void)sys_close(fd);
    return whole;
}

/* The library's place in the tree, made whole; false: it is none of ours. */
static __attribute__((noinline)) bool library_is_inside(const char *path, struct target *t)
{
    int saved = errno;
    bool found = target_find(t, AT_FDCWD, path) == 0;
    bool inside = found && t->inside;
    if (inside)
        (void)make_whole(t);
    else if (found && t->magic) /* "/proc/self/fd/N" of a file of ours */
        (void)exec_fill(t);     /* what is wrong with it, dlerror says */
    errno = saved;
    return inside;
}

/* A name without a slash may stand in a folder of the prefix in $LD_LIBRARY_PATH. */
static __attribute__((noinline)) bool found_in_search_path(const char *name, char out[PATH_MAX])
{
    const char *search = secure_getenv("LD_LIBRARY_PATH");
    size_t name_len = strlen(name);
    for (const char *part = search; part != NULL && *part != '\0';) {
        size_t len = strcspn(part, ":;");
        if (len > 0 && len + 1 + name_len < PATH_MAX) {
            memcpy(out, part, len);
            out[len] = '/';
            memcpy(out + len + 1, name, name_len + 1);
            struct target t;
            int saved = errno;
            bool found = target_may_be_inside(out) && target_find(&t, AT_FDCWD, out) == 0 &&
                sys_faccessat(t.dirfd, t.path, R_OK) == 0;
            bool inside = found && t.inside;
            errno = saved;
            if (found)
                return inside; /* outside and first: the loader finds it as well */
        }
        part += len;
        part += *part != '\0';
    }
    return false;
}

static __attribute__((noinline)) void *open_library(const char *path, int flags)
{
    struct target t;
    return real.dlopen(library_is_inside(path, &t) ? t.path : path, flags);
}

static __attribute__((noinline)) void *open_named_library(const char *name, int flags)
{
    char path[PATH_MAX];
    return found_in_search_path(name, path) ? open_library(path, flags) : NULL;
}

static bool search_path_may_be_inside(void)
{
    const char *search = secure_getenv("LD_LIBRARY_PATH");
    return search != NULL && search[0] != '\0';
}

/* A link outside that leads to a library in the prefix. */
static __attribute__((noinline)) bool is_led_inside(const char *path)
{
    struct follow f;
    return follow_links_inside(&f, AT_FDCWD, path, FOLLOW_ALWAYS);
}

static __attribute__((noinline)) void *open_linked_library(const char *path, int flags)
{
    struct follow f;
    bool led = follow_links_inside(&f, AT_FDCWD, path, FOLLOW_ALWAYS);
    return open_library(led ? f.path : path, flags);
}

/* libc finds the caller by its return address (RUNPATH, name space): whatever may not be ours is a
 * tail call, so that the address is still the program's. */
void *fs_dlopen(const char *path, int flags)
{
    if (path == NULL)
        return real.dlopen(path, flags);
    if (strchr(path, '/') == NULL) {
        void *found = search_path_may_be_inside() ? open_named_library(path, flags) : NULL;
        return found != NULL ? found : real.dlopen(path, flags);
    }
    if (target_may_be_inside(path))
        return open_library(path, flags);
    return is_led_inside(path) ? open_linked_library(path, flags) : real.dlopen(path, flags);
}

static __attribute__((noinline)) void *open_library_in(Lmid_t space, const char *path, int flags)
{
    struct target t;
    return real.dlmopen(space, library_is_inside(path, &t) ? t.path : path, flags);
}

void *fs_dlmopen(Lmid_t space, const char *path, int flags)
{
    if (path == NULL || strchr(path, '/') == NULL || !target_may_be_inside(path))
        return real.dlmopen(space, path, flags);
    return open_library_in(space, path, flags);
}

/* ---- Message catalogues ---- */

/* A name with a slash is a path; libc maps or reads it behind our back. */
nl_catd fs_catopen(const char *name, int flags)
{
    struct target t;
    if (name == NULL || strchr(name, '/') == NULL || !target_may_be_inside(name))
        return real.catopen(name, flags);
    if (target_find(&t, AT_FDCWD, name) < 0)
        return (nl_catd)-1;
    if (t.inside && exec_fill(&t) < 0)
        return (nl_catd)-1;
    return real.catopen(t.path, flags);
}
