/* SPDX-License-Identifier: MIT */
#include "core/tree/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/strbuf.h"
#include "core/base/beneath.h"
#include "core/tree/internal.h"
#include "core/wire/entry.h"
#include "core/tree/sweep.h"

const char *tree_path(const struct tree *tree)
{
    return tree->path;
}

int tree_root(const struct tree *tree)
{
    return tree->root;
}

int tree_temporary(const struct tree *tree)
{
    return tree->tmp;
}

uint64_t tree_skipped_names(const struct tree *tree)
{
    return atomic_load_explicit(&tree->skipped_names, memory_order_relaxed);
}

/* Makes and opens a directory of the instance folder. */
static int tree_open_part(int folder, const char *name, mode_t mode, int *ret_fd)
{
    if (mkdirat(folder, name, 0700) < 0 && errno != EEXIST)
        return -errno;
    CLEANUP_CLOSE int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fchmod(fd, mode) < 0)
        return -errno;
    *ret_fd = TAKE_FD(fd);
    return 0;
}

/* Whether the file system drops the fraction of a second. */
static int tree_learn_times(struct tree *tree)
{
    char name[TREE_TEMPORARY_MAX];
    const struct tree_attributes probe = {
        .has_mtime = true,
        .mtime = { .tv_sec = ENTRY_DIRECTORY_MTIME, .tv_nsec = 987654000 },
        .version = "",
    };
    struct stat st;
    entry_temporary(tree, name);
    int rc = entry_make_placeholder(tree, name, &probe);
    if (rc == 0)
        rc = fstatat(tree->tmp, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
    (void)unlinkat(tree->tmp, name, 0); /* tmp/ is emptied at the next start */
    if (rc == 0)
        tree->coarse_times = st.st_mtim.tv_nsec != probe.mtime.tv_nsec;
    return rc;
}

static int tree_open_folder(struct tree *tree, const char *cache, const char *name)
{
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
    strbuf_addf(&path, "%s/%s", cache, name);
    if (path.failed)
        return -ENOMEM;
    if (mkdir(path.buf, 0700) < 0 && errno != EEXIST)
        return -errno;
    tree->folder = open(path.buf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (tree->folder < 0)
        return -errno;
    strbuf_addstr(&path, "/tree");
    tree->path = strbuf_detach(&path);
    return tree->path == NULL ? -ENOMEM : 0;
}

static int tree_start(
    struct tree *tree, const char *cache, const char *name, const struct tree_spare *spare)
{
    enum durable_trust trust;
    int rc = tree_open_folder(tree, cache, name);
    if (rc == 0)
        rc = tree_open_part(tree->folder, "tree", 0755, &tree->root);
    if (rc == 0)
        rc = tree_open_part(tree->folder, "maps", 0700, &tree->maps);
    if (rc == 0)
        rc = tree_open_part(tree->folder, "tmp", 0700, &tree->tmp);
    if (rc == 0)
        rc = durable_init(&tree->durable, tree->folder, &trust);
    if (rc == 0 && trust != DURABLE_ALL)
        rc = entry_empty(tree, tree->maps);
    if (rc == 0 && trust == DURABLE_NOTHING) {
        log_warn("tree", "\"%s\": the machine stopped before all was on disk: fetched files are "
                         "thrown away and fetched again", tree->path);
        rc = sweep_complete_files(tree, spare);
    }
    if (rc == 0)
        rc = entry_empty(tree, tree->tmp);
    return rc == 0 ? tree_learn_times(tree) : rc;
}

static void tree_destroy(struct tree *tree)
{
    const int fds[] = { tree->root, tree->maps, tree->tmp, tree->folder };
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            (void)close(fds[i]); /* directories */
    pthread_mutex_destroy(&tree->names);
    durable_deinit(&tree->durable);
    free(tree->path);
    free(tree);
}

int tree_open(const char *cache, const char *name, const struct tree_spare *spare,
    struct tree **ret_tree)
{
    struct tree *tree = calloc(1, sizeof(*tree));
    if (tree == NULL)
        return -ENOMEM;
    tree->folder = tree->root = tree->maps = tree->tmp = -1;
    pthread_mutex_init(&tree->names, NULL);
    int rc = tree_start(tree, cache, name, spare);
    if (rc < 0) {
        tree_destroy(tree);
        return rc;
    }
    *ret_tree = tree;
    return 0;
}

void tree_free(struct tree *tree)
{
    if (tree == NULL)
        return;
    int rc = tree_checkpoint(tree);
    if (rc < 0)
        log_warn("tree", "\"%s\": not marked clean: %s", tree->path, strerror(-rc));
    tree_destroy(tree);
}

void tree_observe(struct tree *tree, tree_observe_fn *observe, void *context)
{
    tree->observe = observe;
    tree->observe_context = context;
}

int tree_checkpoint(struct tree *tree)
{
    return durable_checkpoint(&tree->durable, tree->folder);
}

int tree_stat(struct tree *tree, const char *path, struct stat *ret_st)
{
    const char *name;
    if (path[0] == '\0')
        return fstat(tree->root, ret_st) < 0 ? -errno : 0;
    CLEANUP_CLOSE int parent = beneath_path_parent(tree->root, path, &name);
    if (parent < 0)
        return parent;
    return fstatat(parent, name, ret_st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int tree_look(struct tree *tree, const char *path, enum tree_kind *ret_kind)
{
    struct stat st;
    int rc = tree_stat(tree, path, &st);
    if (rc < 0) {
        if (rc != -ENOENT && rc != -ENOTDIR && rc != -ELOOP)
            return rc;
        *ret_kind = TREE_ABSENT;
        return 0;
    }
    *ret_kind = S_ISDIR(st.st_mode) ? TREE_DIRECTORY : TREE_FILE;
    return 0;
}

/* Keeps the time of a directory whose entries are changed one by one: the newest of its files. */
static void tree_keep_directory_time(
    int dir, const struct stat *before, const struct tree_attributes *added)
{
    struct timespec mtime = before->st_mtim;
    if (added != NULL && added->has_mtime && !added->is_dir && added->mtime.tv_sec > mtime.tv_sec)
        mtime = added->mtime;
    entry_set_directory_time(dir, mtime);
}

static int tree_put_below(struct tree *tree, int parent, const char *name,
    const struct tree_attributes *attributes, const struct entry_place *place)
{
    struct stat before;
    bool changed = false;
    if (!beneath_name_valid(name, strlen(name)))
        return -EINVAL;
    if (fstat(parent, &before) < 0)
        return -errno;
    ENTRY_OPEN_UP(parent, &before);
    int rc = entry_put(tree, parent, name, attributes, place, &changed);
    if (rc == 0 && changed)
        tree_keep_directory_time(parent, &before, attributes);
    return rc;
}

int tree_make_directory(struct tree *tree, const char *path, const struct tree_keep *keep)
{
    static const struct tree_attributes directory = { .is_dir = true, .version = "" };
    CLEANUP_CLOSE int dir = beneath_open(tree->root, path, O_RDONLY | O_DIRECTORY);
    if (dir >= 0)
        return 0;
    CLEANUP_STRBUF struct strbuf above = STRBUF_INIT;
    struct entry_place place = { "", keep };
    dir = beneath_open(tree->root, "", O_RDONLY | O_DIRECTORY);
    while (dir >= 0 && path[0] != '\0') {
        size_t len = strcspn(path, "/");
        char name[NAME_MAX + 1];
        if (!beneath_name_valid(path, len))
            return -EINVAL;
        memcpy(name, path, len);
        name[len] = '\0';
        int rc = tree_put_below(tree, dir, name, &directory, &place);
        if (rc < 0)
            return rc;
        strbuf_addf(&above, "%s%s", above.len == 0 ? "" : "/", name);
        if (above.failed)
            return -ENOMEM;
        place.directory = above.buf;
        int next = beneath_open(dir, name, O_RDONLY | O_DIRECTORY);
        (void)close(dir); /* a directory */
        dir = next;
        path += len + (path[len] == '/');
    }
    return dir < 0 ? dir : 0;
}

/* Opens the directory that `path` stands in, making it. */
static int tree_open_parent(struct tree *tree, const char *path, const struct tree_keep *keep,
    const char **ret_name)
{
    int parent = beneath_open_parent(tree->root, path, ret_name);
    if (parent >= 0)
        return parent;
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return parent;
    CLEANUP_FREE char *directory = strndup(path, (size_t)(slash - path));
    if (directory == NULL)
        return -ENOMEM;
    int rc = tree_make_directory(tree, directory, keep);
    return rc < 0 ? rc : beneath_open_parent(tree->root, path, ret_name);
}

/* The directory part of `path`. NULL: no memory. */
static char *tree_parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strndup(path, slash == NULL ? 0 : (size_t)(slash - path));
}

int tree_put(struct tree *tree, const char *path, const struct tree_attributes *attributes,
    const struct tree_keep *keep)
{
    const char *name;
    CLEANUP_FREE char *directory = tree_parent_of(path);
    if (directory == NULL)
        return -ENOMEM;
    CLEANUP_CLOSE int parent = tree_open_parent(tree, path, keep, &name);
    const struct entry_place place = { directory, keep };
    return parent < 0 ? parent : tree_put_below(tree, parent, name, attributes, &place);
}

int tree_put_link(struct tree *tree, const char *path, const char *target)
{
    const char *name;
    char now[NAME_MAX + 1];
    char made[TREE_TEMPORARY_MAX];
    struct stat before;
    CLEANUP_CLOSE int parent = tree_open_parent(tree, path, NULL, &name);
    if (parent < 0)
        return parent;
    ssize_t len = readlinkat(parent, name, now, sizeof(now));
    if (len >= 0 && (size_t)len == strlen(target) && memcmp(now, target, (size_t)len) == 0)
        return 0;
    if (fstat(parent, &before) < 0)
        return -errno;
    ENTRY_OPEN_UP(parent, &before);
    int rc = entry_remove(tree, parent, name, NULL);
    if (rc < 0)
        return rc;
    entry_temporary(tree, made);
    LOCK_SCOPE(&tree->names);
    if (symlinkat(target, tree->tmp, made) < 0 || renameat(tree->tmp, made, parent, name) < 0)
        return -errno;
    tree_keep_directory_time(parent, &before, NULL);
    entry_tell(tree, parent, name);
    return 0;
}

int tree_read_link(
    struct tree *tree, const char *path, char *target, size_t size, struct stat *ret_st)
{
    const char *name;
    CLEANUP_CLOSE int parent = beneath_open_parent(tree->root, path, &name);
    if (parent < 0)
        return parent;
    if (fstatat(parent, name, ret_st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    ssize_t len = readlinkat(parent, name, target, size);
    if (len < 0)
        return -errno;
    if ((size_t)len >= size)
        return -ENAMETOOLONG;
    target[len] = '\0';
    return 0;
}

int tree_remove(struct tree *tree, const char *path, const struct tree_keep *keep)
{
    const char *name;
    struct stat before;
    CLEANUP_FREE char *directory = tree_parent_of(path);
    const struct entry_place place = { directory, keep };
    if (directory == NULL)
        return -ENOMEM;
    CLEANUP_CLOSE int parent = beneath_open_parent(tree->root, path, &name);
    if (parent == -ENOENT || parent == -ENOTDIR)
        return 0;
    if (parent < 0)
        return parent;
    if (!beneath_name_valid(name, strlen(name)))
        return -EINVAL;
    if (fstat(parent, &before) < 0)
        return -errno;
    int rc = entry_remove(tree, parent, name, &place);
    tree_keep_directory_time(parent, &before, NULL);
    return rc;
}
