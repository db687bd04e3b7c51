/* SPDX-License-Identifier: MIT */
#include "server/options.h"

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "server/fault.h"
#include "server/route.h"

static const char program[] = "algofs-server";

/* One row an option. A handler returns NULL, or what is wrong with `value`. */
struct options_row {
    const char *name;
    const char *argument; /* NULL: a flag */
    const char *help;
    const char *(*handle)(struct options *options, const char *value);
};

static const char *options_number(
    const char *value, uint64_t lowest, uint64_t highest, uint64_t *ret_number)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || value[0] == '-')
        return "is not a number";
    if (number < lowest)
        return "is too small";
    if (number > highest)
        return "is too large";
    *ret_number = number;
    return NULL;
}

/* Cuts ":ro" off the end of `text`. */
static bool options_cut_read_only(char *text)
{
    size_t len = strlen(text);
    if (len < 3 || strcmp(text + len - 3, ":ro") != 0)
        return false;
    text[len - 3] = '\0';
    return true;
}

static const char *options_add(struct options_list *list, const char *value, bool has_dir)
{
    if (list->count == OPTIONS_LIST_MAX)
        return "is one too many";
    struct options_entry *entry = &list->entries[list->count];
    entry->name = strdup(value);
    if (entry->name == NULL)
        return "does not fit in memory";
    list->count++;
    entry->read_only = options_cut_read_only(entry->name);
    if (has_dir) {
        char *equals = strchr(entry->name, '=');
        if (equals == NULL || equals == entry->name || equals[1] == '\0')
            return "is not NAME=DIR";
        *equals = '\0';
        entry->dir = equals + 1;
        if (route_check_name(entry->name) < 0)
            return "does not begin with a name";
    }
    return entry->name[0] == '\0' ? "is empty" : NULL;
}

static const char *options_root(struct options *options, const char *value)
{
    options->root = value;
    return NULL;
}

static const char *options_listen(struct options *options, const char *value)
{
    options->listen = value;
    return strrchr(value, ':') == NULL ? "is not ADDR:PORT" : NULL;
}

/* Puts the first line of the file that `entry` names ("@FILE") in its place. */
static const char *options_read_key(struct options_entry *entry)
{
    CLEANUP_FCLOSE FILE *file = fopen(entry->name + 1, "re");
    CLEANUP_FREE char *line = NULL;
    size_t room = 0;
    if (file == NULL || getline(&line, &room, file) < 0)
        return "names a file that cannot be read";
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '\0')
        return "names an empty file";
    free(entry->name);
    entry->name = TAKE(line);
    return NULL;
}

/* An argument shows in the process list, so a key may also come by a file. */
static const char *options_key(struct options *options, const char *value)
{
    const char *why = options_add(&options->keys, value, false);
    if (why != NULL || value[0] != '@')
        return why;
    return options_read_key(&options->keys.entries[options->keys.count - 1]);
}

static const char *options_user(struct options *options, const char *value)
{
    options->user = value;
    return route_check_name(value) < 0 ? "is not a name" : NULL;
}

static const char *options_home(struct options *options, const char *value)
{
    return options_add(&options->homes, value, true);
}

static const char *options_connector(struct options *options, const char *value)
{
    return options_add(&options->connectors, value, true);
}

static const char *options_strict(struct options *options, const char *value)
{
    (void)value; /* a flag */
    options->strict = true;
    return NULL;
}

static const char *options_no_range(struct options *options, const char *value)
{
    (void)value; /* a flag */
    options->no_range = true;
    return NULL;
}

static const char *options_page(struct options *options, const char *value)
{
    return options_number(value, 1, 1000000, &options->page);
}

static const char *options_connections(struct options *options, const char *value)
{
    return options_number(value, 1, 30000, &options->connections);
}

static const char *options_delay(struct options *options, const char *value)
{
    return options_number(value, 0, 3600000, &options->delay_ms);
}

static const char *options_bandwidth(struct options *options, const char *value)
{
    return options_number(value, 0, UINT64_C(1000000000000), &options->bandwidth);
}

static const char *options_log(struct options *options, const char *value)
{
    options->log_path = value;
    return NULL;
}

static const char *options_fault(struct options *options, const char *value)
{
    if (options->fault_count == OPTIONS_LIST_MAX)
        return "is one too many";
    options->faults[options->fault_count++] = value;
    return NULL;
}

static const char *options_fault_file(struct options *options, const char *value)
{
    options->fault_file = value;
    return NULL;
}

static const char *options_help(struct options *options, const char *value);

static const char *options_version(struct options *options, const char *value)
{
    (void)options;
    (void)value; /* a flag */
    printf("algofs-server %s\n", ALGOFS_VERSION);
    return NULL;
}

