/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/beneath.h"
#include "core/tree/file.h"
#include "core/tree/internal.h"
#include "core/wire/entry.h"
#include "core/tree/map.h"

void entry_tell(struct tree *tree, int dir, const char *name)
{
    if (tree->observe != NULL)
        tree->observe(tree->observe_context, dir, name);
}

void entry_temporary(struct tree *tree, char name[TREE_TEMPORARY_MAX])
{
    (void)snprintf(name, TREE_TEMPORARY_MAX, "%llu", atomic_fetch_add(&tree->next_temporary, 1));
}

struct entry_opened_up entry_open_up(int dir, const struct stat *st)
{
    mode_t needed = S_IWUSR | S_IXUSR;
    if ((st->st_mode & needed) == needed || geteuid() == 0 ||
        fchmod(dir, (st->st_mode & 07777) | needed) < 0)
        return (struct entry_opened_up){ .dir = -1 };
    return (struct entry_opened_up){ dir, st->st_mode & 07777 };
}

void entry_close_up(const struct entry_opened_up *opened_up)
{
    if (opened_up->mode != 0)
        (void)fchmod(opened_up->dir, opened_up->mode); /* it could be changed a moment ago */
}

void entry_set_directory_time(int dir, struct timespec mtime)
{
    const struct timespec times[2] = { mtime, mtime };
    (void)futimens(dir, times); /* a directory with another time is no wrong directory */
}

int entry_make_placeholder(
    struct tree *tree, const char *name, const struct tree_attributes *attributes)
{
    CLEANUP_CLOSE int fd = openat(tree->tmp, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    if (attributes->size > INT64_MAX || ftruncate(fd, (off_t)attributes->size) < 0)
        return attributes->size > INT64_MAX ? -EFBIG : -errno;
    file_set_version(fd, attributes->version);
    /* Only root gives files away; before the mode, for it clears set-uid bits. */
    if (attributes->has_owner && geteuid() == 0 &&
        fchown(fd, attributes->uid, attributes->gid) < 0)
        return -errno;
    /* Nothing is all of nothing: an empty file is complete. */
    mode_t mode = attributes->has_mode ? attributes->mode & 06777 : TREE_FILE_MODE;
    if (fchmod(fd, attributes->size == 0 ? mode : S_ISVTX | mode) < 0)
        return -errno;
    struct timespec mtime = attributes->mtime;
    if (!attributes->has_mtime)
        clock_gettime(CLOCK_REALTIME, &mtime);
    const struct timespec times[2] = { mtime, mtime };
    return futimens(fd, times) < 0 ? -errno : 0;
}

static bool entry_same_time(const struct tree *tree, struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && (tree->coarse_times || a.tv_nsec == b.tv_nsec);
}

/*
 * Whether the file's own time is not the remote's, and the remote's that is noted on it is `mtime`.
 * One that was noted roughly, when the file was uploaded, is made exact by the first listing that
 * agrees with it.
 */
static bool entry_same_noted_time(
    const struct tree *tree, int dir, const char *name, ino_t inode, struct timespec mtime)
{
    struct file_noted noted;
    struct file_state state;
    CLEANUP_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOATIME | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || file_inspect(fd, &state) < 0 || state.inode != inode ||
        !file_get_noted(fd, &noted))
        return false;
    if (noted.window_s == 0)
        return entry_same_time(tree, noted.mtime, mtime);
    if (mtime.tv_sec < noted.mtime.tv_sec - (time_t)noted.before_s ||
        mtime.tv_sec > noted.mtime.tv_sec + (time_t)noted.window_s)
        return false;
    if (state.version[0] == '\0' && mtime.tv_sec > noted.mtime.tv_sec)
        return false; /* nothing can tell, and it looks later than what the store said of ours */
    noted.mtime = mtime;
    noted.window_s = noted.before_s = 0;
    return file_set_noted(fd, &noted) == 0;
}

/*
 * The listing agrees with a complete file, as far as it tells: whether that is enough is for the file
 * to say. The bytes of a racy one came within seconds of the time that is listed, give or take a clock
 * that is wrong by an hour; so most files need not be opened to know.
 */
