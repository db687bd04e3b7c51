/* SPDX-License-Identifier: MIT */
#include "core/wire/board.h"

#include "core/base/hash.h"

enum { BOARD_TIME_BITS = 32, BOARD_TICKS_PER_SECOND = 16, BOARD_MS_PER_SECOND = 1000 };
#define BOARD_TIME_MASK (((uint64_t)1 << BOARD_TIME_BITS) - 1)

void board_init(struct board *board)
{
    board->magic = BOARD_MAGIC;
    board->version = BOARD_VERSION;
}

bool board_valid(const struct board *board, size_t mapped)
{
    return mapped >= sizeof(*board) && board->magic == BOARD_MAGIC && board->version == BOARD_VERSION;
}

void board_post(struct board *board, const char *path, size_t len, uint64_t asked_ms)
{
    uint64_t hash = hash_bytes(path, len);
    uint64_t ticks = asked_ms * BOARD_TICKS_PER_SECOND / BOARD_MS_PER_SECOND;
    atomic_store_explicit(&board->slots[hash % BOARD_SLOTS],
        (hash & ~BOARD_TIME_MASK) | (ticks & BOARD_TIME_MASK), memory_order_release);
}

void board_withdraw(struct board *board, const char *path, size_t len)
{
    uint64_t hash = hash_bytes(path, len);
    _Atomic uint64_t *slot = &board->slots[hash % BOARD_SLOTS];
    uint64_t word = atomic_load(slot);
    if (((word ^ hash) & ~BOARD_TIME_MASK) == 0)
        (void)atomic_compare_exchange_strong(slot, &word, 0); /* else another path has it now */
}

uint64_t board_find(const struct board *board, const char *path, size_t len)
{
    uint64_t hash = hash_bytes(path, len);
    uint64_t word = atomic_load_explicit(&board->slots[hash % BOARD_SLOTS], memory_order_acquire);
    if (((word ^ hash) & ~BOARD_TIME_MASK) != 0)
        return 0;
    return (word & BOARD_TIME_MASK) * BOARD_MS_PER_SECOND / BOARD_TICKS_PER_SECOND;
}
