/* SPDX-License-Identifier: MIT */
/*
 * Files whose bytes may be older than a listing that agrees with them (core/tree/file.h, "racy").
 *
 * A store without versions in its listings tells a file's time in whole seconds. Bytes that were
 * fetched or stored within a few seconds of that time may have been replaced since, by others, by as
 * many. Such a file is asked for once more, by one probe, when it is opened after a later listing.
 *
 * Threads: any; no lock held.
 */
#ifndef ALGOFS_ENGINE_DOUBT_H
#define ALGOFS_ENGINE_DOUBT_H

#include "core/remote/remote.h"
#include "core/tree/file.h"

struct hydration;
struct instance;

/** `call` has read bytes of the hydration: whether the file will be racy. Takes its lock. */
void doubt_note_read(struct hydration *hydration, const struct remote_call *call);

/** Whether the file, which looks like a placeholder, holds all bytes. */
bool doubt_is_one(int fd, const struct file_state *state);

/** Asks the remote about the doubtful file `path`. 0: it is complete again; -ESTALE: it has changed,
 * and the tree shows so; or what prevented an answer. */
int doubt_resolve(
    struct instance *instance, const char *path, int fd, const struct file_state *state);

#endif
