/* SPDX-License-Identifier: MIT */
/*
 * AWS's own files. inih would do but for its line of 200 bytes: a session token is longer.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/remote/s3-credentials.h"

enum { FILE_MAX = 1 << 20 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char *trim(char *text)
{
    while (is_blank(*text))
        text++;
    size_t len = strlen(text);
    while (len > 0 && is_blank(text[len - 1]))
        text[--len] = '\0';
    return text;
}

/* "[name]", spaces around the name allowed. */
static bool section_is(char *line, const char *section)
{
    char *end = strchr(line, ']');
    if (end == NULL)
        return false;
    *end = '\0';
    return strcmp(trim(line + 1), section) == 0;
}

/* The value of `key` in "key = value"; NULL if the line is another. */
static const char *value_of(char *line, const char *key)
{
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return NULL;
    *equals = '\0';
    return strcmp(trim(line), key) == 0 ? trim(equals + 1) : NULL;
}

static int find_value(
    char *text, const char *section, const char *key, char *value, size_t size)
{
    bool inside = false;
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        if (line[0] == '#' || line[0] == ';' || is_blank(line[0]))
            continue;
        if (line[0] == '[') {
            inside = section_is(line, section);
            continue;
        }
        const char *found = inside ? value_of(line, key) : NULL;
        if (found == NULL)
            continue;
        size_t len = strlen(found);
        if (len >= size)
            return -E2BIG;
        memcpy(value, found, len + 1);
        return 0;
    }
    return -ENOENT;
}

int s3_profile_read(
    const char *file, const char *section, const char *key, char *value, size_t size)
{
    CLEANUP_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (st.st_size > FILE_MAX)
        return -E2BIG;
    char *text = malloc(FILE_MAX + 1);
    if (text == NULL)
        return -ENOMEM;
    size_t len = 0;
    ssize_t got;
    while (len < FILE_MAX && (got = read(fd, text + len, FILE_MAX - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    int rc = got < 0 ? -errno : find_value(text, section, key, value, size);
    explicit_bzero(text, len);
    free(text);
    return rc;
}
