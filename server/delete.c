/* SPDX-License-Identifier: MIT */
#include "server/delete.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"

/* Each level of a tree costs a descriptor and some stack while it is deleted. */
enum { DELETE_DEPTH_MAX = 128 };

static int delete_tree(int parent_fd, const char *name, unsigned depth, uint64_t *deleted);

/* Deletes one entry of a directory, whatever it is. */
static int delete_entry(int dir_fd, const struct dirent *entry, unsigned depth, uint64_t *deleted)
{
    struct stat st;
    if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno; /* somebody else was faster */
    if (S_ISDIR(st.st_mode))
        return delete_tree(dir_fd, entry->d_name, depth + 1, deleted);
    if (unlinkat(dir_fd, entry->d_name, 0) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (S_ISREG(st.st_mode)) /* a symlink was never visible */
        (*deleted)++;
    return 0;
}

/* Deletes what is in the directory behind `fd`, which is consumed. */
static int delete_children(int fd, unsigned depth, uint64_t *deleted)
{
    CLEANUP_CLOSEDIR DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        int rc = -errno;
        (void)close(fd); /* read-only */
        return rc;
    }
    const struct dirent *entry;
    while ((errno = 0, entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int rc = delete_entry(dirfd(dir), entry, depth, deleted);
        if (rc < 0)
            return rc;
    }
    return -errno;
}

static int delete_tree(int parent_fd, const char *name, unsigned depth, uint64_t *deleted)
{
    if (depth > DELETE_DEPTH_MAX)
        return -E2BIG;
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    int rc = delete_children(fd, depth, deleted);
    if (rc < 0)
        return rc;
    return unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

static int delete_directory(int parent_fd, const char *name, bool force, uint64_t *deleted)
{
    if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0) {
        *deleted = force ? 1 : 0;
        return 0;
    }
    if (errno != ENOTEMPTY && errno != EEXIST)
        return -errno;
    return force ? delete_tree(parent_fd, name, 0, deleted) : -ENOTEMPTY;
}

static int delete_object(const struct target *target, bool wants_dir, bool force, uint64_t *deleted)
{
    CLEANUP_CLOSE int parent = -1;
    const char *name;
    int rc = store_open_parent(target->store, target->path, &parent, &name);
    if (rc < 0)
        return rc;
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return delete_directory(parent, name, force, deleted);
    if (!S_ISREG(st.st_mode) || wants_dir)
        return -ENOENT;
    if (unlinkat(parent, name, 0) < 0)
        return -errno;
    *deleted = 1;
    return 0;
}

void delete_target(const struct target *target, bool wants_dir, bool force, struct answer *answer)
{
    if (target_is_fixed(target)) {
        answer_error(answer, 400, "accounts and roots cannot be deleted");
        return;
    }
    uint64_t deleted = 0;
    int rc = delete_object(target, wants_dir, force, &deleted);
    if (rc < 0 && deleted > 0) {
        answer_partial_delete(answer, rc, deleted);
    } else if (rc < 0) {
        answer_errno(answer, rc);
    } else {
        answer_json(answer);
        strbuf_addf(&answer->body, "{\"result\":{\"deleted\":%" PRIu64 "}}", deleted);
    }
}
