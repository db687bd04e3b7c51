/* SPDX-License-Identifier: MIT */
/* The name space: one message each; the agent does the remote half, then the tree's. */
#include <errno.h>
#include <string.h>

#include "core/base/sys.h"
#include "core/client/door-write.h"
#include "preload/change.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/readable.h"
#include "preload/target.h"
#include "preload/write.h"

static int result(int rc)
{
    if (rc >= 0)
        return 0;
    errno = -rc;
    return -1;
}

/* What an operation that makes something answers before the agent is asked. 0 or -errno. */
static int may_make(const struct target *t)
{
    if (change_is_refused())
        return -change_refused_new(t);
    return t->rel_len == 0 ? -EEXIST : 0;
}

/* The same for one that removes, renames or changes. */
static int may_change(const struct target *t)
{
    if (change_is_refused())
        return -change_refused(t);
    return t->rel_len == 0 ? -EBUSY : 0;
}

static int refuse_node(const struct target *t)
{
    errno = change_cannot_hold(t);
    return -1;
}

/* ---- Directories ---- */

static int make_directory(const struct named *n, const char *path, mode_t mode)
{
    struct stat st;
    if (target_last_dots(path) != 0) { /* what is there already, or could not be */
        int found = sys_fstatat(n->t.dirfd, n->t.path, &st, 0);
        return result(found < 0 ? found : -EEXIST);
    }
    int rc = may_make(&n->t);
    if (rc == 0)
        rc = door_make_directory(n->name, mode & ~write_umask() & 07777);
    return result(rc);
}

int fs_mkdir(const char *path, mode_t mode)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_NEVER) < 0)
        return -1;
    if (n.t.inside)
        return make_directory(&n, path, mode);
    int rc = real.mkdir(n.t.path, mode);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_NEVER) ? fs_mkdir(f.path, mode) : rc;
}

int fs_mkdirat(int dirfd, const char *path, mode_t mode)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, dirfd, path, FOLLOW_NEVER) < 0)
        return -1;
    if (n.t.inside)
        return make_directory(&n, path, mode);
    int rc = real.mkdirat(n.t.dirfd, n.t.path, mode);
    return follow_leads_inside(rc < 0, &f, dirfd, path, FOLLOW_NEVER) ? fs_mkdirat(AT_FDCWD, f.path, mode) : rc;
}

static int remove_named(const struct named *n, const char *path, int flags)
{
    if ((flags & ~AT_REMOVEDIR) != 0)
        return result(-EINVAL);
    bool directory = (flags & AT_REMOVEDIR) != 0;
    if (directory && target_last_dots(path) == 1)
        return result(-EINVAL);
    if (directory && target_last_dots(path) == 2)
        return result(-ENOTEMPTY);
    struct stat st;
    int rc = may_change(&n->t);
    if (rc == 0 && n->t.slash && !directory) {
        rc = sys_fstatat(n->t.dirfd, n->t.path, &st, AT_SYMLINK_NOFOLLOW);
        rc = rc < 0 ? rc : S_ISDIR(st.st_mode) ? -EISDIR : -ENOTDIR;
    }
    return result(rc < 0 ? rc : door_remove(n->name, flags));
}

int fs_rmdir(const char *path)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_NEVER) < 0)
        return -1;
    if (n.t.inside)
        return remove_named(&n, path, AT_REMOVEDIR);
    int rc = real.rmdir(n.t.path);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_NEVER) ? fs_rmdir(f.path) : rc;
}

int fs_unlink(const char *path)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_NEVER) < 0)
        return -1;
    if (n.t.inside)
        return remove_named(&n, path, 0);
    int rc = real.unlink(n.t.path);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_NEVER) ? fs_unlink(f.path) : rc;
}

int fs_unlinkat(int dirfd, const char *path, int flags)
{
    struct named n;
    struct follow f;
    if ((flags & ~AT_REMOVEDIR) != 0) /* said before the path is looked at */
        return result(-EINVAL);
    if (target_find_name_as(&n, dirfd, path, FOLLOW_NEVER) < 0)
        return -1;
    if (n.t.inside)
        return remove_named(&n, path, flags);
    int rc = real.unlinkat(n.t.dirfd, n.t.path, flags);
    return follow_leads_inside(rc < 0, &f, dirfd, path, FOLLOW_NEVER) ? fs_unlinkat(AT_FDCWD, f.path, flags) : rc;
}

