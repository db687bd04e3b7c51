/* SPDX-License-Identifier: MIT */
/*
 * POSIX asynchronous I/O: libc's helper threads read behind our back, so the range is here before the job
 * is queued; and what aio_fsync promises is the agent's verdict, given before it returns.
 */
#include <aio.h>
#include <errno.h>

#include "core/base/sys.h"
#include "preload/fdtable.h"
#include "preload/fs.h"
#include "preload/lazy.h"
#include "preload/write.h"

_Static_assert(sizeof(struct aiocb) == sizeof(struct aiocb64), "the same type on LP64");

static int fail(int error)
{
    errno = error;
    return -1;
}

static int prepare_read(const struct aiocb *job)
{
    if (job == NULL || !fdtable_is_lazy(job->aio_fildes) || job->aio_offset < 0)
        return 0;
    return lazy_range(job->aio_fildes, (uint64_t)job->aio_offset, job->aio_nbytes);
}

int fs_aio_read(struct aiocb *job)
{
    int rc = prepare_read(job);
    return rc < 0 ? fail(-rc) : real.aio_read(job);
}

int fs_aio_read64(struct aiocb64 *job)
{
    return fs_aio_read((struct aiocb *)job);
}

int fs_aio_fsync(int operation, struct aiocb *job)
{
    bool known = operation == O_SYNC || operation == O_DSYNC;
    if (known && job != NULL && write_is_writer(job->aio_fildes)) {
        int rc = write_synchronise(job->aio_fildes);
        if (rc < 0)
            return fail(-rc);
    }
    return real.aio_fsync(operation, job);
}

int fs_aio_fsync64(int operation, struct aiocb64 *job)
{
    return fs_aio_fsync(operation, (struct aiocb *)job);
}

int fs_lio_listio(int mode, struct aiocb *const list[], int count, struct sigevent *event)
{
    for (int i = 0; list != NULL && i < count; i++) {
        int rc = list[i] != NULL && list[i]->aio_lio_opcode == LIO_READ ? prepare_read(list[i]) : 0;
        if (rc < 0)
            return fail(EIO);
    }
    return real.lio_listio(mode, list, count, event);
}

int fs_lio_listio64(int mode, struct aiocb64 *const list[], int count, struct sigevent *event)
{
    return fs_lio_listio(mode, (struct aiocb *const *)list, count, event);
}
