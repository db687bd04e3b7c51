/* SPDX-License-Identifier: MIT */
#include "core/client/present.h"

#include <stdint.h>

enum { BLOCK = 512, PAGE = 4096 };

/* As a local file system would have it: whole pages. */
static blkcnt_t dense_blocks(off_t size)
{
    return (size + PAGE - 1) / PAGE * (PAGE / BLOCK);
}

void present_stat(struct stat *st)
{
    if (S_ISDIR(st->st_mode)) /* its own moves whenever it is listed */
        st->st_ctim = st->st_mtim;
    if (!entry_is_incomplete(st->st_mode))
        return;
    st->st_blocks = dense_blocks(st->st_size);
    st->st_mode &= ~(mode_t)S_ISVTX;
    st->st_mtim = st->st_atim;
    st->st_ctim = st->st_atim;
}

void present_stat_opened_incomplete(struct stat *st)
{
    present_stat(st);
    st->st_ctim = st->st_mtim;
}

void present_statx(struct statx *stx)
{
    if (S_ISDIR(stx->stx_mode))
        stx->stx_ctime = stx->stx_mtime;
    if (!entry_is_incomplete(stx->stx_mode))
        return;
    stx->stx_blocks = (uint64_t)dense_blocks((off_t)stx->stx_size);
    stx->stx_mode &= (unsigned short)~S_ISVTX;
    stx->stx_mtime = stx->stx_atime;
    stx->stx_ctime = stx->stx_atime;
}
