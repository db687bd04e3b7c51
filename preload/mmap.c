/* SPDX-License-Identifier: MIT */
/*
 * Mapping: a page fault cannot ask, so the range is here before the mapping is; and a store cannot tell, so
 * shared writable mappings are committed when they are synchronised or end.
 */
#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "core/base/sys.h"
#include "preload/fdtable.h"
#include "preload/fs.h"
#include "preload/lazy.h"
#include "preload/maps.h"
#include "preload/readable.h"
#include "preload/write.h"

/* Whether a part of a file that is not all here was ever mapped. */
static _Atomic bool part_mapped;

void *fs_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    if ((protection & PROT_READ) == 0 && at != NULL)
        readable_forget(at, len);
    if ((flags & MAP_ANONYMOUS) != 0)
        return real.mmap(at, len, protection, flags, fd, offset);
    if (fdtable_is_lazy(fd) && offset >= 0) {
        atomic_store_explicit(&part_mapped, true, memory_order_relaxed);
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

/* Fills the file that is mapped at `at`, if it is one of the tree. 0 or -errno. */
static int fill_mapped(const void *at)
{
    struct mapped_file file;
    int rc = maps_find(at, &file);
    if (rc <= 0)
        return rc;
    int fd = sys_openat(AT_FDCWD, file.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOATIME, 0);
    struct stat st;
    if (fd < 0 || sys_fstat(fd, &st) < 0 || st.st_ino != file.inode) {
        if (fd >= 0)
            (void)sys_close(fd);
        return -EIO; /* replaced meanwhile: nobody can fill the file that is mapped */
    }
    fdtable_drop(fd);
    rc = lazy_whole(fd);
    fdtable_drop(fd);
    (void)sys_close(fd);
    return rc;
}

void *fs_mremap(void *at, size_t len, size_t new_len, int flags, void *new_at)
{
    if (new_len > len && atomic_load_explicit(&part_mapped, memory_order_relaxed)) {
        int rc = fill_mapped(at);
        if (rc < 0) {
            errno = -rc;
            return MAP_FAILED;
        }
    }
    void *made = real.mremap(at, len, new_len, flags, new_at);
    if (made != MAP_FAILED && write_has_mappings())
        write_moved(at, made, new_len);
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
    readable_forget(at, len);
    if (!write_has_mappings())
        return real.munmap(at, len);
    (void)write_commit_mapped(at, len); /* munmap tells of no verdict; the agent keeps what failed */
    int rc = real.munmap(at, len);
    if (rc == 0)
        write_unmapped(at, len);
    return rc;
}
