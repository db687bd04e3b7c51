/* SPDX-License-Identifier: MIT */
/* Running the user's command: its signals, its status. */
#ifndef ALGOFS_WRAPPERS_CHILD_H
#define ALGOFS_WRAPPERS_CHILD_H

enum { CHILD_CANNOT_RUN = 126, CHILD_NOT_FOUND = 127, CHILD_SIGNALLED = 128 };

/**
 * Runs `argv` with the environment as it is now and waits for it. Signals that somebody sends to us are
 * passed on; those of the terminal reach the command by themselves.
 * @return its exit status, 128+n if signal n killed it, 127 not found, 126 not executable (said on stderr)
 */
int child_run(char *const argv[]);

/** The hidden first argument that makes algofs-run, now with the shim, exec the command itself: it is not
 * found without, so it may be below the prefix. */
#define CHILD_EXEC_ARGUMENT "--exec"
/** Does so; says why it cannot, and ends with the status for that. */
void child_exec(char *const argv[]) __attribute__((noreturn));

#endif
