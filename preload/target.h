/* SPDX-License-Identifier: MIT */
/*
 * From what a program says (a directory descriptor and a path) to what the real call is given.
 *
 * Outside the prefix both stay as they are, at the cost of a comparison: no lock, no allocation, no
 * system call. Inside, the path becomes one of the tree, and the tree has been made true for it, so that
 * the real call's answer, errno included, is the answer:
 *
 *     struct target t;
 *     if (target_find(&t, AT_FDCWD, path) < 0)
 *         return -1;                            // errno is set
 *     return real.access(t.path, mode);
 *
 * A target found from AT_FDCWD is to be used from AT_FDCWD. It lives as long as `path` does.
 */
#ifndef ALGOFS_PRELOAD_TARGET_H
#define ALGOFS_PRELOAD_TARGET_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/client/report.h"
#include "core/wire/message.h"
#include "preload/follow.h"

/* What a policy file's calls are counted as; it may say so before its includes. */
#ifndef REPORT_FAMILY
#define REPORT_FAMILY REPORT_OTHER
#endif

struct target {
    int dirfd;        /* for the real call */
    const char *path; /* for the real call; may be the caller's own */
    bool inside;
    const char *rel;  /* inside and not `near`: the path below the prefix, normalised; in `buffer` */
    size_t rel_len;
    bool slash;       /* inside: written with a trailing slash (or "/.", "/.."): must be a directory */
    bool near;        /* inside: one component of a directory whose lease holds; `rel` is not set */
    bool magic;       /* outside by name, but a link of /proc or /dev that may lead into the tree */
    char buffer[2 * PATH_MAX];
};

/** Finds it and ensures the entry; symbolic links of the tree are followed, which may lead out of it, but
 * for a last one as `last` says. 0, or -1 with errno. */
int target_find_uncounted(
    struct target *t, int dirfd, const char *path, enum follow_last last);
static inline int target_find_as(
    struct target *t, int dirfd, const char *path, enum follow_last last)
{
    int rc = target_find_uncounted(t, dirfd, path, last);
    if (__builtin_expect(report_counting, 0) && rc == 0 && t->inside)
        report_add(REPORT_FAMILY);
    return rc;
}
/** The same for a call on what a link leads to. */
static inline int target_find(struct target *t, int dirfd, const char *path)
{
    return target_find_as(t, dirfd, path, FOLLOW_ALWAYS);
}
/** The same, for an operation that reads the directory: all its names are ensured. */
int target_find_listing(struct target *t, int dirfd, const char *path);
/* A target with its path below the prefix as a string, as the agent wants it. */
struct named {
    struct target t;
    char name[PATH_MAX]; /* set if t.inside */
};
/** For calls that change the prefix: as target_find_as, and the name. */
int target_find_name_as(
    struct named *n, int dirfd, const char *path, enum follow_last last);
static inline int target_find_name(struct named *n, int dirfd, const char *path)
{
    return target_find_name_as(n, dirfd, path, FOLLOW_ALWAYS);
}
/** Whether the directory that holds what `t` names is there: 0, -ENOENT, -ENOTDIR, … */
int target_check_parent(const struct target *t);
/** Only translates: nothing is asked of the remote. */
int target_translate(struct target *t, int dirfd, const char *path);

/** How a path ends: 1 in the component ".", 2 in "..", else 0. */
int target_last_dots(const char *path);
/** False only if `path` (from the cwd) certainly is not inside. Costs a comparison. */
bool target_may_be_inside(const char *path);

/** The path below the prefix that a native absolute path stands for, in the program's words
 *  ("/algo/…"), or -1 with errno ENOENT (not in the tree) or ERANGE. Returns its length. */
long target_narrow(const char *native, char *out, size_t size);

/** Called once by the constructor, after session_configure. */
void target_init(void);

#endif
