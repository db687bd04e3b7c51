/* SPDX-License-Identifier: MIT */
#include "core/remote/encrypt-format.h"

#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

enum { SIGNED = 48, CHECK = 16, SALT_AT = 16, SALT = 32, STREAM_HEADER = 24 };

_Static_assert(STREAM_HEADER == crypto_secretstream_xchacha20poly1305_HEADERBYTES, "format");
_Static_assert(
    ENCRYPT_OVERHEAD == STREAM_HEADER + crypto_secretstream_xchacha20poly1305_ABYTES, "format");
_Static_assert(ENCRYPT_KEY == crypto_secretstream_xchacha20poly1305_KEYBYTES, "format");
_Static_assert(ENCRYPT_KEY == crypto_kdf_KEYBYTES, "format");

static const unsigned char magic[8] = { 'a', 'l', 'g', 'o', 'f', 's', 'E', 1 };

int encrypt_format_init(void)
{
    return sodium_init() < 0 ? -ENOSYS : 0;
}

uint64_t encrypt_chunks(uint64_t plain_size)
{
    return plain_size == 0 ? 1 : (plain_size - 1) / ENCRYPT_CHUNK + 1;
}

uint64_t encrypt_stored_size(uint64_t plain_size)
{
    uint64_t more = ENCRYPT_HEADER + encrypt_chunks(plain_size) * ENCRYPT_OVERHEAD;
    return plain_size > UINT64_MAX - more ? 0 : plain_size + more;
}

bool encrypt_plain_size(uint64_t stored_size, uint64_t *ret_plain_size)
{
    if (stored_size < ENCRYPT_HEADER + ENCRYPT_OVERHEAD)
        return false;
    uint64_t body = stored_size - ENCRYPT_HEADER;
    uint64_t chunks = (body - 1) / ENCRYPT_STORED + 1;
    uint64_t plain = body - chunks * ENCRYPT_OVERHEAD;
    if (body < chunks * ENCRYPT_OVERHEAD || encrypt_stored_size(plain) != stored_size)
        return false; /* the rest is too short for a chunk */
    *ret_plain_size = plain;
    return true;
}

size_t encrypt_chunk_size(uint64_t number, uint64_t plain_size)
{
    uint64_t rest = plain_size - number * ENCRYPT_CHUNK;
    return rest < ENCRYPT_CHUNK ? (size_t)rest : ENCRYPT_CHUNK;
}

uint64_t encrypt_chunk_offset(uint64_t number)
{
    return ENCRYPT_HEADER + number * ENCRYPT_STORED;
}

/* The file's key and the check that a header with these first bytes has. */
static void header_keys(const unsigned char *key, const unsigned char *header,
    unsigned char *ret_file_key, unsigned char *ret_check)
{
    /* Neither can fail: all sizes are within the function's limits. */
    (void)crypto_generichash(ret_file_key, ENCRYPT_KEY, header, SIGNED, key, ENCRYPT_KEY);
    (void)crypto_generichash(ret_check, CHECK, header, SIGNED, ret_file_key, ENCRYPT_KEY);
}

void encrypt_make_header(const unsigned char key[ENCRYPT_KEY],
    unsigned char ret_header[ENCRYPT_HEADER], unsigned char ret_file_key[ENCRYPT_KEY])
{
    uint32_t chunk = htole32(ENCRYPT_CHUNK);
    memset(ret_header, 0, ENCRYPT_HEADER);
    memcpy(ret_header, magic, sizeof(magic));
    memcpy(ret_header + sizeof(magic), &chunk, sizeof(chunk));
    randombytes_buf(ret_header + SALT_AT, SALT);
    header_keys(key, ret_header, ret_file_key, ret_header + SIGNED);
}

int encrypt_check_header(const unsigned char key[ENCRYPT_KEY],
    const unsigned char header[ENCRYPT_HEADER], unsigned char ret_file_key[ENCRYPT_KEY])
{
    unsigned char check[CHECK];
    uint32_t chunk;
    memcpy(&chunk, header + sizeof(magic), sizeof(chunk));
    if (memcmp(header, magic, sizeof(magic)) != 0 || le32toh(chunk) != ENCRYPT_CHUNK)
        return -EINVAL;
    header_keys(key, header, ret_file_key, check);
    if (sodium_memcmp(check, header + SIGNED, CHECK) == 0)
        return 0;
    sodium_memzero(ret_file_key, ENCRYPT_KEY);
    return -EBADMSG;
}

struct chunk_secrets {
    unsigned char key[ENCRYPT_KEY];
    uint64_t place[2]; /* additional data: number and size, little-endian */
};

static void chunk_derive(struct chunk_secrets *secrets, const unsigned char *file_key,
    uint64_t number, uint64_t plain_size)
{
    /* Cannot fail: the size is within the function's limits. */
    (void)crypto_kdf_derive_from_key(secrets->key, sizeof(secrets->key), number, "algofsE1", file_key);
    secrets->place[0] = htole64(number);
    secrets->place[1] = htole64(plain_size);
}

void encrypt_seal(const unsigned char file_key[ENCRYPT_KEY], uint64_t number, uint64_t plain_size,
    const unsigned char *plain, unsigned char *ret_stored)
{
    crypto_secretstream_xchacha20poly1305_state state;
    struct chunk_secrets secrets;
    chunk_derive(&secrets, file_key, number, plain_size);
    /* Neither can fail for a message of this size. */
    (void)crypto_secretstream_xchacha20poly1305_init_push(&state, ret_stored, secrets.key);
    (void)crypto_secretstream_xchacha20poly1305_push(&state, ret_stored + STREAM_HEADER, NULL, plain,
        encrypt_chunk_size(number, plain_size), (const unsigned char *)secrets.place,
        sizeof(secrets.place), crypto_secretstream_xchacha20poly1305_TAG_FINAL);
    sodium_memzero(&state, sizeof(state));
    sodium_memzero(&secrets, sizeof(secrets));
}

int encrypt_open(const unsigned char file_key[ENCRYPT_KEY], uint64_t number, uint64_t plain_size,
    const unsigned char *stored, unsigned char *ret_plain)
{
    crypto_secretstream_xchacha20poly1305_state state;
    struct chunk_secrets secrets;
    unsigned char tag = 0;
    size_t len = encrypt_chunk_size(number, plain_size) + ENCRYPT_OVERHEAD - STREAM_HEADER;
    chunk_derive(&secrets, file_key, number, plain_size);
    bool ok = crypto_secretstream_xchacha20poly1305_init_pull(&state, stored, secrets.key) == 0 &&
              crypto_secretstream_xchacha20poly1305_pull(&state, ret_plain, NULL, &tag,
                  stored + STREAM_HEADER, len, (const unsigned char *)secrets.place,
                  sizeof(secrets.place)) == 0 &&
              tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    sodium_memzero(&state, sizeof(state));
    sodium_memzero(&secrets, sizeof(secrets));
    return ok ? 0 : -EBADMSG;
}
