/* SPDX-License-Identifier: MIT */
/*
 * Working offline: what the tree has is all there is (REMOTE_IS_OFFLINE, cache_only=yes).
 *
 * An entry that the tree shows is there, however long ago it was asked about. A name that it does not show does not
 * exist (-ENOENT) where its directory was once listed completely, which the directory remembers; else nobody
 * knows, and that is -EIO, as is the listing of a directory that never was.
 *
 * Threads: any.
 */
#ifndef ALGOFS_ENGINE_OFFLINE_H
#define ALGOFS_ENGINE_OFFLINE_H

#include "core/engine/question.h"

/** Whether `path`'s remote is not to be asked. */
bool offline_is(struct instance *instance, const char *path);
/** The answer to a question by the tree alone: 0, -ENOENT, -ENOTDIR; -EIO: it does not tell. */
int offline_answer(struct instance *instance, enum question_kind kind, const char *path);

#endif
