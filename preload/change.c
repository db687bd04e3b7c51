/* SPDX-License-Identifier: MIT */
#include "preload/change.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "core/base/sys.h"
#include "preload/fdtable.h"
#include "preload/fs.h"
#include "preload/place.h"

static int fail(int error)
{
    errno = error;
    return -1;
}

int change_refused(const struct target *t)
{
    struct stat st;
    int rc = sys_fstatat(t->dirfd, t->path, &st, AT_SYMLINK_NOFOLLOW);
    return rc < 0 ? -rc : EROFS;
}

int change_refused_new(const struct target *t)
{
    struct stat st;
    int rc = sys_fstatat(t->dirfd, t->path, &st, AT_SYMLINK_NOFOLLOW);
    if (rc == 0)
        return EEXIST;
    if (rc != -ENOENT || t->near)
        return rc == -ENOENT ? EROFS : -rc;
    char parent[PATH_MAX]; /* a missing parent is ENOENT even on a read-only file system */
    size_t len = strnlen(t->path, sizeof(parent) - 1);
    memcpy(parent, t->path, len);
    while (len > 0 && parent[len - 1] == '/')
        len--;
    while (len > 0 && parent[len - 1] != '/')
        len--;
    parent[len] = '\0';
    rc = len == 0 ? 0 : sys_fstatat(t->dirfd, parent, &st, 0);
    return rc < 0 ? -rc : EROFS;
}

int change_access(const struct target *t, int mode)
{
    return t->inside && (mode & W_OK) != 0 ? fail(change_refused(t)) : 0;
}

int change_open(const struct target *t, int flags)
{
    struct stat st;
    int rc = sys_fstatat(t->dirfd, t->path, &st, 0);
    if (rc == -ENOENT && (flags & O_CREAT) != 0)
        return fail(change_refused_new(t));
    if (rc < 0)
        return fail(-rc);
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        return fail(EEXIST);
    if ((flags & O_ACCMODE) == O_RDONLY && (flags & (O_TRUNC | O_CREAT)) == O_CREAT)
        return S_ISDIR(st.st_mode) ? fail(EISDIR)
                                   : fs_openat(t->dirfd, t->path, flags & ~O_CREAT, 0);
    return fail(S_ISDIR(st.st_mode) && (flags & O_TMPFILE) != O_TMPFILE ? EISDIR : EROFS);
}

FILE *change_fopen(const struct target *t, const char *mode)
{
    if (mode == NULL || strchr("rwa", mode[0]) == NULL || mode[0] == '\0') {
        errno = EINVAL;
        return NULL;
    }
    static const int how[] = { ['r'] = O_RDWR, ['w'] = O_WRONLY | O_CREAT | O_TRUNC,
        ['a'] = O_WRONLY | O_CREAT | O_APPEND };
    int flags = how[(unsigned char)mode[0]];
    if (strchr(mode, 'x') != NULL && mode[0] != 'r')
        flags |= O_EXCL;
    (void)change_open(t, flags); /* these flags all write: it cannot succeed */
    return NULL;
}

/* ---- One path ---- */

#define REFUSE_PATH(dirfd, path)                                                                 \
    struct target t;                                                                             \
    int found = target_find(&t, dirfd, path)

/* -1 with errno if the target is inside or could not be found; 0: outside, make the real call. */
static int refuse(const struct target *t, int found)
{
    if (found < 0)
        return -1;
    return t->inside ? fail(change_refused(t)) : 0;
}

static int refuse_new(const struct target *t, int found)
{
    if (found < 0)
        return -1;
    return t->inside ? fail(change_refused_new(t)) : 0;
}

int fs_mkdir(const char *path, mode_t mode)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse_new(&t, found) < 0 ? -1 : real.mkdir(t.path, mode);
}

int fs_mkdirat(int dirfd, const char *path, mode_t mode)
{
    REFUSE_PATH(dirfd, path);
    return refuse_new(&t, found) < 0 ? -1 : real.mkdirat(t.dirfd, t.path, mode);
}

int fs_mknod(const char *path, mode_t mode, dev_t device)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse_new(&t, found) < 0 ? -1 : real.mknod(t.path, mode, device);
}

int fs_mknodat(int dirfd, const char *path, mode_t mode, dev_t device)
{
    REFUSE_PATH(dirfd, path);
    return refuse_new(&t, found) < 0 ? -1 : real.mknodat(t.dirfd, t.path, mode, device);
}

