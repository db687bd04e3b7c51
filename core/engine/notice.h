/* SPDX-License-Identifier: MIT */
/*
 * What changes in an instance's tree, for doors that remember what they saw (WATCH of core/wire/message.h).
 *
 * A ring: whoever changes something appends, and never waits for who listens; each listener has a place of its
 * own in it. One that falls behind by the ring's length is told that it has lost some.
 *
 * Threads: any. The lock has nothing below it and may be taken under any other.
 */
#ifndef ALGOFS_ENGINE_NOTICE_H
#define ALGOFS_ENGINE_NOTICE_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { NOTICES = 1024, NOTICE_LISTENERS_MAX = 64 };

struct notice {
    unsigned what; /* wire_notice */
    uint64_t device, inode, birth_sec, birth_nsec;
    char name[NAME_MAX + 1];
};

/* Embedded in the instance. */
struct notices {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct notice *ring;  /* made for the first listener */
    uint64_t next;        /* number of the next notice */
    unsigned listeners;
    bool ended;
};

void notices_init(struct notices *notices);
void notices_deinit(struct notices *notices);

/** A name of the directory `dir` changed; the tree's observer. */
void notices_observe(void *notices, int dir, const char *name);
/** The file `fd` has other content or attributes. */
void notices_file(struct notices *notices, int fd);

/** Begins to listen. -EMFILE: too many do; -ENOMEM. */
int notices_begin(struct notices *notices, uint64_t *ret_place);
void notices_end(struct notices *notices);
/** The next one: 1; 0: none within `wait_ms`; -ECANCELED: there will be none any more. */
int notices_next(struct notices *notices, uint64_t *place, unsigned wait_ms, struct notice *ret_notice);
/** Everybody's notices_next is -ECANCELED from now on. */
void notices_cancel(struct notices *notices);

#endif
