/* SPDX-License-Identifier: MIT */
/*
 * What algofs-mount is told: `DIR [--foreground] [--readonly] [--allow-other] [-o OPTION,…]`. Options that
 * other programs take from the environment (api=, profile=, config=, cache=, ttl=, writeback=) may be given by
 * -o, because /etc/fstab has no environment; a key may not: argument lists are for all to read.
 */
#ifndef ALGOFS_FUSE_OPTIONS_H
#define ALGOFS_FUSE_OPTIONS_H

#include <stdbool.h>

struct options {
    const char *point;
    bool foreground;
    bool readonly;
    bool allow_other;
    double attr_timeout; /* seconds */
};

/** 0, or the exit status after having said what is wrong (2), or the usage (with ret_help: 0). */
int options_parse(int argc, char **argv, struct options *ret_options, bool *ret_help);

#endif
