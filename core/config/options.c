/* SPDX-License-Identifier: MIT */
#include "core/config/options.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"

#define OPTION_ROW(name, types, kind, choices, otherwise) { #name, types, kind, choices, otherwise },
const struct config_option_row config_options[CONFIG_OPTIONS] = { CONFIG_OPTION_TABLE(OPTION_ROW) };

static const char *const type_names[CONFIG_TYPES] = {
    [CONFIG_ALGORITHMIA] = "algorithmia",
    [CONFIG_S3] = "s3",
    [CONFIG_B2] = "b2",
    [CONFIG_LOCAL] = "local",
};

const char *config_type_name(enum config_type type)
{
    return type_names[type];
}

enum config_type config_type_find(const char *name)
{
    int i = 0;
    while (i < CONFIG_TYPES && strcmp(type_names[i], name) != 0)
        i++;
    return (enum config_type)i;
}

enum config_option config_option_find(const char *name)
{
    int i = 0;
    while (i < CONFIG_OPTIONS && strcmp(config_options[i].name, name) != 0)
        i++;
    return (enum config_option)i;
}

/* How many letters are to be left out, put in or changed to make one of the other: Levenshtein's. */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 32 };
    size_t row[LONGEST + 1], len = strlen(b);
    if (len > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t changed = diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            size_t moved = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = changed < moved ? changed : moved;
        }
    }
    return row[len];
}

const char *config_option_near(const char *name)
{
    const char *nearest = NULL;
    size_t least = strlen(name) < 6 ? 2 : 3; /* fewer are a slip of the finger, as many another word */
    for (int i = 0; i <= CONFIG_OPTIONS; i++) {
        const char *candidate = i == CONFIG_OPTIONS ? "type" : config_options[i].name;
        size_t far = distance(name, candidate);
        if (far < least) {
            least = far;
            nearest = candidate;
        }
    }
    return nearest;
}

static const char *parse_yes_no(const char *text)
{
    static const char *const yes[] = { "yes", "true", "on", "1" };
    static const char *const no[] = { "no", "false", "off", "0" };
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (strcasecmp(text, yes[i]) == 0)
            return "yes";
        if (strcasecmp(text, no[i]) == 0)
            return "no";
    }
    return NULL;
}

static bool is_choice(const char *choices, const char *text)
{
    size_t len = strlen(text);
    for (const char *p = choices; *p != '\0'; p += p[strcspn(p, "|")] == '|') {
        size_t next = strcspn(p, "|");
        if (next == len && strncmp(p, text, len) == 0)
            return true;
        p += next;
    }
    return false;
}

static bool is_address(const char *text)
{
    size_t scheme = strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;
    return scheme > 0 && text[scheme] != '\0' && text[scheme] != '/' &&
           strpbrk(text, " \t@?#") == NULL;
}

static char *parse_path(const char *text, const char *home, char *why, size_t why_size)
{
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
    if (strncmp(text, "~/", 2) == 0 && home[0] == '/')
        strbuf_addf(&path, "%s%s", home, text + 1);
    else
        strbuf_addstr(&path, text);
    if (!path.failed && strbuf_cstr(&path)[0] != '/') {
        (void)snprintf(why, why_size, "\"%s\" is no absolute path", text);
        return NULL;
    }
    return strbuf_detach(&path);
}

char *config_option_parse(enum config_option option, const char *text, const char *home, char *why,
    size_t why_size)
{
    const struct config_option_row *row = &config_options[option];
    why[0] = '\0';
    if (text[0] == '\0') {
        (void)snprintf(why, why_size, "%s has no value", row->name);
        return NULL;
    }
    switch (row->kind) {
    case CONFIG_TEXT:
    case CONFIG_SECRET:
        break;
    case CONFIG_PATH:
        return parse_path(text, home, why, why_size);
    case CONFIG_ADDRESS:
        if (is_address(text))
            break;
        if (strchr(text, '@') != NULL) /* there may be a password before it */
            (void)snprintf(why, why_size, "%s is no http:// or https:// address without a user name", row->name);
        else
            (void)snprintf(why, why_size, "\"%s\" is no http:// or https:// address", text);
        return NULL;
    case CONFIG_YESNO:
        text = parse_yes_no(text);
        if (text != NULL)
            break;
        (void)snprintf(why, why_size, "%s is yes or no", row->name);
        return NULL;
    case CONFIG_CHOICE:
        if (is_choice(row->choices, text))
            break;
        (void)snprintf(why, why_size, "%s is one of %s", row->name, row->choices);
        return NULL;
    }
    return strdup(text);
}
