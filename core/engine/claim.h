/* SPDX-License-Identifier: MIT */
/*
 * Paths that are being changed here, or were a moment ago.
 *
 * A *claim* is held while an operation works on a path, network calls included: it is a
 * reservation, not a mutex. Any number of operations may share a path (open it, upload it); one
 * that changes the name space (make, remove, rename) has it, and all below it, alone. A thread
 * holds one claim at a time, of one or two paths taken together: so none waits for itself or in a
 * circle.
 *
 *     struct claim claim;
 *     claim_take(&claim, instance, CLAIM_ALONE, from, to);
 *     … ask the remote, change the tree …
 *     claim_changed(&claim);                     // the tree's entries are what was made of them
 * here claim_release(&claim);
 *
 * A *pin* keeps a dirty file, and the directories that lead to it, from being replaced or removed
 * by what a listing says. And claim_keeps answers, for a listing that left at a certain time,
 * whether an entry is claimed alone, pinned, or was changed since then: then it stays.
 *
 * Lock: the instance's claims_lock; nothing below it, and it may be taken under the tree's.
 */
#ifndef ALGOFS_ENGINE_CLAIM_H
#define ALGOFS_ENGINE_CLAIM_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct instance;
struct claim_node;

enum claim_kind { CLAIM_SHARED, CLAIM_ALONE };

/* The table; embedded in the instance. */
struct claims {
    pthread_mutex_t lock;
    pthread_cond_t released;
    struct claim_node *nodes; /* by path: claimed, pinned or changed ones, and all above them */
    unsigned pruned;          /* so many were left when it was pruned last */
};

struct claim {
    struct instance *instance; /* NULL: holds nothing */
    enum claim_kind kind;
    unsigned count;
    char path[2][PATH_MAX];
};

#define CLEANUP_CLAIM __attribute__((cleanup(claim_release)))

void claims_init(struct claims *claims);
void claims_deinit(struct claims *claims);

/** Waits until `path`, and `other` unless it is NULL, can be had. 0 or -ENOMEM. */
int claim_take(struct claim *claim, struct instance *instance, enum claim_kind kind,
    const char *path, const char *other);
/** Gives it back. Nothing if nothing is held. */
void claim_release(struct claim *claim);
/** The claimed entries are changed now: what was asked before does not tell of them. */
void claim_changed(struct claim *claim);
/** The same for an entry without a claim that is pinned or shared. */
void claim_note_change(struct instance *instance, const char *path);

/** One pin more, one less. pin: 0 or -ENOMEM. */
int claim_pin(struct instance *instance, const char *path);
void claim_unpin(struct instance *instance, const char *path);

/** Whether an answer that was asked for at `asked_ms` must not change the entry. */
bool claim_keeps(
    struct instance *instance, const char *directory, const char *name, uint64_t asked_ms);

#endif
