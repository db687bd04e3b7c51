/* SPDX-License-Identifier: MIT */
#include "preload/place.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/base/sys.h"
#include "core/client/session.h"

enum { INSTANCE_DIGITS = 12 };

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Whether the path holds "/<12 hex digits>/tree" as whole components. */
static bool looks_like_a_tree(const char *native)
{
    for (const char *p = strstr(native, "/tree"); p != NULL; p = strstr(p + 1, "/tree")) {
        if (p[5] != '\0' && p[5] != '/')
            continue;
        if (p - native < INSTANCE_DIGITS + 1 || p[-INSTANCE_DIGITS - 1] != '/')
            continue;
        int digits = 0;
        while (digits < INSTANCE_DIGITS && is_hex(p[-1 - digits]))
            digits++;
        if (digits == INSTANCE_DIGITS)
            return true;
    }
    return false;
}

static const char *behind_root(const struct session *session, const char *native)
{
    if (strncmp(native, session->tree, session->tree_len) != 0)
        return NULL;
    const char *rest = native + session->tree_len;
    if (*rest == '\0')
        return rest;
    return *rest == '/' ? rest + 1 : NULL;
}

const char *place_in_known_tree(const char *native)
{
    const struct session *session = session_current();
    return session == NULL ? NULL : behind_root(session, native);
}

const char *place_in_tree(const char *native)
{
    const struct session *session = session_current();
    if (session == NULL && (!looks_like_a_tree(native) || session_get(&session) < 0))
        return NULL;
    return behind_root(session, native);
}

/* "/proc/self/fd/N" without stdio. */
static void proc_name(int fd, char out[32])
{
    static const char stem[] = "/proc/self/fd/";
    memcpy(out, stem, sizeof(stem) - 1);
    char digits[12];
    size_t count = 0;
    unsigned value = (unsigned)fd;
    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    size_t at = sizeof(stem) - 1;
    while (count > 0)
        out[at++] = digits[--count];
    out[at] = '\0';
}

ssize_t place_native_of_fd(int fd, char *out, size_t size)
{
    if (fd < 0)
        return -EBADF;
    char name[32];
    proc_name(fd, name);
    ssize_t got = sys_readlinkat(AT_FDCWD, name, out, size - 1);
    if (got >= 0)
        out[got] = '\0';
    return got;
}

int place_of_fd(int fd, char *out, size_t size, size_t *ret_len)
{
    char native[PATH_MAX];
    ssize_t got = place_native_of_fd(fd, native, sizeof(native));
    if (got < 0)
        return (int)got;
    const char *rest = place_in_tree(native);
    if (rest == NULL)
        return -ENOENT;
    struct stat st; /* an unlinked file's link reads "… (deleted)": no name to go by */
    if (sys_fstat(fd, &st) < 0 || st.st_nlink == 0)
        return -ENOENT;
    size_t len = strlen(rest);
    if (len >= size)
        return -ENAMETOOLONG;
    memcpy(out, rest, len + 1);
    *ret_len = len;
    return 0;
}

bool place_has_fd(int fd)
{
    char path[PATH_MAX];
    size_t len;
    return place_of_fd(fd, path, sizeof(path), &len) == 0;
}
