/* SPDX-License-Identifier: MIT */
/* Attributes: the real call on the tree path, its answer turned into the remote object's. */
#define REPORT_FAMILY REPORT_STAT

#include <errno.h>
#include <string.h>

#include "core/base/sys.h"
#include "core/client/present.h"
#include "preload/change.h"
#include "preload/fdtable.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/place.h"
#include "preload/readable.h"
#include "preload/target.h"

_Static_assert(sizeof(struct stat) == sizeof(struct stat64) &&
        sizeof(struct statfs) == sizeof(struct statfs64) &&
        sizeof(struct statvfs) == sizeof(struct statvfs64),
    "on LP64 the 64-bit twins are the same types by other names");

/* Attributes of a path that was found to be ours, or may have led to one of ours. */
static int presented(const struct target *t, int rc, struct stat *st)
{
    if (rc == 0 && (t->inside || t->magic))
        present_stat(st);
    return rc;
}

/* Attributes of a descriptor. Incomplete ones are ours whoever opened them; FILLED ones keep ctime. */
static int presented_fd(int fd, int rc, struct stat *st)
{
    if (rc != 0)
        return rc;
    fd_word word = fdtable_get(fd);
    uint64_t inode = st->st_ino & (UINT64_MAX >> FD_KIND_BITS);
    if (fd_kind_of(word) == FD_LAZY ||
        (fd_kind_of(word) == FD_FILLED && fd_payload(word) == inode))
        present_stat_opened_incomplete(st);
    else if (fd_kind_of(word) == FD_DIRECTORY && S_ISDIR(st->st_mode))
        present_stat(st);
    else if (__builtin_expect(entry_is_incomplete(st->st_mode), 0) && place_has_fd(fd))
        present_stat(st);
    return rc;
}

int fs_stat(const char *path, struct stat *st)
{
    struct target t;
    struct follow f;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    int rc = real.stat(t.path, st);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_stat(f.path, st);
    return presented(&t, rc, st);
}

int fs_lstat(const char *path, struct stat *st)
{
    struct target t;
    struct follow f;
    if (target_find_as(&t, AT_FDCWD, path, FOLLOW_SLASH) < 0)
        return -1;
    int rc = real.lstat(t.path, st);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, AT_FDCWD, path, FOLLOW_SLASH))
        return fs_lstat(f.path, st);
    return presented(&t, rc, st);
}

int fs_fstat(int fd, struct stat *st)
{
    return presented_fd(fd, real.fstat(fd, st), st);
}

/* "" with AT_EMPTY_PATH speaks of the descriptor itself. */
static bool is_empty_path(const char *path, int flags)
{
    return (flags & AT_EMPTY_PATH) != 0 && (path == NULL || (readable_text(path) && path[0] == '\0'));
}

enum {
    STAT_FLAGS = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE,
};

int fs_fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
    if ((flags & ~STAT_FLAGS) != 0) /* refused before the path is looked at */
        return real.fstatat(dirfd, path, st, flags);
    if (is_empty_path(path, flags))
        return presented_fd(dirfd, real.fstatat(dirfd, path, st, flags), st);
    struct target t;
    struct follow f;
    if (target_find_as(&t, dirfd, path, follow_flags(flags)) < 0)
        return -1;
    int rc = real.fstatat(t.dirfd, t.path, st, flags);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, dirfd, path, follow_flags(flags)))
        return fs_fstatat(AT_FDCWD, f.path, st, flags);
    return presented(&t, rc, st);
}

int fs_stat64(const char *path, struct stat64 *st)
{
    return fs_stat(path, (struct stat *)st);
}

int fs_lstat64(const char *path, struct stat64 *st)
{
    return fs_lstat(path, (struct stat *)st);
}

int fs_fstat64(int fd, struct stat64 *st)
{
    return fs_fstat(fd, (struct stat *)st);
}

int fs_fstatat64(int dirfd, const char *path, struct stat64 *st, int flags)
{
    return fs_fstatat(dirfd, path, (struct stat *)st, flags);
}

/* Programs built before glibc 2.33 call these; libc exports them still, no header declares them. */
int fs_xstat(int version, const char *path, struct stat *st)
{
    struct target t;
    struct follow f;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    int rc = real.__xstat(version, t.path, st);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_xstat(version, f.path, st);
    return presented(&t, rc, st);
}

int fs_lxstat(int version, const char *path, struct stat *st)
{
    struct target t;
    struct follow f;
    if (target_find_as(&t, AT_FDCWD, path, FOLLOW_SLASH) < 0)
        return -1;
    int rc = real.__lxstat(version, t.path, st);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, AT_FDCWD, path, FOLLOW_SLASH))
        return fs_lxstat(version, f.path, st);
    return presented(&t, rc, st);
}

