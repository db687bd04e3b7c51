/* SPDX-License-Identifier: MIT */
#include "core/config/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"

enum { KEYFILE_MAX = 256, HEX_SIZE = 2 * KEYFILE_BYTES + 1 };

#define BLANK " \t\r\n"

static bool keyfile_parse(char *text, size_t len, unsigned char key[KEYFILE_BYTES])
{
    static const int variants[] = { sodium_base64_VARIANT_ORIGINAL,
        sodium_base64_VARIANT_ORIGINAL_NO_PADDING, sodium_base64_VARIANT_URLSAFE,
        sodium_base64_VARIANT_URLSAFE_NO_PADDING };
    size_t got = 0;
    if (len == KEYFILE_BYTES) {
        memcpy(key, text, KEYFILE_BYTES);
        return true;
    }
    size_t skip = 0;
    while (len > 0 && text[len - 1] != '\0' && strchr(BLANK, text[len - 1]) != NULL)
        len--;
    while (skip < len && text[skip] != '\0' && strchr(BLANK, text[skip]) != NULL)
        skip++;
    text += skip;
    len -= skip;
    if (sodium_hex2bin(key, KEYFILE_BYTES, text, len, NULL, &got, NULL) == 0 && got == KEYFILE_BYTES)
        return true;
    for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
        if (sodium_base642bin(key, KEYFILE_BYTES, text, len, NULL, &got, NULL, variants[i]) == 0 &&
            got == KEYFILE_BYTES)
            return true;
    return false;
}

int keyfile_read(const char *path, unsigned char key[KEYFILE_BYTES], char *why, size_t why_size)
{
    char text[KEYFILE_MAX];
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text));
    if (len < 0) {
        /* Not as that errno: the programs' calls get it, and ENOENT would be taken for their file's. */
        int rc = errno == ENOMEM ? -ENOMEM : -EINVAL;
        (void)snprintf(why, why_size, "the key file %s: %s", path, strerror(errno));
        return rc;
    }
    bool ok = len < KEYFILE_MAX && keyfile_parse(text, (size_t)len, key);
    explicit_bzero(text, sizeof(text));
    if (ok)
        return 0;
    explicit_bzero(key, KEYFILE_BYTES);
    (void)snprintf(why, why_size,
        "the key file %s does not hold 32 bytes, raw, in hexadecimal or in base64: algofs keygen makes "
        "one",
        path);
    return -EINVAL;
}

int keyfile_make(const char *path)
{
    unsigned char key[KEYFILE_BYTES];
    char text[HEX_SIZE + 1];
    if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
        return -EIO;
    (void)sodium_bin2hex(text, HEX_SIZE, key, sizeof(key));
    text[HEX_SIZE - 1] = '\n';
    explicit_bzero(key, sizeof(key));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int rc = 0;
    if (fchmod(fd, 0600) < 0 || write(fd, text, HEX_SIZE) != HEX_SIZE || fsync(fd) < 0)
        rc = errno == 0 ? -EIO : -errno;
    if (close(fd) < 0 && rc == 0)
        rc = -errno;
    explicit_bzero(text, sizeof(text));
    if (rc < 0)
        (void)unlink(path); /* half a key is worse than none */
    return rc;
}
