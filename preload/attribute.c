/* SPDX-License-Identifier: MIT */
/*
 * Attributes set: kept in the tree by the agent, which alone knows what an entry's sticky bit and times
 * mean at the moment. All calls become one request.
 */
#define REPORT_FAMILY REPORT_CHANGE

#include <errno.h>
#include <sys/time.h>
#include <utime.h>

#include "core/base/sys.h"
#include "core/client/door-write.h"
#include "preload/change.h"
#include "preload/fdtable.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/place.h"
#include "preload/readable.h"
#include "preload/target.h"

static int result(int rc)
{
    if (rc >= 0)
        return 0;
    errno = -rc;
    return -1;
}

/* The entry's name for the agent; the root belongs to nobody. */
static int set_by_path(const struct target *t, const char *name, const struct door_attributes *a)
{
    if (change_is_refused())
        return result(-change_refused(t));
    if (t->rel_len == 0)
        return result(-EPERM);
    struct stat st;
    if (t->slash) { /* the agent hears no trailing slash */
        int rc = sys_fstatat(t->dirfd, t->path, &st, 0);
        if (rc < 0)
            return result(rc);
    }
    return result(door_set_attributes(name, -1, a));
}

static int set_by_descriptor(int fd, const struct door_attributes *a)
{
    if (change_is_refused())
        return result(-EROFS);
    return result(door_set_attributes(NULL, fd, a));
}

static bool is_ours(int fd)
{
    fd_word word = fdtable_get(fd);
    return fd_kind_of(word) != FD_OUTSIDE && place_has_fd(fd);
}

/* The same, but for one opened with O_PATH: only a call with AT_EMPTY_PATH takes that. */
static bool is_ours_and_open(int fd)
{
    int flags = is_ours(fd) ? sys_fcntl(fd, F_GETFL, 0) : -1;
    return flags >= 0 && (flags & O_PATH) == 0;
}

/* ---- Mode ---- */

static struct door_attributes new_mode(mode_t mode, unsigned more)
{
    return (struct door_attributes){ .valid = WIRE_SET_MODE | more, .mode = mode & 07777 };
}

int fs_chmod(const char *path, mode_t mode)
{
    struct named n;
    struct follow f;
    struct door_attributes a = new_mode(mode, 0);
    if (target_find_name(&n, AT_FDCWD, path) < 0)
        return -1;
    if (n.t.inside)
        return set_by_path(&n.t, n.name, &a);
    int rc = real.chmod(n.t.path, mode);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS) ? fs_chmod(f.path, mode) : rc;
}

int fs_lchmod(const char *path, mode_t mode)
{
    struct named n;
    struct follow f;
    struct door_attributes a = new_mode(mode, WIRE_SET_NOFOLLOW);
    if (target_find_name(&n, AT_FDCWD, path) < 0)
        return -1;
    if (n.t.inside)
        return set_by_path(&n.t, n.name, &a);
    int rc = real.lchmod(n.t.path, mode);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_SLASH) ? fs_lchmod(f.path, mode) : rc;
}

int fs_fchmodat(int dirfd, const char *path, mode_t mode, int flags)
{
    if ((flags & ~AT_SYMLINK_NOFOLLOW) != 0) /* refused before the path is looked at */
        return real.fchmodat(dirfd, path, mode, flags);
    struct named n;
    struct follow f;
    struct door_attributes a =
        new_mode(mode, (flags & AT_SYMLINK_NOFOLLOW) != 0 ? WIRE_SET_NOFOLLOW : 0);
    if (target_find_name_as(&n, dirfd, path, follow_flags(flags)) < 0)
        return -1;
    if (n.t.inside)
        return set_by_path(&n.t, n.name, &a);
    int rc = real.fchmodat(n.t.dirfd, n.t.path, mode, flags);
    return follow_leads_inside(rc < 0, &f, dirfd, path, follow_flags(flags)) ? fs_fchmodat(AT_FDCWD, f.path, mode, flags) : rc;
}

int fs_fchmod(int fd, mode_t mode)
{
    struct door_attributes a = new_mode(mode, 0);
    return is_ours_and_open(fd) ? set_by_descriptor(fd, &a) : real.fchmod(fd, mode);
}

/* ---- Owner ---- */

static struct door_attributes new_owner(uid_t owner, gid_t group, unsigned more)
{
    unsigned valid = more;
    if (owner != (uid_t)-1)
        valid |= WIRE_SET_OWNER;
    if (group != (gid_t)-1)
        valid |= WIRE_SET_GROUP;
    return (struct door_attributes){ .valid = valid, .uid = owner, .gid = group };
}