int fs_fxstat(int version, int fd, struct stat *st)
{
    return presented_fd(fd, real.__fxstat(version, fd, st), st);
}

int fs_fxstatat(int version, int dirfd, const char *path, struct stat *st, int flags)
{
    if (is_empty_path(path, flags))
        return presented_fd(dirfd, real.__fxstatat(version, dirfd, path, st, flags), st);
    struct target t;
    struct follow f;
    if (target_find_as(&t, dirfd, path, follow_flags(flags)) < 0)
        return -1;
    int rc = real.__fxstatat(version, t.dirfd, t.path, st, flags);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, dirfd, path, follow_flags(flags)))
        return fs_fxstatat(version, AT_FDCWD, f.path, st, flags);
    return presented(&t, rc, st);
}

int fs_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *stx)
{
    if ((flags & ~STAT_FLAGS) != 0 || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
        return real.statx(dirfd, path, flags, mask, stx);
    if (is_empty_path(path, flags)) {
        int rc = real.statx(dirfd, path, flags, mask, stx);
        fd_word word = fdtable_get(dirfd);
        if (rc == 0 && (fd_kind_of(word) >= FD_DIRECTORY || entry_is_incomplete(stx->stx_mode)))
            present_statx(stx);
        if (rc == 0 && fd_kind_of(word) == FD_FILLED &&
            fd_payload(word) == (stx->stx_ino & (UINT64_MAX >> FD_KIND_BITS)))
            stx->stx_ctime = stx->stx_mtime;
        return rc;
    }
    struct target t;
    if (target_find_as(&t, dirfd, path, follow_flags(flags)) < 0)
        return -1;
    struct follow f;
    int rc = real.statx(t.dirfd, t.path, flags, mask | STATX_ATIME | STATX_MODE, stx);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, dirfd, path, follow_flags(flags)))
        return fs_statx(AT_FDCWD, f.path, flags, mask, stx);
    if (rc == 0 && (t.inside || t.magic))
        present_statx(stx);
    return rc;
}

int fs_statfs(const char *path, struct statfs *fs)
{
    struct target t;
    struct follow f;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    int rc = real.statfs(t.path, fs);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_statfs(f.path, fs);
    return rc;
}

int fs_statfs64(const char *path, struct statfs64 *fs)
{
    return fs_statfs(path, (struct statfs *)fs);
}

int fs_statvfs(const char *path, struct statvfs *fs)
{
    struct target t;
    struct follow f;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    int rc = real.statvfs(t.path, fs);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_statvfs(f.path, fs);
    return rc;
}

int fs_statvfs64(const char *path, struct statvfs64 *fs)
{
    return fs_statvfs(path, (struct statvfs *)fs);
}

long fs_pathconf(const char *path, int name)
{
    struct target t;
    struct follow f;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    long rc = real.pathconf(t.path, name);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_pathconf(f.path, name);
    return rc;
}

/* What the kernel refuses before it looks at the path. */
static bool bad_access(int mode, int flags)
{
    return (mode & ~(R_OK | W_OK | X_OK)) != 0 ||
        (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EACCESS | AT_EMPTY_PATH)) != 0;
}

int fs_access(const char *path, int mode)
{
    if (bad_access(mode, 0))
        return real.access(path, mode);
    struct target t;
    struct follow f;
    if (target_find(&t, AT_FDCWD, path) < 0 || change_access(&t, mode) < 0)
        return -1;
    int rc = real.access(t.path, mode);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_access(f.path, mode);
    return rc;
}

int fs_faccessat(int dirfd, const char *path, int mode, int flags)
{
    if (bad_access(mode, flags))
        return real.faccessat(dirfd, path, mode, flags);
    struct target t;
    struct follow f;
    if (target_find_as(&t, dirfd, path, follow_flags(flags)) < 0 || change_access(&t, mode) < 0)
        return -1;
    int rc = real.faccessat(t.dirfd, t.path, mode, flags);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, dirfd, path, follow_flags(flags)))
        return fs_faccessat(AT_FDCWD, f.path, mode, flags);
    return rc;
}

int fs_euidaccess(const char *path, int mode)
{
    struct target t;
    struct follow f;
    if (target_find(&t, AT_FDCWD, path) < 0 || change_access(&t, mode) < 0)
        return -1;
    int rc = real.euidaccess(t.path, mode);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_euidaccess(f.path, mode);
    return rc;
}

int fs_eaccess(const char *path, int mode)
{
    return fs_euidaccess(path, mode);
}
