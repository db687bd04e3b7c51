/* SPDX-License-Identifier: MIT */
#include "preload/maps.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/base/sys.h"
#include "preload/place.h"

enum { LINE_MAX_LENGTH = PATH_MAX + 256, FIELDS_BEFORE_INODE = 4 };

/* /proc/self/maps, a line at a time, without stdio and without memory of its own. */
struct reader {
    int fd;
    size_t have;
    size_t at;
    char buffer[LINE_MAX_LENGTH];
};

/* The next line, ended by NUL. 1; 0 at the end; -errno. A line that does not fit is an error. */
static int next_line(struct reader *r, char **ret_line)
{
    for (;;) {
        char *start = r->buffer + r->at;
        char *end = memchr(start, '\n', r->have - r->at);
        if (end != NULL) {
            *end = '\0';
            r->at = (size_t)(end - r->buffer) + 1;
            *ret_line = start;
            return 1;
        }
        memmove(r->buffer, start, r->have - r->at);
        r->have -= r->at;
        r->at = 0;
        if (r->have == sizeof(r->buffer))
            return -ENAMETOOLONG;
        ssize_t got = sys_read(r->fd, r->buffer + r->have, sizeof(r->buffer) - r->have);
        if (got <= 0)
            return (int)got;
        r->have += (size_t)got;
    }
}

static uintptr_t hexadecimal(char **text)
{
    uintptr_t value = 0;
    for (;; (*text)++) {
        char c = **text;
        if (c >= '0' && c <= '9')
            value = value << 4 | (uintptr_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uintptr_t)(c - 'a' + 10);
        else
            return value;
    }
}

/* "from-to rwxp offset dev:dev inode   path" */
static bool line_holds(char *line, uintptr_t address, struct mapped_file *file, const char **ret_path)
{
    uintptr_t from = hexadecimal(&line);
    if (*line++ != '-')
        return false;
    uintptr_t to = hexadecimal(&line);
    if (address < from || address >= to)
        return false;
    for (int i = 0; i < FIELDS_BEFORE_INODE; i++) {
        line = strchr(line, ' ');
        if (line == NULL)
            return false;
        line++;
    }
    file->inode = 0;
    for (; *line >= '0' && *line <= '9'; line++)
        file->inode = file->inode * 10 + (ino_t)(*line - '0');
    while (*line == ' ')
        line++;
    *ret_path = line;
    return true;
}

int maps_find(const void *at, struct mapped_file *ret_file)
{
    struct reader reader = { .have = 0 };
    reader.fd = sys_openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
    if (reader.fd < 0)
        return reader.fd;
    char *line = NULL;
    const char *path = NULL;
    int rc;
    while ((rc = next_line(&reader, &line)) > 0)
        if (line_holds(line, (uintptr_t)at, ret_file, &path))
            break;
    (void)sys_close(reader.fd);
    if (rc <= 0 || path[0] != '/' || place_in_known_tree(path) == NULL)
        return rc < 0 ? rc : 0;
    size_t len = strlen(path);
    if (len >= sizeof(ret_file->path))
        return -ENAMETOOLONG;
    memcpy(ret_file->path, path, len + 1);
    return 1;
}
