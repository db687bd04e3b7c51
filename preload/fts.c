/* SPDX-License-Identifier: MIT */
/*
 * fts(3) in the prefix. libc's reaches the kernel without calling our wrappers, so walks that start
 * inside are made here, over our own opendir, stat and lstat; all others are libc's.
 *
 * A handle of ours is told by its fts_rfd, which libc's is never. We never change the directory, so
 * fts_accpath is fts_path; each entry has a path of its own, which lives as long as the entry.
 *
 * What a stream owns hangs on fts_cur, the entry returned last: its fts_link are the siblings still to
 * come, its fts_parent is the directory above (which has siblings to come of its own), up to the stream's
 * `above`, which is not a file. fts_child is the list that fts_children made of fts_cur, if any.
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "preload/fs.h"
#include "preload/walk.h"

_Static_assert(sizeof(FTS) == sizeof(FTS64) && sizeof(FTSENT) == sizeof(FTSENT64) &&
        offsetof(FTSENT, fts_statp) == offsetof(FTSENT64, fts_statp) &&
        offsetof(FTSENT, fts_name) == offsetof(FTSENT64, fts_name) &&
        sizeof(struct stat) == sizeof(struct stat64),
    "on LP64 the 64-bit twins are the same types by other names");

enum { OURS = -2 }; /* fts_rfd; libc has a descriptor or -1 there */

struct stream {
    FTS fts; /* what the program holds */
    fts_compare *compare;
    bool names_only; /* fts_child has only names */
    FTSENT above;    /* the roots' parent */
};

/* An entry and what its pointers point to. */
struct node {
    struct stat st;
    FTSENT entry; /* last: the name goes on behind it, and then comes the path */
};

static bool is_ours(const FTS *fts)
{
    return fts->fts_rfd == OURS;
}

