/* SPDX-License-Identifier: MIT */
/*
 * Walks that libc makes behind our back: glob over our own directory calls, and ftw and nftw written
 * anew over them. Where a walk starts outside the prefix it is libc's.
 */
#define REPORT_FAMILY REPORT_LIST

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/client/session.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/target.h"
#include "preload/walk.h"

bool walk_is_led_inside(const char *path)
{
    struct follow f;
    return follow_links_inside(&f, AT_FDCWD, path, FOLLOW_ALWAYS);
}

bool walk_starts_inside(const char *path)
{
    struct target t;
    int saved = errno;
    bool inside = target_translate(&t, AT_FDCWD, path) < 0 || t.inside;
    errno = saved;
    return inside;
}

/* ---- glob ---- */

/* The directory that a pattern's fixed part names. */
static void fixed_part(const char *pattern, char out[PATH_MAX])
{
    size_t len = strcspn(pattern, "*?[{\\");
    while (len > 0 && pattern[len - 1] != '/')
        len--;
    if (len == 0 || len >= PATH_MAX) {
        memcpy(out, ".", 2);
        return;
    }
    memcpy(out, pattern, len);
    out[len] = '\0';
}

bool walk_pattern_is_inside(const char *pattern, int flags)
{
    char fixed[PATH_MAX];
    size_t prefix_len;
    const char *home = (flags & (GLOB_TILDE | GLOB_TILDE_CHECK)) != 0 && pattern[0] == '~'
        ? getenv("HOME")
        : NULL;
    if (home != NULL && walk_starts_inside(home))
        return true;
    if ((flags & GLOB_BRACE) != 0 && strstr(pattern, session_prefix(&prefix_len)) != NULL)
        return true;
    fixed_part(pattern, fixed);
    return walk_starts_inside(fixed);
}

static void *glob_opendir(const char *path)
{
    return fs_opendir(path);
}

static struct dirent *glob_readdir(void *dir)
{
    return readdir(dir);
}

static void glob_closedir(void *dir)
{
    (void)fs_closedir(dir); /* a directory that was only read */
}

int fs_glob(const char *pattern, int flags, glob_error *error, glob_t *result)
{
    if (pattern == NULL || (flags & GLOB_ALTDIRFUNC) != 0)
        return real.glob(pattern, flags, error, result);
    if (!walk_pattern_is_inside(pattern, flags)) {
        char fixed[PATH_MAX];
        int rc = real.glob(pattern, flags, error, result);
        if (rc != GLOB_NOMATCH)
            return rc;
        fixed_part(pattern, fixed);
        if (!walk_is_led_inside(fixed))
            return rc;
    }
    result->gl_opendir = glob_opendir;
    result->gl_readdir = glob_readdir;
    result->gl_closedir = glob_closedir;
    result->gl_stat = fs_stat;
    result->gl_lstat = fs_lstat;
    int rc = real.glob(pattern, flags | GLOB_ALTDIRFUNC, error, result);
    if (rc == 0)
        result->gl_flags &= ~GLOB_ALTDIRFUNC;
    return rc;
}

int fs_glob64(const char *pattern, int flags, glob_error *error, glob64_t *result)
{
    return fs_glob(pattern, flags, error, (glob_t *)result); /* the same type on LP64 */
}

/* ---- ftw and nftw ---- */

struct walk {
    __ftw_func_t visit_plain;
    __nftw_func_t visit;
    int flags;
    dev_t device;
    size_t len;
    char path[PATH_MAX];
};

static int call_visitor(struct walk *w, const struct stat *st, int type, int base, int level)
{
    if (w->visit_plain != NULL)
        return w->visit_plain(w->path, st, type == FTW_SLN ? FTW_NS : type);
    struct FTW info = { .base = base, .level = level };
    return w->visit(w->path, st, type, &info);
}

static int type_of(struct walk *w, struct stat *st)
{
    bool physical = (w->flags & FTW_PHYS) != 0;
    memset(st, 0, sizeof(*st));
    if ((physical ? fs_lstat(w->path, st) : fs_stat(w->path, st)) == 0) {
        if (S_ISDIR(st->st_mode))
            return (w->flags & FTW_DEPTH) != 0 ? FTW_DP : FTW_D;
        return S_ISLNK(st->st_mode) ? FTW_SL : FTW_F;
    }
    return !physical && fs_lstat(w->path, st) == 0 && S_ISLNK(st->st_mode) ? FTW_SLN : FTW_NS;
}

