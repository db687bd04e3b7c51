/* SPDX-License-Identifier: MIT */
/* Waiting for what is not on the remote yet: `algofs flush`, and the end of algofs-run. */
#ifndef ALGOFS_WRAPPERS_FLUSH_H
#define ALGOFS_WRAPPERS_FLUSH_H

#include <stdbool.h>

/**
 * Waits until everything of this account is uploaded, or has been tried once more and failed. Shows
 * progress on a terminal; says one line for each file that could not be uploaded.
 * @return 0, 1 if something is left, 2 if the agent cannot be asked (said)
 */
int flush_all(void);
/** Whether there is anything to wait for: an agent runs and has something to upload, tried or not.
 * Asks no remote. */
bool flush_is_needed(void);

#endif