int fs_remove(const char *path)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_NEVER) < 0)
        return -1;
    if (!n.t.inside) {
        int rc = real.remove(n.t.path);
        return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_NEVER) ? fs_remove(f.path) : rc;
    }
    struct stat st;
    int rc = sys_fstatat(n.t.dirfd, n.t.path, &st, AT_SYMLINK_NOFOLLOW);
    if (rc < 0)
        return result(rc);
    return remove_named(&n, path, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
}

/* ---- Rename ---- */

struct pair {
    struct named from;
    struct named to;
};

enum pair_side { PAIR_FAILED = -1, PAIR_OUTSIDE = 0, PAIR_INSIDE = 1 };

/* What a name is, whether or not a slash stands behind it. 0 or -errno. */
static int stat_itself(const struct target *t, struct stat *st)
{
    char path[PATH_MAX];
    size_t len = strnlen(t->path, sizeof(path) - 1);
    memcpy(path, t->path, len);
    while (len > 1 && path[len - 1] == '/')
        len--;
    path[len] = '\0';
    return sys_fstatat(t->dirfd, path, st, AT_SYMLINK_NOFOLLOW);
}

/* PAIR_FAILED: errno is set; a pair across the prefix's border is EXDEV. */
static enum pair_side find_pair_as(struct pair *p, int from_dirfd, const char *from_path,
    enum follow_last from_last, int to_dirfd, const char *to_path, bool links)
{
    if (!readable_text(from_path) || !readable_text(to_path)) { /* the kernel says EFAULT */
        if (target_find_name(&p->from, from_dirfd, from_path) < 0)
            return PAIR_FAILED;
        return target_find_name(&p->to, to_dirfd, to_path) < 0 ? PAIR_FAILED : PAIR_OUTSIDE;
    }
    if (from_path[0] == '\0' || to_path[0] == '\0') {
        int rc = from_path[0] == '\0' ? -ENOENT : 0;
        if (rc == 0 && target_find_name_as(&p->from, from_dirfd, from_path, from_last) < 0)
            return PAIR_FAILED;
        if (rc == 0)
            rc = target_check_parent(&p->from.t);
        (void)result(rc < 0 ? rc : -ENOENT);
        return PAIR_FAILED;
    }
    if (target_find_name_as(&p->from, from_dirfd, from_path, from_last) < 0 ||
        target_find_name_as(&p->to, to_dirfd, to_path, FOLLOW_NEVER) < 0)
        return PAIR_FAILED;
    if (!p->from.t.inside && !p->to.t.inside)
        return PAIR_OUTSIDE;
    if (p->from.t.inside != p->to.t.inside) { /* unless links lead the other one there as well */
        struct follow f;
        bool to = p->from.t.inside;
        if (follow_failed_call(
                &f, to ? to_dirfd : from_dirfd, to ? to_path : from_path, FOLLOW_NEVER) &&
            target_find_name_as(to ? &p->to : &p->from, AT_FDCWD, f.path, FOLLOW_NEVER) < 0)
            return PAIR_FAILED;
    }
    /* The kernel walks to both parents before it looks at anything else; a link needs its source first. */
    struct stat st;
    int rc = links ? sys_fstatat(p->from.t.dirfd, p->from.t.path, &st, AT_SYMLINK_NOFOLLOW)
                   : target_check_parent(&p->from.t);
    if (rc == 0)
        rc = target_check_parent(&p->to.t);
    if (rc == 0 && p->from.t.inside != p->to.t.inside)
        rc = -EXDEV;
    return result(rc) < 0 ? PAIR_FAILED : PAIR_INSIDE;
}

static enum pair_side find_pair(
    struct pair *p, int from_dirfd, const char *from, int to_dirfd, const char *to, bool links)
{
    return find_pair_as(p, from_dirfd, from, FOLLOW_NEVER, to_dirfd, to, links);
}