int fs_chown(const char *path, uid_t owner, gid_t group)
{
    struct named n;
    struct follow f;
    struct door_attributes a = new_owner(owner, group, 0);
    if (target_find_name(&n, AT_FDCWD, path) < 0)
        return -1;
    if (n.t.inside)
        return set_by_path(&n.t, n.name, &a);
    int rc = real.chown(n.t.path, owner, group);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS) ? fs_chown(f.path, owner, group) : rc;
}

int fs_lchown(const char *path, uid_t owner, gid_t group)
{
    struct named n;
    struct follow f;
    struct door_attributes a = new_owner(owner, group, WIRE_SET_NOFOLLOW);
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_SLASH) < 0)
        return -1;
    if (n.t.inside)
        return set_by_path(&n.t, n.name, &a);
    int rc = real.lchown(n.t.path, owner, group);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_SLASH) ? fs_lchown(f.path, owner, group) : rc;
}

static int own_by_descriptor(int fd, uid_t owner, gid_t group)
{
    struct door_attributes a = new_owner(owner, group, 0);
    return set_by_descriptor(fd, &a);
}

int fs_fchown(int fd, uid_t owner, gid_t group)
{
    return is_ours_and_open(fd) ? own_by_descriptor(fd, owner, group)
                                : real.fchown(fd, owner, group);
}

int fs_fchownat(int dirfd, const char *path, uid_t owner, gid_t group, int flags)
{
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0)
        return real.fchownat(dirfd, path, owner, group, flags);
    if (readable_text(path) && path[0] == '\0' && (flags & AT_EMPTY_PATH) != 0)
        return dirfd == AT_FDCWD || !is_ours(dirfd) ? real.fchownat(dirfd, path, owner, group, flags)
                                                    : own_by_descriptor(dirfd, owner, group);
    struct named n;
    struct follow f;
    struct door_attributes a = new_owner(
        owner, group, (flags & AT_SYMLINK_NOFOLLOW) != 0 ? WIRE_SET_NOFOLLOW : 0);
    if (target_find_name_as(&n, dirfd, path, follow_flags(flags)) < 0)
        return -1;
    if (n.t.inside)
        return set_by_path(&n.t, n.name, &a);
    int rc = real.fchownat(n.t.dirfd, n.t.path, owner, group, flags);
    return follow_leads_inside(rc < 0, &f, dirfd, path, follow_flags(flags)) ? fs_fchownat(AT_FDCWD, f.path, owner, group, flags) : rc;
}

/* ---- Times ---- */

static struct door_attributes new_times(const struct timespec times[2], unsigned more)
{
    static const struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
    const struct timespec *wanted = times == NULL ? now : times;
    return (struct door_attributes){
        .valid = WIRE_SET_ATIME | WIRE_SET_MTIME | more,
        .times = { wanted[0], wanted[1] },
    };
}

/* Whether times were given that cannot be read. */
static bool bad_times(const void *times, size_t size)
{
    return times != NULL && !readable_bytes(times, size);
}

static const struct timespec *from_timevals(const struct timeval times[2], struct timespec out[2])
{
    if (times == NULL)
        return NULL;
    for (int i = 0; i < 2; i++)
        out[i] = (struct timespec){ times[i].tv_sec, times[i].tv_usec * 1000 };
    return out;
}

int fs_utime(const char *path, const struct utimbuf *times)
{
    struct named n;
    struct follow f;
    if (target_find_name(&n, AT_FDCWD, path) < 0)
        return -1;
    if (!n.t.inside) {
        int rc = real.utime(n.t.path, times);
        return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS) ? fs_utime(f.path, times) : rc;
    }
    struct timespec wanted[2] = { { 0 } };
    if (bad_times(times, sizeof(*times)))
        return result(-EFAULT);
    if (times != NULL) {
        wanted[0].tv_sec = times->actime;
        wanted[1].tv_sec = times->modtime;
    }
    struct door_attributes a = new_times(times == NULL ? NULL : wanted, 0);
    return set_by_path(&n.t, n.name, &a);
}

/* Times that are none are refused after the path was found. */
static int refuse_times(const struct target *t, unsigned more)
{
    struct stat st;
    int rc = sys_fstatat(
        t->dirfd, t->path, &st, (more & WIRE_SET_NOFOLLOW) != 0 ? AT_SYMLINK_NOFOLLOW : 0);
    return result(rc < 0 ? rc : -EINVAL);
}

