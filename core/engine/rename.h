/* SPDX-License-Identifier: MIT */
/*
 * RENAME. A store that can do it in one step (REMOTE_CAN_RENAME, REMOTE_CAN_RENAME_DIR) is asked to:
 *
 *     1  the intent is written, JOURNAL_AT_ONCE  (a crash here: nothing has happened)
 *     2  the remote renames                      (a crash: if the old name is gone and the new one
 *                                                 is there, it was done)
 *     3  the tree's entry is renamed, and the dirty records with it
 *     4  the intent is dropped
 *
 * and a file need not be here for that. Elsewhere it is copied on the server (REMOTE_CAN_COPY), or
 * uploaded under the new name, then the old name is deleted:
 *
 *     1  the intent is written                  (a crash here: nothing has happened)
 *     2  the content is stored at the new name  (a crash: done again)
 *     3  the intent says JOURNAL_COPIED         (a crash: goes on with 4)
 *     4  the old name is removed remotely
 *     5  the tree's entry is renamed, and the dirty records with it
 *     6  the intent is dropped
 *
 * So at no time are both names gone. A failure in 2 or 4 is the program's: the intent is dropped,
 * the old name still is in the tree; a new name that replaced nothing is removed again, else the
 * remote has both. A file that the remote has never seen, and that is still being written or waits
 * for its upload, is renamed in the tree only: its upload goes to the new name.
 *
 * Both paths are claimed alone from 1 to 6.
 */
#ifndef ALGOFS_ENGINE_RENAME_H
#define ALGOFS_ENGINE_RENAME_H

#include "core/engine/claim.h"
#include "core/engine/dirty.h"

struct upload;

struct renaming {
    struct instance *instance;
    struct claim claim;    /* of both */
    const char *from, *to; /* the claim's */
    struct journal_intent intent;
};

/** The content of the file `fd`, which is `path`, to `as`, on the server if that can be, and what that
 * means for its record (NULL: none). -ESTALE: it is not complete, and would have to be. Logs a failure. */
int rename_copy(
    struct instance *instance, int fd, const char *path, const char *as, struct dirty *dirty);

/** Steps 1 to 6 of a file; 4 to 6 if the intent says so. -ESTALE: it is not wholly here; fetch it
 * and come again. */
int rename_file(struct renaming *renaming);
/** The same of a directory whose listings are in the tree. */
int rename_directory(struct renaming *renaming);
/** The same of a symbolic link. */
int rename_link(struct renaming *renaming);

/** Steps 1 and 2 where the remote can do it in one. */
int rename_at_once(struct renaming *renaming);
/** Whether the file must be here wholly to be renamed. */
bool rename_needs_content(struct instance *instance, const char *path);

/** Writes the intent as it is now. */
int rename_journal(struct renaming *renaming);

/** Whether the remote may have an object of this file's path. */
bool rename_is_remote(struct dirty *dirty);
/** Whether the file is renamed in the tree only. */
bool rename_is_local(struct dirty *dirty, int fd);

/** Before the claim: has all listings of a directory that is to be renamed, and of an existing
 * target, in the tree. 0 also if they are none. */
int rename_prepare_directory(struct instance *instance, const char *from, const char *to);

/** Goes on with what an earlier agent began; takes `renaming` over. */
void rename_resume(struct renaming *renaming);

#endif
