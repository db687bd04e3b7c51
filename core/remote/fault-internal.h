/* SPDX-License-Identifier: MIT */
/*
 * The rules of the fault layer, parsed. Private to fault.c and fault-spec.c.
 */
#ifndef ALGOFS_REMOTE_FAULT_INTERNAL_H
#define ALGOFS_REMOTE_FAULT_INTERNAL_H

#include "core/remote/fault.h"
#include "core/remote/stats.h"

enum { FAULT_ANY = REMOTE_OPERATIONS, FAULT_COUNTS };

enum fault_when { FAULT_RANGE, FAULT_EVERY, FAULT_CHANCE };

enum fault_action { FAULT_NONE, FAULT_FAIL, FAULT_LOST, FAULT_SHORT, FAULT_DELAY };

struct fault_rule {
    unsigned operation; /* enum remote_operation or FAULT_ANY */
    enum fault_when when;
    uint64_t first, last; /* FAULT_RANGE; else `first` is the N */
    enum fault_action action;
    int error; /* -errno */
    bool lasting;
    uint64_t value; /* bytes or milliseconds */
};

/** Parses `spec` into rules[]. How many, or -EINVAL with the reason in why[]. */
int fault_parse(
    const char *spec, struct fault_rule rules[REMOTE_FAULT_RULES_MAX], char *why, size_t why_size);

#endif
