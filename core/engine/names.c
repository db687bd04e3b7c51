/* SPDX-License-Identifier: MIT */
#include "core/engine/names.h"

#include <string.h>

#include "core/base/beneath.h"

static const char own[] = "data/.my";

bool names_valid(const char *path)
{
    if (path[0] == '\0')
        return true;
    for (;;) {
        size_t len = strcspn(path, "/");
        if (!beneath_name_valid(path, len))
            return false;
        if (path[len] == '\0')
            return true;
        path += len + 1;
    }
}

static bool names_is_label(const char *label, size_t len)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    return len > 0 && strspn(label, allowed) >= len;
}

bool names_is_connector(const char *path)
{
    static const char *const kinds[] = { "data", "s3", "dropbox", "azureblob", "gs" };
    size_t len = strcspn(path, "/");
    size_t kind_len = strcspn(path, "/+");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strlen(kinds[i]) != kind_len || strncmp(path, kinds[i], kind_len) != 0)
            continue;
        return kind_len == len ||
            (i > 0 && names_is_label(path + kind_len + 1, len - kind_len - 1));
    }
    return false;
}

const char *names_split(const char *path, char *connector, size_t size)
{
    size_t len = strcspn(path, "/");
    if (len >= size)
        return NULL;
    memcpy(connector, path, len);
    connector[len] = '\0';
    return path + len + (path[len] == '/');
}

unsigned names_depth(const char *path)
{
    unsigned depth = path[0] != '\0';
    for (; *path != '\0'; path++)
        depth += *path == '/';
    return depth;
}

bool names_cut(char *path)
{
    if (path[0] == '\0')
        return false;
    char *slash = strrchr(path, '/');
    *(slash == NULL ? path : slash) = '\0';
    return true;
}

bool names_is_own(const char *path)
{
    return strncmp(path, own, sizeof(own) - 1) == 0 &&
        (path[sizeof(own) - 1] == '\0' || path[sizeof(own) - 1] == '/');
}
