/* SPDX-License-Identifier: MIT */
#include "core/config/ini.h"

#include <errno.h>
#include <ini.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct reading {
    const char *file;
    const char *at, *end;
    unsigned line;
    bool in_section;
    int rc;
    const struct ini_sink *sink;
    char *why;
    size_t why_size;
};

/* The library's limits are variables of the process; nobody else in it uses them. */
static void ini_set_limits(void)
{
    ini_use_stack = false;
    ini_allow_realloc = false;
    ini_max_line = ini_initial_alloc = INI_LINE_BYTES + 3;
    ini_allow_multiline = false;
    ini_allow_inline_comments = false;
    ini_allow_no_value = false;
    ini_stop_on_first_error = true;
}

static bool ini_refuse(struct reading *reading, const char *reason)
{
    (void)snprintf(
        reading->why, reading->why_size, "%s:%u: %s", reading->file, reading->line, reason);
    reading->rc = -EINVAL;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool ini_check_section(struct reading *reading, const char *line, size_t len)
{
    char name[INI_NAME_BYTES + 1];
    if (len < 3 || line[len - 1] != ']' || memchr(line, ']', len - 1) != NULL)
        return ini_refuse(reading, "a section is [name], and nothing behind it");
    if (len - 2 > INI_NAME_BYTES)
        return ini_refuse(reading, "the section's name is longer than 49 bytes");
    if (memchr(line, ' ', len) != NULL || memchr(line, '\t', len) != NULL)
        return ini_refuse(reading, "a section's name has no blanks");
    memcpy(name, line + 1, len - 2);
    name[len - 2] = '\0';
    reading->in_section = true;
    reading->rc = reading->sink->section(reading->sink->context, name, reading->line);
    return reading->rc == 0;
}

static bool ini_check_pair(struct reading *reading, const char *line, size_t len)
{
    const char *equals = memchr(line, '=', len);
    if (equals == NULL || equals == line)
        return ini_refuse(reading, "not understood; a line is [section], key = value or # comment");
    size_t key = (size_t)(equals - line);
    while (key > 0 && is_blank(line[key - 1]))
        key--;
    if (key > INI_NAME_BYTES)
        return ini_refuse(reading, "the key's name is longer than 49 bytes");
    if (memchr(line, ':', key) != NULL) /* inih would end the key there */
        return ini_refuse(reading, "a key has no ':'");
    if (!reading->in_section)
        return ini_refuse(reading, "a key stands below its [section]");
    const char *value = equals + 1, *end = line + len;
    while (value < end && is_blank(*value))
        value++;
    if (value < end && (*value == '"' || *value == '\''))
        return ini_refuse(reading, "values stand without quotes");
    for (const char *p = value; p < end; p++)
        if ((*p == ';' || *p == '#') && is_blank(p[-1]))
            return ini_refuse(reading, "a comment stands on a line of its own");
    return true;
}

/* Takes the next line, without its end and the blanks around it. False: there is none, or an error. */
static bool ini_next(struct reading *reading, const char **ret_line, size_t *ret_len)
{
    if (reading->at == reading->end)
        return false;
    const char *line = reading->at;
    const char *newline = memchr(line, '\n', (size_t)(reading->end - line));
    const char *end = newline == NULL ? reading->end : newline;
    reading->at = newline == NULL ? reading->end : newline + 1;
    reading->line++;
    if (reading->line == 1 && end - line >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
        line += 3;
    if (end > line && end[-1] == '\r')
        end--;
    while (line < end && is_blank(*line))
        line++;
    while (end > line && is_blank(end[-1]))
        end--;
    for (const char *p = line; p < end; p++)
        if (((unsigned char)*p < ' ' && *p != '\t') || *p == '\x7f')
            return ini_refuse(reading, "a control character");
    if (end - line > INI_LINE_BYTES)
        return ini_refuse(reading, "the line is longer than 8192 bytes");
    *ret_line = line;
    *ret_len = (size_t)(end - line);
    return true;
}

/* An ini_reader: as fgets. */
static char *ini_give_line(char *out, int size, void *stream)
{
    struct reading *reading = stream;
    const char *line = "";
    size_t len = 0;
    if (reading->rc < 0 || !ini_next(reading, &line, &len))
        return NULL;
    if (len == 0 || line[0] == '#' || line[0] == ';')
        len = 0;
    else if (line[0] == '[' ? !ini_check_section(reading, line, len)
                            : !ini_check_pair(reading, line, len))
        return NULL;
    if (len + 2 > (size_t)size) { /* a library with other limits than we set */
        (void)ini_refuse(reading, "the line is too long for the INI library");
        return NULL;
    }
    memcpy(out, line, len);
    out[len] = '\n';
    out[len + 1] = '\0';
    return out;
}

/* An ini_handler: 0 is an error. */
static int ini_give_pair(void *user, const char *section, const char *name, const char *value)
{
    struct reading *reading = user;
    (void)section; /* told when its line was read */
    reading->rc = reading->sink->pair(reading->sink->context, name, value, reading->line);
    return reading->rc == 0;
}

int ini_read(const char *file, const char *bytes, size_t len, const struct ini_sink *sink,
    char *why, size_t why_size)
{
    static pthread_once_t limits = PTHREAD_ONCE_INIT;
    struct reading reading = {
        .file = file,
        .at = bytes,
        .end = bytes + len,
        .sink = sink,
        .why = why,
        .why_size = why_size,
    };
    (void)pthread_once(&limits, ini_set_limits); /* cannot fail with a proper control */
    int rc = ini_parse_stream(ini_give_line, &reading, ini_give_pair, &reading);
    if (reading.rc == 0 && rc == -2)
        return -ENOMEM;
    if (reading.rc == 0 && rc != 0)
        (void)ini_refuse(&reading, "not understood");
    return reading.rc;
}
