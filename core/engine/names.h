/* SPDX-License-Identifier: MIT */
/*
 * The name space: which paths mean something, and what. Pure functions.
 *
 *     ""                      the root; holds the connectors that are configured (place.h)
 *     "data"                  hosted data, where that is Algorithmia's; listing it names the caller's own account only, others' are
 *                             reached by name: it is not complete
 *     "data/.my"              the caller's own account
 *     "s3", "s3+label", …     connectors; looked up when named
 */
#ifndef ALGOFS_ENGINE_NAMES_H
#define ALGOFS_ENGINE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/** Whether `path` is normalised: "" or components that can be names, each separated by one '/'. */
bool names_valid(const char *path);

/** Whether the first component of `path` looks like one of Algorithmia's connectors: data, s3, dropbox, azureblob, gs,
 * each but the first perhaps with "+label". */
bool names_is_connector(const char *path);

/** Splits at the first '/': the connector into connector[size], the rest ("" for its root) is
 * returned. NULL if it does not fit. */
const char *names_split(const char *path, char *connector, size_t size);

/** Components of `path`; 0 for "". */
unsigned names_depth(const char *path);

/** Cuts `path` at its last '/': its parent. "" has none: false. */
bool names_cut(char *path);

/** Whether `path` is data/.my or below it. */
bool names_is_own(const char *path);

#endif
