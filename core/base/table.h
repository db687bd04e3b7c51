/* SPDX-License-Identifier: MIT */
/*
 * Hash tables: uthash, set up once so that running out of memory is an answer and not exit(-1).
 * After a HASH_ADD_*, `table_added(&element->hh)` says whether the element is in the table.
 */
#ifndef ALGOFS_BASE_TABLE_H
#define ALGOFS_BASE_TABLE_H

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include <stdbool.h>

static inline bool table_added(const UT_hash_handle *handle)
{
    return handle->tbl != NULL;
}

#endif
