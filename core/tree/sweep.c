/* SPDX-License-Identifier: MIT */
#include "core/tree/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"
#include "core/base/beneath.h"
#include "core/tree/file.h"
#include "core/tree/internal.h"

struct sweep {
    struct tree *tree;
    sweep_file_fn *file;
    void *context;
    struct strbuf pending; /* directories still to be walked: paths, each with its NUL */
};

static int sweep_entry(struct sweep *sweep, const char *directory, int dir, const char *name)
{
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    strbuf_addf(&path, "%s%s%s", directory, directory[0] == '\0' ? "" : "/", name);
    if (path.failed)
        return -ENOMEM;
    if (S_ISDIR(st.st_mode))
        strbuf_add(&sweep->pending, path.buf, path.len + 1);
    return S_ISREG(st.st_mode) ? sweep->file(sweep->context, path.buf, dir, name, &st) : 0;
}

static int sweep_directory(struct sweep *sweep, const char *path)
{
    CLEANUP_CLOSE int fd = beneath_open(sweep->tree->root, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd; /* gone meanwhile */
    CLEANUP_CLOSEDIR DIR *stream = fdopendir(fd);
    if (stream == NULL)
        return -errno;
    int dir = TAKE_FD(fd); /* the stream's now */
    const struct dirent *found;
    int rc = 0;
    while (rc == 0 && (found = readdir(stream)) != NULL)
        if (beneath_name_valid(found->d_name, strlen(found->d_name)))
            rc = sweep_entry(sweep, path, dir, found->d_name);
    return rc;
}

int sweep_files(struct tree *tree, sweep_file_fn *file, void *context)
{
    struct sweep sweep = { tree, file, context, STRBUF_INIT };
    CLEANUP_FREE char *path = strdup("");
    int rc = 0;
    while (rc == 0 && path != NULL) {
        rc = sweep_directory(&sweep, path);
        free(TAKE(path));
        if (sweep.pending.len == 0)
            break;
        size_t start = sweep.pending.len - 1; /* the last path, from after the NUL before it */
        while (start > 0 && sweep.pending.buf[start - 1] != '\0')
            start--;
        path = strdup(sweep.pending.buf + start);
        sweep.pending.len = start;
    }
    if (rc == 0 && (sweep.pending.failed || sweep.pending.len > 0))
        rc = -ENOMEM;
    strbuf_free(&sweep.pending);
    return rc;
}

struct sweep_doubt {
    struct tree *tree;
    const struct tree_spare *spare;
};

/* Whether what looks like a placeholder holds bytes (file.h). */
static bool sweep_is_doubtful(int dir, const char *name)
{
    CLEANUP_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOATIME | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && file_is_racy(fd);
}

static int sweep_remove_complete(
    void *context, const char *path, int dir, const char *name, const struct stat *st)
{
    const struct sweep_doubt *doubt = context;
    (void)path;
    bool placeholder = (st->st_mode & S_ISVTX) != 0 && !sweep_is_doubtful(dir, name);
    if (placeholder ||
        (doubt->spare != NULL && doubt->spare->spare(doubt->spare->context, st)))
        return 0;
    return entry_remove(doubt->tree, dir, name, NULL);
}

int sweep_complete_files(struct tree *tree, const struct tree_spare *spare)
{
    struct sweep_doubt doubt = { tree, spare };
    return sweep_files(tree, sweep_remove_complete, &doubt);
}
