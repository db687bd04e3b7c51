/* SPDX-License-Identifier: MIT */
/*
 * Noticing that a dirty file was closed, and the time for retries.
 *
 * One thread of the engine waits for the kernel's word (inotify) that a file which was open for
 * writing has been closed for the last time through one open of it, whether its program called
 * close or was killed, and has commit_closed look at it. Once a second it calls commit_tick: for
 * retries, and for files that could not be watched.
 *
 * Lock: the watch's own; nothing below it. It may be taken under the dirties'.
 */
#ifndef ALGOFS_ENGINE_WATCH_H
#define ALGOFS_ENGINE_WATCH_H

struct engine;
struct instance;
struct watch;
struct dirty_key;

/** Starts the thread. 0 or -errno. Without inotify every file is looked at now and then. */
int watch_new(struct engine *engine, struct watch **ret_watch);
/** Ends the thread: no commit_… is called any more. NULL is allowed. */
void watch_stop(struct watch *watch);
/** After watch_stop. NULL is allowed. */
void watch_free(struct watch *watch);

/** Watches the open file `fd`. A number for watch_remove, or -errno: it must be looked at. */
int watch_add(struct watch *watch, struct instance *instance, const struct dirty_key *key, int fd);
/** Below 0: nothing. */
void watch_remove(struct watch *watch, int number);

#endif
