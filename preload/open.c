/* SPDX-License-Identifier: MIT */
/* Opening: the real open on the tree path, then one fstat that tells whether the data is here. */
#define REPORT_FAMILY REPORT_OPEN

#include <errno.h>

#include "core/base/sys.h"
#include "core/client/door.h"
#include "core/client/present.h"
#include "preload/fdtable.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/lazy.h"
#include "preload/open.h"
#include "preload/place.h"
#include "preload/target.h"
#include "preload/write.h"

enum { REOPENS = 16 }; /* a name whose object changes faster than it can be opened is -ESTALE */

static int fail(int error)
{
    errno = error;
    return -1;
}

static int close_and_fail(int fd, int error)
{
    (void)sys_close(fd); /* just opened, nothing written */
    return fail(error);
}

/* What a fresh descriptor of the tree needs. 0, or -errno; -ESTALE: open again. */
static int take_on(int fd, int flags, enum lazy_wish wish)
{
    fdtable_drop(fd);
    if ((flags & O_PATH) == O_PATH)
        return 0;
    struct stat st;
    int rc = sys_fstat(fd, &st);
    if (rc < 0)
        return rc;
    if (S_ISDIR(st.st_mode))
        (void)fdtable_set(fd, fd_make(FD_DIRECTORY, 0)); /* unknown serves as well, only slower */
    else if (entry_is_incomplete(st.st_mode))
        return lazy_adopt(fd, &st, wish);
    return 0;
}

int open_adopt(int fd, int flags)
{
    return place_has_fd(fd) ? take_on(fd, flags, LAZY_WHOLE) : 0;
}

/* O_CREAT on what is there and only read is an open for reading. */
static bool only_reads(const struct target *t, int flags)
{
    struct stat st;
    if (!write_is_wanted(flags))
        return true;
    return (flags & (O_ACCMODE | O_TRUNC | O_EXCL)) == O_RDONLY &&
        (flags & O_TMPFILE) != O_TMPFILE && sys_fstatat(t->dirfd, t->path, &st, 0) == 0 &&
        S_ISREG(st.st_mode);
}

/* What open does with a link in the last component. */
static enum follow_last follow_open(int flags)
{
    bool itself = (flags & O_NOFOLLOW) != 0 || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
    return itself ? FOLLOW_SLASH : FOLLOW_ALWAYS;
}

/* A path that is said to be a directory's, by a slash, a dot or O_DIRECTORY, opened to be written or made. */
static int refuse_directory(const struct target *t, int flags, bool dots)
{
    struct stat st;
    if ((flags & O_CREAT) != 0 && !dots) { /* no file can be made by such a name */
        int rc = target_check_parent(t);
        return fail(rc < 0 ? -rc : EISDIR);
    }
    int rc = sys_fstatat(t->dirfd, t->path, &st, 0);
    if (rc < 0)
        return fail(-rc);
    if (!S_ISDIR(st.st_mode))
        return fail(ENOTDIR);
    return fail((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) ? EEXIST : EISDIR);
}

static int open_to_write(int dirfd, const char *path, int flags, mode_t mode)
{
    struct named n;
    if (target_find_name_as(&n, dirfd, path, follow_open(flags)) < 0)
        return -1;
    if (n.t.inside && (n.t.slash || (flags & (O_DIRECTORY | O_TMPFILE)) == O_DIRECTORY))
        return refuse_directory(&n.t, flags, target_last_dots(path) != 0);
    return write_open(&n.t, n.name, flags, mode);
}

/* Descriptor 0 is libc's stdin: it reads without asking. */
static enum lazy_wish wish_for(int fd)
{
    return fd == 0 ? LAZY_WHOLE : LAZY_ON_DEMAND;
}

static int open_to_read(const struct target *t, int flags)
{
    flags &= ~O_CREAT;
    for (int i = 0; i < REOPENS; i++) {
        int fd = real.openat(t->dirfd, t->path, flags);
        if (fd < 0)
            return fd;
        int rc = take_on(fd, flags, wish_for(fd));
        if (rc == 0)
            return fd;
        if (rc != -ESTALE)
            return close_and_fail(fd, -rc);
        (void)sys_close(fd); /* the tree shows the new object by now */
    }
    return fail(ESTALE);
}

