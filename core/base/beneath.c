/* SPDX-License-Identifier: MIT */
#include "core/base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"

static atomic_bool no_openat2; /* learnt from the first call: ENOSYS, or EPERM from a filter */

bool beneath_name_valid(const char *name, unsigned long len)
{
    if (len == 0 || len > NAME_MAX || memchr(name, '/', len) != NULL ||
        memchr(name, '\0', len) != NULL)
        return false;
    return !(name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')));
}

/* One component at a time; what openat2 does for us elsewhere. */
static int beneath_walk(int root, const char *path, int flags)
{
    CLEANUP_CLOSE int dir = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return -errno;
    for (;;) {
        size_t len = strcspn(path, "/");
        char name[NAME_MAX + 1];
        if (!beneath_name_valid(path, len))
            return len > NAME_MAX ? -ENAMETOOLONG : -EXDEV;
        memcpy(name, path, len);
        name[len] = '\0';
        bool last = path[len] == '\0';
        int wanted = last ? flags | O_NOFOLLOW | O_CLOEXEC
                          : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        int next = openat(dir, name, wanted);
        if (next < 0)
            return -errno;
        if (last)
            return next;
        close(dir);
        dir = next;
        path += len + 1;
    }
}

/* openat2 lets ".." through that stays below the root; nobody here means one. */
static bool beneath_goes_up(const char *path)
{
    for (const char *at = strstr(path, ".."); at != NULL; at = strstr(at + 1, ".."))
        if ((at == path || at[-1] == '/') && (at[2] == '\0' || at[2] == '/'))
            return true;
    return false;
}

int beneath_open(int root, const char *path, int flags)
{
    if (beneath_goes_up(path))
        return -EXDEV;
    if (path[0] == '\0')
        path = ".";
    if (!atomic_load_explicit(&no_openat2, memory_order_relaxed)) {
        struct open_how how = {
            .flags = (unsigned)flags | O_CLOEXEC | O_NOFOLLOW,
            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
        };
        long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
            return fd < 0 ? -errno : (int)fd;
        if (errno == ENOSYS)
            atomic_store_explicit(&no_openat2, true, memory_order_relaxed);
    }
    if (strcmp(path, ".") != 0)
        return beneath_walk(root, path, flags);
    int fd = openat(root, ".", flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* A folder that may be entered but not listed (mode 0300) serves as well. */
static int open_folder(int root, const char *path)
{
    int fd = beneath_open(root, path, O_RDONLY | O_DIRECTORY);
    return fd == -EACCES ? beneath_open(root, path, O_PATH | O_DIRECTORY) : fd;
}

int beneath_open_parent(int root, const char *path, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        *ret_name = path;
        return open_folder(root, "");
    }
    char parent[PATH_MAX];
    size_t len = (size_t)(slash - path);
    if (len >= sizeof(parent))
        return -ENAMETOOLONG;
    memcpy(parent, path, len);
    parent[len] = '\0';
    int fd = open_folder(root, parent);
    if (fd >= 0)
        *ret_name = slash + 1;
    return fd;
}