static void entry_doubt(int dir, const char *name, const struct stat *st, bool is_noted)
{
    enum { NEAR_S = 3600 };
    struct file_state state;
    time_t age = st->st_ctim.tv_sec - st->st_mtim.tv_sec;
    if (st->st_size == 0 || (!is_noted && (age > NEAR_S || age < -NEAR_S)))
        return;
    CLEANUP_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOATIME | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && file_inspect(fd, &state) == 0 && state.inode == st->st_ino &&
        state.complete && state.version[0] != '\0' && file_is_racy(fd))
        (void)file_doubt(fd); /* else it goes on being believed */
}

/*
 * Whether the regular file `name` with attributes `st` already is what the remote says. Where sizes
 * and times agree and both versions are known they must agree too; a placeholder whose version was
 * unknown learns it here, so that its first GET is held to it.
 */
bool entry_matches(struct tree *tree, int dir, const char *name, const struct stat *st,
    const struct tree_attributes *attributes)
{
    bool complete = (st->st_mode & S_ISVTX) == 0;
    struct timespec mtime = complete ? st->st_mtim : st->st_atim;
    if ((uint64_t)st->st_size != attributes->size)
        return false;
    bool noted = attributes->has_mtime && !entry_same_time(tree, mtime, attributes->mtime);
    if (noted && !entry_same_noted_time(tree, dir, name, st->st_ino, attributes->mtime))
        return false;
    if (attributes->version[0] == '\0' && attributes->has_mtime && complete)
        entry_doubt(dir, name, st, noted);
    if (attributes->version[0] == '\0')
        return true;
    CLEANUP_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOATIME | O_NOFOLLOW | O_CLOEXEC);
    struct file_state state;
    if (fd < 0 || file_inspect(fd, &state) < 0 || state.inode != st->st_ino)
        return false;
    if (state.version[0] == '\0' && !state.complete)
        file_set_version(fd, attributes->version);
    return state.version[0] == '\0' || strcmp(state.version, attributes->version) == 0;
}

void entry_forget_map(struct tree *tree, const struct stat *st)
{
    if (S_ISREG(st->st_mode) && (st->st_mode & S_ISVTX) != 0)
        map_delete(tree, st->st_ino);
}

/* Opens directory `name` of `dir` for reading its entries. */
static int entry_open_stream(int dir, const char *name, DIR **ret_stream)
{
    CLEANUP_CLOSE int fd =
        openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    DIR *stream = fdopendir(fd);
    if (stream == NULL)
        return -errno;
    (void)TAKE_FD(fd); /* the stream's now */
    *ret_stream = stream;
    return 0;
}

