/* SPDX-License-Identifier: MIT */
/*
 * Reading the next files ahead.
 *
 * Who opens the small files of a directory in an order that we know, the order of their names or
 * that in which the directory is read, will go on so: the next ones are fetched before they are
 * asked for. The window grows with each right guess up to AHEAD_FILES_MAX files and AHEAD_BYTES_MAX
 * bytes, and a wrong one takes it back and drops what has not begun. A fetch that has begun is
 * joined by the open that wants it: one GET a file, guessed or not.
 *
 * Threads: any.
 */
#ifndef ALGOFS_ENGINE_AHEAD_H
#define ALGOFS_ENGINE_AHEAD_H

enum { AHEAD_FILES_MAX = 64, AHEAD_BYTES_MAX = 64 << 20 };

struct instance;

/** Names have come to or gone from directory `path`: what was known of its order is out of date. */
void ahead_forget(struct instance *instance, const char *path);

/** A door has asked to open the file `path`. Returns at once. */
void ahead_opened(struct instance *instance, const char *path);

/** Frees all. No read-ahead may be in progress. */
void ahead_free_all(struct instance *instance);

#endif
