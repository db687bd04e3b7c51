/* SPDX-License-Identifier: MIT */
#include "wrappers/mounts.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "wrappers/say.h"

int mounts_path(const char *given, char out[PATH_MAX])
{
    char text[PATH_MAX];
    size_t len = strnlen(given, sizeof(text));
    while (len > 1 && given[len - 1] == '/')
        len--;
    if (len == 0 || len >= sizeof(text))
        return len == 0 ? -ENOENT : -ENAMETOOLONG;
    memcpy(text, given, len);
    text[len] = '\0';
    char *slash = strrchr(text, '/');
    const char *name = slash == NULL ? text : slash + 1;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || name[0] == '\0')
        return realpath(text, out) == NULL ? -errno : 0;
    char parent[PATH_MAX];
    if (slash == text) {
        (void)snprintf(out, PATH_MAX, "%s", text);
        return 0;
    }
    if (slash != NULL)
        *slash = '\0';
    if (realpath(slash == NULL ? "." : text, parent) == NULL)
        return -errno;
    bool top = strcmp(parent, "/") == 0;
    if (strlen(parent) + strlen(name) + 2 > PATH_MAX)
        return -ENAMETOOLONG;
    (void)stpcpy(stpcpy(stpcpy(out, top ? "" : parent), "/"), name);
    return 0;
}

/* mountinfo writes blanks and the like as \ooo. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        if (from[0] == '\\' && isdigit((unsigned char)from[1]) && isdigit((unsigned char)from[2]) &&
            isdigit((unsigned char)from[3])) {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

bool mounts_has(const char *path)
{
    CLEANUP_FCLOSE FILE *list = fopen("/proc/self/mountinfo", "re");
    CLEANUP_FREE char *line = NULL;
    size_t size = 0;
    bool found = false; /* the last one at a place is the one on top */
    while (list != NULL && getline(&line, &size, list) > 0) {
        char point[PATH_MAX + 1];
        const char *rest = strstr(line, " - ");
        if (rest == NULL || sscanf(line, "%*s %*s %*s %*s %4096s", point) != 1)
            continue;
        unescape(point);
        if (strcmp(point, path) == 0)
            found = strncmp(rest + 3, "fuse.algofs ", 12) == 0;
    }
    return found;
}

/* ---- Who ---- */

static bool link_is_below(const char *link, const char *path)
{
    char target[PATH_MAX];
    ssize_t len = readlink(link, target, sizeof(target) - 1);
    size_t above = strlen(path);
    if (len < 0)
        return false;
    target[len] = '\0';
    return strncmp(target, path, above) == 0 && (target[above] == '\0' || target[above] == '/');
}

static bool has_descriptor_below(const char *process, const char *path)
{
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof(folder), "/proc/%s/fd", process);
    CLEANUP_CLOSEDIR DIR *fds = opendir(folder);
    const struct dirent *fd;
    while (fds != NULL && (fd = readdir(fds)) != NULL) {
        char link[PATH_MAX + NAME_MAX + 2];
        (void)snprintf(link, sizeof(link), "%s/%s", folder, fd->d_name);
        if (link_is_below(link, path))
            return true;
    }
    return false;
}

static bool has_mapping_below(const char *process, const char *path)
{
    char name[PATH_MAX];
    (void)snprintf(name, sizeof(name), "/proc/%s/maps", process);
    CLEANUP_FCLOSE FILE *maps = fopen(name, "re");
    CLEANUP_FREE char *line = NULL;
    size_t size = 0;
    size_t above = strlen(path);
    while (maps != NULL && getline(&line, &size, maps) > 0) {
        const char *mapped = strchr(line, '/');
        if (mapped != NULL && strncmp(mapped, path, above) == 0 && mapped[above] == '/')
            return true;
    }
    return false;
}

static bool uses(const char *process, const char *path)
{
    static const char *const links[] = { "cwd", "root", "exe" };
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        char link[PATH_MAX];
        (void)snprintf(link, sizeof(link), "/proc/%s/%s", process, links[i]);
        if (link_is_below(link, path))
            return true;
    }
    return has_descriptor_below(process, path) || has_mapping_below(process, path);
}

unsigned mounts_say_users(const char *path)
{
    CLEANUP_CLOSEDIR DIR *processes = opendir("/proc");
    const struct dirent *process;
    unsigned count = 0;
    while (processes != NULL && (process = readdir(processes)) != NULL) {
        if (!isdigit((unsigned char)process->d_name[0]) || !uses(process->d_name, path))
            continue;
        char file[PATH_MAX];
        char name[64] = "?";
        (void)snprintf(file, sizeof(file), "/proc/%s/comm", process->d_name);
        CLEANUP_FCLOSE FILE *comm = fopen(file, "re");
        if (comm != NULL && fgets(name, sizeof(name), comm) != NULL)
            name[strcspn(name, "\n")] = '\0';
        say("used by process %s (%s)", process->d_name, name);
        count++;
    }
    return count;
}
