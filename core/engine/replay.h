/* SPDX-License-Identifier: MIT */
/*
 * What earlier agents left in the journal.
 *
 * A file with an intent is found by its inode and time of birth, at the path that the intent names
 * or, if a rename was under way, anywhere in the tree. It becomes dirty again: what differs from
 * what the remote has is uploaded in the background, unless a program still has it open, which will
 * say when. A rename is finished in the background; its paths are claimed before anybody can ask.
 */
#ifndef ALGOFS_ENGINE_REPLAY_H
#define ALGOFS_ENGINE_REPLAY_H

struct instance;

/** Opens the instance's journal and its tree. Files with a durable intent survive a crash of the
 * machine, others that are open for writing do not: their bytes may be zeros. */
int replay_open(struct instance *instance);

/** Restores the table of dirty files and goes on with what is to be done. Before the instance is
 * known to anybody. */
void replay_start(struct instance *instance);

#endif
