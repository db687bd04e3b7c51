/* SPDX-License-Identifier: MIT */
/* What the files of core/tree share; nobody else includes this. */
#ifndef ALGOFS_TREE_INTERNAL_H
#define ALGOFS_TREE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "core/tree/durable.h"
#include "core/tree/tree.h"

#define TREE_RACY_ATTRIBUTE "user.algofs.racy"

enum { TREE_TEMPORARY_MAX = 24 }; /* bytes of a name in tmp/ */

struct tree {
    char *path; /* of tree/ */
    int folder, root, maps, tmp;
    bool coarse_times; /* the file system keeps whole seconds only */
    pthread_mutex_t names;
    atomic_ullong next_temporary;
    atomic_ullong skipped_names;
    tree_observe_fn *observe; /* NULL: nobody */
    void *observe_context;
    struct durable durable;
};

/* share.c: files with several names. */

/** Makes `name` (now `there`) one more name of a file that is in the tree already. False: there is none. */
bool share_take(struct tree *tree, int dir, const char *name,
    const struct tree_attributes *attributes, const struct stat *there);
/** `name` is what the attributes say: the other names of its file may find it from now on. */
void share_offer(
    struct tree *tree, int dir, const char *name, const struct tree_attributes *attributes);

/* entry.c: one name in one directory. `dir` is a descriptor below the root. */

/* Where `dir` is in the tree, and who may object to changing its entries. */
struct entry_place {
    const char *directory;
    const struct tree_keep *keep; /* NULL: nobody */
};

/** Makes `name` what `attributes` say. *ret_changed (may be NULL): whether it was not. `place` may
 * be NULL. */
int entry_put(struct tree *tree, int dir, const char *name,
    const struct tree_attributes *attributes, const struct entry_place *place, bool *ret_changed);
/** Whether the regular file `name` with attributes `st` already is what the remote says. */
bool entry_matches(struct tree *tree, int dir, const char *name, const struct stat *st,
    const struct tree_attributes *attributes);
/** Removes `name` with all below it; 0 also if it is not there, or is kept. */
int entry_remove(struct tree *tree, int dir, const char *name, const struct entry_place *place);
/** Tells who observes the tree that `name` of `dir` has changed. */
void entry_tell(struct tree *tree, int dir, const char *name);
/** A fresh name for tmp/. */
void entry_temporary(struct tree *tree, char name[TREE_TEMPORARY_MAX]);
/** Makes a placeholder in tmp/ under `name`. */
int entry_make_placeholder(struct tree *tree, const char *name,
    const struct tree_attributes *attributes);
/** The map of a file that has lost its name; readers that hold it keep it. */
void entry_forget_map(struct tree *tree, const struct stat *st);
/** Deletes everything below directory `dir`, which no longer is in the tree. Depth costs neither
 * stack nor descriptors: what stands deeper is moved up first. */
int entry_empty(struct tree *tree, int dir);
/* A directory may have a mode that keeps us from changing what is in it, too: opened up for as long as what
 * the remote says is written. */
struct entry_opened_up {
    int dir;
    mode_t mode; /* to be given back; 0: nothing was done */
};
#define ENTRY_OPEN_UP(dir, st)                                                                   \
    __attribute__((cleanup(entry_close_up), unused)) struct entry_opened_up opened_up =          \
        entry_open_up((dir), (st))
struct entry_opened_up entry_open_up(int dir, const struct stat *st);
void entry_close_up(const struct entry_opened_up *opened_up);
/** Gives the directory `dir` the time `mtime`. */
void entry_set_directory_time(int dir, struct timespec mtime);

#endif
