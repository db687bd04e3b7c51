/* SPDX-License-Identifier: MIT */
/*
 * The cache tree of one instance: remote names as real directories and real files.
 *
 *     $CACHE/<instance>/          0700
 *         tree/<connector>/…      what doors see
 *         maps/<inode>            presence maps of partial files (map.h)
 *         tmp/                    new entries are made here and renamed in; emptied at the start
 *         state                   whether a crash of the machine could have left zeros (durable.h)
 *
 * An entry's state is on the entry itself. A *placeholder* is a regular file of the remote's size
 * (above 0) with the sticky bit set: nothing, or not all, of its content is here, and its atime
 * holds the remote's mtime, because filling moves the mtime. A *complete* file has the bit clear
 * and its mtime is the remote's. There is nothing between: completing sets both times, then clears
 * the bit (file.h).
 *
 * A file that the remote has in another version is replaced by renaming a fresh placeholder over
 * it, so that whoever holds the old one open keeps the old bytes. What disappears is renamed into
 * tmp/ first: the tree never shows a half-made or half-removed entry.
 *
 * A symbolic link is one, with the target that the remote has: nothing below follows it.
 *
 * Paths are relative to the tree's root and "" is the root; no access leaves it or follows a
 * symbolic link (beneath.h). Only one process uses an instance at a time (the agent's lock).
 *
 * Threads: any, for everything. `names` below is held over the check and the rename of one entry.
 */
#ifndef ALGOFS_TREE_TREE_H
#define ALGOFS_TREE_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

enum {
    TREE_VERSION_MAX = 96,              /* bytes of a version with its NUL */
    TREE_FILE_MODE = 0755,      /* a store without modes: programs shall run (docs/SEMANTICS.md, 2) */
    TREE_DIRECTORY_MODE = 0755,
};

struct tree;

/* What the remote says an entry is. */
struct tree_attributes {
    bool is_dir;
    bool has_mtime;        /* false: the store does not say; the time of first sight is used (of a
                              directory: ENTRY_DIRECTORY_MTIME) */
    bool has_mode;         /* false: TREE_FILE_MODE, TREE_DIRECTORY_MODE, or what was set here */
    bool has_owner;        /* taken over only by root: others cannot give files away */
    uint64_t size;         /* bytes; of files */
    struct timespec mtime; /* valid if has_mtime */
    const char *version;   /* "" unknown; compared where both sides know one */
    const char *link;      /* the target of a symbolic link; NULL: it is none */
    uint64_t file_id;      /* equal for all names of one file … */
    unsigned names;        /* … that has so many; 0: it has this one */
    mode_t mode;           /* permissions, valid if has_mode */
    uid_t uid;             /* valid if has_owner, as is gid */
    gid_t gid;
};

/*
 * Whether the entry `name` of `directory` is to stay as it is (or stay absent) because it became so
 * here after what the remote says of it was asked; `listed`: whether the remote has it. Called
 * under the tree's lock, in the step that would replace or remove the entry: what was kept once the
 * asker of a change has been through change.h is not undone by an answer on its way.
 */
struct tree_keep {
    bool (*keep)(void *context, const char *directory, const char *name, bool listed);
    void *context;
};

/* Whether a complete file is to be believed although the machine crashed. */
struct tree_spare {
    bool (*spare)(void *context, const struct stat *st);
    void *context;
};

enum tree_kind { TREE_ABSENT, TREE_FILE, TREE_DIRECTORY };

/**
 * Opens (makes, if need be) the instance folder `name` in `cache`, an absolute path without
 * symbolic links. What a crash of the machine made doubtful is thrown away here, but what `spare`
 * (NULL: nothing) vouches for. 0 or -errno.
 */
int tree_open(const char *cache, const char *name, const struct tree_spare *spare,
    struct tree **ret_tree);
/** Closes; marks the instance clean if everything in it is on disk. NULL is allowed. */
void tree_free(struct tree *tree);

/* Hears that `name` of the directory `dir` is another entry now, or gone. Called under the tree's lock. */
typedef void tree_observe_fn(void *context, int dir, const char *name);
/** Before the tree is used by several threads. */
void tree_observe(struct tree *tree, tree_observe_fn *observe, void *context);

/** The absolute path of the root directory. Lives as long as the tree. */
const char *tree_path(const struct tree *tree);
/** The root's descriptor, the tree's own. */
int tree_root(const struct tree *tree);
/** The descriptor of tmp/, the tree's own: for files that are only worked with. */
int tree_temporary(const struct tree *tree);

/** What stands at `path`, as lstat(2). */
int tree_stat(struct tree *tree, const char *path, struct stat *ret_st);

/** What is at `path` now. A symbolic link counts as TREE_FILE. */
int tree_look(struct tree *tree, const char *path, enum tree_kind *ret_kind);

/* `keep` below may be NULL: nothing is kept. */

/** Makes `path` and what leads to it directories, replacing what is not one. -ENOENT, -ENOTDIR:
 * `keep` prevented it. */
int tree_make_directory(struct tree *tree, const char *path, const struct tree_keep *keep);

/** Makes the entry `path` what the remote says it is: kept if it is that already. Its directories
 * are made. -EINVAL for a name that cannot be. */
int tree_put(struct tree *tree, const char *path, const struct tree_attributes *attributes,
    const struct tree_keep *keep);

/** Makes `path` a symbolic link to `target`, replacing what is there. */
int tree_put_link(struct tree *tree, const char *path, const char *target);
/** The target of the symbolic link `path`, NUL-terminated, and its attributes. -EINVAL: it is none;
 * -ENAMETOOLONG. */
int tree_read_link(
    struct tree *tree, const char *path, char *target, size_t size, struct stat *ret_st);

/** Removes `path` with all below it. 0 also if it is not there. */
int tree_remove(struct tree *tree, const char *path, const struct tree_keep *keep);

/** Replaces the file `path`, if it is still inode `inode`, by a fresh placeholder of the same size
 * and time, and version if that is the same. -ESTALE: it is another file by now, or is kept. */
int tree_renew(struct tree *tree, const char *path, uint64_t inode, bool same_version,
    const struct tree_keep *keep);

/** Writes completed files out (syncfs) so that a crash of the machine keeps them. */
int tree_checkpoint(struct tree *tree);

/** Names that were left out because no file can have them, since the start. */
uint64_t tree_skipped_names(const struct tree *tree);

#endif
