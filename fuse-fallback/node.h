/* SPDX-License-Identifier: MIT */
/*
 * The inodes that the kernel knows of this mount.
 *
 * A node stands for one inode of the tree (native.h says what makes it the same one), not for a name; it
 * remembers under which name it was seen last, because that is what the agent and the tree are asked by. It
 * holds no descriptor, so that a walk over a million files needs none. The kernel counts its look-ups and
 * forgets them; children and handles count as well; at zero the node goes. fuse_ino_t is the node's address,
 * the root's FUSE_ROOT_ID.
 *
 * Threads: any. One lock inside, held for no system call.
 */
#ifndef ALGOFS_FUSE_NODE_H
#define ALGOFS_FUSE_NODE_H

#include <limits.h>

#include "fuse-fallback/mount.h"
#include "fuse-fallback/native.h"

struct node;
struct handle;

/** Once, before the session starts: makes the root. 0 or -ENOMEM. */
int node_init(void);

struct node *node_of(fuse_ino_t ino);
fuse_ino_t node_ino(const struct node *node);
/** Tells uses of one address apart. */
uint64_t node_generation(const struct node *node);

/** Path of the node, "" for the root. 0, -ENAMETOOLONG, or -ESTALE: it has no name any more. */
int node_path(struct node *node, char out[PATH_MAX]);
/** The same for an entry of it. */
int node_child_path(struct node *node, const char *name, char out[PATH_MAX]);

/** The node of an entry that was found; one more look-up of the kernel's. NULL: no memory. */
struct node *node_look_up(struct node *parent, const char *name, const struct native_key *key);
/** The node of a key, if there is one, as a number that may be stale at once; 0: none. */
fuse_ino_t node_find(const struct native_key *key);
/** The same for the node that has the name in the directory of that key. */
fuse_ino_t node_find_child(const struct native_key *directory, const char *name);
void node_forget(struct node *node, uint64_t count);

/** The entry was renamed, or removed (`to` NULL), by this mount: whoever has that name follows. */
void node_renamed(struct node *parent, const char *name, struct node *to, const char *new_name);

/**
 * Opens the node by its path, if that still leads to it. *ret_st (may be NULL): raw attributes. -ESTALE: it
 * does not, the kernel shall look the path up again.
 */
int node_open(struct node *node, int flags, struct stat *ret_st);
/** Whether the descriptor is the node's inode. 0 and *ret_st, or -ESTALE, … */
int node_check(struct node *node, int fd, struct stat *ret_st);
/**
 * The node is another inode from now on: it was truncated by opening, and the tree's file replaced. Handles
 * on the old one are stale. -ESTALE: that inode has a node of its own by now.
 */
int node_become(struct node *node, const struct native_key *key);

/** Open handles of a node; the handle keeps the node. */
void node_attach(struct node *node, struct handle *handle);
void node_detach(struct node *node, struct handle *handle);
/** A handle that is not stale, referenced (handle_put gives it back); NULL: none. */
struct handle *node_borrow_handle(struct node *node, bool writer);
/** Whether anybody who opened the node before its data was here still has it open. */
bool node_opened_incomplete(struct node *node);

/** Calls `see` for every (parent, name) that the kernel may remember, in no order. Stops on false. */
void node_each_name(bool (*see)(void *context, fuse_ino_t parent, const char *name, fuse_ino_t ino), void *context);

#endif