/* utimes and its kin: microseconds outside their range are EINVAL, as in the kernel. */
static int set_timevals(const struct named *n, const struct timeval times[2], unsigned more)
{
    if (bad_times(times, 2 * sizeof(*times)))
        return result(-EFAULT);
    for (int i = 0; times != NULL && i < 2; i++)
        if (times[i].tv_usec < 0 || times[i].tv_usec > 999999)
            return refuse_times(&n->t, more);
    struct timespec wanted[2];
    struct door_attributes a = new_times(from_timevals(times, wanted), more);
    return set_by_path(&n->t, n->name, &a);
}

int fs_utimes(const char *path, const struct timeval times[2])
{
    struct named n;
    struct follow f;
    if (target_find_name(&n, AT_FDCWD, path) < 0)
        return -1;
    if (n.t.inside)
        return set_timevals(&n, times, 0);
    int rc = real.utimes(n.t.path, times);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS) ? fs_utimes(f.path, times) : rc;
}

int fs_lutimes(const char *path, const struct timeval times[2])
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_SLASH) < 0)
        return -1;
    if (n.t.inside)
        return set_timevals(&n, times, WIRE_SET_NOFOLLOW);
    int rc = real.lutimes(n.t.path, times);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_SLASH) ? fs_lutimes(f.path, times) : rc;
}

int fs_futimes(int fd, const struct timeval times[2])
{
    struct timespec wanted[2];
    if (!is_ours_and_open(fd))
        return real.futimes(fd, times);
    if (bad_times(times, 2 * sizeof(*times)))
        return result(-EFAULT);
    struct door_attributes a = new_times(from_timevals(times, wanted), 0);
    return set_by_descriptor(fd, &a);
}

int fs_futimesat(int dirfd, const char *path, const struct timeval times[2])
{
    if (path == NULL)
        return is_ours(dirfd) ? fs_futimes(dirfd, times) : real.futimesat(dirfd, path, times);
    struct named n;
    struct follow f;
    if (target_find_name(&n, dirfd, path) < 0)
        return -1;
    if (n.t.inside)
        return set_timevals(&n, times, 0);
    int rc = real.futimesat(n.t.dirfd, n.t.path, times);
    return follow_leads_inside(rc < 0, &f, dirfd, path, FOLLOW_ALWAYS) ? fs_futimesat(AT_FDCWD, f.path, times) : rc;
}

int fs_futimens(int fd, const struct timespec times[2])
{
    if (!is_ours_and_open(fd) || bad_times(times, 2 * sizeof(*times)))
        return real.futimens(fd, times);
    struct door_attributes a = new_times(times, 0);
    return set_by_descriptor(fd, &a);
}

int fs_utimensat(int dirfd, const char *path, const struct timespec times[2], int flags)
{
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0)
        return real.utimensat(dirfd, path, times, flags);
    if ((flags & AT_EMPTY_PATH) != 0 && readable_text(path) && path[0] == '\0') {
        if (dirfd == AT_FDCWD || !is_ours(dirfd) || bad_times(times, 2 * sizeof(*times)))
            return real.utimensat(dirfd, path, times, flags);
        struct door_attributes a = new_times(times, 0);
        return set_by_descriptor(dirfd, &a);
    }
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, dirfd, path, follow_flags(flags)) < 0)
        return -1;
    if (!n.t.inside || bad_times(times, 2 * sizeof(*times))) {
        int rc = real.utimensat(n.t.dirfd, n.t.path, times, flags);
        return follow_leads_inside(rc < 0, &f, dirfd, path, follow_flags(flags)) ? fs_utimensat(AT_FDCWD, f.path, times, flags) : rc;
    }
    struct door_attributes a =
        new_times(times, (flags & AT_SYMLINK_NOFOLLOW) != 0 ? WIRE_SET_NOFOLLOW : 0);
    return set_by_path(&n.t, n.name, &a);
}

/* ---- Size ---- */

int fs_truncate(const char *path, off_t size)
{
    struct named n;
    struct follow f;
    struct door_attributes a = { .valid = WIRE_SET_SIZE, .size = size };
    if (size < 0) /* before the path is looked at, as the kernel does */
        return result(-EINVAL);
    if (target_find_name(&n, AT_FDCWD, path) < 0)
        return -1;
    if (!n.t.inside) {
        int rc = real.truncate(n.t.path, size);
        return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS) ? fs_truncate(f.path, size) : rc;
    }
    return set_by_path(&n.t, n.name, &a);
}
