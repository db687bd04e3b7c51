/* SPDX-License-Identifier: MIT */
/* The shim as a whole: its start in a process. */
#ifndef ALGOFS_PRELOAD_SHIM_H
#define ALGOFS_PRELOAD_SHIM_H

/** Reads the environment, starts the tables. Called once the next functions are known. */
void shim_setup(void);
/** The shim's own file, absolute, as LD_PRELOAD needs it; NULL if it cannot be told. */
const char *shim_path(void);

#endif
