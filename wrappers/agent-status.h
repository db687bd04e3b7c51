/* SPDX-License-Identifier: MIT */
/* The agent's own report, as text and as numbers. Doors' side only: asks a running agent. */
#ifndef ALGOFS_WRAPPERS_AGENT_STATUS_H
#define ALGOFS_WRAPPERS_AGENT_STATUS_H

#include <stdint.h>

struct cJSON;

/** The JSON text, malloc'ed. 0, -ENOTCONN if no agent runs, or -errno. */
int agent_status_text(const char *cache, char **ret_text);
/** The same, parsed; the caller's to cJSON_Delete. */
int agent_status_read(const char *cache, struct cJSON **ret_status);
/** Stops the running agent and waits for its end. 0, -ENOTCONN if none runs, or -errno. */
int agent_stop(const char *cache);

#endif
