/* SPDX-License-Identifier: MIT */
/*
 * What an encrypted object looks like. Format 1; numbers are little-endian.
 *
 *     object   header, chunk 0, chunk 1, …, chunk n-1;  n = max(1, ceil(size / 65536))
 *     header   8 bytes  "algofsE\x01": the last byte is the format
 *              u32      65536: bytes of plain text in a chunk, but for the last; part of the format
 *              u32      0
 *              32 bytes salt, random, of this one upload
 *              16 bytes check: BLAKE2b-128 of the 48 bytes above, keyed with the file key
 *     chunk    24 bytes header of secretstream, random
 *              the plain text's length + 17 bytes: one message of secretstream, tag FINAL,
 *                       additional data: u64 number of the chunk, u64 size of the whole plain text
 *
 *     file key   = BLAKE2b-256 of the header's first 48 bytes, keyed with the key of the key file
 *     chunk key  = crypto_kdf_derive_from_key(number of the chunk, "algofsE1", file key): BLAKE2b
 *
 * secretstream is libsodium's crypto_secretstream_xchacha20poly1305; a stream of its own for each chunk makes
 * each readable by itself. So a chunk is authentic only at its place (number), in an object of that size
 * (nothing can be cut off or added), of that upload (salt, hence the key). The plain size follows from
 * the stored size, so a listing needs no request.
 *
 * What this does not hide or prevent: names, sizes to the byte, times, modes, links' targets; that the store gives an older
 * upload of a file, or one file's whole object under another's name (renaming and copying on the store
 * need that it can be so).
 *
 * Pure functions; threads: any. encrypt_format_init must have succeeded once.
 * Source: https://doc.libsodium.org (secretstream, key_derivation, generic_hashing).
 */
#ifndef ALGOFS_REMOTE_ENCRYPT_FORMAT_H
#define ALGOFS_REMOTE_ENCRYPT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ENCRYPT_KEY = 32,
    ENCRYPT_HEADER = 64,
    ENCRYPT_CHUNK = 65536,                               /* plain */
    ENCRYPT_OVERHEAD = 24 + 17,                          /* of a chunk */
    ENCRYPT_STORED = ENCRYPT_CHUNK + ENCRYPT_OVERHEAD,   /* a chunk as it is stored, at most */
};

/** 0 or -ENOSYS: libsodium does not work here. */
int encrypt_format_init(void);

uint64_t encrypt_chunks(uint64_t plain_size);
/** Bytes as stored; 0: more than a u64 holds. */
uint64_t encrypt_stored_size(uint64_t plain_size);
/** False: no object of ours has that size. */
bool encrypt_plain_size(uint64_t stored_size, uint64_t *ret_plain_size);
/** Plain bytes in chunk `number` of a file of `plain_size`. */
size_t encrypt_chunk_size(uint64_t number, uint64_t plain_size);
/** Where chunk `number` begins in the object. */
uint64_t encrypt_chunk_offset(uint64_t number);

/** A header with a new salt, and the file's key. */
void encrypt_make_header(const unsigned char key[ENCRYPT_KEY],
    unsigned char ret_header[ENCRYPT_HEADER], unsigned char ret_file_key[ENCRYPT_KEY]);
/** Checks a header, and gives the file's key. -EINVAL: it is none; -EBADMSG: of another key, or altered. */
int encrypt_check_header(const unsigned char key[ENCRYPT_KEY],
    const unsigned char header[ENCRYPT_HEADER], unsigned char ret_file_key[ENCRYPT_KEY]);

/** Encrypts encrypt_chunk_size bytes to as many and ENCRYPT_OVERHEAD. */
void encrypt_seal(const unsigned char file_key[ENCRYPT_KEY], uint64_t number, uint64_t plain_size,
    const unsigned char *plain, unsigned char *ret_stored);
/** The way back. 0 or -EBADMSG, with nothing of use in ret_plain. */
int encrypt_open(const unsigned char file_key[ENCRYPT_KEY], uint64_t number, uint64_t plain_size,
    const unsigned char *stored, unsigned char *ret_plain);

#endif
