/* SPDX-License-Identifier: MIT */
/*
 * The MD5 of a file's content, which the API sends as its ETag.
 *
 * Computed once for each version of a file (size and time of change) and kept in the extended
 * attribute `user.algofs.md5` of the file; where that cannot be written, in a bounded table in
 * memory. Files larger than ETAG_COMPUTE_MAX that came past the server are not read for it: they
 * have no ETag. Uploads of any size do, because they are hashed on the way in.
 *
 * Thread-safe.
 */
#ifndef ALGOFS_SERVER_ETAG_H
#define ALGOFS_SERVER_ETAG_H

#include <pthread.h>
#include <stdint.h>
#include <sys/stat.h>

#include "server/answer.h"

enum {
    ETAG_COMPUTE_MAX = 64 * 1024 * 1024, /* bytes; about a tenth of a second */
    ETAG_TABLE_SIZE = 4096,
};

struct etag_slot {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec mtime;
    char etag[ANSWER_ETAG_LEN + 1]; /* "" marks a free slot */
};

struct etags {
    pthread_mutex_t lock;    /* guards `table` */
    struct etag_slot *table; /* by inode; a newer file takes the slot of an older one */
};

/** 0 or -ENOMEM; to be deinitialised in both cases. */
int etag_init(struct etags *etags);
void etag_deinit(struct etags *etags);
/** Writes the ETag of the open file `fd` with status `st`, or "" if it has none. */
void etag_get(
    struct etags *etags, int fd, const struct stat *st, char ret_etag[ANSWER_ETAG_LEN + 1]);
/** Remembers `etag` for the file `fd` (open for writing) as it is now. Best effort. */
void etag_put(struct etags *etags, int fd, const char *etag);

#endif
