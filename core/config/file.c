/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/config/ini.h"
#include "core/config/internal.h"
#include "core/config/profile-file.h"

enum { ATTEMPTS = 5, READABLE_BY_OTHERS = 077 };

struct loading {
    struct config *config;
    const char *home;
    struct config_connector *current;
    bool typed; /* the current section has said its type */
    /* The current section's pairs, kept until its type is known; cleared by loading_end_section. */
    struct pair {
        enum config_option option;
        char *text;
        unsigned line;
    } pairs[CONFIG_OPTIONS];
    size_t count;
    bool secret; /* the file has a key in it */
    char *why;
    size_t why_size;
};

static int __attribute__((format(printf, 3, 4))) loading_refuse(
    struct loading *loading, unsigned line, const char *format, ...)
{
    char reason[CONFIG_WHY_MAX];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(reason, sizeof(reason), format, ap); /* cut if long */
    va_end(ap);
    (void)snprintf(loading->why, loading->why_size, "%s:%u: %s", loading->config->file, line, reason);
    return -EINVAL;
}

/* A name that can stand under the prefix. */
static bool is_connector_name(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-_.";
    return name[0] != '.' && name[strspn(name, allowed)] == '\0';
}

static void loading_drop_pairs(struct loading *loading)
{
    for (size_t i = 0; i < loading->count; i++)
        profile_string_free(loading->pairs[i].text);
    loading->count = 0;
}

/* What a type cannot do without. */
static const struct {
    unsigned types;
    enum config_option option;
} needed[] = {
    { CONFIG_FOR_S, CONFIG_OPTION_bucket },
    { CONFIG_FOR_L, CONFIG_OPTION_root },
    { 1 << CONFIG_B2, CONFIG_OPTION_region },
};

static int loading_check_section(struct loading *loading, struct config_connector *connector)
{
    const struct config_value *values = connector->values;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if ((needed[i].types & 1u << connector->type) != 0 && values[needed[i].option].text == NULL &&
            !(connector->type == CONFIG_B2 && values[CONFIG_OPTION_endpoint].text != NULL))
            return loading_refuse(loading, connector->line, "[%s] has no %s", connector->name,
                config_options[needed[i].option].name);
    if ((values[CONFIG_OPTION_access_key_id].text == NULL) !=
        (values[CONFIG_OPTION_secret_access_key].text == NULL))
        return loading_refuse(loading, connector->line,
            "[%s] has one of access_key_id and secret_access_key without the other", connector->name);
    if (values[CONFIG_OPTION_session_token].text != NULL &&
        values[CONFIG_OPTION_access_key_id].text == NULL)
        return loading_refuse(loading, connector->line, "[%s] has a session_token without its keys",
            connector->name);
    return 0;
}

static int loading_end_section(struct loading *loading)
{
    struct config_connector *connector = loading->current;
    if (connector == NULL)
        return 0;
    if (!loading->typed)
        return loading_refuse(loading, connector->line,
            "[%s] has no type: one of algorithmia, s3, b2 and local", connector->name);
    for (size_t i = 0; i < loading->count; i++) {
        const struct pair *pair = &loading->pairs[i];
        char origin[PATH_MAX + 16];
        if ((config_options[pair->option].types & 1u << connector->type) == 0)
            return loading_refuse(loading, pair->line, "type %s has no key \"%s\"",
                config_type_name(connector->type), config_options[pair->option].name);
        (void)snprintf(origin, sizeof(origin), "%s:%u", loading->config->file, pair->line);
        if (config_set(connector, pair->option, pair->text, origin) < 0)
            return -ENOMEM;
    }
    loading_drop_pairs(loading);
    return loading_check_section(loading, connector);
}

static int loading_section(void *context, const char *name, unsigned line)
{
    struct loading *loading = context;
    int rc = loading_end_section(loading);
    if (rc < 0)
        return rc;
    if (!is_connector_name(name))
        return loading_refuse(
            loading, line, "[%s]: a connector's name has letters, digits, '+', '-', '_' and '.'", name);
    if (config_find(loading->config, name) != NULL)
        return loading_refuse(loading, line, "[%s] is there twice", name);
    rc = config_add(loading->config, name, &loading->current);
    if (rc == -E2BIG)
        return loading_refuse(loading, line, "more than %d sections", CONFIG_CONNECTORS_MAX);
    if (rc == 0)
        loading->current->line = line;
    loading->typed = false;
    return rc;
}

static int loading_type(struct loading *loading, const char *value, unsigned line)
{
    if (loading->typed)
        return loading_refuse(loading, line, "type is there twice");
    enum config_type type = config_type_find(value);
    if (type == CONFIG_TYPES)
        return loading_refuse(
            loading, line, "type \"%s\" is not one of algorithmia, s3, b2 and local", value);
    loading->current->type = type;
    loading->typed = true;
    return 0;
}