/* A pair that the kernel took for outside and failed: whether links lead either side into the prefix. */
struct led_pair {
    struct follow from;
    struct follow to;
    const char *from_path;
    const char *to_path;
};

static bool pair_is_led(struct led_pair *led, int rc, int *from_dirfd, const char *from,
    int *to_dirfd, const char *to, enum follow_last last)
{
    bool from_led = follow_leads_inside(rc < 0, &led->from, *from_dirfd, from, last);
    bool to_led = follow_leads_inside(rc < 0, &led->to, *to_dirfd, to, FOLLOW_NEVER);
    led->from_path = from_led ? led->from.path : from;
    led->to_path = to_led ? led->to.path : to;
    *from_dirfd = from_led ? AT_FDCWD : *from_dirfd;
    *to_dirfd = to_led ? AT_FDCWD : *to_dirfd;
    return from_led || to_led;
}

/* Whether `below` lies somewhere in directory `above`. */
static bool is_above(const char *above, const char *below)
{
    size_t len = strlen(above);
    return strncmp(above, below, len) == 0 && below[len] == '/';
}

/* In the kernel's order (do_renameat2). */
static int rename_inside(const struct pair *p, const char *from, const char *to, unsigned flags)
{
    if (target_last_dots(from) != 0)
        return result(-EBUSY);
    if (target_last_dots(to) != 0)
        return result((flags & RENAME_NOREPLACE) != 0 ? -EEXIST : -EBUSY);
    struct stat st;
    struct stat there;
    bool slash = p->from.t.slash || p->to.t.slash;
    int rc = stat_itself(&p->from.t, &st);
    if (rc == 0)
        rc = may_change(&p->from.t);
    if (rc == 0 && p->to.t.rel_len == 0)
        rc = -EBUSY;
    if (rc == 0 && (flags & RENAME_NOREPLACE) != 0 && stat_itself(&p->to.t, &there) == 0)
        rc = -EEXIST;
    if (rc == 0 && slash && !S_ISDIR(st.st_mode))
        rc = -ENOTDIR;
    if (rc == 0 && is_above(p->from.name, p->to.name))
        rc = -EINVAL;
    if (rc == 0 && is_above(p->to.name, p->from.name))
        rc = -ENOTEMPTY; /* whatever it is that should take its own directory's place */
    return result(rc < 0 ? rc : door_rename(p->from.name, p->to.name, flags));
}

static __attribute__((noinline)) int renamed_by_links(
    int rc, int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags)
{
    struct led_pair led;
    if (!pair_is_led(&led, rc, &from_dirfd, from, &to_dirfd, to, FOLLOW_NEVER))
        return rc;
    return fs_renameat2(from_dirfd, led.from_path, to_dirfd, led.to_path, flags);
}

int fs_rename(const char *from, const char *to)
{
    struct pair p;
    enum pair_side side = find_pair(&p, AT_FDCWD, from, AT_FDCWD, to, false);
    if (side != PAIR_OUTSIDE)
        return side == PAIR_FAILED ? -1 : rename_inside(&p, from, to, 0);
    int rc = real.rename(p.from.t.path, p.to.t.path);
    return rc < 0 ? renamed_by_links(rc, AT_FDCWD, from, AT_FDCWD, to, 0) : rc;
}

int fs_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    struct pair p;
    enum pair_side side = find_pair(&p, from_dirfd, from, to_dirfd, to, false);
    if (side != PAIR_OUTSIDE)
        return side == PAIR_FAILED ? -1 : rename_inside(&p, from, to, 0);
    int rc = real.renameat(p.from.t.dirfd, p.from.t.path, p.to.t.dirfd, p.to.t.path);
    return rc < 0 ? renamed_by_links(rc, from_dirfd, from, to_dirfd, to, 0) : rc;
}

