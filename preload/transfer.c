/* SPDX-License-Identifier: MIT */
/* The kernel reading for a program: what it will take must be here before. */
#include <errno.h>

#include "core/base/sys.h"
#include "preload/fdtable.h"
#include "preload/fs.h"
#include "preload/lazy.h"

/* The range that a transfer from `fd` may touch: from *offset, or from the file offset. */
static int fill_source(int fd, const off_t *offset, size_t count)
{
    if (!fdtable_is_lazy(fd))
        return 0;
    off_t from = offset != NULL ? *offset : sys_lseek(fd, 0, SEEK_CUR);
    if (from < 0) /* the call itself will say what is wrong with it */
        return 0;
    int rc = lazy_range(fd, (uint64_t)from, count);
    if (rc == 0)
        return 0;
    errno = -rc;
    return -1;
}

ssize_t fs_sendfile(int out, int in, off_t *offset, size_t count)
{
    return fill_source(in, offset, count) < 0 ? -1 : real.sendfile(out, in, offset, count);
}

ssize_t fs_copy_file_range(
    int in, off64_t *in_offset, int out, off64_t *out_offset, size_t count, unsigned flags)
{
    if (fill_source(in, in_offset, count) < 0)
        return -1;
    return real.copy_file_range(in, in_offset, out, out_offset, count, flags);
}

ssize_t fs_splice(
    int in, off64_t *in_offset, int out, off64_t *out_offset, size_t count, unsigned flags)
{
    if (fill_source(in, in_offset, count) < 0)
        return -1;
    return real.splice(in, in_offset, out, out_offset, count, flags);
}

ssize_t fs_readahead(int fd, off64_t offset, size_t count)
{
    if (fill_source(fd, &offset, count) < 0)
        return -1;
    return real.readahead(fd, offset, count);
}
