/* SPDX-License-Identifier: MIT */
/*
 * Following a path as the kernel does, with the prefix in its place: component by component, through
 * symbolic links outside that lead into the prefix, "..", and the links of /proc and /dev/fd.
 *
 * Symbolic links in the tree have the targets that the store keeps: nothing of the tree follows them
 * natively. follow_in_tree does, where there may be any (session_has_links).
 *
 * This costs a system call a component, so it is done only where a comparison cannot tell, and after a
 * native call has failed: where the prefix is no real directory, a link into it is broken for the kernel.
 *
 *     int rc = real.chmod(t.path, mode);
 *     if (follow_leads_inside(rc, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
 *         return fs_chmod(f.path, mode);          // once more, by its name in the prefix
 *     return rc;
 */
#ifndef ALGOFS_PRELOAD_FOLLOW_H
#define ALGOFS_PRELOAD_FOLLOW_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* What becomes of a symbolic link in the last component. */
enum follow_last {
    FOLLOW_NEVER,  /* a call on the name itself: mkdir, unlink, rename */
    FOLLOW_SLASH,  /* on the link, unless a slash stands behind it: lstat */
    FOLLOW_ALWAYS, /* on what it leads to: stat, open */
};

static inline enum follow_last follow_flags(int at_flags)
{
    return (at_flags & AT_SYMLINK_NOFOLLOW) != 0 ? FOLLOW_SLASH : FOLLOW_ALWAYS;
}

struct follow {
    char path[PATH_MAX]; /* absolute, in the program's words; a slash behind it if it had one */
    bool inside; /* it ends in the prefix */
    bool met;    /* it came through the prefix, wherever it ends */
};

/** Follows `path`. 0, or -errno as the kernel would give it; the flags are set in both cases. */
int follow_path(struct follow *ret, int dirfd, const char *path, enum follow_last last);

/** The same, with the links of the tree: none is left in ret->path, but a last one that is not followed. */
int follow_in_tree(struct follow *ret, int dirfd, const char *path, enum follow_last last);

/** The slow half of what follows. errno becomes what the kernel would have said, had it seen the prefix. */
bool follow_failed_call(struct follow *ret, int dirfd, const char *path, enum follow_last last);

/** Whether a native call on what a comparison took for outside has failed (`failed`, errno) only because
 *  links on its way lead into the prefix; then ret->path is the way to call again, without such links. */
static inline bool follow_leads_inside(
    bool failed, struct follow *ret, int dirfd, const char *path, enum follow_last last)
{
    if (__builtin_expect(!failed, 1))
        return false;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
        return false;
    return follow_failed_call(ret, dirfd, path, last);
}

/** The same before a call that must not be tried first; costs a system call. errno is kept. */
bool follow_links_inside(struct follow *ret, int dirfd, const char *path, enum follow_last last);

#endif