int fs_renameat2(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags)
{
    bool exchange = (flags & RENAME_EXCHANGE) != 0;
    if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) != 0 ||
        (exchange && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)) != 0))
        return result(-EINVAL);
    struct pair p;
    enum pair_side side = find_pair(&p, from_dirfd, from, to_dirfd, to, false);
    if (side != PAIR_OUTSIDE)
        return side == PAIR_FAILED ? -1 : rename_inside(&p, from, to, flags);
    int rc =
        real.renameat2(p.from.t.dirfd, p.from.t.path, p.to.t.dirfd, p.to.t.path, flags);
    return rc < 0 ? renamed_by_links(rc, from_dirfd, from, to_dirfd, to, flags) : rc;
}

/* ---- Links: the agent knows which stores can hold them; nodes: EPERM, for none can ---- */

static int make_link(const struct pair *p)
{
    struct stat st;
    int rc = sys_fstatat(p->from.t.dirfd, p->from.t.path, &st, AT_SYMLINK_NOFOLLOW);
    if (rc == 0)
        rc = may_make(&p->to.t);
    if (rc == 0 && p->from.t.rel_len == 0)
        rc = -EPERM;
    if (rc == 0 && (p->from.t.slash || p->to.t.slash) && !S_ISDIR(st.st_mode))
        rc = p->from.t.slash ? -ENOTDIR : -ENOENT;
    return result(rc < 0 ? rc : door_link(p->from.name, p->to.name));
}

static __attribute__((noinline)) int linked_by_links(
    int rc, int from_dirfd, const char *from, int to_dirfd, const char *to, int flags)
{
    struct led_pair led;
    enum follow_last last = (flags & AT_SYMLINK_FOLLOW) != 0 ? FOLLOW_ALWAYS : FOLLOW_NEVER;
    if (!pair_is_led(&led, rc, &from_dirfd, from, &to_dirfd, to, last))
        return rc;
    return fs_linkat(from_dirfd, led.from_path, to_dirfd, led.to_path, flags);
}

int fs_link(const char *from, const char *to)
{
    struct pair p;
    enum pair_side side = find_pair(&p, AT_FDCWD, from, AT_FDCWD, to, true);
    if (side != PAIR_OUTSIDE)
        return side == PAIR_FAILED ? -1 : make_link(&p);
    int rc = real.link(p.from.t.path, p.to.t.path);
    return rc < 0 ? linked_by_links(rc, AT_FDCWD, from, AT_FDCWD, to, 0) : rc;
}

int fs_linkat(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags)
{
    struct pair p;
    if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0)
        return result(-EINVAL);
    bool by_descriptor = (flags & AT_EMPTY_PATH) != 0 && readable_text(from) && from[0] == '\0';
    if (by_descriptor) {
        struct target t;
        if (target_find_as(&t, to_dirfd, to, FOLLOW_NEVER) < 0)
            return -1;
        return t.inside ? refuse_node(&t) : real.linkat(from_dirfd, from, t.dirfd, t.path, flags);
    }
    enum follow_last last = (flags & AT_SYMLINK_FOLLOW) != 0 ? FOLLOW_ALWAYS : FOLLOW_NEVER;
    enum pair_side side = find_pair_as(&p, from_dirfd, from, last, to_dirfd, to, true);
    if (side != PAIR_OUTSIDE)
        return side == PAIR_FAILED ? -1 : make_link(&p);
    int rc = real.linkat(p.from.t.dirfd, p.from.t.path, p.to.t.dirfd, p.to.t.path, flags);
    return rc < 0 ? linked_by_links(rc, from_dirfd, from, to_dirfd, to, flags) : rc;
}

/* What the kernel says of a link's text comes before it looks at where the link shall be. */
static int make_symlink(const struct named *n, const char *text)
{
    if (!readable_text(text))
        return result(-EFAULT);
    if (text[0] == '\0' || strnlen(text, PATH_MAX) >= PATH_MAX)
        return result(text[0] == '\0' ? -ENOENT : -ENAMETOOLONG);
    int rc = may_make(&n->t);
    if (rc == 0 && n->t.slash)
        rc = -change_slash(&n->t);
    return result(rc < 0 ? rc : door_make_symlink(text, n->name));
}

int fs_symlink(const char *text, const char *path)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_NEVER) < 0)
        return -1;
    if (n.t.inside)
        return make_symlink(&n, text);
    int rc = real.symlink(text, n.t.path);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_NEVER) ? fs_symlink(text, f.path) : rc;
}

