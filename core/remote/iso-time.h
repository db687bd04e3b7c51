/* SPDX-License-Identifier: MIT */
/*
 * ISO 8601 times as web services write them. Pure; any thread.
 */
#ifndef ALGOFS_REMOTE_ISO_TIME_H
#define ALGOFS_REMOTE_ISO_TIME_H

#include <stdbool.h>
#include <time.h>

/**
 * Reads "2016-01-06T00:52:34.000Z": date, 'T' (or 't' or a space), time, an optional fraction of
 * any length (cut to nanoseconds), and 'Z' or an offset (+01:00, +0100, +01). A leap second counts
 * as the second after. Returns false, writing nothing, for anything else, times without a zone
 * included.
 */
bool iso_time_parse(const char *text, struct timespec *ret_time);

#endif
