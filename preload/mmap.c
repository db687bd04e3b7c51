/* SPDX-License-Identifier: MIT */
/* Mapping: a page fault cannot ask, so the range is here before the mapping is. */
#include <errno.h>
#include <sys/mman.h>

#include "preload/fdtable.h"
#include "preload/fs.h"
#include "preload/lazy.h"

void *fs_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    if ((flags & MAP_ANONYMOUS) == 0 && fdtable_is_lazy(fd) && offset >= 0) {
        int rc = lazy_range(fd, (uint64_t)offset, len);
        if (rc < 0) {
            errno = -rc;
            return MAP_FAILED;
        }
    }
    return real.mmap(at, len, protection, flags, fd, offset);
}
