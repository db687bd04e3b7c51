/* SPDX-License-Identifier: MIT */
#include "core/wire/presence.h"

static const uint64_t present_bits = 0x5555555555555555u;
static const uint64_t mark_bits = 0xaaaaaaaaaaaaaaaau;

uint64_t presence_chunks(uint64_t size)
{
    return (size >> PRESENCE_CHUNK_SHIFT) + ((size & (PRESENCE_CHUNK - 1)) != 0);
}

size_t presence_map_size(uint64_t size)
{
    uint64_t words =
        (presence_chunks(size) + PRESENCE_CHUNKS_PER_WORD - 1) / PRESENCE_CHUNKS_PER_WORD;
    return sizeof(struct presence_map) + (size_t)words * sizeof(uint64_t);
}

bool presence_map_valid(const struct presence_map *map, size_t mapped, uint64_t size)
{
    return mapped >= sizeof(*map) && map->magic == PRESENCE_MAGIC &&
        map->version == PRESENCE_VERSION && map->chunk_shift == PRESENCE_CHUNK_SHIFT &&
        map->size == size && mapped >= presence_map_size(size);
}

/* The bits of one kind that stand for chunks [from, to) of one word, 0 <= from < to <= 32. */
static uint64_t word_mask(unsigned from, unsigned to, uint64_t kind)
{
    uint64_t high = to == PRESENCE_CHUNKS_PER_WORD ? ~(uint64_t)0 : ((uint64_t)1 << (2 * to)) - 1;
    uint64_t low = ((uint64_t)1 << (2 * from)) - 1;
    return high & ~low & kind;
}

/* Chunks [*first, *end) that hold the range, cut at the object's end. */
static void range_chunks(const struct presence_map *map, uint64_t offset, uint64_t length,
    uint64_t *first, uint64_t *end)
{
    uint64_t stop = length > map->size - offset ? map->size : offset + length;
    *first = offset >> PRESENCE_CHUNK_SHIFT;
    *end = presence_chunks(stop);
}

static unsigned word_end(uint64_t chunk, uint64_t end)
{
    uint64_t from = chunk % PRESENCE_CHUNKS_PER_WORD;
    uint64_t left = end - chunk;
    return from + left > PRESENCE_CHUNKS_PER_WORD ? PRESENCE_CHUNKS_PER_WORD
                                                  : (unsigned)(from + left);
}

uint64_t presence_next_absent(const struct presence_map *map, uint64_t first, uint64_t end)
{
    uint64_t chunk = first;
    while (chunk < end) {
        unsigned from = (unsigned)(chunk % PRESENCE_CHUNKS_PER_WORD);
        unsigned to = word_end(chunk, end);
        uint64_t mask = word_mask(from, to, present_bits);
        uint64_t word = atomic_load_explicit(
            &map->words[chunk / PRESENCE_CHUNKS_PER_WORD], memory_order_acquire);
        uint64_t absent = ~word & mask;
        if (absent != 0)
            return chunk - from + (unsigned)__builtin_ctzll(absent) / 2;
        chunk += to - from;
    }
    return end;
}

bool presence_has(const struct presence_map *map, uint64_t offset, uint64_t length)
{
    if (offset >= map->size || length == 0)
        return true;
    uint64_t first, end;
    range_chunks(map, offset, length, &first, &end);
    return presence_next_absent(map, first, end) == end;
}

bool presence_crosses_mark(const struct presence_map *map, uint64_t offset, uint64_t length)
{
    if (offset >= map->size || length == 0)
        return false;
    uint64_t chunk, end;
    range_chunks(map, offset, length, &chunk, &end);
    while (chunk < end) {
        unsigned from = (unsigned)(chunk % PRESENCE_CHUNKS_PER_WORD);
        unsigned to = word_end(chunk, end);
        uint64_t word = atomic_load_explicit(
            &map->words[chunk / PRESENCE_CHUNKS_PER_WORD], memory_order_relaxed);
        if ((word & word_mask(from, to, mark_bits)) != 0)
            return true;
        chunk += to - from;
    }
    return false;
}

void presence_set(struct presence_map *map, uint64_t first, uint64_t end)
{
    while (first < end) {
        unsigned from = (unsigned)(first % PRESENCE_CHUNKS_PER_WORD);
        unsigned to = word_end(first, end);
        atomic_fetch_or_explicit(&map->words[first / PRESENCE_CHUNKS_PER_WORD],
            word_mask(from, to, present_bits), memory_order_release);
        first += to - from;
    }
}

void presence_clear(struct presence_map *map, uint64_t first, uint64_t end)
{
    while (first < end) {
        unsigned from = (unsigned)(first % PRESENCE_CHUNKS_PER_WORD);
        unsigned to = word_end(first, end);
        atomic_fetch_and_explicit(&map->words[first / PRESENCE_CHUNKS_PER_WORD],
            ~word_mask(from, to, present_bits), memory_order_seq_cst);
        first += to - from;
    }
}

void presence_mark(struct presence_map *map, uint64_t chunk, bool on)
{
    uint64_t bit = (uint64_t)2 << (2 * (chunk % PRESENCE_CHUNKS_PER_WORD));
    if (on)
        atomic_fetch_or_explicit(
            &map->words[chunk / PRESENCE_CHUNKS_PER_WORD], bit, memory_order_relaxed);
    else
        atomic_fetch_and_explicit(
            &map->words[chunk / PRESENCE_CHUNKS_PER_WORD], ~bit, memory_order_relaxed);
}
