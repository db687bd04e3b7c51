/* SPDX-License-Identifier: MIT */
/*
 * The command line of algofs-server. Parsed once, immutable after; the strings are those of argv
 * or, where they had to be cut, owned by the options.
 */
#ifndef ALGOFS_SERVER_OPTIONS_H
#define ALGOFS_SERVER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTIONS_LIST_MAX = 64 /* repetitions of one option */ };

/* KEY[:ro], or NAME=DIR[:ro] */
struct options_entry {
    char *name;      /* owned; the key, or the NAME */
    const char *dir; /* owned with `name`; NULL for a key */
    bool read_only;
};

struct options_list {
    struct options_entry entries[OPTIONS_LIST_MAX];
    size_t count;
};

struct options {
    const char *root;       /* NULL: none */
    const char *listen;     /* ADDR:PORT */
    const char *user;       /* whose .my is */
    const char *log_path;   /* NULL: none */
    const char *fault_file; /* NULL: none */
    const char *faults[OPTIONS_LIST_MAX];
    size_t fault_count;
    struct options_list keys;
    struct options_list homes;
    struct options_list connectors;
    uint64_t delay_ms;    /* of every request */
    uint64_t bandwidth;   /* bytes/s of a connection; 0: no limit */
    uint64_t page;        /* entries of a listing page */
    uint64_t connections; /* at the same time */
    bool no_range;
    bool strict;
};

enum options_outcome { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/**
 * Parses argv. OPTIONS_DONE: --help or --version was printed. OPTIONS_WRONG: one line on stderr has
 * said what is wrong. Free with options_free in each case.
 */
enum options_outcome options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

#endif
