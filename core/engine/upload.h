/* SPDX-License-Identifier: MIT */
/*
 * One file to the remote.
 *
 * The upload streams from the file. A file that changes while it is read is read again, and if it
 * never stands still a private copy is uploaded (a reflink where the file system has them): what
 * the remote gets is the file as it was at one time after the call began, but for a copy without
 * reflink, which may mix states as the reading of a file that is being written always may.
 *
 * File times move in ticks of the kernel's clock. So the stamp is taken when the tick of the last
 * change is over: then every later change gives another stamp. Threads: any.
 */
#ifndef ALGOFS_ENGINE_UPLOAD_H
#define ALGOFS_ENGINE_UPLOAD_H

#include "core/engine/dirty.h"
#include "core/remote/remote.h"

struct instance;

/* What the remote has then. */
struct upload {
    struct dirty_stamp stamp;  /* the file as it was uploaded */
    struct remote_entry entry; /* as the store describes it */
    struct remote_attributes sent; /* `valid` 0 where the store keeps none */
    unsigned took_s;           /* how long before its time the upload may have begun */
};

/** Uploads the complete file `fd` (open for reading) as `path`. On failure *call says why. */
int upload_file(struct instance *instance, const char *path, int fd, struct remote_call *call,
    struct upload *ret_upload);

/** Notes on the file what the remote has of it now, so that the next listing agrees with it. */
void upload_note(int fd, const struct upload *upload);

#endif
