/* SPDX-License-Identifier: MIT */
/*
 * The operations behind the messages: what a door asks, made true in the cache tree.
 *
 *     struct engine *engine;
 *     engine_new(&options, &engine);
 *     engine_hello(engine, &request, &reply, &fd);             // an instance: one account's remotes and tree
 *     engine_ensure(engine, &ensure_request, &ensure_reply);
 *     engine_free(engine);
 *
 * Requests and replies are the wire's structs (core/wire/message.h says what each means); strings
 * in a reply live as long as the engine. Every function returns the status to answer: 0 or -errno,
 * among them WIRE_UNKNOWN_INSTANCE. Descriptors that come with a request stay the caller's.
 *
 * Threads: all calls from any thread; they block for as long as the network does. No lock is held
 * over a network call. Locks, in the order in which they may nest (never two of one kind):
 *
 *     engine opening -> engine lock
 *     hydrations (an instance's table) -> a hydration's lock
 *     a dirty record's journaling -> dirties -> the watch's, a tree's
 *     connectors, orders, words: nothing below them but a pool's
 *     a tree's -> questions, claims (through tree_keep)
 *     questions, claims, notices, a pool's, the journal's: nothing below them, taken under any of the above
 *
 * Claims of paths (claim.h) are no locks: they are held over network calls, one at a time by a
 * thread, and never taken under a lock.
 */
#ifndef ALGOFS_ENGINE_ENGINE_H
#define ALGOFS_ENGINE_ENGINE_H

#include <stdint.h>

#include "core/base/strbuf.h"
#include "core/engine/stores.h"
#include "core/wire/message.h"

enum { ENGINE_INSTANCES_MAX = 64 };

struct engine;

/* Zero means the default. */
struct engine_options {
    const char *cache;           /* absolute, without symbolic links; must exist */
    const struct stores *stores; /* borrowed until engine_free */
    uint64_t whole_size;         /* files up to this many bytes are fetched by one GET; 4 MiB */
    uint64_t cache_size;         /* budget of hydrated bytes; 0: only the disk's reserve is kept */
};

int engine_new(const struct engine_options *options, struct engine **ret_engine);
/** Ends what is in progress in the background, writes checkpoints and frees. No call may be in
 * progress. NULL is allowed. */
void engine_free(struct engine *engine);

/** *ret_board: a descriptor to send beside the reply, the caller's to close. */
int engine_hello(struct engine *engine, const struct wire_hello_request *request,
    struct wire_hello_reply *ret_reply, int *ret_board);
int engine_ensure(struct engine *engine, const struct wire_ensure_request *request,
    struct wire_ensure_reply *ret_reply);
/** *ret_map: a descriptor to send beside the reply, the caller's to close; or -1. */
int engine_open(struct engine *engine, const struct wire_open_request *request, int fd,
    struct wire_open_reply *ret_reply, int *ret_map);
int engine_need(struct engine *engine, const struct wire_need_request *request, int fd,
    struct wire_need_reply *ret_reply);
void engine_hint(struct engine *engine, const struct wire_hint_request *request, int fd);

/* What changes the remote; the answers come when it has (core/wire/message.h). */

/** *ret_fd: the file, open as asked, the caller's to close. */
int engine_open_write(struct engine *engine, const struct wire_open_write_request *request,
    struct wire_open_write_reply *ret_reply, int *ret_fd);
/** `fd`: -1 if the file is not open any more. */
int engine_commit(struct engine *engine, const struct wire_commit_request *request, int fd,
    struct wire_commit_reply *ret_reply);
int engine_mkdir(struct engine *engine, const struct wire_mkdir_request *request);
int engine_remove(struct engine *engine, const struct wire_remove_request *request);
int engine_rename(struct engine *engine, const struct wire_rename_request *request);
/** `fd`: -1 unless the request's path is "". */
int engine_setattr(struct engine *engine, const struct wire_setattr_request *request, int fd);
/** *ret_fd: a file with a line for each failure, the caller's to close. */
int engine_flush(struct engine *engine, const struct wire_flush_request *request,
    struct wire_flush_reply *ret_reply, int *ret_fd);
int engine_symlink(struct engine *engine, const struct wire_symlink_request *request);
int engine_link(struct engine *engine, const struct wire_link_request *request);
/** *ret_fd: a file with the value or the names, the caller's to close. */
int engine_getxattr(struct engine *engine, const struct wire_getxattr_request *request,
    struct wire_getxattr_reply *ret_reply, int *ret_fd);
/** `fd`: a file with the value; -1 for none. */
int engine_setxattr(struct engine *engine, const struct wire_setxattr_request *request, int fd);
int engine_getacl(struct engine *engine, const struct wire_getacl_request *request,
    struct wire_getacl_reply *ret_reply);
int engine_setacl(struct engine *engine, const struct wire_setacl_request *request);

/** Files that are open for writing or to be uploaded; such as wait for somebody to do something do
 * not count. */
unsigned engine_pending(struct engine *engine);

/** Adds `"instances":[…],"transfers":N`, the members of a JSON object. No key is in it. */
void engine_status_json(struct engine *engine, struct strbuf *out);

/* Sends one notice to who watches. Below 0: it has gone. */
typedef int engine_notice_fn(void *context, const struct wire_watch_notice *notice);
/** Tells what changes in the instance's tree until the watcher goes, or engine_end_watches. */
int engine_watch(struct engine *engine, const struct wire_watch_request *request, engine_notice_fn *send,
    void *context);
/** Nobody is told any more: all engine_watch return, now and later. */
void engine_end_watches(struct engine *engine);

/** Makes calls and transfers in progress end soon, with -ECANCELED. There is no way back. */
void engine_cancel(struct engine *engine);

/** Background transfers that run or wait. */
unsigned engine_transfers(struct engine *engine);

/** What is to be done now and then (checkpoint, eviction); call it every few seconds from one
 * thread. */
void engine_tick(struct engine *engine);

#endif
