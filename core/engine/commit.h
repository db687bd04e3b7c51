/* SPDX-License-Identifier: MIT */
/*
 * Bringing dirty files to the remote: the COMMIT message, and all that happens without one.
 *
 * An upload is a *round*, of one file one at a time. Who asks for a commit gets the verdict of a
 * round that began after the question: so all who asked before it began share one. A round that
 * fails keeps bytes and intent; it is repeated in the background, less and less often, until it
 * succeeds or the file goes; and by the next COMMIT and by FLUSH.
 *
 * COMMIT's rounds run in the caller's thread, the others in a pool of COMMIT_THREADS. A round holds
 * a shared claim of the path, so that it is not renamed or removed meanwhile. Threads: any.
 */
#ifndef ALGOFS_ENGINE_COMMIT_H
#define ALGOFS_ENGINE_COMMIT_H

#include "core/engine/dirty.h"

enum {
    COMMIT_THREADS = 32,
    COMMIT_RETRY_MIN_MS = 1000,
    COMMIT_RETRY_MAX_MS = 300000,
    COMMIT_LASTING_MIN_MS = 5000, /* where trying again alone does not help */
};

struct engine;
struct upload;

/** Uploads what the remote has not. The verdict of a round that begins after the call; 0 at once if
 * there is nothing to do, or if the file has gone. */
int commit_now(struct dirty *dirty);

/** The same in the background, if there is anything to do. */
void commit_queue(struct dirty *dirty);

/* For an operation that has the file alone and uploads it itself (rename): */
/** An upload begins: what is changed from here on is changed after its stamp. */
void commit_begin(struct dirty *dirty);
/** It went well: the remote has what `upload` says. */
void commit_stored(struct dirty *dirty, int fd, const struct upload *upload);

/** A descriptor for writing was closed: uploads what its program did not, or drops the record. */
void commit_closed(struct instance *instance, const struct dirty_key *key);

/** Looks at every file as commit_closed does. */
void commit_look_at_all(struct engine *engine);
/** The same for one: uploads it in the background if nobody can write to it any more. */
void commit_look_at(struct dirty *dirty);

/** Retries that are due, and files that cannot be watched. Call it every second. */
void commit_tick(struct engine *engine);

/* How much is left. */
struct commit_counts {
    unsigned pending; /* uploads that run or wait, and renames that an earlier agent began */
    unsigned failed;  /* the last round failed; it is retried */
    unsigned lasting; /* of these, such as need somebody to do something */
};
void commit_count(struct instance *instance, struct commit_counts *ret_counts);
/** The bytes of what is pending or failed: looks at each file. */
uint64_t commit_bytes(struct instance *instance);

#endif
