/* SPDX-License-Identifier: MIT */
/*
 * One file of the tree while it is filled: what it says of itself, and the step to completeness.
 *
 *     int fd = file_open(tree, path);              // the agent's own descriptor
 *     file_inspect(fd, &file);                     // file.complete? size, mtime, version
 *     … pwrite(fd, …) every byte …
 *     file_complete(fd, &file, version);           // now it is the kernel's
 *
 * No state beyond the file; any thread, but one file is filled by one owner (the engine's
 * hydration).
 */
#ifndef ALGOFS_TREE_FILE_H
#define ALGOFS_TREE_FILE_H

#include <sys/types.h>

#include "core/tree/tree.h"

struct file_state {
    dev_t device;
    ino_t inode;
    bool complete;
    bool unlinked; /* no name any more: replaced or removed */
    uint64_t size;
    struct timespec mtime; /* the remote's */
    char version[TREE_VERSION_MAX];
};

/** Opens the regular file `path` for filling: O_RDWR, without moving its atime, whatever its
 * permissions. The descriptor, or -errno (-EINVAL: not a regular file). */
int file_open(struct tree *tree, const char *path);
/** The same for reading. */
int file_open_reading(struct tree *tree, const char *path);

/** Reads the state. -EINVAL if it is not a regular file. */
int file_inspect(int fd, struct file_state *ret_state);

/** The path in the tree of an open file, as the kernel knows it. -ESTALE if it has none any more,
 * -EXDEV if it is not in the tree. */
int file_path(const struct tree *tree, int fd, char *path, size_t size);

/** Remembers which version the bytes are of. A file system without user attributes is no error. */
void file_set_version(int fd, const char *version);

/*
 * What is noted on a file whose own time is not the remote's (uploaded here, or its time was set
 * here): the remote's time, and which state of the file it is of.
 */
struct file_noted {
    struct timespec mtime;         /* the remote's: exact if window_s is 0, else of its clock … */
    unsigned before_s, window_s;   /* … at the upload: it may be so much earlier, or later */
    uint64_t size;                 /* the file when it was noted */
    struct timespec local_mtime;
};

/** 0, or -errno: without user attributes the next listing brings a placeholder. */
int file_set_noted(int fd, const struct file_noted *noted);
/** False: nothing is noted. */
bool file_get_noted(int fd, struct file_noted *ret_noted);
/*
 * A store whose listings tell no versions, and times of whole seconds, does not show that a file was
 * replaced by one of the same size in the second in which we got it. Such a file is noted as racy,
 * and the next listing that agrees with it makes it *doubtful*: all its bytes are there, but it looks
 * like a placeholder, so that whoever opens it asks us. We then ask the store for the version.
 */
void file_set_racy(int fd, bool racy); /* true: of a complete file only */
bool file_is_racy(int fd);
/** Makes the complete, racy file doubtful: its time to atime, then the sticky bit. 0 or -errno. */
int file_doubt(int fd);
/** The doubtful file is what the remote has: it is complete again. Nothing if it is already. */
int file_trust(struct tree *tree, int fd);
/** The time that the remote has for the file of `state`, as far as it is known. */
struct timespec file_remote_mtime(int fd, const struct file_state *state);

/** What the remote has now is not the bytes of an earlier version: forgets that, and remembers
 * `version` ("" unknown). */
void file_replace_version(int fd, const char *version);

/** All bytes are there: sets the times of `state`, notes that it is racy if it is, and clears the sticky
 * bit. */
int file_complete(struct tree *tree, int fd, const struct file_state *state, const char *version,
    bool racy);

/** Throws away what was filled in so far; the file is an honest placeholder again. */
void file_discard_content(int fd, uint64_t size);

#endif
