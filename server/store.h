/* SPDX-License-Identifier: MIT */
/*
 * A served directory.
 *
 * Every access goes through the descriptor of the directory by openat2(2) with RESOLVE_BENEATH and
 * RESOLVE_NO_SYMLINKS, so that no spelling of a path and no symlink leads out of it; symlinks and
 * special files are treated as absent. Paths are relative to the store, as struct route makes them:
 * no slash at either end, "" is the store itself.
 *
 * What the server needs for itself (unfinished uploads, ACLs where extended attributes do not work)
 * is in the folder STORE_PRIVATE_NAME of the directory, made when first needed. That name is never
 * listed and no route leads there.
 *
 * A store is immutable once open; the functions may be called from any thread. They return 0 or
 * -errno; -ENOENT, -ENOTDIR, -ELOOP and -EXDEV all mean that there is nothing by that name.
 */
#ifndef ALGOFS_SERVER_STORE_H
#define ALGOFS_SERVER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define STORE_PRIVATE_NAME ".algofs-server"

enum { STORE_TEMP_NAME_MAX = 64 };

struct store {
    int root_fd;
    bool read_only;
};

/* A file being written: private until committed. */
struct store_temp {
    int fd;         /* open for writing; -1: none */
    int private_fd; /* the folder it is in */
    char name[STORE_TEMP_NAME_MAX];
};

#define STORE_TEMP_INIT                                                                            \
    {                                                                                              \
        .fd = -1, .private_fd = -1                                                                 \
    }

/** Opens the directory `dir` (a path of this machine) and removes what a killed server left there.
 */
int store_open(struct store *store, const char *dir, bool read_only);
/** Closes the store, and takes away the private folder if nothing is in it. */
void store_close(struct store *store);

/** Opens the file or directory `path` for reading; `ret_stat` tells which. The caller owns the fd.
 */
int store_open_object(
    const struct store *store, const char *path, int *ret_fd, struct stat *ret_stat);
/**
 * Opens the directory that holds `path` (not ""), for calls that change it. `ret_name`, its last
 * name, points into `path`. The caller owns the fd.
 */
int store_open_parent(
    const struct store *store, const char *path, int *ret_fd, const char **ret_name);
/**
 * Whether the time of change in `st` (read just now) is old enough to tell versions apart. File
 * times move in ticks of the kernel's clock, up to 10 ms: what changed within the last tick may
 * change again and keep its time, so nothing may be remembered about it.
 */
bool store_is_settled(const struct stat *st);
/** Opens the private folder, making it if need be. The caller owns the fd. */
int store_open_private(const struct store *store, int *ret_fd);

/** Makes an empty private file. Ends with store_temp_commit or store_temp_abort. */
int store_temp_create(const struct store *store, struct store_temp *temp);
/**
 * Moves the finished file to `name` in `dir_fd`, in one step, over a file of that name.
 * -EISDIR: `name` is a directory or nothing a file could replace. Ends `temp` whatever happens.
 */
int store_temp_commit(struct store_temp *temp, int dir_fd, const char *name);
/** Removes the file. Does nothing for one that has ended. */
void store_temp_abort(struct store_temp *temp);

#endif
