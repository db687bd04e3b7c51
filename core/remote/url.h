/* SPDX-License-Identifier: MIT */
/*
 * Percent-encoding. Pure; any thread.
 */
#ifndef ALGOFS_REMOTE_URL_H
#define ALGOFS_REMOTE_URL_H

#include "core/base/strbuf.h"

/** Appends `path`, every byte but letters, digits and -._~/ as %XX. */
void url_add_path(struct strbuf *url, const char *path);

/** Appends a query value: the same, but '/' is encoded too. */
void url_add_value(struct strbuf *url, const char *value);

#endif