int fs_xmknod(int version, const char *path, mode_t mode, dev_t *device)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse_new(&t, found) < 0 ? -1 : real.__xmknod(version, t.path, mode, device);
}

int fs_xmknodat(int version, int dirfd, const char *path, mode_t mode, dev_t *device)
{
    REFUSE_PATH(dirfd, path);
    return refuse_new(&t, found) < 0 ? -1
                                     : real.__xmknodat(version, t.dirfd, t.path, mode, device);
}

int fs_mkfifo(const char *path, mode_t mode)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse_new(&t, found) < 0 ? -1 : real.mkfifo(t.path, mode);
}

int fs_mkfifoat(int dirfd, const char *path, mode_t mode)
{
    REFUSE_PATH(dirfd, path);
    return refuse_new(&t, found) < 0 ? -1 : real.mkfifoat(t.dirfd, t.path, mode);
}

int fs_symlink(const char *text, const char *path)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse_new(&t, found) < 0 ? -1 : real.symlink(text, t.path);
}

int fs_symlinkat(const char *text, int dirfd, const char *path)
{
    REFUSE_PATH(dirfd, path);
    return refuse_new(&t, found) < 0 ? -1 : real.symlinkat(text, t.dirfd, t.path);
}

int fs_rmdir(const char *path)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse(&t, found) < 0 ? -1 : real.rmdir(t.path);
}

int fs_unlink(const char *path)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse(&t, found) < 0 ? -1 : real.unlink(t.path);
}

int fs_unlinkat(int dirfd, const char *path, int flags)
{
    REFUSE_PATH(dirfd, path);
    return refuse(&t, found) < 0 ? -1 : real.unlinkat(t.dirfd, t.path, flags);
}

int fs_remove(const char *path)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse(&t, found) < 0 ? -1 : real.remove(t.path);
}

int fs_chmod(const char *path, mode_t mode)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse(&t, found) < 0 ? -1 : real.chmod(t.path, mode);
}

int fs_lchmod(const char *path, mode_t mode)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse(&t, found) < 0 ? -1 : real.lchmod(t.path, mode);
}

int fs_fchmodat(int dirfd, const char *path, mode_t mode, int flags)
{
    REFUSE_PATH(dirfd, path);
    return refuse(&t, found) < 0 ? -1 : real.fchmodat(t.dirfd, t.path, mode, flags);
}

int fs_chown(const char *path, uid_t owner, gid_t group)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse(&t, found) < 0 ? -1 : real.chown(t.path, owner, group);
}

int fs_lchown(const char *path, uid_t owner, gid_t group)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse(&t, found) < 0 ? -1 : real.lchown(t.path, owner, group);
}

int fs_fchownat(int dirfd, const char *path, uid_t owner, gid_t group, int flags)
{
    REFUSE_PATH(dirfd, path);
    return refuse(&t, found) < 0 ? -1 : real.fchownat(t.dirfd, t.path, owner, group, flags);
}

int fs_utime(const char *path, const struct utimbuf *times)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse(&t, found) < 0 ? -1 : real.utime(t.path, times);
}

int fs_utimes(const char *path, const struct timeval times[2])
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse(&t, found) < 0 ? -1 : real.utimes(t.path, times);
}

int fs_lutimes(const char *path, const struct timeval times[2])
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse(&t, found) < 0 ? -1 : real.lutimes(t.path, times);
}

int fs_futimesat(int dirfd, const char *path, const struct timeval times[2])
{
    if (path == NULL)
        return real.futimesat(dirfd, path, times);
    REFUSE_PATH(dirfd, path);
    return refuse(&t, found) < 0 ? -1 : real.futimesat(t.dirfd, t.path, times);
}

int fs_truncate(const char *path, off_t size)
{
    REFUSE_PATH(AT_FDCWD, path);
    return refuse(&t, found) < 0 ? -1 : real.truncate(t.path, size);
}

/* ---- A descriptor ---- */

static bool is_ours(int fd)
{
    return fd_kind_of(fdtable_get(fd)) != FD_OUTSIDE && place_has_fd(fd);
}

int fs_fchmod(int fd, mode_t mode)
{
    return is_ours(fd) ? fail(EROFS) : real.fchmod(fd, mode);
}

int fs_fchown(int fd, uid_t owner, gid_t group)
{
    return is_ours(fd) ? fail(EROFS) : real.fchown(fd, owner, group);
}

int fs_futimes(int fd, const struct timeval times[2])
{
    return is_ours(fd) ? fail(EROFS) : real.futimes(fd, times);
}

