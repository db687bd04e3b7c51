/* SPDX-License-Identifier: MIT */
/*
 * The presence map of a partial file: which of its bytes are here.
 *
 * A file `maps/<inode>` of the instance, shared memory between the agent (the only writer) and every
 * reader of that file, who get it read-only. Layout, host order:
 *
 *     struct presence_map, then one 64-bit word for each 32 chunks; of chunk c's two bits in word c/32
 *     bit 2*(c%32)   present: all bytes of the chunk are in the file, and
 *     bit 2*(c%32)+1 mark:    a reader that crosses it sends a HINT, so that read-ahead stays ahead.
 *
 * The agent writes bytes first, then sets the bit (release); a reader tests the bit (acquire), then
 * reads. Chunks may be dropped again (a partial file larger than the budget): the agent then clears
 * bits and raises `epoch` *before* it punches, so a reader tests bits, reads, and reads `epoch` again:
 * unchanged (and not odd) means the bytes it got are the object's.
 *
 * Who cannot do the second half (a mapping, a pipe, a copy in the kernel) has the agent set `held` first, by a
 * NEED that says so; from then on nothing of the file is dropped until it is complete or gone.
 *
 * `complete` is set last, when every byte is here and the file's own state says so; it is never unset.
 * `failed` is for readers that wait by polling only; errors are answered to NEED.
 */
#ifndef ALGOFS_WIRE_PRESENCE_H
#define ALGOFS_WIRE_PRESENCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PRESENCE_VERSION = 1,
    PRESENCE_CHUNK_SHIFT = 17, /* chunks of 128 KiB */
    PRESENCE_CHUNKS_PER_WORD = 32,
};
#define PRESENCE_MAGIC 0x70616d73666f676cu /* "lgofsmap" */
#define PRESENCE_CHUNK ((uint64_t)1 << PRESENCE_CHUNK_SHIFT)

struct presence_map {
    uint64_t magic;
    uint32_t version;
    uint32_t chunk_shift;
    uint64_t size;   /* of the object, bytes */
    uint64_t device; /* of the file this map is of: a reused inode number must not inherit it */
    uint64_t inode;
    int64_t birth_sec; /* statx btime; 0 where the file system has none */
    uint32_t birth_nsec;
    _Atomic uint32_t complete;
    _Atomic uint64_t epoch; /* odd while chunks are being dropped */
    _Atomic uint64_t held;  /* not 0: a reader takes the bytes without looking here again; nothing is dropped */
    uint64_t reserved[7];
    _Atomic uint64_t words[];
};

/** Bytes of the map of an object of `size` bytes. */
size_t presence_map_size(uint64_t size);
/** Whether a mapping of `mapped` bytes is a map of a `size`-byte object that this version reads. */
bool presence_map_valid(const struct presence_map *map, size_t mapped, uint64_t size);
/** Chunks of the object: ceil(size / PRESENCE_CHUNK). */
uint64_t presence_chunks(uint64_t size);

/** Whether every byte of [offset, offset+length), cut at the object's end, is present. */
bool presence_has(const struct presence_map *map, uint64_t offset, uint64_t length);
/** First absent chunk in [first, end), or `end`. */
uint64_t presence_next_absent(const struct presence_map *map, uint64_t first, uint64_t end);
/** Whether a chunk of the range carries a mark. */
bool presence_crosses_mark(const struct presence_map *map, uint64_t offset, uint64_t length);

/** The agent's: sets present for [first, end); sets or clears a mark; clears presence of [first, end). */
void presence_set(struct presence_map *map, uint64_t first, uint64_t end);
void presence_clear(struct presence_map *map, uint64_t first, uint64_t end);
void presence_mark(struct presence_map *map, uint64_t chunk, bool on);

#endif