static int walk_entry(struct walk *w, int base, int level);

/* All entries of the directory that w->path names. Returns the visitor's verdict, or -1 with errno. */
static int walk_directory(struct walk *w, DIR *dir, int level)
{
    size_t len = w->len;
    int verdict = 0;
    struct dirent *entry;
    while (verdict == 0 && (errno = 0, entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        size_t name_len = strlen(entry->d_name);
        size_t slash = len > 0 && w->path[len - 1] != '/';
        if (len + slash + name_len >= sizeof(w->path)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        w->path[len] = '/';
        memcpy(w->path + len + slash, entry->d_name, name_len + 1);
        w->len = len + slash + name_len;
        verdict = walk_entry(w, (int)(len + slash), level + 1);
        w->len = len;
        w->path[len] = '\0';
        if ((w->flags & FTW_ACTIONRETVAL) != 0 && verdict == FTW_SKIP_SUBTREE)
            verdict = 0;
        if ((w->flags & FTW_ACTIONRETVAL) != 0 && verdict == FTW_SKIP_SIBLINGS)
            return 0;
    }
    return verdict;
}

static int walk_entry(struct walk *w, int base, int level)
{
    struct stat st;
    int type = type_of(w, &st);
    if (type == FTW_NS && level == 0)
        return -1;
    if ((w->flags & FTW_MOUNT) != 0 && type != FTW_NS && st.st_dev != w->device)
        return 0;
    if (type != FTW_D && type != FTW_DP)
        return call_visitor(w, &st, type, base, level);
    DIR *dir = fs_opendir(w->path);
    if (dir == NULL)
        return call_visitor(w, &st, FTW_DNR, base, level);
    int verdict = type == FTW_D ? call_visitor(w, &st, FTW_D, base, level) : 0;
    bool enter = verdict == 0;
    if (enter && (w->flags & FTW_CHDIR) != 0)
        enter = (verdict = fs_fchdir(dirfd(dir))) == 0;
    if (enter)
        verdict = walk_directory(w, dir, level);
    int saved = errno;
    (void)fs_closedir(dir); /* a directory that was only read */
    errno = saved;
    if (enter && (w->flags & FTW_CHDIR) != 0 && fs_chdir(level == 0 ? "." : "..") < 0)
        return -1;
    if (verdict == 0 && type == FTW_DP)
        verdict = call_visitor(w, &st, FTW_DP, base, level);
    return verdict;
}

static int walk_start(struct walk *w, const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len == 0 || len >= sizeof(w->path)) {
        errno = len == 0 ? ENOENT : ENAMETOOLONG;
        return -1;
    }
    memcpy(w->path, path, len);
    w->path[len] = '\0';
    w->len = len;
    struct stat st;
    if (fs_stat(path, &st) == 0)
        w->device = st.st_dev;
    int home = (w->flags & FTW_CHDIR) != 0 ? real.open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    const char *name = strrchr(w->path, '/');
    int verdict = walk_entry(w, name == NULL ? 0 : (int)(name - w->path + 1), 0);
    if (home >= 0) {
        int saved = errno;
        (void)fs_fchdir(home); /* back to where the caller stood; nothing to do if that is gone */
        (void)real.close(home);
        errno = saved;
    }
    if ((w->flags & FTW_ACTIONRETVAL) != 0 &&
        (verdict == FTW_SKIP_SUBTREE || verdict == FTW_SKIP_SIBLINGS))
        return 0;
    return verdict;
}

int fs_ftw(const char *path, __ftw_func_t visit, int descriptors)
{
    if (!walk_starts_inside(path) && !walk_is_led_inside(path))
        return real.ftw(path, visit, descriptors);
    struct walk w = { .visit_plain = visit };
    return walk_start(&w, path);
}

int fs_nftw(const char *path, __nftw_func_t visit, int descriptors, int flags)
{
    if (!walk_starts_inside(path) && !walk_is_led_inside(path))
        return real.nftw(path, visit, descriptors, flags);
    struct walk w = { .visit = visit, .flags = flags };
    return walk_start(&w, path);
}

int fs_ftw64(const char *path, __ftw64_func_t visit, int descriptors)
{
    return fs_ftw(path, (__ftw_func_t)visit, descriptors); /* the same type on LP64 */
}

int fs_nftw64(const char *path, __nftw64_func_t visit, int descriptors, int flags)
{
    return fs_nftw(path, (__nftw_func_t)visit, descriptors, flags);
}