static struct stream *stream_of(FTS *fts)
{
    return (struct stream *)fts; /* its first member */
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* ---- Entries ---- */

/* NULL: no memory. `folder` is NULL for a root, whose name is its whole path until it is visited. */
static FTSENT *entry_new(FTSENT *parent, const char *folder, size_t folder_len, const char *name)
{
    size_t name_len = strlen(name);
    bool slash = folder_len > 0 && folder[folder_len - 1] != '/';
    size_t path_len = folder_len + slash + name_len;
    struct node *node = calloc(1, sizeof(*node) + name_len + path_len + 1);
    if (node == NULL)
        return NULL;
    FTSENT *entry = &node->entry;
    char *path = entry->fts_name + name_len + 1;
    memcpy(entry->fts_name, name, name_len + 1);
    if (folder_len > 0)
        memcpy(path, folder, folder_len);
    if (slash)
        path[folder_len] = '/';
    memcpy(path + folder_len + slash, name, name_len + 1);
    entry->fts_path = path;
    entry->fts_accpath = path;
    entry->fts_pathlen = (unsigned short)path_len;
    entry->fts_namelen = (unsigned short)name_len;
    entry->fts_parent = parent;
    entry->fts_level = (short)(parent->fts_level + 1);
    entry->fts_instr = FTS_NOINSTR;
    entry->fts_info = FTS_NSOK;
    entry->fts_statp = &node->st;
    return entry;
}

static void entry_free(FTSENT *entry)
{
    if (entry != NULL)
        free((char *)entry - offsetof(struct node, entry));
}

static void list_free(FTSENT *list)
{
    while (list != NULL) {
        FTSENT *next = list->fts_link;
        entry_free(list);
        list = next;
    }
}

/* The directory above that is the same as this one; NULL: no cycle. */
static FTSENT *find_cycle(const FTSENT *entry)
{
    for (FTSENT *up = entry->fts_parent; up->fts_level >= FTS_ROOTLEVEL; up = up->fts_parent)
        if (up->fts_ino == entry->fts_ino && up->fts_dev == entry->fts_dev)
            return up;
    return NULL;
}

static unsigned short info_of_directory(FTSENT *entry)
{
    if (entry->fts_level > FTS_ROOTLEVEL && is_dot(entry->fts_name))
        return FTS_DOT;
    entry->fts_cycle = find_cycle(entry);
    return entry->fts_cycle == NULL ? FTS_D : FTS_DC;
}

/* Fills statp and info. A link that is to be followed and leads nowhere is SLNONE. */
static void entry_look(FTSENT *entry, bool follow)
{
    struct stat *st = entry->fts_statp;
    bool dangling = false;
    int rc = follow ? fs_stat(entry->fts_path, st) : fs_lstat(entry->fts_path, st);
    if (rc < 0 && follow) {
        int saved = errno;
        rc = fs_lstat(entry->fts_path, st);
        dangling = rc == 0;
        errno = saved;
    }
    entry->fts_errno = rc < 0 ? errno : 0;
    if (rc < 0) {
        memset(st, 0, sizeof(*st));
        entry->fts_info = FTS_NS;
        return;
    }
    entry->fts_dev = st->st_dev;
    entry->fts_ino = st->st_ino;
    entry->fts_nlink = st->st_nlink;
    if (dangling)
        entry->fts_info = FTS_SLNONE;
    else if (S_ISDIR(st->st_mode))
        entry->fts_info = info_of_directory(entry);
    else if (S_ISREG(st->st_mode))
        entry->fts_info = FTS_F;
    else
        entry->fts_info = S_ISLNK(st->st_mode) ? FTS_SL : FTS_DEFAULT;
}

/* ---- Lists ---- */

static int compare_entries(const void *a, const void *b, void *context)
{
    const struct stream *s = context;
    const FTSENT *const *left = a;
    const FTSENT *const *right = b;
    const FTSENT *pair[] = { *left, *right };
    return s->compare(&pair[0], &pair[1]);
}

/* Puts the list in the program's order. 0 or -ENOMEM, then it is as it was. */
static int list_sort(struct stream *s, FTSENT **list, size_t count)
{
    if (s->compare == NULL || count < 2)
        return 0;
    FTSENT **sorted = calloc(count, sizeof(FTSENT *));
    if (sorted == NULL)
        return -ENOMEM;
    size_t n = 0;
    for (FTSENT *entry = *list; entry != NULL; entry = entry->fts_link)
        sorted[n++] = entry;
    qsort_r(sorted, n, sizeof(FTSENT *), compare_entries, s);
    *list = sorted[0];
    for (size_t i = 0; i < n; i++)
        sorted[i]->fts_link = i + 1 < n ? sorted[i + 1] : NULL;
    free(sorted);
    return 0;
}

/* Whether the directory's entry alone tells that there is nothing to descend into. */
static bool needs_no_look(const struct stream *s, const struct dirent *found)
{
    return (s->fts.fts_options & FTS_NOSTAT) != 0 && (s->fts.fts_options & FTS_LOGICAL) == 0 &&
        found->d_type != DT_DIR && found->d_type != DT_UNKNOWN;
}

/* All entries of an open directory, unsorted. 0 or -ENOMEM; what readdir fails with is kept for the
 * directory's last visit. */
static int list_read(struct stream *s, FTSENT *parent, DIR *dir, FTSENT **list, size_t *ret_count)
{
    FTSENT **end = list;
    struct dirent *found;
    while ((errno = 0, found = readdir(dir)) != NULL) {
        if (is_dot(found->d_name) && (s->fts.fts_options & FTS_SEEDOT) == 0)
            continue;
        FTSENT *entry = entry_new(parent, parent->fts_path, parent->fts_pathlen, found->d_name);
        if (entry == NULL)
            return -ENOMEM;
        *end = entry;
        end = &entry->fts_link;
        (*ret_count)++;
        if (!s->names_only && !needs_no_look(s, found))
            entry_look(entry, (s->fts.fts_options & FTS_LOGICAL) != 0);
    }
    parent->fts_errno = errno;
    return 0;
}

/* No memory: the stream is of no further use. */
static int stream_fail(struct stream *s)
{
    s->fts.fts_options |= FTS_STOP;
    return -ENOMEM;
}

/* Makes fts_child of the current directory. 0, or -errno: it cannot be read, or FTS_STOP is set. */
static int stream_list(struct stream *s, bool names_only)
{
    FTSENT *parent = s->fts.fts_cur;
    FTSENT *list = NULL;
    size_t count = 0;
    list_free(s->fts.fts_child);
    s->fts.fts_child = NULL;
    s->names_only = names_only;
    DIR *dir = fs_opendir(parent->fts_path);
    if (dir == NULL)
        return -errno;
    int rc = list_read(s, parent, dir, &list, &count);
    (void)fs_closedir(dir); /* a directory that was only read */
    if (rc == 0)
        rc = list_sort(s, &list, count);
    if (rc < 0) {
        list_free(list);
        return stream_fail(s);
    }
    s->fts.fts_child = list;
    return 0;
}

/* ---- Opening and closing ---- */

static bool any_inside(char *const *paths)
{
    for (; *paths != NULL; paths++)
        if (walk_starts_inside(*paths))
            return true;
    return false;
}

static int stream_add_roots(struct stream *s, char *const *paths, FTSENT **list)
{
    bool follow = (s->fts.fts_options & (FTS_LOGICAL | FTS_COMFOLLOW)) != 0;
    FTSENT **end = list;
    size_t count = 0;
    for (; *paths != NULL; paths++, count++) {
        size_t len = strlen(*paths);
        if (len == 0 || len > USHRT_MAX)
            return len == 0 ? -ENOENT : -ENAMETOOLONG;
        *end = entry_new(&s->above, NULL, 0, *paths);
        if (*end == NULL)
            return -ENOMEM;
        entry_look(*end, follow);
        end = &(*end)->fts_link;
    }
    return list_sort(s, list, count);
}

static void stream_free(struct stream *s)
{
    FTSENT *entry = s->fts.fts_cur;
    list_free(s->fts.fts_child);
    while (entry != NULL && entry != &s->above) {
        FTSENT *parent = entry->fts_parent;
        list_free(entry);
        entry = parent;
    }
    free(s);
}

static int stream_open(char *const *paths, int options, fts_compare *compare, struct stream **ret)
{
    struct stream *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return -ENOMEM;
    s->fts.fts_rfd = OURS;
    s->fts.fts_options = options | FTS_NOCHDIR;
    s->compare = compare;
    s->above.fts_level = FTS_ROOTPARENTLEVEL;
    /* Before the first there is an entry that is none, so that the first is its next. */
    FTSENT *start = entry_new(&s->above, NULL, 0, "");
    s->fts.fts_cur = start;
    int rc = -ENOMEM;
    if (start != NULL) {
        start->fts_info = FTS_INIT;
        rc = stream_add_roots(s, paths, &start->fts_link);
    }
    if (rc < 0)
        stream_free(s);
    else
        *ret = s;
    return rc;
}

FTS *fs_fts_open(char *const *paths, int options, fts_compare *compare)
{
    if ((options & ~FTS_OPTIONMASK) != 0 || !any_inside(paths))
        return real.fts_open(paths, options, compare);
    int saved = errno;
    struct stream *s;
    int rc = stream_open(paths, options, compare, &s);
    errno = rc < 0 ? -rc : saved;
    return rc < 0 ? NULL : &s->fts;
}

int fs_fts_close(FTS *fts)
{
    if (!is_ours(fts))
        return real.fts_close(fts);
    stream_free(stream_of(fts));
    return 0;
}

/* ---- Walking ---- */

/* A root's turn has come: its name becomes the last part of its path. */
static void enter_root(struct stream *s, FTSENT *root)
{
    const char *slash = strrchr(root->fts_name, '/');
    s->fts.fts_dev = root->fts_dev;
    if (slash == NULL || (slash == root->fts_name && slash[1] == '\0'))
        return;
    root->fts_namelen = (unsigned short)strlen(slash + 1);
    memmove(root->fts_name, slash + 1, root->fts_namelen + 1u);
}

/* Follows a link if the program asked for that. */
static bool obey_follow(FTSENT *entry)
{
    if (entry->fts_instr != FTS_FOLLOW || (entry->fts_info != FTS_SL && entry->fts_info != FTS_SLNONE))
        return false;
    entry->fts_instr = FTS_NOINSTR;
    entry_look(entry, true);
    return true;
}

/* Goes to the first of fts_cur's list that is not to be skipped, freeing those before it. At the list's
 * end back to the directory, or, behind the last root, to nothing. */
static FTSENT *step_to(struct stream *s, FTSENT *entry, FTSENT *parent)
{
    while (entry != NULL && entry->fts_instr == FTS_SKIP) {
        FTSENT *next = entry->fts_link;
        entry_free(entry);
        entry = next;
    }
    s->fts.fts_cur = entry;
    if (entry != NULL) {
        if (entry->fts_level == FTS_ROOTLEVEL)
            enter_root(s, entry);
        (void)obey_follow(entry); /* else it stays what it is */
        return entry;
    }
    if (parent == &s->above)
        return NULL;
    s->fts.fts_cur = parent;
    parent->fts_info = parent->fts_errno != 0 ? FTS_ERR : FTS_DP;
    return parent;
}

static FTSENT *leave(struct stream *s, FTSENT *entry)
{
    FTSENT *next = entry->fts_link;
    FTSENT *parent = entry->fts_parent;
    entry_free(entry);
    return step_to(s, next, parent);
}

/* After a directory's first visit. NULL: FTS_STOP is set. */
static FTSENT *descend(struct stream *s, FTSENT *dir, bool skip)
{
    bool foreign = (s->fts.fts_options & FTS_XDEV) != 0 && dir->fts_dev != s->fts.fts_dev;
    if (skip || foreign) {
        list_free(s->fts.fts_child);
        s->fts.fts_child = NULL;
        dir->fts_info = FTS_DP;
        return dir;
    }
    if (s->fts.fts_child == NULL || s->names_only) {
        int rc = stream_list(s, false);
        if ((s->fts.fts_options & FTS_STOP) != 0)
            return NULL;
        if (rc < 0) {
            dir->fts_info = FTS_DNR;
            dir->fts_errno = -rc;
            return dir;
        }
    }
    FTSENT *first = s->fts.fts_child;
    s->fts.fts_child = NULL;
    return step_to(s, first, dir);
}

static FTSENT *advance(struct stream *s)
{
    FTSENT *entry = s->fts.fts_cur;
    int instruction = entry->fts_instr;
    if (obey_follow(entry))
        return entry;
    entry->fts_instr = FTS_NOINSTR;
    if (instruction == FTS_AGAIN && entry->fts_info != FTS_INIT) {
        bool root = entry->fts_level == FTS_ROOTLEVEL;
        int follow = root ? FTS_LOGICAL | FTS_COMFOLLOW : FTS_LOGICAL;
        entry_look(entry, (s->fts.fts_options & follow) != 0);
        return entry;
    }
    if (entry->fts_info == FTS_D)
        return descend(s, entry, instruction == FTS_SKIP);
    return leave(s, entry);
}

FTSENT *fs_fts_read(FTS *fts)
{
    if (!is_ours(fts))
        return real.fts_read(fts);
    struct stream *s = stream_of(fts);
    int saved = errno;
    FTSENT *entry = NULL;
    if (fts->fts_cur != NULL && (fts->fts_options & FTS_STOP) == 0)
        entry = advance(s);
    if (entry != NULL)
        errno = saved;
    else
        errno = (fts->fts_options & FTS_STOP) != 0 ? ENOMEM : 0;
    return entry;
}

FTSENT *fs_fts_children(FTS *fts, int instruction)
{
    if (!is_ours(fts))
        return real.fts_children(fts, instruction);
    if (instruction != 0 && instruction != FTS_NAMEONLY) {
        errno = EINVAL;
        return NULL;
    }
    const FTSENT *entry = fts->fts_cur;
    if ((fts->fts_options & FTS_STOP) != 0) {
        errno = ENOMEM;
        return NULL;
    }
    int rc = 0;
    if (entry != NULL && entry->fts_info == FTS_D)
        rc = stream_list(stream_of(fts), instruction == FTS_NAMEONLY);
    errno = -rc;
    if (entry != NULL && entry->fts_info == FTS_INIT)
        return entry->fts_link;
    return fts->fts_child;
}

int fs_fts_set(FTS *fts, FTSENT *entry, int instruction)
{
    if (!is_ours(fts))
        return real.fts_set(fts, entry, instruction);
    if (instruction < 0 || instruction > FTS_SKIP) {
        errno = EINVAL;
        return 1; /* as libc's */
    }
    entry->fts_instr = (unsigned short)instruction;
    return 0;
}

/* ---- The twins: the same types on LP64 ---- */

FTS64 *fs_fts64_open(char *const *paths, int options, fts64_compare *compare)
{
    return (FTS64 *)fs_fts_open(paths, options, (fts_compare *)compare);
}

FTSENT64 *fs_fts64_read(FTS64 *fts)
{
    return (FTSENT64 *)fs_fts_read((FTS *)fts);
}

FTSENT64 *fs_fts64_children(FTS64 *fts, int instruction)
{
    return (FTSENT64 *)fs_fts_children((FTS *)fts, instruction);
}

int fs_fts64_set(FTS64 *fts, FTSENT64 *entry, int instruction)
{
    return fs_fts_set((FTS *)fts, (FTSENT *)entry, instruction);
}

int fs_fts64_close(FTS64 *fts)
{
    return fs_fts_close((FTS *)fts);
}
