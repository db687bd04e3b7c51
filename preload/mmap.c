/* SPDX-License-Identifier: MIT */
/*
 * Mapping: a page fault cannot ask, so the range is here before the mapping is; and a store cannot tell, so
 * shared writable mappings are committed when they are synchronised or end.
 */
#include <errno.h>
#include <sys/mman.h>

#include "preload/fdtable.h"
#include "preload/fs.h"
#include "preload/lazy.h"
#include "preload/write.h"

void *fs_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    if ((flags & MAP_ANONYMOUS) != 0)
        return real.mmap(at, len, protection, flags, fd, offset);
    if (fdtable_is_lazy(fd) && offset >= 0) {
        int rc = lazy_range(fd, (uint64_t)offset, len);
        if (rc < 0) {
            errno = -rc;
            return MAP_FAILED;
        }
    }
    void *made = real.mmap(at, len, protection, flags, fd, offset);
    /* PROT_WRITE may come later by mprotect: every shared mapping of a writable descriptor counts. */
    if (made != MAP_FAILED && (flags & MAP_TYPE) != MAP_PRIVATE && write_is_writer(fd))
        write_mapped(fd, made, len);
    return made;
}

int fs_msync(void *at, size_t len, int flags)
{
    int rc = real.msync(at, len, flags);
    if (rc < 0 || (flags & MS_SYNC) == 0 || !write_has_mappings())
        return rc;
    int verdict = write_commit_mapped(at, len);
    if (verdict == 0)
        return 0;
    errno = -verdict;
    return -1;
}

int fs_munmap(void *at, size_t len)
{
    if (!write_has_mappings())
        return real.munmap(at, len);
    (void)write_commit_mapped(at, len); /* munmap tells of no verdict; the agent keeps what failed */
    int rc = real.munmap(at, len);
    if (rc == 0)
        write_unmapped(at, len);
    return rc;
}
