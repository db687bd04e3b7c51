/* SPDX-License-Identifier: MIT */
/* Directories: libc's own DIR over a real directory whose names have been ensured. */
#define REPORT_FAMILY REPORT_LIST

#include <errno.h>

#include "core/base/sys.h"
#include "core/client/door.h"
#include "preload/fdtable.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/place.h"
#include "preload/target.h"

static DIR *registered(DIR *dir, const struct target *t)
{
    if (dir == NULL)
        return NULL;
    if (t->inside)
        (void)fdtable_set(
            dirfd(dir), fd_make(FD_DIRECTORY, door_directory_lease(t->rel, t->rel_len)));
    else
        fdtable_opened_outside(dirfd(dir));
    return dir;
}

DIR *fs_opendir(const char *path)
{
    struct target t;
    struct follow f;
    if (target_find_listing(&t, AT_FDCWD, path) < 0)
        return NULL;
    DIR *dir = real.opendir(t.path);
    if (!t.inside && follow_leads_inside(dir == NULL, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_opendir(f.path);
    return registered(dir, &t);
}

/* A descriptor of the tree was opened without its names being asked for; now they are wanted. */
static int ensure_names(int fd)
{
    fd_word word = fdtable_get(fd);
    if (fd_kind_of(word) == FD_OUTSIDE)
        return 0;
    if (fd_kind_of(word) == FD_DIRECTORY && lease_valid((lease_time)fd_payload(word)))
        return 0;
    char path[PATH_MAX];
    size_t len;
    if (place_of_fd(fd, path, sizeof(path), &len) < 0) {
        fdtable_opened_outside(fd);
        return 0;
    }
    int rc = door_ensure(path, len, WIRE_WANT_LISTING);
    if (rc == 0)
        (void)fdtable_set(fd, fd_make(FD_DIRECTORY, door_directory_lease(path, len)));
    return rc;
}

DIR *fs_fdopendir(int fd)
{
    int rc = ensure_names(fd);
    if (rc < 0) {
        errno = -rc;
        return NULL;
    }
    return real.fdopendir(fd);
}

int fs_closedir(DIR *dir)
{
    if (dir != NULL)
        fdtable_drop(dirfd(dir)); /* libc closes it without calling us */
    return real.closedir(dir);
}

int fs_scandir(const char *path, struct dirent ***list, scandir_filter *filter,
    scandir_compare *compare)
{
    struct target t;
    struct follow f;
    if (target_find_listing(&t, AT_FDCWD, path) < 0)
        return -1;
    int rc = real.scandir(t.path, list, filter, compare);
    if (!t.inside && follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_scandir(f.path, list, filter, compare);
    return rc;
}

int fs_scandir64(const char *path, struct dirent64 ***list, scandir64_filter *filter,
    scandir64_compare *compare)
{
    return fs_scandir( /* the same types on LP64 */
        path, (struct dirent ***)list, (scandir_filter *)filter, (scandir_compare *)compare);
}

int fs_scandirat(int dirfd, const char *path, struct dirent ***list, scandir_filter *filter,
    scandir_compare *compare)
{
    struct target t;
    struct follow f;
    if (target_find_listing(&t, dirfd, path) < 0)
        return -1;
    int rc = real.scandirat(t.dirfd, t.path, list, filter, compare);
    if (!t.inside && follow_leads_inside(rc < 0, &f, dirfd, path, FOLLOW_ALWAYS))
        return fs_scandir(f.path, list, filter, compare);
    return rc;
}

int fs_scandirat64(int dirfd, const char *path, struct dirent64 ***list, scandir64_filter *filter,
    scandir64_compare *compare)
{
    return fs_scandirat( /* the same types on LP64 */
        dirfd, path, (struct dirent ***)list, (scandir_filter *)filter, (scandir_compare *)compare);
}

ssize_t fs_getdirentries(int fd, char *buffer, size_t size, off_t *base)
{
    int rc = ensure_names(fd);
    if (rc < 0) {
        errno = -rc;
        return -1;
    }
    return real.getdirentries(fd, buffer, size, base);
}

ssize_t fs_getdents64(int fd, void *buffer, size_t size)
{
    int rc = ensure_names(fd);
    if (rc < 0) {
        errno = -rc;
        return -1;
    }
    return real.getdents64(fd, buffer, size);
}
