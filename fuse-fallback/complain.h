/* SPDX-License-Identifier: MIT */
/* What a person reads: one line "algofs mount: …" on stderr. */
#ifndef ALGOFS_FUSE_COMPLAIN_H
#define ALGOFS_FUSE_COMPLAIN_H

/** Says it and gives `status` back, the exit status. */
int complain(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Says that there is no mounting here, why, and what to do instead. */
int complain_no_mount(const char *point, const char *why);
/** What to do about an errno with which the agent or the remote answered. */
const char *complain_advice(int error);

#endif
