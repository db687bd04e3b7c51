/* SPDX-License-Identifier: MIT */
/*
 * Whether the instance would survive a crash of the machine.
 *
 * A completed file's bytes may still be in memory only, while its cleared sticky bit is on disk
 * already; after a power cut it would be read as zeros. So the instance has one durable file,
 * `state`:
 *
 *     "clean BOOT-ID\n"    every completed file's bytes are on disk
 *     "dirty BOOT-ID\n"    perhaps not: believe it only while the machine has not been started anew
 *
 * It is made dirty, durably, before the first completion after a clean one; a checkpoint (syncfs)
 * makes it clean if nothing was completed meanwhile. A start that finds it dirty from another boot
 * throws all complete files away. Presence maps are never believed after another boot: their bits
 * and the bytes reach the disk in any order, and a checkpoint does not wait for files that are
 * being filled.
 *
 * Threads: any; the lock is held over one small durable write, never over the syncfs.
 */
#ifndef ALGOFS_TREE_DURABLE_H
#define ALGOFS_TREE_DURABLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct tree;

struct durable {
    pthread_mutex_t lock;
    bool dirty;           /* what `state` says, as this process knows */
    uint64_t completions; /* counts up with each one announced */
};

/* What may be believed of what an earlier process left. */
enum durable_trust { DURABLE_ALL, DURABLE_COMPLETE_FILES, DURABLE_NOTHING };

/** Reads `folder`/state. */
int durable_init(struct durable *durable, int folder, enum durable_trust *ret_trust);
void durable_deinit(struct durable *durable);

/** Call before a sticky bit is cleared, and before the first presence bit of a map is set. */
int durable_will_complete(struct durable *durable, int folder);

/** Writes the instance's file system out, and says so in `state` if nothing came in between. */
int durable_checkpoint(struct durable *durable, int folder);

#endif
