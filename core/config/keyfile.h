/* SPDX-License-Identifier: MIT */
/*
 * A key file for `encrypt=FILE`: 32 random bytes, as they are, in hexadecimal, or in base64.
 *
 * It is made in hexadecimal with mode 0600. White space around the digits does not count.
 *
 * Threads: any. Keys are wiped from what this module allocates; those it returns are the caller's to wipe.
 */
#ifndef ALGOFS_CONFIG_KEYFILE_H
#define ALGOFS_CONFIG_KEYFILE_H

#include <stddef.h>

enum { KEYFILE_BYTES = 32 };

/**
 * 0; or with the reason in why[]: -EINVAL, whether there is no key in it, no such file or no right to read it;
 * -ENOMEM.
 */
int keyfile_read(
    const char *path, unsigned char key[KEYFILE_BYTES], char *why, size_t why_size);
/** Makes `path` with a new key, and leaves nothing behind on failure. -EEXIST: it is there. */
int keyfile_make(const char *path);

#endif
