/* SPDX-License-Identifier: MIT */
/*
 * Calls on the system rather than on files, that take a path: the superuser's, which get the tree's path
 * so that the kernel's own check answers; and those with which libc moves the process behind our back.
 */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/swap.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "preload/cwd.h"
#include "preload/fdtable.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/target.h"

/* daemon() goes to "/" and replaces descriptors 0 to 2; what they were open for the agent has seen end. */
int fs_daemon(int nochdir, int noclose)
{
    int rc = real.daemon(nochdir, noclose);
    if (rc == 0) {
        cwd_forget();
        for (int fd = 0; fd <= 2 && noclose == 0; fd++)
            fdtable_drop(fd);
    }
    return rc;
}

int fs_chroot(const char *path)
{
    struct target t;
    struct follow f;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    int rc = real.chroot(t.path);
    if (!t.inside && follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_chroot(f.path);
    if (rc == 0)
        cwd_forget();
    return rc;
}

int fs_acct(const char *path)
{
    struct target t;
    return target_find(&t, AT_FDCWD, path) < 0 ? -1 : real.acct(t.path);
}

int fs_swapon(const char *path, int flags)
{
    struct target t;
    return target_find(&t, AT_FDCWD, path) < 0 ? -1 : real.swapon(t.path, flags);
}

int fs_swapoff(const char *path)
{
    struct target t;
    return target_find(&t, AT_FDCWD, path) < 0 ? -1 : real.swapoff(t.path);
}

/* What is mounted over the tree would be in the agent's way. */
int fs_mount(const char *source, const char *place, const char *type, unsigned long flags,
    const void *data)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, place) < 0)
        return -1;
    if (!t.inside)
        return real.mount(source, t.path, type, flags, data);
    int rc = sys_faccessat(t.dirfd, t.path, F_OK);
    errno = rc < 0 ? -rc : EPERM;
    return -1;
}

int fs_umount(const char *path)
{
    struct target t;
    return target_find(&t, AT_FDCWD, path) < 0 ? -1 : real.umount(t.path);
}

int fs_umount2(const char *path, int flags)
{
    struct target t;
    return target_find(&t, AT_FDCWD, path) < 0 ? -1 : real.umount2(t.path, flags);
}

int fs_fanotify_mark(int fd, unsigned flags, uint64_t mask, int dirfd, const char *path)
{
    struct target t;
    if (path == NULL)
        return real.fanotify_mark(fd, flags, mask, dirfd, path);
    if (target_find(&t, dirfd, path) < 0)
        return -1;
    return real.fanotify_mark(fd, flags, mask, t.dirfd, t.path);
}

/* Made as libc makes it, from what stat tells a program. */
key_t fs_ftok(const char *path, int project)
{
    struct stat st;
    if (fs_stat(path, &st) < 0)
        return -1;
    return (key_t)((st.st_ino & 0xffff) | ((st.st_dev & 0xff) << 16) |
        (((unsigned)project & 0xffu) << 24));
}