static const struct options_row rows[] = {
    { "root", "DIR", "serve DIR/<user>/<collection>/<file> as data://", options_root },
    { "listen", "ADDR:PORT", "where to listen; port 0 takes a free one (127.0.0.1:0)",
        options_listen },
    { "key", "KEY[:ro]", "accept this API key (@FILE: the one in FILE), with :ro only to read (repeatable)",
        options_key },
    { "user", "NAME", "whose data://.my is (the login name)", options_user },
    { "home", "NAME=DIR[:ro]", "serve DIR as data://NAME (repeatable)", options_home },
    { "connector", "NAME=DIR[:ro]", "serve DIR as NAME://, e.g. s3+lab (repeatable)",
        options_connector },
    { "strict", NULL, "the hosted rules: two levels, collection names of 30 letters and digits",
        options_strict },
    { "no-range", NULL, "ignore Range, as the old service did", options_no_range },
    { "page", "N", "entries in one page of a listing (1000)", options_page },
    { "connections", "N", "connections at the same time; more are closed at once (512)",
        options_connections },
    { "delay", "MS", "let every request wait this long, each for itself", options_delay },
    { "bandwidth", "BYTES/S", "limit every connection, both ways together", options_bandwidth },
    { "log", "FILE", "append one line for every finished request", options_log },
    { "fault", "SPEC", "fail on purpose, see below (repeatable)", options_fault },
    { "fault-file", "FILE", "more faults, one on each line; read again on SIGHUP",
        options_fault_file },
    { "help", NULL, "print this", options_help },
    { "version", NULL, "print the version", options_version },
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

static const char *options_help(struct options *options, const char *value)
{
    (void)options;
    (void)value; /* a flag */
    printf("usage: %s --root DIR --key KEY [OPTION]...\n"
           "The Algorithmia Data API over a directory.\n\n",
        program);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char left[64];
        (void)snprintf(left, sizeof(left), "--%s %s", rows[i].name, /* every row fits */
            rows[i].argument == NULL ? "" : rows[i].argument);
        printf("  %-26s %s\n", left, rows[i].help);
    }
    printf("\nThe first line on stdout is `listening on http://ADDR:PORT`. "
           "SIGTERM and SIGINT end the server.\n\n%s",
        fault_help());
    return NULL;
}

static void options_set_defaults(struct options *options)
{
    const struct passwd *login = getpwuid(getuid());
    *options = (struct options){
        .listen = "127.0.0.1:0",
        .user = login != NULL ? login->pw_name : "user",
        .page = 1000,
        .connections = 512,
    };
}

static bool options_complain(const char *what, const char *value, const char *why)
{
    fprintf(stderr, "%s: %s%s%s %s (see --help)\n", program, what, value == NULL ? "" : " ",
        value == NULL ? "" : value, why);
    return false;
}

static bool options_check(const struct options *options)
{
    if (options->root == NULL && options->homes.count == 0 && options->connectors.count == 0)
        return options_complain("--root DIR", NULL, "is missing");
    if (options->keys.count == 0)
        return options_complain("--key KEY", NULL, "is missing");
    return true;
}

/* Applies one row; a key is not repeated in the complaint. */
static bool options_apply(struct options *options, const struct options_row *row, const char *value)
{
    const char *why = row->handle(options, value);
    if (why == NULL)
        return true;
    char what[64];
    (void)snprintf(what, sizeof(what), "--%s", row->name); /* every row fits */
    return options_complain(what, row->handle == options_key ? NULL : value, why);
}

enum options_outcome options_parse(struct options *options, int argc, char **argv)
{
    struct option table[ROW_COUNT + 1] = { 0 };
    for (size_t i = 0; i < ROW_COUNT; i++)
        table[i] = (struct option){ .name = rows[i].name,
            .val = (int)i,
            .has_arg = rows[i].argument == NULL ? no_argument : required_argument };
    options_set_defaults(options);
    argv[0] = (char *)(uintptr_t)program; /* getopt's own complaints begin with it */
    int index;
    while ((index = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (index < 0 || index >= ROW_COUNT)
            return OPTIONS_WRONG; /* getopt has said it */
        if (!options_apply(options, &rows[index], optarg))
            return OPTIONS_WRONG;
        if (rows[index].handle == options_help || rows[index].handle == options_version)
            return OPTIONS_DONE;
    }
    if (optind < argc) {
        options_complain("argument", argv[optind], "is not an option");
        return OPTIONS_WRONG;
    }
    return options_check(options) ? OPTIONS_RUN : OPTIONS_WRONG;
}

static void options_free_list(struct options_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->entries[i].name);
}

void options_free(struct options *options)
{
    options_free_list(&options->keys);
    options_free_list(&options->homes);
    options_free_list(&options->connectors);
    *options = (struct options){ 0 };
}