int fs_futimens(int fd, const struct timespec times[2])
{
    return is_ours(fd) ? fail(EROFS) : real.futimens(fd, times);
}

int fs_utimensat(int dirfd, const char *path, const struct timespec times[2], int flags)
{
    if (path == NULL || (path[0] == '\0' && (flags & AT_EMPTY_PATH) != 0))
        return is_ours(dirfd) ? fail(EROFS) : real.utimensat(dirfd, path, times, flags);
    REFUSE_PATH(dirfd, path);
    return refuse(&t, found) < 0 ? -1 : real.utimensat(t.dirfd, t.path, times, flags);
}

/* ---- A socket's name ---- */

int fs_bind(int socket, const struct sockaddr *address, socklen_t len)
{
    size_t head = offsetof(struct sockaddr_un, sun_path);
    if (address == NULL || len <= head || len > sizeof(struct sockaddr_un) ||
        address->sa_family != AF_UNIX)
        return real.bind(socket, address, len);
    char path[sizeof(struct sockaddr_un) + 1] = { 0 };
    memcpy(path, (const char *)address + head, len - head);
    if (path[0] == '\0') /* an abstract name is no path */
        return real.bind(socket, address, len);
    REFUSE_PATH(AT_FDCWD, path);
    return refuse_new(&t, found) < 0 ? -1 : real.bind(socket, address, len);
}

/* ---- Two paths ---- */

struct pair {
    struct target from;
    struct target to;
};

/* 0: both outside; -1 with errno: one side is ours. */
static int refuse_pair(struct pair *p, int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    if (target_find(&p->from, from_dirfd, from) < 0 || target_find(&p->to, to_dirfd, to) < 0)
        return -1;
    if (!p->from.inside && !p->to.inside)
        return 0;
    struct stat st;
    int rc = sys_fstatat(p->from.dirfd, p->from.path, &st, AT_SYMLINK_NOFOLLOW);
    if (rc < 0)
        return fail(-rc);
    return fail(p->from.inside != p->to.inside ? EXDEV : EROFS);
}

int fs_rename(const char *from, const char *to)
{
    struct pair p;
    return refuse_pair(&p, AT_FDCWD, from, AT_FDCWD, to) < 0 ? -1
                                                             : real.rename(p.from.path, p.to.path);
}

int fs_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    struct pair p;
    if (refuse_pair(&p, from_dirfd, from, to_dirfd, to) < 0)
        return -1;
    return real.renameat(p.from.dirfd, p.from.path, p.to.dirfd, p.to.path);
}

int fs_renameat2(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags)
{
    struct pair p;
    if (refuse_pair(&p, from_dirfd, from, to_dirfd, to) < 0)
        return -1;
    return real.renameat2(p.from.dirfd, p.from.path, p.to.dirfd, p.to.path, flags);
}

int fs_link(const char *from, const char *to)
{
    struct pair p;
    return refuse_pair(&p, AT_FDCWD, from, AT_FDCWD, to) < 0 ? -1
                                                             : real.link(p.from.path, p.to.path);
}

int fs_linkat(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags)
{
    struct pair p;
    if (refuse_pair(&p, from_dirfd, from, to_dirfd, to) < 0)
        return -1;
    return real.linkat(p.from.dirfd, p.from.path, p.to.dirfd, p.to.path, flags);
}

/* ---- Temporary names: libc fills the template behind our back ---- */

/* Whether the template is outside, so that libc may make the file. */
static bool template_is_outside(const char *template)
{
    struct target t;
    if (target_translate(&t, AT_FDCWD, template) < 0)
        return false;
    if (!t.inside)
        return true;
    errno = EROFS;
    return false;
}

static int made_outside(int fd)
{
    if (fd >= 0)
        fdtable_opened_outside(fd);
    return fd;
}

int fs_mkstemp(char *template)
{
    return template_is_outside(template) ? made_outside(real.mkstemp(template)) : -1;
}

int fs_mkostemp(char *template, int flags)
{
    return template_is_outside(template) ? made_outside(real.mkostemp(template, flags)) : -1;
}

int fs_mkstemps(char *template, int suffix)
{
    return template_is_outside(template) ? made_outside(real.mkstemps(template, suffix)) : -1;
}

int fs_mkostemps(char *template, int suffix, int flags)
{
    if (!template_is_outside(template))
        return -1;
    return made_outside(real.mkostemps(template, suffix, flags));
}

char *fs_mkdtemp(char *template)
{
    return template_is_outside(template) ? real.mkdtemp(template) : NULL;
}
