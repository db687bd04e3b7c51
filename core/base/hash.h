/* SPDX-License-Identifier: MIT */
/*
 * A fast 64-bit hash of bytes, for tables inside one process or one cache. Not for anything an
 * adversary may gain from colliding. Safe anywhere: no state, no libc.
 */
#ifndef ALGOFS_BASE_HASH_H
#define ALGOFS_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *bytes, size_t len);

#endif