static int loading_pair(void *context, const char *name, const char *value, unsigned line)
{
    struct loading *loading = context;
    char reason[CONFIG_WHY_MAX];
    if (strcmp(name, "type") == 0)
        return loading_type(loading, value, line);
    enum config_option option = config_option_find(name);
    if (option == CONFIG_OPTIONS) {
        const char *near = config_option_near(name);
        return loading_refuse(loading, line, "unknown key \"%s\"%s%s%s", name, near == NULL ? "" : ": did you mean \"",
            near == NULL ? "" : near, near == NULL ? "" : "\"?");
    }
    for (size_t i = 0; i < loading->count; i++)
        if (loading->pairs[i].option == option)
            return loading_refuse(loading, line, "%s is there twice", name);
    char *text = config_option_parse(option, value, loading->home, reason, sizeof(reason));
    if (text == NULL)
        return reason[0] == '\0' ? -ENOMEM : loading_refuse(loading, line, "%s", reason);
    loading->pairs[loading->count++] = (struct pair){ option, text, line };
    loading->secret = loading->secret || config_options[option].kind == CONFIG_SECRET;
    return 0;
}

/* The whole file at once. -EAGAIN: it was written meanwhile; -EBADF: a pipe or the like, whose size tells nothing. */
static int file_read_once(int fd, char **ret_bytes, struct stat *ret_st)
{
    struct stat after;
    size_t len = 0;
    if (fstat(fd, ret_st) < 0)
        return -errno;
    if (S_ISDIR(ret_st->st_mode))
        return -EISDIR;
    if (!S_ISREG(ret_st->st_mode) && !S_ISCHR(ret_st->st_mode)) /* /dev/null is for no file at all */
        return -EBADF;
    if (ret_st->st_size > CONFIG_FILE_MAX)
        return -EFBIG;
    size_t size = (size_t)ret_st->st_size;
    CLEANUP_FREE char *bytes = malloc(size + 1);
    if (bytes == NULL)
        return -ENOMEM;
    while (len < size) {
        ssize_t got = pread(fd, bytes + len, size - len, (off_t)len);
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got == 0)
            return -EAGAIN;
        len += got < 0 ? 0 : (size_t)got;
    }
    if (fstat(fd, &after) < 0)
        return -errno;
    if (after.st_size != ret_st->st_size || after.st_mtim.tv_sec != ret_st->st_mtim.tv_sec ||
        after.st_mtim.tv_nsec != ret_st->st_mtim.tv_nsec) {
        explicit_bzero(bytes, size);
        return -EAGAIN;
    }
    *ret_bytes = TAKE(bytes);
    return 0;
}

static int file_read(const char *path, char **ret_bytes, struct stat *ret_st)
{
    int rc = -EAGAIN;
    for (int i = 0; rc == -EAGAIN && i < ATTEMPTS; i++) {
        CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        rc = fd < 0 ? -errno : file_read_once(fd, ret_bytes, ret_st);
    }
    return rc;
}

int config_read_file(struct config *config, const char *home, char *why, size_t why_size)
{
    struct loading loading = { .config = config, .home = home, .why = why, .why_size = why_size };
    const struct ini_sink sink = { &loading, loading_section, loading_pair };
    struct stat st;
    char *bytes = NULL;
    int rc = file_read(config->file, &bytes, &st);
    if (rc == -ENOENT || rc == -ENOTDIR)
        return rc;
    if (rc < 0) { /* -EINVAL: the programs' calls get it, and EISDIR, say, would be taken for their file's */
        (void)snprintf(why, why_size, "%s: %s", config->file,
            rc == -EBADF    ? "is no file that can be read as a whole"
            : rc == -EAGAIN ? "it is being written"
                            : strerror(-rc));
        return rc == -ENOMEM ? rc : -EINVAL;
    }
    rc = ini_read(config->file, bytes, (size_t)st.st_size, &sink, why, why_size);
    if (rc == 0)
        rc = loading_end_section(&loading);
    loading_drop_pairs(&loading);
    explicit_bzero(bytes, (size_t)st.st_size); /* there may be keys in it */
    free(bytes);
    config->has_file = rc == 0 && config->count > 0;
    if (rc == 0 && loading.secret && (st.st_mode & READABLE_BY_OTHERS) != 0 &&
        asprintf(&config->warning, "%s has a key in it and may be read by others: chmod 600 it",
            config->file) < 0)
        rc = -ENOMEM;
    return rc;
}
