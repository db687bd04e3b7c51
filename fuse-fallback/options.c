/* SPDX-License-Identifier: MIT */
#include "fuse-fallback/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuse-fallback/complain.h"

static const char usage[] =
    "usage: algofs mount DIR [--foreground] [--readonly] [--allow-other] [-o OPTION,...]\n"
    "\n"
    "  --foreground    stay, and end with Ctrl-C\n"
    "  --readonly      refuse every change\n"
    "  --allow-other   let other users in (they need user_allow_other in /etc/fuse.conf)\n"
    "  -o OPTION,...   ro, allow_other, attr_timeout=SECONDS (0), api=URL, profile=NAME, config=FILE,\n"
    "                  cache=DIR, ttl=SECONDS, writeback=async; what mount(8) uses itself is ignored\n"
    "\n"
    "algofs umount DIR ends it.\n";

/* Given by -o instead of the environment. */
static const struct {
    const char *option;
    const char *variable;
} settings[] = {
    { "api=", "ALGORITHMIA_API" },
    { "profile=", "ALGOFS_PROFILE" },
    { "config=", "ALGOFS_CONFIG" },
    { "cache=", "ALGOFS_CACHE" },
    { "ttl=", "ALGOFS_TTL" },
    { "writeback=", "ALGOFS_WRITEBACK" },
};

/* mount(8)'s own, or without a meaning here. */
static const char *const ignored[] = { "rw", "defaults", "auto", "noauto", "nofail", "_netdev", "user",
    "nouser", "users", "group", "owner", "dev", "nodev", "suid", "nosuid", "exec", "async", "relatime",
    "noatime", "nodiratime", "loud", "silent" };

static bool is_ignored(const char *option)
{
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        if (strcmp(option, ignored[i]) == 0)
            return true;
    return strncmp(option, "x-", 2) == 0 || strncmp(option, "comment=", 8) == 0;
}

static int take_seconds(const char *text, double *ret_seconds)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds >= 0))
        return complain(2, "attr_timeout takes seconds: \"%s\"", text);
    *ret_seconds = seconds;
    return 0;
}

static int take_option(struct options *options, const char *option)
{
    static const char attr_timeout[] = "attr_timeout=";
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        size_t len = strlen(settings[i].option);
        if (strncmp(option, settings[i].option, len) == 0)
            return setenv(settings[i].variable, option + len, 1) < 0 ? complain(1, "no memory") : 0;
    }
    if (strncmp(option, attr_timeout, sizeof(attr_timeout) - 1) == 0)
        return take_seconds(option + sizeof(attr_timeout) - 1, &options->attr_timeout);
    if (strcmp(option, "ro") == 0)
        options->readonly = true;
    else if (strcmp(option, "allow_other") == 0)
        options->allow_other = true;
    else if (option[0] != '\0' && !is_ignored(option))
        return complain(2, "unknown mount option \"%s\": algofs mount --help lists them", option);
    return 0;
}

static int take_list(struct options *options, char *list)
{
    char *rest = list;
    const char *option;
    while ((option = strsep(&rest, ",")) != NULL) {
        int status = take_option(options, option);
        if (status != 0)
            return status;
    }
    return 0;
}

int options_parse(int argc, char **argv, struct options *ret_options, bool *ret_help)
{
    static const struct option known[] = {
        { "foreground", no_argument, NULL, 'f' },
        { "readonly", no_argument, NULL, 'r' },
        { "allow-other", no_argument, NULL, 'a' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct options options = { .point = NULL };
    int status = 0;
    int found;
    opterr = 0;
    while (status == 0 && (found = getopt_long(argc, argv, "fro:h", known, NULL)) != -1) {
        switch (found) {
        case 'f': options.foreground = true; break;
        case 'r': options.readonly = true; break;
        case 'a': options.allow_other = true; break;
        case 'o': status = take_list(&options, optarg); break;
        case 'h':
            (void)fputs(usage, stdout);
            *ret_help = true;
            return 0;
        default:
            return complain(2, "unknown option \"%s\": algofs mount --help lists them", argv[optind - 1]);
        }
    }
    if (status != 0)
        return status;
    if (argc - optind != 1)
        return complain(2, argc == optind ? "which folder? usage: algofs mount DIR"
                                          : "one folder at a time: algofs mount DIR");
    options.point = argv[optind];
    *ret_help = false;
    *ret_options = options;
    return 0;
}
