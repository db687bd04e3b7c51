/* SPDX-License-Identifier: MIT */
#include "core/tree/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/beneath.h"
#include "core/tree/internal.h"

static const char version_attribute[] = "user.algofs.version";
static const char noted_attribute[] = "user.algofs.remote";
static const char racy_attribute[] = TREE_RACY_ATTRIBUTE;

enum { NOTED_MAX = 160 };

/* A program may have taken our own permission away (chmod is kept in the tree): gives it back for as
 * long as the open takes. */
static int file_open_forbidden(struct tree *tree, const char *path, int flags)
{
    char link[64];
    struct stat st;
    CLEANUP_CLOSE int place = beneath_open(tree->root, path, O_PATH);
    if (place < 0 || fstat(place, &st) < 0)
        return place < 0 ? place : -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
    if (chmod(link, (st.st_mode & 07777) | S_IRUSR | S_IWUSR) < 0)
        return -errno;
    int fd = open(link, (flags & ~O_NOFOLLOW) | O_CLOEXEC);
    int rc = fd < 0 ? -errno : fd;
    (void)chmod(link, st.st_mode & 07777); /* it could be changed a moment ago */
    return rc;
}

static int file_open_as(struct tree *tree, const char *path, int flags)
{
    flags |= O_NOATIME | O_NONBLOCK;
    CLEANUP_CLOSE int fd = beneath_open(tree->root, path, flags);
    struct stat st;
    if (fd == -EACCES)
        fd = file_open_forbidden(tree, path, flags);
    if (fd < 0)
        return fd == -EISDIR ? -EINVAL : fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

int file_open(struct tree *tree, const char *path)
{
    return file_open_as(tree, path, O_RDWR);
}

int file_open_reading(struct tree *tree, const char *path)
{
    return file_open_as(tree, path, O_RDONLY);
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

/* Setting one wants permission to write, which a program may have taken away. */
static int file_set_attribute(int fd, const char *name, const char *value)
{
    struct stat st;
    int rc = fsetxattr(fd, name, value, strlen(value), 0) < 0 ? -errno : 0;
    if (rc != -EACCES)
        return rc;
    if (fstat(fd, &st) < 0 || fchmod(fd, (st.st_mode & 07777) | S_IWUSR) < 0)
        return -errno;
    rc = fsetxattr(fd, name, value, strlen(value), 0) < 0 ? -errno : 0;
    (void)fchmod(fd, st.st_mode & 07777); /* it could be changed a moment ago */
    return rc;
}

void file_set_version(int fd, const char *version)
{
    if (version[0] != '\0')
        (void)file_set_attribute(fd, version_attribute, version); /* see the header */
}

void file_replace_version(int fd, const char *version)
{
    if (version[0] != '\0' && file_set_attribute(fd, version_attribute, version) == 0)
        return;
    if (fremovexattr(fd, version_attribute) < 0 && errno == EACCES)
        (void)file_set_attribute(fd, version_attribute, ""); /* unknown, too */
}

int file_set_noted(int fd, const struct file_noted *noted)
{
    char text[NOTED_MAX];
    (void)snprintf(text, sizeof(text), "%jd.%09ld -%u +%u %" PRIu64 " %jd.%09ld",
        (intmax_t)noted->mtime.tv_sec, noted->mtime.tv_nsec, noted->before_s, noted->window_s,
        noted->size, (intmax_t)noted->local_mtime.tv_sec, noted->local_mtime.tv_nsec);
    return file_set_attribute(fd, noted_attribute, text);
}

bool file_get_noted(int fd, struct file_noted *ret_noted)
{
    char text[NOTED_MAX];
    intmax_t remote, local;
    struct file_noted noted;
    ssize_t len = fgetxattr(fd, noted_attribute, text, sizeof(text) - 1);
    if (len <= 0)
        return false;
    text[len] = '\0';
    if (sscanf(text, "%jd.%9ld -%u +%u %" SCNu64 " %jd.%9ld", &remote, &noted.mtime.tv_nsec,
            &noted.before_s, &noted.window_s, &noted.size, &local,
            &noted.local_mtime.tv_nsec) != 7)
        return false;
    noted.mtime.tv_sec = (time_t)remote;
    noted.local_mtime.tv_sec = (time_t)local;
    *ret_noted = noted;
    return true;
}

void file_set_racy(int fd, bool racy)
{
    if (racy)
        (void)file_set_attribute(fd, racy_attribute, "1"); /* else trusted, as without attributes */
    else if (fremovexattr(fd, racy_attribute) < 0 && errno == EACCES)
        (void)file_set_attribute(fd, racy_attribute, ""); /* not racy, too */
}

bool file_is_racy(int fd)
{
    char value[2];
    return fgetxattr(fd, racy_attribute, value, sizeof(value)) == 1;
}

int file_doubt(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    const struct timespec times[2] = { st.st_mtim, st.st_mtim };
    if (futimens(fd, times) < 0 || fchmod(fd, (st.st_mode & 06777) | S_ISVTX) < 0)
        return -errno;
    return 0;
}

int file_trust(struct tree *tree, int fd)
{
    struct stat st;
    LOCK_SCOPE(&tree->names);
    if (fstat(fd, &st) < 0)
        return -errno;
    if ((st.st_mode & S_ISVTX) == 0)
        return 0; /* another thread was first, and somebody may be writing by now */
    const struct timespec times[2] = { st.st_atim, st.st_atim };
    if (futimens(fd, times) < 0 || fchmod(fd, st.st_mode & 06777) < 0)
        return -errno;
    return 0;
}

struct timespec file_remote_mtime(int fd, const struct file_state *state)
{
    struct file_noted noted;
    return file_get_noted(fd, &noted) ? noted.mtime : state->mtime;
}

int file_complete(struct tree *tree, int fd, const struct file_state *state, const char *version,
    bool racy)
{
    int rc = durable_will_complete(&tree->durable, tree->folder);
    if (rc < 0)
        return rc;
    if (strcmp(version, state->version) != 0)
        file_set_version(fd, version);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    /* Time and mode as they are now: a program may have set them meanwhile. */
    const struct timespec times[2] = { st.st_atim, st.st_atim };
    if (futimens(fd, times) < 0)
        return -errno;
    if (racy)
        file_set_racy(fd, true);
    return fchmod(fd, st.st_mode & 06777) < 0 ? -errno : 0;
}

void file_discard_content(int fd, uint64_t size)
{
    if (file_is_racy(fd))
        file_set_racy(fd, false); /* else the next look takes what follows for all bytes */
    /* Nobody reads a placeholder's bytes, so where holes cannot be punched only space is lost. */
    (void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)size);
}
