/* SPDX-License-Identifier: MIT */
/* An intent as bytes; the format is described in record.c. Pure. */
#ifndef ALGOFS_JOURNAL_RECORD_H
#define ALGOFS_JOURNAL_RECORD_H

#include <stddef.h>

#include "core/base/strbuf.h"
#include "core/journal/journal.h"

enum { RECORD_MAX = 16384 }; /* bytes; two paths of PATH_MAX, a reason, and room */

/** Writes `intent` (without its id, which is the file's name). Check out->failed. */
void record_encode(const struct journal_intent *intent, struct strbuf *out);

/** Reads one. Its strings point into `bytes`. 0; -EPROTONOSUPPORT: of another version; -EBADMSG:
 * damaged. */
int record_decode(const void *bytes, size_t len, struct journal_intent *ret_intent);

#endif
