/* SPDX-License-Identifier: MIT */
/* Deleting files and directories. */
#ifndef ALGOFS_SERVER_DELETE_H
#define ALGOFS_SERVER_DELETE_H

#include <stdbool.h>

#include "server/answer.h"
#include "server/space.h"

/**
 * Deletes `target`; a directory that is not empty only with `force`. `wants_dir`: the path was
 * spelled as a directory. Answers with the number of files deleted; an empty directory counts as
 * none, or, with `force`, as one: the two sources we have disagree, and this is what each saw.
 */
void delete_target(const struct target *target, bool wants_dir, bool force, struct answer *answer);

#endif
