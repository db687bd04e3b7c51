/* SPDX-License-Identifier: MIT */
/*
 * What is known about the remote name space, and since when.
 *
 * A question is "what is `path`" (a probe) or "what does directory `path` hold" (a listing). Its
 * answer is in the tree when question_ask returns, and how old it may be is the asker's choice.
 * Asking the same at the same time is one transfer: an asker joins one that left after the oldest
 * moment that it accepts.
 *
 *     struct answer answer;
 *     int rc = question_ask(instance, QUESTION_LISTING, "data/alice/images", max_age_ms, &answer);
 *     if (rc == 0 && answer.result == -ENOENT) ...   // there is no such directory
 *
 * Answers are 0, -ENOENT, -ENOTDIR (of a listing) and -EACCES; everything else is a failure, which
 * is not asked again for ENGINE_FAILURE_AGE_MS, so that a walk over a dead remote does not hammer
 * it. A failure is answered even where the tree still shows an older listing: nothing stale is
 * served silently.
 *
 * What was changed here after a request left is not undone by its answer (claim.h).
 *
 * Threads: any. The table is bounded: old answers are forgotten. Its lock may be taken under the
 * tree's, and the claims' lock under it never.
 */
#ifndef ALGOFS_ENGINE_QUESTION_H
#define ALGOFS_ENGINE_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

struct instance;

enum question_kind { QUESTION_ENTRY, QUESTION_LISTING };

struct answer {
    int result;
    uint64_t asked_ms; /* when its request left: what changed remotely since then is not in it */
};

/** Asks, unless an answer of at most `max_age_ms` is known. 0, or what prevented an answer. */
int question_ask(struct instance *instance, enum question_kind kind, const char *path,
    uint64_t max_age_ms, struct answer *ret_answer);

/** The same for a listing, but does not wait for the pages behind the first: -EAGAIN then. */
int question_ask_briefly(
    struct instance *instance, const char *path, uint64_t max_age_ms, struct answer *ret_answer);

/** Whether an answer of at most `max_age_ms` is known; asks nobody. */
bool question_known(struct instance *instance, enum question_kind kind, const char *path,
    uint64_t max_age_ms, struct answer *ret_answer);

/** Has `path`'s next question asked anew, whatever age would do. */
void question_forget(struct instance *instance, enum question_kind kind, const char *path);

/** The same for all of `path` and of what is below it. */
void question_forget_below(struct instance *instance, const char *path);

/** The same for all answers: the remotes are asked anew. */
void question_forget_all(struct instance *instance);

/** Makes `result` the answer from now on, because it was made so here: of one on its way, too. */
void question_settle(
    struct instance *instance, enum question_kind kind, const char *path, int result);

/** When the oldest request left that is still on its way; UINT64_MAX: there is none. */
uint64_t question_oldest_ms(struct instance *instance);

/** Frees all. Nobody may be asking. */
void question_free_all(struct instance *instance);

#endif