/* Deletes `name` of `dir` unless it is a directory that is not empty: then 1. */
static int entry_delete(struct tree *tree, int dir, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (unlinkat(dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0)
        return errno == ENOTEMPTY || errno == EEXIST ? 1 : -errno;
    entry_forget_map(tree, &st);
    return 0;
}

/* Moves `name` of `dir` into `to` under a number that is free there. */
static int entry_move(struct tree *tree, int dir, const char *name, int to, char *ret_name)
{
    int rc;
    struct stat st;
    CLEANUP_CLOSE int moved = beneath_open(dir, name, O_RDONLY | O_DIRECTORY);
    if (moved >= 0 && fstat(moved, &st) == 0) { /* for good: it is on its way out */
        struct entry_opened_up opened_up = entry_open_up(moved, &st);
        (void)opened_up;
    }
    do {
        entry_temporary(tree, ret_name);
        rc = renameat2(dir, name, to, ret_name, RENAME_NOREPLACE) < 0 ? -errno : 0;
        if (rc == -EINVAL) /* a file system without the flag: numbers are new to this process */
            rc = renameat(dir, name, to, ret_name) < 0 ? -errno : 0;
    } while (rc == -EEXIST || rc == -ENOTEMPTY || rc == -ENOTDIR);
    return rc;
}

/* Deletes what directory `name` of `top` holds and moves its directories up beside it. */
static int entry_flatten(struct tree *tree, int top, const char *name)
{
    CLEANUP_CLOSEDIR DIR *stream = NULL;
    int rc = entry_open_stream(top, name, &stream);
    const struct dirent *found;
    while (rc == 0 && (found = readdir(stream)) != NULL) {
        char moved[TREE_TEMPORARY_MAX];
        if (!beneath_name_valid(found->d_name, strlen(found->d_name)))
            continue;
        rc = entry_delete(tree, dirfd(stream), found->d_name);
        if (rc == 1)
            rc = entry_move(tree, dirfd(stream), found->d_name, top, moved);
    }
    return rc;
}

int entry_empty(struct tree *tree, int dir)
{
    bool again;
    do {
        CLEANUP_CLOSEDIR DIR *stream = NULL;
        int rc = entry_open_stream(dir, ".", &stream);
        if (rc < 0)
            return rc;
        const struct dirent *found;
        again = false;
        while ((found = readdir(stream)) != NULL) {
            if (!beneath_name_valid(found->d_name, strlen(found->d_name)))
                continue;
            rc = entry_delete(tree, dir, found->d_name);
            if (rc == 1) {
                again = true;
                rc = entry_flatten(tree, dir, found->d_name);
            }
            if (rc < 0)
                return rc;
        }
    } while (again);
    return 0;
}

/* Names lock held. */
static bool entry_kept(const struct entry_place *place, const char *name, bool listed)
{
    return place != NULL && place->keep != NULL &&
        place->keep->keep(place->keep->context, place->directory, name, listed);
}

/* `listed`: it gives way to something else of that name. */
static int entry_remove_for(
    struct tree *tree, int dir, const char *name, const struct entry_place *place, bool listed)
{
    char moved[TREE_TEMPORARY_MAX];
    {
        LOCK_SCOPE(&tree->names);
        if (entry_kept(place, name, listed))
            return 0;
        int rc = entry_delete(tree, dir, name);
        bool moves = rc == 1;
        if (moves)
            rc = entry_move(tree, dir, name, tree->tmp, moved);
        if (rc == 0)
            entry_tell(tree, dir, name);
        if (!moves || rc < 0)
            return rc == -ENOENT ? 0 : rc;
    }
    CLEANUP_CLOSE int doomed = beneath_open(tree->tmp, moved, O_RDONLY | O_DIRECTORY);
    if (doomed < 0)
        return doomed;
    int rc = entry_empty(tree, doomed);
    return rc < 0 ? rc : unlinkat(tree->tmp, moved, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int entry_remove(struct tree *tree, int dir, const char *name, const struct entry_place *place)
{
    return entry_remove_for(tree, dir, name, place, false);
}

/* What stands under `name`: 0 and *ret_st, or st_mode 0 for nothing. */
static int entry_stat(int dir, const char *name, struct stat *ret_st)
{
    if (fstatat(dir, name, ret_st, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    *ret_st = (struct stat){ .st_mode = 0 };
    return errno == ENOENT ? 0 : -errno;
}

static mode_t entry_directory_mode(const struct tree_attributes *attributes)
{
    return attributes->has_mode ? attributes->mode & 07777 : TREE_DIRECTORY_MODE;
}

static int entry_put_directory(
    struct tree *tree, int dir, const char *name, const struct tree_attributes *attributes)
{
    static const struct timespec fixed = { .tv_sec = ENTRY_DIRECTORY_MTIME };
    char made[TREE_TEMPORARY_MAX];
    entry_temporary(tree, made);
    if (mkdirat(tree->tmp, made, 0700) < 0)
        return -errno;
    CLEANUP_CLOSE int fd = beneath_open(tree->tmp, made, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    if (attributes->has_owner && geteuid() == 0 &&
        fchown(fd, attributes->uid, attributes->gid) < 0)
        return -errno;
    entry_set_directory_time(fd, attributes->has_mtime ? attributes->mtime : fixed);
    if (renameat(tree->tmp, made, dir, name) < 0)
        return -errno;
    /* Only now: a directory that may not be written to cannot change its parent. */
    return fchmod(fd, entry_directory_mode(attributes)) < 0 ? -errno : 0;
}

/* --- symbolic links --- */

static bool entry_link_matches(
    const struct tree *tree, int dir, const char *name, const struct tree_attributes *attributes)
{
    char target[PATH_MAX];
    struct stat st;
    ssize_t len = readlinkat(dir, name, target, sizeof(target));
    return len >= 0 && (size_t)len == strlen(attributes->link) &&
           memcmp(target, attributes->link, (size_t)len) == 0 &&
           (!attributes->has_mtime || (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                                          entry_same_time(tree, st.st_mtim, attributes->mtime)));
}

static int entry_put_link(
    struct tree *tree, int dir, const char *name, const struct tree_attributes *attributes)
{
    char made[TREE_TEMPORARY_MAX];
    const struct timespec times[2] = { attributes->mtime, attributes->mtime };
    entry_temporary(tree, made);
    if (symlinkat(attributes->link, tree->tmp, made) < 0)
        return -errno;
    if ((attributes->has_mtime &&
            utimensat(tree->tmp, made, times, AT_SYMLINK_NOFOLLOW) < 0) ||
        (attributes->has_owner && geteuid() == 0 &&
            fchownat(tree->tmp, made, attributes->uid, attributes->gid, AT_SYMLINK_NOFOLLOW) <
                0) ||
        renameat(tree->tmp, made, dir, name) < 0) {
        int rc = -errno;
        (void)unlinkat(tree->tmp, made, 0); /* else the next start removes it */
        return rc;
    }
    return 0;
}

/* --- attributes alone --- */

/* An entry that is what the remote says may have another mode, owner or, a directory, time by now. */
static void entry_put_attributes(
    struct tree *tree, int dir, const char *name, const struct tree_attributes *attributes)
{
    struct stat st;
    CLEANUP_CLOSE int fd = beneath_open(dir, name, O_PATH);
    char link[64];
    if ((!attributes->has_mode && !attributes->has_owner && !attributes->has_mtime) || fd < 0 ||
        fstat(fd, &st) < 0)
        return;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    bool is_dir = S_ISDIR(st.st_mode);
    mode_t mode = is_dir ? entry_directory_mode(attributes)
                         : (attributes->mode & 06777) | (st.st_mode & S_ISVTX);
    /* What fails leaves an entry with old attributes, and the next listing tries again. */
    if (attributes->has_owner && geteuid() == 0 &&
        (st.st_uid != attributes->uid || st.st_gid != attributes->gid) &&
        fchownat(fd, "", attributes->uid, attributes->gid, AT_EMPTY_PATH) < 0)
        return;
    if (attributes->has_mode && (st.st_mode & 07777) != mode) {
        if (chmod(link, mode) < 0)
            return;
        entry_tell(tree, dir, name);
    }
    const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, attributes->mtime };
    if (is_dir && attributes->has_mtime &&
        !entry_same_time(tree, st.st_mtim, attributes->mtime))
        (void)utimensat(AT_FDCWD, link, times, 0);
}

/* What was set here stays on the placeholder `made` that replaces the file `fd`. */
static int entry_keep_local(struct tree *tree, const char *made, int fd)
{
    struct file_noted noted;
    struct stat st;
    CLEANUP_CLOSE int copy = openat(tree->tmp, made, O_RDONLY | O_NOATIME | O_CLOEXEC);
    if (copy < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (file_get_noted(fd, &noted))
        (void)file_set_noted(copy, &noted); /* see file.h */
    mode_t sticky = st.st_size > 0 ? S_ISVTX : 0;
    return fchmod(copy, (st.st_mode & 06777) | sticky) < 0 ? -errno : 0;
}

/* `replaced`: a file whose local attributes are kept, or -1. */
static int entry_put_file(struct tree *tree, int dir, const char *name,
    const struct tree_attributes *attributes, int replaced)
{
    char made[TREE_TEMPORARY_MAX];
    entry_temporary(tree, made);
    int rc = entry_make_placeholder(tree, made, attributes);
    if (rc == 0 && replaced >= 0)
        rc = entry_keep_local(tree, made, replaced);
    if (rc == 0 && renameat(tree->tmp, made, dir, name) < 0)
        rc = -errno;
    if (rc < 0)
        (void)unlinkat(tree->tmp, made, 0); /* may not be there; else the next start removes it */
    return rc;
}

/* Whether what stands there is of the kind and content that the remote says. */
static bool entry_is(struct tree *tree, int dir, const char *name, const struct stat *st,
    const struct tree_attributes *attributes)
{
    if (attributes->is_dir)
        return S_ISDIR(st->st_mode);
    if (attributes->link != NULL)
        return S_ISLNK(st->st_mode) && entry_link_matches(tree, dir, name, attributes);
    return S_ISREG(st->st_mode) && entry_matches(tree, dir, name, st, attributes);
}

int entry_put(struct tree *tree, int dir, const char *name,
    const struct tree_attributes *attributes, const struct entry_place *place, bool *ret_changed)
{
    struct stat st;
    int rc = entry_stat(dir, name, &st);
    if (rc < 0)
        return rc;
    if (st.st_mode != 0 && S_ISDIR(st.st_mode) != attributes->is_dir) {
        /* a file where a directory was, or the reverse */
        rc = entry_remove_for(tree, dir, name, place, true);
        if (rc < 0)
            return rc;
    }
    LOCK_SCOPE(&tree->names);
    rc = entry_stat(dir, name, &st);
    if (rc < 0)
        return rc;
    bool kept = entry_kept(place, name, true);
    bool same = kept || entry_is(tree, dir, name, &st, attributes);
    if (ret_changed != NULL)
        *ret_changed = !same;
    if (same && !kept) {
        bool joined = S_ISREG(st.st_mode) && (st.st_mode & S_ISVTX) != 0 &&
                      share_take(tree, dir, name, attributes, &st);
        if (joined) {
            entry_forget_map(tree, &st);
            entry_tell(tree, dir, name);
        } else {
            share_offer(tree, dir, name, attributes);
        }
        if (attributes->link == NULL)
            entry_put_attributes(tree, dir, name, attributes);
    }
    if (same)
        return 0;
    if (share_take(tree, dir, name, attributes, &st)) {
        if (st.st_mode != 0)
            entry_forget_map(tree, &st);
        entry_put_attributes(tree, dir, name, attributes);
        entry_tell(tree, dir, name);
        return 0;
    }
    rc = attributes->is_dir         ? entry_put_directory(tree, dir, name, attributes)
         : attributes->link != NULL ? entry_put_link(tree, dir, name, attributes)
                                    : entry_put_file(tree, dir, name, attributes, -1);
    if (rc == 0 && st.st_mode != 0)
        entry_forget_map(tree, &st);
    if (rc == 0) {
        share_offer(tree, dir, name, attributes);
        entry_tell(tree, dir, name);
    }
    return rc;
}

/* Names lock held; the same for a whole path. */
static bool entry_path_kept(const struct tree_keep *keep, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (keep == NULL)
        return false;
    CLEANUP_FREE char *directory = strndup(path, slash == NULL ? 0 : (size_t)(slash - path));
    const struct entry_place place = { directory, keep };
    return directory == NULL || entry_kept(&place, slash == NULL ? path : slash + 1, true);
}

int tree_renew(struct tree *tree, const char *path, uint64_t inode, bool same_version,
    const struct tree_keep *keep)
{
    const char *name;
    struct stat before;
    struct file_state state;
    CLEANUP_CLOSE int parent = beneath_open_parent(tree->root, path, &name);
    if (parent < 0)
        return parent;
    LOCK_SCOPE(&tree->names);
    CLEANUP_CLOSE int fd = beneath_open(parent, name, O_RDONLY | O_NOATIME | O_NONBLOCK);
    int rc = fd < 0 ? fd : file_inspect(fd, &state);
    if (rc < 0 || state.inode != inode || entry_path_kept(keep, path))
        return rc == -EINVAL || rc == -ENOENT || rc == 0 ? -ESTALE : rc;
    if (fstat(parent, &before) < 0)
        return -errno;
    ENTRY_OPEN_UP(parent, &before);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    const struct tree_attributes attributes = {
        .has_mtime = true,
        .has_mode = true,
        .mode = st.st_mode & 06777,
        .size = state.size,
        .mtime = state.mtime,
        .version = same_version ? state.version : "",
    };
    rc = entry_put_file(tree, parent, name, &attributes, same_version ? fd : -1);
    if (rc == 0 && !state.complete)
        map_delete(tree, state.inode);
    entry_set_directory_time(parent, before.st_mtim);
    if (rc == 0)
        entry_tell(tree, parent, name);
    return rc;
}
