/* SPDX-License-Identifier: MIT */
#include "server/etag.h"

#include <errno.h>
#include <inttypes.h>
#include <md5.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "server/store.h"

#define ETAG_XATTR "user.algofs.md5"

/*
 * The attribute's value is `<md5> <size> <seconds>.<nanoseconds>`: it holds for that version only.
 */
enum { ETAG_XATTR_MAX = 128, ETAG_BLOCK = 256 * 1024 };

int etag_init(struct etags *etags)
{
    (void)pthread_mutex_init(&etags->lock, NULL); /* default attributes: cannot fail */
    etags->table = calloc(ETAG_TABLE_SIZE, sizeof(*etags->table));
    return etags->table == NULL ? -ENOMEM : 0;
}

void etag_deinit(struct etags *etags)
{
    free(etags->table);
    etags->table = NULL;
    (void)pthread_mutex_destroy(&etags->lock);
}

static bool etag_same_version(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void etag_format_xattr(char value[ETAG_XATTR_MAX], const struct stat *st, const char *etag)
{
    (void)snprintf(value, ETAG_XATTR_MAX, "%s %jd %jd.%09ld", etag, (intmax_t)st->st_size,
        (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec); /* numbers of any size fit */
}

static bool etag_read_xattr(int fd, const struct stat *st, char ret_etag[ANSWER_ETAG_LEN + 1])
{
    char found[ETAG_XATTR_MAX];
    char wanted[ETAG_XATTR_MAX];
    ssize_t len = fgetxattr(fd, ETAG_XATTR, found, sizeof(found) - 1);
    if (len <= ANSWER_ETAG_LEN)
        return false;
    found[len] = '\0';
    char etag[ANSWER_ETAG_LEN + 1];
    memcpy(etag, found, ANSWER_ETAG_LEN);
    etag[ANSWER_ETAG_LEN] = '\0';
    if (strspn(etag, "0123456789abcdef") != ANSWER_ETAG_LEN)
        return false;
    etag_format_xattr(wanted, st, etag);
    if (strcmp(found, wanted) != 0)
        return false;
    memcpy(ret_etag, etag, sizeof(etag));
    return true;
}

static struct etag_slot *etag_slot_of(struct etags *etags, const struct stat *st)
{
    return &etags->table[(st->st_ino ^ st->st_dev) % ETAG_TABLE_SIZE];
}

static bool etag_read_table(
    struct etags *etags, const struct stat *st, char ret_etag[ANSWER_ETAG_LEN + 1])
{
    LOCK_SCOPE(&etags->lock);
    const struct etag_slot *slot = etag_slot_of(etags, st);
    if (slot->etag[0] == '\0' || slot->dev != st->st_dev || slot->ino != st->st_ino ||
        slot->size != st->st_size || slot->mtime.tv_sec != st->st_mtim.tv_sec ||
        slot->mtime.tv_nsec != st->st_mtim.tv_nsec)
        return false;
    memcpy(ret_etag, slot->etag, sizeof(slot->etag));
    return true;
}

static void etag_keep(struct etags *etags, int fd, const struct stat *st, const char *etag)
{
    char value[ETAG_XATTR_MAX];
    etag_format_xattr(value, st, etag);
    if (fsetxattr(fd, ETAG_XATTR, value, strlen(value), 0) == 0)
        return;
    LOCK_SCOPE(&etags->lock);
    struct etag_slot *slot = etag_slot_of(etags, st);
    *slot = (struct etag_slot){
        .dev = st->st_dev, .ino = st->st_ino, .size = st->st_size, .mtime = st->st_mtim
    };
    memcpy(slot->etag, etag, sizeof(slot->etag));
}

/* Reads the whole file. False if it could not be read or changed meanwhile. */
static bool etag_compute(int fd, const struct stat *st, char ret_etag[ANSWER_ETAG_LEN + 1])
{
    CLEANUP_FREE uint8_t *block = malloc(ETAG_BLOCK);
    if (block == NULL)
        return false;
    MD5_CTX md5;
    MD5Init(&md5);
    off_t done = 0;
    while (done < st->st_size) {
        ssize_t got = pread(fd, block, ETAG_BLOCK, done);
        if (got <= 0)
            return false;
        MD5Update(&md5, block, (size_t)got);
        done += got;
    }
    struct stat after;
    if (fstat(fd, &after) < 0 || !etag_same_version(st, &after))
        return false;
    MD5End(&md5, ret_etag);
    return true;
}

void etag_get(
    struct etags *etags, int fd, const struct stat *st, char ret_etag[ANSWER_ETAG_LEN + 1])
{
    if (etag_read_xattr(fd, st, ret_etag) || etag_read_table(etags, st, ret_etag))
        return;
    ret_etag[0] = '\0';
    if (st->st_size > ETAG_COMPUTE_MAX)
        return;
    char etag[ANSWER_ETAG_LEN + 1];
    if (!etag_compute(fd, st, etag))
        return;
    if (store_is_settled(st))
        etag_keep(etags, fd, st, etag);
    memcpy(ret_etag, etag, sizeof(etag));
}

void etag_put(struct etags *etags, int fd, const char *etag)
{
    struct stat st;
    if (fstat(fd, &st) == 0)
        etag_keep(etags, fd, &st, etag);
}
