/* SPDX-License-Identifier: MIT */
/* What a person reads: "algofs-run: what happened: what to do", on stderr. */
#ifndef ALGOFS_WRAPPERS_SAY_H
#define ALGOFS_WRAPPERS_SAY_H

/** One line with the program's name in front. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** What to do about an error number that the agent or the prefix answered; a sentence, never NULL. */
const char *say_advice(int error);

#endif
