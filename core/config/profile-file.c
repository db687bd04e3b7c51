/* SPDX-License-Identifier: MIT */
#include "core/config/profile-file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"

void profile_string_free(char *string)
{
    if (string != NULL)
        explicit_bzero(string, strlen(string));
    free(string);
}

void profile_file_free(struct profile_file *file)
{
    profile_string_free(file->api_key);
    profile_string_free(file->api_server);
    profile_string_free(file->ca_cert);
    profile_string_free(file->bearer_token);
    *file = (struct profile_file)PROFILE_FILE_INIT;
}

/* --- the pieces of a line: each takes its piece off the front of *text --- */

static void skip_blank(const char **text)
{
    *text += strspn(*text, " \t");
}

/* Nothing but a comment may follow. */
static bool at_end(const char *text)
{
    skip_blank(&text);
    return *text == '\0' || *text == '#' || *text == '\n' || strcmp(text, "\r\n") == 0;
}

/* One escape of a "basic" string, behind its backslash. \U and \u outside ASCII are not for keys.
 */
static bool take_escape(const char **text, struct strbuf *out)
{
    static const char letters[] = "btnfr\"\\", meant[] = "\b\t\n\f\r\"\\";
    unsigned code;
    const char *known = **text == '\0' ? NULL : strchr(letters, **text);
    if (known != NULL) {
        strbuf_addch(out, meant[known - letters]);
        (*text)++;
        return true;
    }
    if (**text != 'u' || strspn(*text + 1, "0123456789abcdefABCDEF") < 4)
        return false;
    char digits[5] = { 0 };
    memcpy(digits, *text + 1, 4);
    code = (unsigned)strtoul(digits, NULL, 16);
    if (code == 0 || code > 0x7f)
        return false;
    strbuf_addch(out, (char)code);
    *text += 5;
    return true;
}

/* "basic" or 'literal'. */
static bool take_string(const char **text, struct strbuf *out)
{
    char quote = **text;
    if (quote != '"' && quote != '\'')
        return false;
    for ((*text)++; **text != quote;) {
        if (**text == '\0' || **text == '\n')
            return false;
        if (quote == '"' && **text == '\\') {
            (*text)++;
            if (!take_escape(text, out))
                return false;
        } else {
            strbuf_addch(out, *(*text)++);
        }
    }
    (*text)++;
    return true;
}

/* A bare or quoted key. */
static bool take_key(const char **text, struct strbuf *out)
{
    static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    strbuf_reset(out);
    skip_blank(text);
    size_t len = strspn(*text, bare);
    strbuf_add(out, *text, len);
    *text += len;
    bool ok = len > 0 || take_string(text, out);
    skip_blank(text);
    return ok;
}

/* --- lines --- */

struct reader {
    const char *name;
    struct profile_file *file;
    bool inside;        /* in the table that is wanted */
    struct strbuf word; /* the key or value just read */
};

/* [a.b]: is it [profiles.name]? An array of tables, [[a]], is some other tool's. */
static bool read_table(struct reader *reader, const char *text)
{
    unsigned depth = 0;
    bool matches = true, array = text[1] == '[';
    text += array ? 2 : 1;
    for (;; text++) {
        if (!take_key(&text, &reader->word))
            return false;
        const char *wanted = depth == 0 ? "profiles" : reader->name;
        matches = matches && depth < 2 && strcmp(strbuf_cstr(&reader->word), wanted) == 0;
        depth++;
        if (*text != '.')
            break;
    }
    if (strncmp(text, "]]", array ? 2 : 1) != 0)
        return false;
    reader->inside = matches && depth == 2 && !array;
    reader->file->found = reader->file->found || reader->inside;
    return at_end(text + (array ? 2 : 1));
}

static char **find_slot(struct profile_file *file, const char *key)
{
    const struct {
        const char *key;
        char **slot;
    } slots[] = {
        { "api_key", &file->api_key },
        { "api_server", &file->api_server },
        { "ca_cert", &file->ca_cert },
        { "bearer_token", &file->bearer_token },
    };
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
        if (strcmp(slots[i].key, key) == 0)
            return slots[i].slot;
    return NULL;
}

static bool read_pair(struct reader *reader, const char *text)
{
    bool dotted = false;
    if (!take_key(&text, &reader->word))
        return false;
    char **slot = find_slot(reader->file, strbuf_cstr(&reader->word));
    while (*text == '.') { /* a.b = …: a key of some other tool */
        text++;
        dotted = true;
        if (!take_key(&text, &reader->word))
            return false;
    }
    if (*text++ != '=')
        return false;
    if (!reader->inside || slot == NULL || dotted)
        return true;
    skip_blank(&text);
    strbuf_reset(&reader->word);
    if (!take_string(&text, &reader->word) || !at_end(text))
        return false;
    profile_string_free(*slot);
    *slot = reader->word.len == 0 ? NULL : strdup(strbuf_cstr(&reader->word));
    if (*slot == NULL && reader->word.len > 0)
        reader->word.failed = true;
    return true;
}

static bool read_line(struct reader *reader, const char *text)
{
    skip_blank(&text);
    if (at_end(text))
        return true;
    return *text == '[' ? read_table(reader, text) : read_pair(reader, text);
}

static int read_lines(
    struct reader *reader, FILE *stream, const char *path, char *why, size_t why_size)
{
    char *line = NULL;
    size_t cap = 0;
    unsigned long number = 0;
    int rc = 0;
    while (rc == 0 && getline(&line, &cap, stream) >= 0) {
        number++;
        if (!read_line(reader, line)) {
            (void)snprintf(why, why_size,
                "%s:%lu: not understood; a line is [profiles.name] or "
                "key = \"value\"",
                path, number);
            rc = -EINVAL;
        }
        if (reader->word.failed)
            rc = -ENOMEM;
    }
    if (rc == 0 && ferror(stream))
        rc = -EIO;
    if (line != NULL)
        explicit_bzero(line, cap);
    free(line);
    return rc;
}

int profile_file_read(
    const char *path, const char *name, char *why, size_t why_size, struct profile_file *ret_file)
{
    struct reader reader = { .name = name, .file = ret_file, .word = STRBUF_INIT };
    CLEANUP_FCLOSE FILE *stream = fopen(path, "re");
    if (stream == NULL && (errno == ENOENT || errno == ENOTDIR))
        return 0; /* ENOTDIR: before 2017 ~/.algorithmia was a file */
    why[0] = '\0';
    int rc = stream == NULL ? -errno : read_lines(&reader, stream, path, why, why_size);
    if (rc < 0 && why[0] == '\0')
        (void)snprintf(why, why_size, "%s: %s", path, strerror(-rc));
    if (reader.word.buf != NULL)
        explicit_bzero(reader.word.buf, reader.word.cap);
    strbuf_free(&reader.word);
    return rc;
}
