/* SPDX-License-Identifier: MIT */
/*
 * Scope-bound resources.
 *
 * A variable declared with one of these is released when its scope ends, on every path. Ownership
 * leaves the scope only by TAKE or TAKE_FD, which empty the variable:
 *
 *     CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
 *     if (fd < 0)
 *         return -errno;
 *     *ret_fd = TAKE_FD(fd);
 *     return 0;
 *
 * The handlers keep errno, so that `return -errno` after a failure says what failed.
 */
#ifndef ALGOFS_BASE_CLEANUP_H
#define ALGOFS_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *pointer)
{
    int saved = errno;
    free(*(void **)pointer);
    errno = saved;
}

static inline void cleanup_close(const int *fd)
{
    if (*fd >= 0) {
        int saved = errno;
        (void)close(*fd); /* only for descriptors whose close cannot lose data */
        errno = saved;
    }
}

static inline void cleanup_fclose(FILE **file)
{
    if (*file != NULL) {
        int saved = errno;
        (void)fclose(*file); /* read-only streams: nothing to lose */
        errno = saved;
    }
}

static inline void cleanup_closedir(DIR **dir)
{
    if (*dir != NULL) {
        int saved = errno;
        (void)closedir(*dir);
        errno = saved;
    }
}

static inline void cleanup_unlock(pthread_mutex_t **mutex)
{
    if (*mutex != NULL)
        (void)pthread_mutex_unlock(*mutex);
}

static inline pthread_mutex_t *cleanup_lock(pthread_mutex_t *mutex)
{
    (void)pthread_mutex_lock(mutex); /* cannot fail for a default, initialised mutex */
    return mutex;
}

#define CLEANUP_FREE __attribute__((cleanup(cleanup_free)))
#define CLEANUP_CLOSE __attribute__((cleanup(cleanup_close)))
#define CLEANUP_FCLOSE __attribute__((cleanup(cleanup_fclose)))
#define CLEANUP_CLOSEDIR __attribute__((cleanup(cleanup_closedir)))

#define CLEANUP_CONCAT_(a, b) a##b
#define CLEANUP_CONCAT(a, b) CLEANUP_CONCAT_(a, b)

/** Holds `mutex` (a pthread_mutex_t *) until the enclosing scope ends. */
#define LOCK_SCOPE(mutex)                                                                        \
    __attribute__((cleanup(cleanup_unlock), unused)) pthread_mutex_t *CLEANUP_CONCAT(            \
        lock_scope_, __LINE__) = cleanup_lock(mutex)

/** Moves a pointer out of a CLEANUP_FREE variable. */
#define TAKE(pointer)                                                                            \
    __extension__({                                                                              \
        __typeof__(pointer) taken_ = (pointer);                                                  \
        (pointer) = NULL;                                                                        \
        taken_;                                                                                  \
    })

/** Moves a descriptor out of a CLEANUP_CLOSE variable. */
#define TAKE_FD(fd)                                                                              \
    __extension__({                                                                              \
        int taken_ = (fd);                                                                       \
        (fd) = -1;                                                                               \
        taken_;                                                                                  \
    })

#endif
