/* SPDX-License-Identifier: MIT */
#include "core/tree/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/tree/beneath.h"
#include "core/tree/internal.h"

static const char version_attribute[] = "user.algofs.version";

int file_open(struct tree *tree, const char *path)
{
    CLEANUP_CLOSE int fd = beneath_open(tree->root, path, O_RDWR | O_NOATIME | O_NONBLOCK);
    struct stat st;
    if (fd < 0)
        return fd == -EISDIR ? -EINVAL : fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

int file_inspect(int fd, struct file_state *ret_state)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    bool complete = (st.st_mode & S_ISVTX) == 0;
    *ret_state = (struct file_state){
        .device = st.st_dev,
        .inode = st.st_ino,
        .complete = complete,
        .unlinked = st.st_nlink == 0,
        .size = (uint64_t)st.st_size,
        .mtime = complete ? st.st_mtim : st.st_atim,
    };
    ssize_t len = fgetxattr(fd, version_attribute, ret_state->version, TREE_VERSION_MAX - 1);
    ret_state->version[len > 0 ? len : 0] = '\0'; /* absent, unsupported or too long: unknown */
    return 0;
}

int file_path(const struct tree *tree, int fd, char *path, size_t size)
{
    static const char deleted[] = " (deleted)";
    char link[64];
    char target[PATH_MAX + sizeof(deleted)];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, target, sizeof(target) - 1);
    if (len < 0)
        return -errno;
    target[len] = '\0';
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_nlink == 0)
        return -ESTALE;
    size_t root_len = strlen(tree->path);
    if (strncmp(target, tree->path, root_len) != 0 || target[root_len] != '/')
        return -EXDEV;
    if ((size_t)len - root_len > size)
        return -ENAMETOOLONG;
    memcpy(path, target + root_len + 1, (size_t)len - root_len);
    return 0;
}

void file_set_version(int fd, const char *version)
{
    if (version[0] != '\0')
        (void)fsetxattr(fd, version_attribute, version, strlen(version), 0); /* see the header */
}

int file_complete(struct tree *tree, int fd, const struct file_state *state, const char *version)
{
    int rc = durable_will_complete(&tree->durable, tree->folder);
    if (rc < 0)
        return rc;
    if (strcmp(version, state->version) != 0)
        file_set_version(fd, version);
    const struct timespec times[2] = { state->mtime, state->mtime };
    if (futimens(fd, times) < 0 || fchmod(fd, TREE_FILE_MODE) < 0)
        return -errno;
    return 0;
}

void file_discard_content(int fd, uint64_t size)
{
    /* Nobody reads a placeholder's bytes, so where holes cannot be punched only space is lost. */
    (void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)size);
}