int fs_symlinkat(const char *text, int dirfd, const char *path)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, dirfd, path, FOLLOW_NEVER) < 0)
        return -1;
    if (n.t.inside)
        return make_symlink(&n, text);
    int rc = real.symlinkat(text, n.t.dirfd, n.t.path);
    return follow_leads_inside(rc < 0, &f, dirfd, path, FOLLOW_NEVER) ? fs_symlinkat(text, AT_FDCWD, f.path) : rc;
}

/* mknod can make a plain file; nothing else has a place on a remote. */
static int make_node(const struct named *n, mode_t mode)
{
    mode_t type = mode & S_IFMT;
    if (type == S_IFDIR)
        return result(-EPERM);
    if (type != 0 && !S_ISREG(mode) && !S_ISCHR(mode) && !S_ISBLK(mode) && !S_ISFIFO(mode) &&
        !S_ISSOCK(mode))
        return result(-EINVAL);
    if (type != 0 && !S_ISREG(mode))
        return refuse_node(&n->t);
    if (n->t.slash)
        return result(-change_slash(&n->t));
    int fd = write_open(&n->t, n->name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode & 07777);
    return fd < 0 ? -1 : fs_close(fd);
}

int fs_mknod(const char *path, mode_t mode, dev_t device)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_NEVER) < 0)
        return -1;
    if (n.t.inside)
        return make_node(&n, mode);
    int rc = real.mknod(n.t.path, mode, device);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_NEVER) ? fs_mknod(f.path, mode, device) : rc;
}

int fs_mknodat(int dirfd, const char *path, mode_t mode, dev_t device)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, dirfd, path, FOLLOW_NEVER) < 0)
        return -1;
    if (n.t.inside)
        return make_node(&n, mode);
    int rc = real.mknodat(n.t.dirfd, n.t.path, mode, device);
    return follow_leads_inside(rc < 0, &f, dirfd, path, FOLLOW_NEVER) ? fs_mknodat(AT_FDCWD, f.path, mode, device) : rc;
}

int fs_xmknod(int version, const char *path, mode_t mode, dev_t *device)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, AT_FDCWD, path, FOLLOW_NEVER) < 0)
        return -1;
    if (n.t.inside)
        return make_node(&n, mode);
    int rc = real.__xmknod(version, n.t.path, mode, device);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_NEVER) ? fs_xmknod(version, f.path, mode, device) : rc;
}

int fs_xmknodat(int version, int dirfd, const char *path, mode_t mode, dev_t *device)
{
    struct named n;
    struct follow f;
    if (target_find_name_as(&n, dirfd, path, FOLLOW_NEVER) < 0)
        return -1;
    if (n.t.inside)
        return make_node(&n, mode);
    int rc = real.__xmknodat(version, n.t.dirfd, n.t.path, mode, device);
    return follow_leads_inside(rc < 0, &f, dirfd, path, FOLLOW_NEVER) ? fs_xmknodat(version, AT_FDCWD, f.path, mode, device) : rc;
}

int fs_mkfifo(const char *path, mode_t mode)
{
    struct target t;
    struct follow f;
    if (target_find_as(&t, AT_FDCWD, path, FOLLOW_NEVER) < 0)
        return -1;
    if (t.inside)
        return refuse_node(&t);
    int rc = real.mkfifo(t.path, mode);
    return follow_leads_inside(rc < 0, &f, AT_FDCWD, path, FOLLOW_NEVER) ? fs_mkfifo(f.path, mode) : rc;
}

int fs_mkfifoat(int dirfd, const char *path, mode_t mode)
{
    struct target t;
    struct follow f;
    if (target_find_as(&t, dirfd, path, FOLLOW_NEVER) < 0)
        return -1;
    if (t.inside)
        return refuse_node(&t);
    int rc = real.mkfifoat(t.dirfd, t.path, mode);
    return follow_leads_inside(rc < 0, &f, dirfd, path, FOLLOW_NEVER) ? fs_mkfifoat(AT_FDCWD, f.path, mode) : rc;
}
