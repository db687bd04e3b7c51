/* SPDX-License-Identifier: MIT */
/* What the files of core/config share; nobody else includes this. */
#ifndef ALGOFS_CONFIG_INTERNAL_H
#define ALGOFS_CONFIG_INTERNAL_H

#include "core/config/config.h"

/** Sets a value (both copied) unless there is one, or `text` is NULL or "". 0 or -ENOMEM. */
int config_set(struct config_connector *connector, enum config_option option, const char *text,
    const char *origin);
/** Adds a connector. 0, -ENOMEM, -E2BIG. */
int config_add(struct config *config, const char *name, struct config_connector **ret_connector);

/* file.c */

/** Reads the sections of config->file, if it is there; sets has_file and warning. As config_load. */
int config_read_file(struct config *config, const char *home, char *why, size_t why_size);

/* resolve.c: adds to the values of one connector what its section does not say. */

int config_resolve_algorithmia(struct config_connector *connector,
    const struct wire_hello_request *environment, char *why, size_t why_size);
int config_resolve_s3(struct config *config, struct config_connector *connector,
    const struct wire_hello_request *environment, char *why, size_t why_size);

#endif
