/* SPDX-License-Identifier: MIT */
/*
 * What a store keeps of a file beside its bytes: mode, owner and mtime, where it can
 * (REMOTE_KEEPS_ATTRIBUTES); elsewhere nothing here does anything.
 *
 * They go along with each upload. Changed alone they are set on the remote at once, unless the file is
 * to be uploaded anyway. Times of an object are then those of the file here, exactly, and what the
 * store answers is noted on the file, so that our own change is not taken for somebody else's.
 *
 * Threads: any.
 */
#ifndef ALGOFS_ENGINE_KEEP_H
#define ALGOFS_ENGINE_KEEP_H

#include <stdbool.h>
#include <sys/stat.h>

#include "core/remote/remote.h"

struct dirty;
struct instance;

/** Whether the store of `path` can all of `capabilities`. */
bool keep_can(struct instance *instance, const char *path, unsigned capabilities);

/** The attributes of a complete file, a link or a directory, as the remote is to keep them. */
void keep_attributes(const struct stat *st, struct remote_attributes *ret_attributes);

/** Sets attributes of the remote object `path`; `fd` is the entry, open for reading, or -1 for what
 * is no file. 0, or -errno (logged). */
int keep_set(struct instance *instance, const char *path, int fd,
    const struct remote_attributes *attributes);

/** Notes on the file `fd` that the remote has it as `entry` says, with exactly that time. */
void keep_note(int fd, const struct remote_entry *entry);

/** After an upload that sent `sent`: what was changed meanwhile is set now. */
void keep_catch_up(
    struct instance *instance, const char *path, int fd, const struct remote_attributes *sent);

#endif