/* A link of /proc or /dev was opened; it may have led to a file of the tree. */
static int opened_by_link(int fd, int flags)
{
    struct stat st;
    if (write_is_wanted(flags) && place_has_fd(fd)) {
        write_adopt(fd); /* whoever passed it to us holds the intent */
        return fd;
    }
    if ((flags & O_PATH) == O_PATH || sys_fstat(fd, &st) < 0 ||
        !entry_is_incomplete(st.st_mode) || !place_has_fd(fd)) {
        fdtable_drop(fd);
        return fd;
    }
    int rc = take_on(fd, flags, wish_for(fd));
    return rc < 0 ? close_and_fail(fd, -rc) : fd;
}

int open_arrived(int fd)
{
    int flags = sys_fcntl(fd, F_GETFL, 0);
    return flags < 0 ? fd : opened_by_link(fd, flags);
}

/* Nobody knows what making a directory by open should do: EINVAL, before the path is looked at (Linux 6.4). */
static bool bad_flags(int flags)
{
    return (flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY) && (flags & O_PATH) == 0 &&
        (flags & O_TMPFILE) != O_TMPFILE;
}

/* What is opened to be read needs no word until somebody does more with it than read: most never do. */
static void opened_outside(int fd, int flags)
{
    if ((flags & (O_ACCMODE | O_DIRECTORY | O_PATH)) == O_RDONLY)
        fdtable_drop(fd);
    else
        fdtable_opened_outside(fd);
}

int fs_openat(int dirfd, const char *path, int flags, mode_t mode)
{
    struct target t;
    if (target_find_as(&t, dirfd, path, follow_open(flags)) < 0)
        return bad_flags(flags) ? fail(EINVAL) : -1;
    if (t.inside && bad_flags(flags))
        return fail(EINVAL);
    if (t.inside)
        return only_reads(&t, flags) ? open_to_read(&t, flags)
                                     : open_to_write(dirfd, path, flags, mode);
    struct follow f;
    int fd = real.openat(t.dirfd, t.path, flags, mode);
    if (follow_leads_inside(fd < 0, &f, dirfd, path, follow_open(flags)))
        return fs_openat(AT_FDCWD, f.path, flags, mode);
    if (fd < 0)
        return fd;
    if (t.magic)
        return opened_by_link(fd, flags);
    opened_outside(fd, flags);
    return fd;
}

int fs_open(const char *path, int flags, mode_t mode)
{
    struct target t;
    if (target_find_as(&t, AT_FDCWD, path, follow_open(flags)) < 0)
        return bad_flags(flags) ? fail(EINVAL) : -1;
    if (t.inside && bad_flags(flags))
        return fail(EINVAL);
    if (t.inside)
        return only_reads(&t, flags) ? open_to_read(&t, flags)
                                     : open_to_write(AT_FDCWD, path, flags, mode);
    struct follow f;
    int fd = real.open(t.path, flags, mode);
    if (follow_leads_inside(fd < 0, &f, AT_FDCWD, path, follow_open(flags)))
        return fs_openat(AT_FDCWD, f.path, flags, mode);
    if (fd < 0)
        return fd;
    if (t.magic)
        return opened_by_link(fd, flags);
    opened_outside(fd, flags);
    return fd;
}

/* Fortified: without a mode argument, O_CREAT is a bug that libc aborts on. */
int fs_open_2(const char *path, int flags)
{
    if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE)
        return real.__open_2(path, flags);
    return fs_open(path, flags, 0);
}

int fs_openat_2(int dirfd, const char *path, int flags)
{
    if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE)
        return real.__openat_2(dirfd, path, flags);
    return fs_openat(dirfd, path, flags, 0);
}

int fs_creat(const char *path, mode_t mode)
{
    return fs_open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int fs_name_to_handle_at(
    int dirfd, const char *path, struct file_handle *handle, int *mount_id, int flags)
{
    struct target t;
    if (target_find(&t, dirfd, path) < 0)
        return -1;
    struct stat st;
    int found = t.inside ? sys_fstatat(t.dirfd, t.path, &st, 0) : 0;
    if (t.inside) /* a handle would be opened behind our back */
        return fail(found < 0 ? -found : EOPNOTSUPP);
    struct follow f;
    int rc = real.name_to_handle_at(t.dirfd, t.path, handle, mount_id, flags);
    bool follows = (flags & AT_SYMLINK_FOLLOW) != 0;
    if (follow_leads_inside(rc < 0, &f, dirfd, path, follows ? FOLLOW_ALWAYS : FOLLOW_SLASH))
        return fail(EOPNOTSUPP);
    return rc;
}
