/* SPDX-License-Identifier: MIT */
/*
 * A layer that encrypts content before it leaves and decrypts what comes back; encrypt-format.h says what is
 * stored. Names, directories, links and attributes are the store's as they are.
 *
 *     struct remote *r = remote_encrypt_new(remote_retry_new(store, NULL), key, "/home/u/.cache/algofs");
 *
 * Reading: no byte reaches the sink before its whole chunk was found authentic. What is not (another key,
 * altered, cut, no object of ours) is -EIO, with the reason. A read that does not begin at the start of an
 * object costs one small request for its header, unless that version's header was seen lately.
 *
 * Writing: the ciphertext is made whole, chunk by chunk, in an unlinked file in `folder`, and that is
 * uploaded: a put reads its source at any offset, and as often as a retry needs, which a pipe does not allow; and
 * once it is made, what is retried is the same bytes. It takes as much disk as the file, for the time of the
 * upload; a full disk is -ENOSPC. Memory is constant.
 *
 * A version is the store's with an 'e' before it: it is no MD5 of what a reader gets. An object whose size
 * none of ours has is listed with its own size, and cannot be read.
 *
 * Threads: any. Decryption runs on the transfer thread, a chunk at a time.
 */
#ifndef ALGOFS_REMOTE_ENCRYPT_H
#define ALGOFS_REMOTE_ENCRYPT_H

#include "core/remote/encrypt-format.h"
#include "core/remote/remote.h"

/** Copies `key` and `folder`, owns `inner`. NULL: errno as it is, or ENOMEM, ENOSYS; `inner` is freed. */
struct remote *remote_encrypt_new(
    struct remote *inner, const unsigned char key[ENCRYPT_KEY], const char *folder);

#endif
