/* SPDX-License-Identifier: MIT */
/*
 * Intents: what must still reach the remote, on disk so that it survives any process and, where
 * asked for, any crash.
 *
 *     struct journal *journal;
 *     journal_open("/…/cache/1234", &journal);             // its files are in journal/ there
 *     struct journal_intent intent = { .kind = JOURNAL_WRITE, .path = "data/u/c/f", … };
 *     journal_put(journal, &intent, false);                // sets intent.id
 *     … the file is written and uploaded …
 *     journal_drop(journal, intent.id);
 *     journal_close(journal);
 *
 * An intent is one small file, replaced by rename: after any crash of a process it is there as it
 * was put last, or as it was put before. What is in the folder and is no intent (damaged, or of
 * another version of the format) is moved to journal/damaged/ and logged, never dropped silently.
 * The format is described in record.c.
 *
 * There is one journal of an instance at a time. Threads: any, but two puts of one intent at once
 * leave either; the number of intents is bounded by JOURNAL_INTENTS_MAX.
 */
#ifndef ALGOFS_JOURNAL_JOURNAL_H
#define ALGOFS_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

enum { JOURNAL_INTENTS_MAX = 100000 };

enum journal_kind {
    JOURNAL_WRITE = 1,  /* the file is open for writing, or differs from what the remote has */
    JOURNAL_RENAME = 2, /* a rename of more than one remote step is under way */
};

enum journal_flag {
    JOURNAL_BASE = 1,       /* WRITE: the remote may have an object of this path */
    JOURNAL_MAPPED = 2,     /* WRITE: mapped for writing: times do not tell of changes */
    JOURNAL_DURABLE = 4,    /* WRITE: a close was answered when the bytes were on this disk */
    JOURNAL_FAILED = 8,     /* WRITE: the last upload failed: `error` */
    JOURNAL_DIRECTORY = 16, /* RENAME: of a directory */
    JOURNAL_COPIED = 32,    /* RENAME: the new name has all; removing the old one has begun */
    JOURNAL_AT_ONCE = 64,   /* RENAME: by one step of the remote, which may have been done */
    JOURNAL_MADE = 128,     /* WRITE: an exclusive open has made it at the remote, empty; since then nothing
                               was uploaded */
};

struct journal_intent {
    uint64_t id; /* 0: new */
    enum journal_kind kind;
    uint32_t flags; /* journal_flag */
    int32_t error;  /* errno of the last failure, 0 if none */
    uint64_t device, inode;
    int64_t birth_s; /* the inode's time of birth; 0, 0 where the file system has none */
    uint32_t birth_ns;
    int64_t since_s;  /* seconds of the epoch: when it became dirty, or the rename began */
    const char *path; /* in the tree; RENAME: the old name */
    const char *to;   /* RENAME: the new name; else "" */
    const char *why;  /* of the last failure, for people; "" if none */
};

struct journal;

/** Opens (makes) `folder`/journal. 0 or -errno. Left-overs of a put that did not end are removed.
 */
int journal_open(const char *folder, struct journal **ret_journal);
/** NULL is allowed. The intents stay. */
void journal_close(struct journal *journal);

/**
 * Writes an intent down, as a new one if its id is 0 (then sets it). `durable`: it is on disk when
 * this returns. 0; -ENOSPC for a full disk or too many intents; -errno. After a failure the intent
 * is as it was before.
 */
int journal_put(struct journal *journal, struct journal_intent *intent, bool durable);

/** Forgets an intent; one that is not there is fine. */
void journal_drop(struct journal *journal, uint64_t id);

/* Sees one intent; its strings live until it returns. 0, or -errno to stop. */
typedef int journal_each_fn(void *context, const struct journal_intent *intent);

/** Reads all intents, oldest first. Must not run while others put or drop intents; `each` itself
 * may do so with the one that it is shown. */
int journal_each(struct journal *journal, journal_each_fn *each, void *context);

/** Intents there are. */
unsigned journal_count(struct journal *journal);

#endif
