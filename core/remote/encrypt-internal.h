/* SPDX-License-Identifier: MIT */
/* What the files of the encrypting layer share. Private to encrypt*.c. */
#ifndef ALGOFS_REMOTE_ENCRYPT_INTERNAL_H
#define ALGOFS_REMOTE_ENCRYPT_INTERNAL_H

#include <pthread.h>

#include "core/remote/encrypt.h"
#include "core/remote/layer.h"

enum { ENCRYPT_SEEN = 128 }; /* file keys that are remembered */

struct encrypt_seen {
    char *path; /* NULL: nothing here */
    char version[REMOTE_VERSION_MAX];
    unsigned char file_key[ENCRYPT_KEY];
};

struct encrypt {
    struct layer layer;
    unsigned char key[ENCRYPT_KEY];
    char *folder;
    pthread_mutex_t lock;
    struct encrypt_seen seen[ENCRYPT_SEEN]; /* under lock; by the path's hash */
};

/** The key of `path` in the version that is remembered, which is given too. */
bool encrypt_recall(struct encrypt *encrypt, const char *path, char version[REMOTE_VERSION_MAX],
    unsigned char file_key[ENCRYPT_KEY]);
/** version "": nothing is remembered, for nothing tells whether it is still so. */
void encrypt_remember(struct encrypt *encrypt, const char *path, const char *version,
    const unsigned char file_key[ENCRYPT_KEY]);

/** The store's version to ours; "" stays, as does what would become too long ("" then). */
void encrypt_version(const char *version, char ret_version[REMOTE_VERSION_MAX]);

int encrypt_read(struct remote *remote, struct remote_call *call, const char *path, uint64_t offset,
    uint64_t length, const struct remote_read_sink *sink);

#endif
