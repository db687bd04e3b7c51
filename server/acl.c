/* SPDX-License-Identifier: MIT */
#include "server/acl.h"

#include <errno.h>
#include <fcntl.h>
#include <md5.h>
#include <string.h>
#include <sys/xattr.h>

#include "core/base/cleanup.h"
#include "server/store.h"

#define ACL_XATTR "user.algofs.acl"
#define ACL_FILE_PREFIX "acl-"

/* Kept as the word of the wire, "" for private. */
static const char *const words[] = {
    [ACL_MY_ALGORITHMS] = "algo://.my/*",
    [ACL_PRIVATE] = "",
    [ACL_PUBLIC] = "user://*",
};

enum { ACL_COUNT = sizeof(words) / sizeof(words[0]), ACL_WORD_MAX = 32 };

const char *acl_json(enum acl acl)
{
    static const char *const texts[] = {
        [ACL_MY_ALGORITHMS] = "[\"algo://.my/*\"]",
        [ACL_PRIVATE] = "[]",
        [ACL_PUBLIC] = "[\"user://*\"]",
    };
    return texts[acl];
}

static int acl_from_word(const char *word, enum acl *ret_acl)
{
    for (int i = 0; i < ACL_COUNT; i++) {
        if (strcmp(word, words[i]) == 0) {
            *ret_acl = (enum acl)i;
            return 0;
        }
    }
    return -EINVAL;
}

int acl_parse(const cJSON *json, enum acl *ret_acl)
{
    const cJSON *read = cJSON_GetObjectItemCaseSensitive(json, "read");
    if (!cJSON_IsArray(read) || cJSON_GetArraySize(read) > 1)
        return -EINVAL;
    const cJSON *only = cJSON_GetArrayItem(read, 0);
    if (only == NULL)
        return acl_from_word("", ret_acl);
    if (!cJSON_IsString(only) || only->valuestring[0] == '\0')
        return -EINVAL;
    return acl_from_word(only->valuestring, ret_acl);
}

/* The file for a directory without attributes: named by the MD5 of its path, which is any bytes. */
static void acl_file_name(
    const struct target *target, char ret_name[sizeof(ACL_FILE_PREFIX) + MD5_DIGEST_STRING_LENGTH])
{
    memcpy(ret_name, ACL_FILE_PREFIX, sizeof(ACL_FILE_PREFIX));
    (void)MD5Data((const uint8_t *)target->path, strlen(target->path),
        ret_name + strlen(ACL_FILE_PREFIX)); /* returns its argument */
}

static ssize_t acl_read_file(const struct target *target, char word[ACL_WORD_MAX])
{
    char name[sizeof(ACL_FILE_PREFIX) + MD5_DIGEST_STRING_LENGTH];
    acl_file_name(target, name);
    CLEANUP_CLOSE int folder = openat(target->store->root_fd, STORE_PRIVATE_NAME,
        O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return -1;
    CLEANUP_CLOSE int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -1 : read(fd, word, ACL_WORD_MAX - 1);
}

enum acl acl_get(const struct target *target, int dir_fd)
{
    char word[ACL_WORD_MAX];
    ssize_t len = fgetxattr(dir_fd, ACL_XATTR, word, sizeof(word) - 1);
    if (len < 0 && errno == ENOTSUP)
        len = acl_read_file(target, word);
    enum acl acl = ACL_MY_ALGORITHMS;
    if (len >= 0) {
        word[len] = '\0';
        (void)acl_from_word(word, &acl); /* what somebody else wrote there means nothing */
    }
    return acl;
}

static int acl_write_file(const struct target *target, const char *word)
{
    char name[sizeof(ACL_FILE_PREFIX) + MD5_DIGEST_STRING_LENGTH];
    acl_file_name(target, name);
    CLEANUP_CLOSE int folder = -1;
    int rc = store_open_private(target->store, &folder);
    if (rc < 0)
        return rc;
    struct store_temp temp = STORE_TEMP_INIT;
    rc = store_temp_create(target->store, &temp);
    if (rc < 0)
        return rc;
    size_t len = strlen(word);
    ssize_t written = write(temp.fd, word, len);
    if (written < 0 || (size_t)written != len) {
        rc = written < 0 ? -errno : -ENOSPC;
        store_temp_abort(&temp);
        return rc;
    }
    return store_temp_commit(&temp, folder, name);
}

int acl_set(const struct target *target, int dir_fd, enum acl acl)
{
    const char *word = words[acl];
    if (fsetxattr(dir_fd, ACL_XATTR, word, strlen(word), 0) == 0)
        return 0;
    return errno == ENOTSUP ? acl_write_file(target, word) : -errno;
}
