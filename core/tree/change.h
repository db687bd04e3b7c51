/* SPDX-License-Identifier: MIT */
/*
 * Changes that are made here: what a program creates, removes and renames, as it is done to the
 * tree (the remote's half is the engine's).
 *
 * Each function waits until a listing that is being applied is through with the entry. A caller
 * that first sees to it that tree_keep says yes for the entry, and then comes here, therefore
 * changes what no answer on its way replaces any more.
 *
 * Errors are those of the system call of the name. Threads: any.
 */
#ifndef ALGOFS_TREE_CHANGE_H
#define ALGOFS_TREE_CHANGE_H

#include <sys/stat.h>
#include <sys/types.h>

struct tree;

/** Opens the existing file `path` with open(2)'s flags, none of which creates or truncates. The
 * descriptor or -errno. */
int change_open(struct tree *tree, const char *path, int flags);

enum { CHANGE_NAME_MAX = 24 }; /* bytes of a name in tmp/ */

/** Makes a complete, empty file with `mode` in tmp/ and opens it with `flags` (without O_CREAT and
 * the like). The descriptor or -errno. */
int change_prepare(struct tree *tree, int flags, mode_t mode, char ret_made[CHANGE_NAME_MAX]);

/**
 * Gives a prepared file its name. `replaced`: the inode of the file that has the name now, 0 if
 * none has. -EEXIST: it is another entry by now. After a failure the file has gone.
 */
int change_publish(struct tree *tree, const char *made, const char *path, ino_t replaced);

/** Gives a prepared file up. */
void change_discard(struct tree *tree, const char *made);

/** A directory that is there: -EEXIST. */
/**
 * Whether the modes that were set here let a name be made or removed where `path` is: asked before the remote
 * is, so that a call that the tree refuses has changed nothing. 0, -EACCES, -ENOENT, …
 */
int change_check_parent(struct tree *tree, const char *path);
/** The same for directory `path` itself, which changes when it moves to another parent. */
int change_check_directory(struct tree *tree, const char *path);
int change_make_directory(struct tree *tree, const char *path, mode_t mode);

/** Removes the name of a file; who has it open keeps it. -EISDIR, -ENOENT. */
int change_unlink(struct tree *tree, const char *path);

/** -ENOTEMPTY, -ENOTDIR, -ENOENT. */
int change_remove_directory(struct tree *tree, const char *path);

/** A symbolic link, with its mtime unless that is NULL. -EEXIST. */
int change_make_link(
    struct tree *tree, const char *target, const char *path, const struct timespec *mtime);
/** Times of the entry itself, a symbolic link too, as utimensat(2). */
int change_set_times(struct tree *tree, const char *path, const struct timespec times[2]);
/** A further name of the file `from`. -EEXIST. */
int change_link(struct tree *tree, const char *from, const char *to);

/** Over an existing file or empty directory, as rename(2). */
int change_rename(struct tree *tree, const char *from, const char *to);

#endif
