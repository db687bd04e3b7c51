/* SPDX-License-Identifier: MIT */
/* The file that programs report to while algofs-run waits for them (core/client/report.h), and its reading. */
#ifndef ALGOFS_WRAPPERS_RUN_REPORT_H
#define ALGOFS_WRAPPERS_RUN_REPORT_H

#include <stdbool.h>

struct run_report;

/**
 * Makes the file in the cache folder and sets ALGOFS_REPORT. Removes what ended runs have left there.
 * 0 or -errno; then nothing will be reported, and the command can run all the same.
 */
int run_report_start(const char *cache, bool counting, struct run_report **ret_report);
/** Says on stderr which programs escaped, and what was counted; removes the file. NULL does nothing. */
void run_report_end(struct run_report *report, const char *prefix);

#endif
