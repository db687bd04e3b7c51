/* SPDX-License-Identifier: MIT */
/*
 * What algofs-run wants to know of the programs it started: which of them escaped the shim, and, if asked
 * by --report, what the others did below the prefix.
 *
 * algofs-run makes a file of struct report_file in the cache folder and names it in ALGOFS_REPORT, with a
 * "+" in front if calls are to be counted. The programs share it as memory: an escape is noted by who
 * execs it, under a mapping that is gone again; counters are mapped at a program's first call inside. No
 * descriptor stays open. A table that is full loses further names, and says how many (`lost`).
 *
 * Safe from any thread, in signal handlers and between vfork and exec; nothing here fails a call.
 */
#ifndef ALGOFS_CLIENT_REPORT_H
#define ALGOFS_CLIENT_REPORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Why a program does not see the prefix. */
enum report_reason {
    REPORT_SEES = 0,    /* it does, as far as its file tells */
    REPORT_STATIC = 1,  /* no loader that would preload anything */
    REPORT_SETUID = 2,  /* it gains privileges: the loader ignores what users want preloaded */
    REPORT_FOREIGN = 3, /* of another machine or word size than the shim */
};

/* family, heading in the report */
#define REPORT_FAMILIES(ROW)                                                                     \
    ROW(OPEN, "open")                                                                            \
    ROW(STAT, "stat")                                                                            \
    ROW(LIST, "list")                                                                            \
    ROW(CHANGE, "change")                                                                        \
    ROW(EXEC, "exec")                                                                            \
    ROW(OTHER, "other")                                                                          \
    ROW(FETCH, "fetch")                                                                          \
    ROW(COMMIT, "commit")                                                                        \
    ROW(MESSAGE, "message")

#define REPORT_ENUM(name, heading) REPORT_##name,
enum report_family { REPORT_FAMILIES(REPORT_ENUM) REPORT_FAMILY_COUNT };

enum {
    REPORT_ESCAPES = 64,
    REPORT_PROGRAMS = 128,
    REPORT_NAME = 240,
};
#define REPORT_MAGIC 0x74726f7072666c61u

/* `state`: 0 free, 1 being written, 2 readable. */
struct report_escape {
    _Atomic uint32_t state;
    uint32_t reason;
    char name[REPORT_NAME];
};

struct report_program {
    _Atomic uint32_t state;
    char name[REPORT_NAME];
    _Atomic uint64_t processes;
    _Atomic uint64_t counts[REPORT_FAMILY_COUNT];
};

struct report_file {
    uint64_t magic;
    _Atomic uint32_t lost_escapes;
    _Atomic uint32_t lost_programs;
    struct report_escape escapes[REPORT_ESCAPES];
    struct report_program programs[REPORT_PROGRAMS];
};

/** Whether calls are to be counted; set by report_setup, once. */
extern bool report_counting;

/** Takes what ALGOFS_REPORT says; `value` must live for ever. */
void report_setup(const char *value);
/** Whether somebody wants to hear of escapes. */
bool report_is_wanted(void);
/** Counts one call of this process. Use report_count. */
void report_add(enum report_family family);

static inline void report_count(enum report_family family)
{
    if (__builtin_expect(report_counting, 0))
        report_add(family);
}

/**
 * Looks at the program that is about to be exec'ed from (dirfd, path), or, if path is "", at descriptor
 * `dirfd`; for a script at its interpreter. Notes it if it will not see the prefix.
 * @param name how the program is called in the report; NULL: as the kernel calls the file
 */
void report_exec(int dirfd, const char *path, const char *name);

#endif
