/* SPDX-License-Identifier: MIT */
#include "core/client/present.h"

enum { BLOCK = 512 };

void present_stat(struct stat *st)
{
    if (!present_is_incomplete(st->st_mode))
        return;
    st->st_mode &= ~(mode_t)S_ISVTX;
    st->st_mtim = st->st_atim;
    st->st_ctim = st->st_atim;
    st->st_blocks = (st->st_size + BLOCK - 1) / BLOCK;
}

void present_stat_opened_incomplete(struct stat *st)
{
    present_stat(st);
    st->st_ctim = st->st_mtim;
}

void present_statx(struct statx *stx)
{
    if (!present_is_incomplete(stx->stx_mode))
        return;
    stx->stx_mode &= (unsigned short)~S_ISVTX;
    stx->stx_mtime = stx->stx_atime;
    stx->stx_ctime = stx->stx_atime;
    stx->stx_blocks = (stx->stx_size + BLOCK - 1) / BLOCK;
}
