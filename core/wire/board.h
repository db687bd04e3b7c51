/* SPDX-License-Identifier: MIT */
/*
 * The board: which directories the agent has listed, and when.
 *
 * One for each instance, shared memory between the agent (the only writer) and every door, who gets it
 * read-only beside the answer to HELLO. A door that holds no lease of a directory looks here before it
 * asks: what is posted is what ENSURE would be answered, so that the hundred folders that one program has
 * listed cost the next one no message each. Layout, host order:
 *
 *     struct board, then BOARD_SLOTS 64-bit words: the high half is the high half of the path's hash, the
 *     low half when the listing's request left, in sixteenths of a second of CLOCK_MONOTONIC; 0: nothing.
 *
 * A path has one slot; another path that needs it takes it over, which costs a message. Two paths that agree
 * in slot and tag (1 in 2^46 pairs) would share an answer. Doors' paths, as in core/client/door.h.
 *
 * Threads: any, on both sides; writers of one path must not race with each other.
 */
#ifndef ALGOFS_WIRE_BOARD_H
#define ALGOFS_WIRE_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum board_feature {
    BOARD_HAS_LINKS = 1, /* there may be symbolic links in the tree */
    BOARD_HAS_XATTRS = 2,
};

enum { BOARD_VERSION = 2, BOARD_SLOTS = 16384 /* a power of two */ };
#define BOARD_MAGIC 0x64726f6273666f67u /* "gofsbord" */

struct board {
    uint64_t magic;
    uint64_t version;
    _Atomic uint64_t features; /* board_feature: what any of the stores in use can */
    _Atomic uint64_t slots[BOARD_SLOTS];
};

/** Makes zeroed memory an empty board. */
void board_init(struct board *board);
/** Whether `mapped` bytes of a stranger's memory are a board. */
bool board_valid(const struct board *board, size_t mapped);

/** All names of directory `path` are in the tree, as the remote had them at `asked_ms`. */
void board_post(struct board *board, const char *path, size_t len, uint64_t asked_ms);
/** It has to be asked about anew. */
void board_withdraw(struct board *board, const char *path, size_t len);
/** When it was listed (CLOCK_MONOTONIC in milliseconds, up to a sixteenth of a second too early); 0: unknown. */
uint64_t board_find(const struct board *board, const char *path, size_t len);

#endif
