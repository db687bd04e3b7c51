/* SPDX-License-Identifier: MIT */
/*
 * Writing a file. The content goes to a private file as it arrives, hashed on the way; only a whole
 * upload takes the name, in one step.
 *
 *     upload_begin, upload_write for each piece, upload_finish; upload_abort at any time
 *
 * An upload belongs to one thread. The functions return 0 or -errno; after a failure, abort.
 */
#ifndef ALGOFS_SERVER_UPLOAD_H
#define ALGOFS_SERVER_UPLOAD_H

#include <md5.h>
#include <stddef.h>
#include <stdint.h>

#include "server/etag.h"
#include "server/space.h"
#include "server/store.h"

struct upload {
    int dir_fd;       /* the directory the file is for; -1: no upload */
    const char *name; /* in it; points into the target's path */
    struct store_temp temp;
    MD5_CTX md5;
};

#define UPLOAD_INIT                                                                                \
    {                                                                                              \
        .dir_fd = -1, .temp = STORE_TEMP_INIT                                                      \
    }

/**
 * Begins an upload to `target`, which outlives it. `length` is its size in bytes if it is known,
 * else 0. -ENOENT: there is no such directory; -EISDIR: `target` is one; -ENOSPC: it cannot fit.
 */
int upload_begin(struct upload *upload, const struct target *target, uint64_t length);
int upload_write(struct upload *upload, const void *data, size_t len);
int upload_finish(struct upload *upload, struct etags *etags);
/** Leaves nothing behind. Does nothing if there is no upload. */
void upload_abort(struct upload *upload);

#endif
