/* SPDX-License-Identifier: MIT */
/*
 * Eight bytes a step: multiply by an odd constant, fold the high half down (the mixer of splitmix64,
 * Steele, Lea & Flood, OOPSLA 2014). Leases look a path up with this on every call.
 */
#include "core/base/hash.h"

static uint64_t mix(uint64_t h)
{
    h ^= h >> 30;
    h *= 0xbf58476d1ce4e5b9u;
    h ^= h >> 27;
    h *= 0x94d049bb133111ebu;
    h ^= h >> 31;
    return h;
}

uint64_t hash_bytes(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t h = 0x9e3779b97f4a7c15u ^ (len * 0xff51afd7ed558ccdu);
    uint64_t word;
    for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
        __builtin_memcpy(&word, p, sizeof(word)); /* one load; without builtins, as in the shim, a call */
        h = mix(h ^ word);
    }
    word = 0;
    while (len-- > 0)
        word = word << 8 | p[len];
    return mix(h ^ word ^ 0x2545f4914f6cdd1du);
}
