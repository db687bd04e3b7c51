/* SPDX-License-Identifier: MIT */
/*
 * What the files of the local remote share. Private to local*.c.
 */
#ifndef ALGOFS_REMOTE_LOCAL_INTERNAL_H
#define ALGOFS_REMOTE_LOCAL_INTERNAL_H

#include <sys/stat.h>

#include "core/remote/local.h"

struct local {
    struct remote remote;
    int root;
    bool xattrs; /* the file system of the root has user attributes */
};

/* An object by its directory and its name there; the root is "." in itself. */
struct place {
    int parent; /* O_PATH or not; closed by LOCAL_PLACE */
    const char *name;
};
#define LOCAL_PLACE __attribute__((cleanup(local_place_cleanup))) struct place
#define LOCAL_PLACE_INIT { -1, NULL }
void local_place_cleanup(struct place *place);

/* local.c */

/** Forgets in `call` what the last one left. */
struct local *local_called(struct remote *remote, struct remote_call *call);
/** Finds where `path` is, or would be. 0 or -errno with call->why. */
int local_find(
    struct local *local, struct remote_call *call, const char *path, struct place *ret_place);
/** The answer for an errno: a lasting failure, but for what passes (ESTALE of a network's file system,
 * EINTR, EAGAIN). `what` as in "cannot WHAT 'PATH'". */
int local_fail(struct remote_call *call, int error, const char *what, const char *path);
/** What an object is. -ENOENT also for what is none. `fd` with name "", or a directory's. */
int local_describe(int fd, const char *name, struct remote_entry *ret_entry);
/** Opens an object itself, a link too: O_PATH. The descriptor, or as local_find. */
int local_open_path(struct local *local, struct remote_call *call, const char *path);

/* local-write.c */

enum { LOCAL_TEMPORARY_MAX = 40 };

bool local_is_temporary(const char *name);
/** Removes an upload that nobody is at any more. */
void local_sweep(int dir, const char *name);
/** The same for all of a directory. */
void local_sweep_all(int dir);
int local_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry);
int local_copy(struct remote *remote, struct remote_call *call, const char *from, const char *to,
    struct remote_entry *ret_entry);

/* local-attributes.c */

/** Sets what is valid of an object that is open for writing, the owner only if that may be. */
int local_set_on(int fd, const struct remote_attributes *attributes);
/** Copies the user's attributes from one open file to another, as far as they can be. */
void local_copy_xattrs(int from, int to);
int local_set_attributes(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_attributes *attributes, struct remote_entry *ret_entry);
int local_xattr_set(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, const void *value, size_t size, int flags);
ssize_t local_xattr_get(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, void *value, size_t size);
ssize_t local_xattr_list(
    struct remote *remote, struct remote_call *call, const char *path, char *names, size_t size);

/* local-names.c */

int local_make_dir(struct remote *remote, struct remote_call *call, const char *path);
int local_remove(struct remote *remote, struct remote_call *call, const char *path,
    enum remote_remove_kind kind);
int local_rename(
    struct remote *remote, struct remote_call *call, const char *from, const char *to);
int local_make_symlink(struct remote *remote, struct remote_call *call, const char *target,
    const char *path, const struct remote_attributes *attributes, struct remote_entry *ret_entry);
int local_read_link(
    struct remote *remote, struct remote_call *call, const char *path, char *target, size_t size);
int local_link(struct remote *remote, struct remote_call *call, const char *from, const char *to);

#endif
