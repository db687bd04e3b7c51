/* SPDX-License-Identifier: MIT */
#include "preload/target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/sys.h"
#include "core/client/door.h"
#include "core/client/session.h"
#include "preload/cwd.h"
#include "preload/fdtable.h"
#include "preload/follow.h"
#include "preload/place.h"
#include "preload/readable.h"

static const char *prefix;
static size_t prefix_len;
static const char *prefix_name; /* the prefix's last component, with its slash: "/algo" */

void target_init(void)
{
    prefix = session_prefix(&prefix_len);
    prefix_name = prefix + prefix_len;
    if (prefix_len == 0) /* none that could be one: no path is inside */
        return;
    while (*prefix_name != '/')
        prefix_name--;
}

static bool starts_with_dir(const char *path, const char *dir, size_t len)
{
    return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static bool ends_component(char c)
{
    return c == '/' || c == '\0';
}

/* A component "." or "..", or "//": what a lexical comparison with the prefix could miss. */
static bool has_odd_parts(const char *path)
{
    for (const char *p = path; *p != '\0'; p++) {
        if (p[0] != '/')
            continue;
        if (p[1] == '/')
            return true;
        if (p[1] == '.' && (ends_component(p[2]) || (p[2] == '.' && ends_component(p[3]))))
            return true;
    }
    return false;
}

static bool has_up(const char *path)
{
    for (const char *p = strstr(path, ".."); p != NULL; p = strstr(p + 1, ".."))
        if ((p == path || p[-1] == '/') && ends_component(p[2]))
            return true;
    return false;
}

/* Whether the prefix's last name is one of the components. */
static bool has_prefix_name(const char *path)
{
    size_t len = prefix_len - (size_t)(prefix_name + 1 - prefix);
    for (const char *p = strstr(path, prefix_name + 1); p != NULL; p = strstr(p + 1, prefix_name + 1))
        if ((p == path || p[-1] == '/') && ends_component(p[len]))
            return true;
    return false;
}

static bool is_magic(const char *path)
{
    if (path[1] == 'p')
        return strncmp(path, "/proc/", 6) == 0 &&
            (strstr(path, "/fd/") != NULL || strstr(path, "/cwd") != NULL ||
                strstr(path, "/root") != NULL);
    return path[1] == 'd' &&
        (strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/dev/std", 8) == 0);
}

/* The quick look: false only for what certainly is the kernel's own business. */
static inline bool may_be_inside(int dirfd, const char *path)
{
    if (path == NULL || path[0] == '\0' || prefix_len == 0)
        return false;
    if (path[0] == '/') {
        if (starts_with_dir(path, prefix, prefix_len))
            return true;
        const struct session *session = session_current();
        if (session != NULL && starts_with_dir(path, session->tree, session->tree_len))
            return true;
        if (path[1] == 'p' || path[1] == 'd')
            if (is_magic(path))
                return true;
        return has_prefix_name(path) && has_odd_parts(path);
    }
    if (dirfd != AT_FDCWD)
        return fd_kind_of(fdtable_get(dirfd)) != FD_OUTSIDE || has_prefix_name(path);
    enum cwd_state where = cwd_where();
    if (where == CWD_INSIDE)
        return true;
    return (where == CWD_ABOVE || has_up(path)) && has_prefix_name(path);
}

int target_last_dots(const char *path)
{
    size_t len = path == NULL ? 0 : strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    size_t dots = 0;
    while (dots < len && path[len - 1 - dots] == '.')
        dots++;
    bool whole = dots == len || path[len - 1 - dots] == '/';
    return whole && dots <= 2 ? (int)dots : 0;
}

bool target_may_be_inside(const char *path)
{
    return readable_text(path) && may_be_inside(AT_FDCWD, path);
}

static int fail(int error)
{
    errno = error;
    return -1;
}

/* ---- Building the virtual path: what the program means, absolute, normalised ---- */

struct virtual_path {
    char *text; /* absolute, no trailing slash; "" is the root */
    size_t len;
    size_t size;
};

static bool is_inside(const struct virtual_path *v)
{
    return v->len >= prefix_len && memcmp(v->text, prefix, prefix_len) == 0 &&
        (v->len == prefix_len || v->text[prefix_len] == '/');
}

static const char *rel_of(const struct virtual_path *v, size_t *ret_len)
{
    size_t skip = v->len == prefix_len ? prefix_len : prefix_len + 1;
    *ret_len = v->len - skip;
    return v->text + skip;
}

static int step_down(struct virtual_path *v, const char *name, size_t len)
{
    if (len > NAME_MAX || v->len + 1 + len >= v->size)
        return -ENAMETOOLONG;
    v->text[v->len++] = '/';
    memcpy(v->text + v->len, name, len);
    v->len += len;
    v->text[v->len] = '\0';
    return 0;
}

/* Only for a path without ".." that is inside all the way. */
static int walk(struct virtual_path *v, const char *path)
{
    while (*path != '\0') {
        size_t len = 0;
        while (path[len] != '\0' && path[len] != '/')
            len++;
        int rc = 0;
        if (len > 0 && !(len == 1 && path[0] == '.'))
            rc = step_down(v, path, len);
        if (rc < 0)
            return rc;
        path += len;
        while (*path == '/')
            path++;
    }
    return 0;
}

/* The absolute path that a relative one starts from, in the program's words. 1: it is not in the tree and
 * `path` cannot lead there. */
static int start_of(struct virtual_path *v, int dirfd)
{
    size_t len;
    if (prefix_len + 1 >= v->size)
        return -ENAMETOOLONG;
    char *rel = v->text + prefix_len + 1;
    int rc = dirfd == AT_FDCWD ? cwd_path(rel, v->size - prefix_len - 1, &len)
                               : place_of_fd(dirfd, rel, v->size - prefix_len - 1, &len);
    if (rc == 0) {
        memcpy(v->text, prefix, prefix_len);
        v->text[prefix_len] = '/';
        v->len = len == 0 ? prefix_len : prefix_len + 1 + len;
        v->text[v->len] = '\0';
        return 0;
    }
    ssize_t got = dirfd == AT_FDCWD ? sys_getcwd(v->text, v->size) - 1
                                    : place_native_of_fd(dirfd, v->text, v->size);
    if (got < 1 || v->text[0] != '/')
        return 1;
    v->len = got == 1 ? 0 : (size_t)got;
    return 0;
}

/* ---- From the virtual path to the target ---- */

static bool ends_as_directory(const char *path)
{
    size_t len = strlen(path);
    if (len > 0 && path[len - 1] == '/')
        return true;
    if (len > 1 && path[len - 1] == '.' && path[len - 2] == '/')
        return true;
    return len == 1 && path[0] == '.';
}

static int point_inside(struct target *t, const struct virtual_path *v, bool directory)
{
    const struct session *session;
    int rc = session_get(&session);
    if (rc < 0)
        return rc;
    size_t len;
    const char *rel = rel_of(v, &len);
    char *native = t->buffer; /* v->text stands in the buffer's second half */
    if (session->tree_len + 1 + len + 1 >= PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(native, session->tree, session->tree_len);
    size_t at = session->tree_len;
    if (len > 0)
        native[at++] = '/';
    t->rel = native + at;
    t->rel_len = len;
    memcpy(native + at, rel, len);
    at += len;
    if (directory)
        native[at++] = '/';
    native[at] = '\0';
    t->path = native;
    t->dirfd = AT_FDCWD;
    t->inside = true;
    t->slash = directory;
    return 0;
}

/*
 * The path of a program at work: absolute, in the prefix, and with nothing in it to resolve. One look at
 * each byte, and it is the tree's. False: look closer.
 */
static bool point_straight(struct target *t, const char *path)
{
    for (size_t i = 0; i < prefix_len; i++)
        if (path[i] != prefix[i])
            return false;
    const struct session *session = session_current();
    if (session == NULL || path[prefix_len] != '/')
        return false;
    const char *rel = path + prefix_len + 1;
    size_t len = 0;
    size_t start = 0; /* of the name that is being looked at */
    for (;; len++) {
        unsigned char c = (unsigned char)rel[len];
        if (__builtin_expect(c > '/', 1) || (c != '/' && c != '\0'))
            continue;
        size_t name_len = len - start;
        bool dots = rel[start] == '.' && (name_len == 1 || (name_len == 2 && rel[start + 1] == '.'));
        if (name_len == 0 || name_len > NAME_MAX || dots)
            return false;
        if (c == '\0')
            break;
        start = len + 1;
    }
    size_t at = session->tree_len + 1;
    if (at + len + 1 >= PATH_MAX)
        return false;
    memcpy(t->buffer, session->tree, at - 1);
    t->buffer[at - 1] = '/';
    memcpy(t->buffer + at, rel, len + 1);
    t->path = t->buffer;
    t->dirfd = AT_FDCWD;
    t->rel = t->buffer + at;
    t->rel_len = len;
    t->inside = true;
    t->slash = false;
    return true;
}

/* What a comparison cannot tell is followed as the kernel would: "..", links of /proc, links outside. */
static int follow_to(struct target *t, const struct follow *f, bool started_inside)
{
    struct virtual_path v = { .text = t->buffer + PATH_MAX, .size = PATH_MAX };
    v.len = strlen(f->path);
    memcpy(v.text, f->path, v.len + 1);
    if (f->inside) {
        bool directory = v.text[v.len - 1] == '/';
        if (directory)
            v.text[--v.len] = '\0';
        return point_inside(t, &v, directory);
    }
    if (f->met || started_inside) { /* out of the prefix by ".." */
        t->path = v.text;
        t->dirfd = AT_FDCWD;
    }
    return 0;
}

static int follow(struct target *t, int dirfd, const char *path, bool started_inside)
{
    struct follow f;
    int rc = follow_path(&f, dirfd, path, FOLLOW_NEVER);
    if (rc < 0)
        return f.met || started_inside ? rc : 0;
    return follow_to(t, &f, started_inside);
}

/* Links of the tree itself stand on the way, or at its end; they may lead out of it. */
static __attribute__((noinline)) int follow_links(
    struct target *t, int dirfd, const char *path, enum follow_last last)
{
    struct follow f;
    int rc = follow_in_tree(&f, dirfd, path, last);
    if (rc < 0)
        return rc;
    t->inside = t->near = false;
    rc = follow_to(t, &f, true);
    if (rc == 0 && t->inside && t->rel_len > 0)
        rc = door_ensure(t->rel, t->rel_len, WIRE_WANT_ENTRY);
    return rc;
}

/* Whether a symbolic link stands where `t` points to, and is to be followed. */
static bool ends_in_link(struct target *t, enum follow_last last)
{
    char text[1];
    if (last == FOLLOW_NEVER || (last == FOLLOW_SLASH && (t->near || !t->slash)))
        return false;
    if (t->near || !t->slash)
        return sys_readlinkat(t->dirfd, t->path, text, sizeof(text)) > 0;
    size_t at = (size_t)(t->rel - t->buffer) + t->rel_len; /* of the slash */
    t->buffer[at] = '\0';
    bool link = sys_readlinkat(t->dirfd, t->path, text, sizeof(text)) > 0;
    t->buffer[at] = '/';
    return link;
}

static __attribute__((noinline)) int look_closer(struct target *t, int dirfd, const char *path)
{
    struct virtual_path v = { .text = t->buffer + PATH_MAX, .size = PATH_MAX };
    const char *rest = path;
    bool said = path[0] == '/' && starts_with_dir(path, prefix, prefix_len);
    if (strnlen(path, PATH_MAX) >= PATH_MAX)
        return path[0] == '/' && !said ? 0 : -ENAMETOOLONG;
    const char *behind = path[0] == '/' ? place_in_known_tree(path) : NULL;
    if (said || behind != NULL) { /* or a native path of the tree itself, handed on by another program */
        memcpy(v.text, prefix, prefix_len + 1);
        v.len = prefix_len;
        rest = behind != NULL ? behind : path + prefix_len;
    } else if (path[0] != '/') {
        int rc = start_of(&v, dirfd);
        if (rc != 0)
            return rc < 0 ? rc : 0;
    } else {
        t->magic = is_magic(path);
        return follow(t, dirfd, path, false);
    }
    bool started_inside = is_inside(&v);
    if (!started_inside || has_up(rest))
        return follow(t, dirfd, path, started_inside);
    int rc = walk(&v, rest);
    return rc < 0 ? rc : point_inside(t, &v, ends_as_directory(path));
}

/* Plain names only, one below the other, no slash at the end: what the kernel resolves as we would. How much
 * of it comes before the last name, without the slash between; or -1. */
static ssize_t plain_parent(const char *path)
{
    size_t start = 0;
    for (size_t len = 0;; len++) {
        if (path[len] != '/' && path[len] != '\0')
            continue;
        size_t name_len = len - start;
        bool dots = path[start] == '.' && (name_len == 1 || (name_len == 2 && path[start + 1] == '.'));
        if (name_len == 0 || dots)
            return -1;
        if (path[len] == '\0')
            return start == 0 ? 0 : (ssize_t)start - 1;
        start = len + 1;
    }
}

/* Below a directory whose lease this process holds nothing needs a translation. */
static bool is_near(int dirfd, const char *path)
{
    ssize_t parent = plain_parent(path);
    if (parent < 0)
        return false;
    if (dirfd == AT_FDCWD)
        return cwd_where() == CWD_INSIDE && lease_valid(cwd_lease(path, (size_t)parent));
    fd_word word = fdtable_get(dirfd);
    return parent == 0 && fd_kind_of(word) == FD_DIRECTORY &&
        lease_valid((lease_time)fd_payload(word));
}

/* After a parent's listing was ensured: what is near is known without a path from now on. */
static void remember_near(int dirfd, const char *path, const struct target *t)
{
    ssize_t parent = path[0] == '/' ? -1 : plain_parent(path);
    if (parent < 0 || (parent > 0 && dirfd != AT_FDCWD))
        return;
    size_t len = t->rel_len;
    while (len > 0 && t->rel[len - 1] != '/')
        len--;
    lease_time until = door_directory_lease(t->rel, len > 0 ? len - 1 : 0);
    if (until == 0)
        return;
    if (dirfd == AT_FDCWD)
        cwd_set_lease(path, (size_t)parent, until);
    else
        (void)fdtable_set(dirfd, fd_make(FD_DIRECTORY, until));
}

static int locate(struct target *t, int dirfd, const char *path)
{
    t->inside = false;
    t->near = false;
    t->magic = false;
    t->dirfd = dirfd;
    t->path = path;
    if (!readable_text(path)) /* the kernel's to answer */
        return 0;
    if (point_straight(t, path) || !may_be_inside(dirfd, path))
        return 0;
    if (is_near(dirfd, path)) {
        t->inside = true;
        t->near = true;
        return 0;
    }
    int rc = look_closer(t, dirfd, path);
    if (rc == 0 && !t->inside && path[0] != '/' && dirfd >= 0 && t->path == path)
        fdtable_opened_outside(dirfd); /* inherited, looked at once, not ours */
    return rc;
}

int target_translate(struct target *t, int dirfd, const char *path)
{
    int rc = locate(t, dirfd, path);
    if (rc < 0)
        return fail(-rc);
    if (t->near && look_closer(t, dirfd, path) == 0)
        t->near = false;
    return 0;
}

int target_find_uncounted(
    struct target *t, int dirfd, const char *path, enum follow_last last)
{
    int rc = locate(t, dirfd, path);
    if (rc < 0)
        return fail(-rc);
    if (!t->inside || (!t->near && t->rel_len == 0))
        return 0;
    if (!t->near)
        rc = door_ensure(t->rel, t->rel_len, WIRE_WANT_ENTRY);
    if (__builtin_expect(rc == -ELOOP, 0) ||
        (rc == 0 && __builtin_expect(session_has_links(), 0) && ends_in_link(t, last)))
        rc = follow_links(t, dirfd, path, last);
    else if (rc == 0 && !t->near)
        remember_near(dirfd, path, t);
    return rc < 0 ? fail(-rc) : 0;
}

int target_find_name_as(struct named *n, int dirfd, const char *path, enum follow_last last)
{
    struct target *t = &n->t;
    if (target_find_uncounted(t, dirfd, path, last) < 0)
        return -1;
    int rc = t->near ? look_closer(t, dirfd, path) : 0;
    if (rc < 0)
        return fail(-rc);
    if (!t->inside)
        return 0;
    report_count(REPORT_CHANGE);
    t->near = false;
    memcpy(n->name, t->rel, t->rel_len);
    n->name[t->rel_len] = '\0';
    return 0;
}

int target_check_parent(const struct target *t)
{
    char parent[PATH_MAX];
    struct stat st;
    size_t len = strnlen(t->path, sizeof(parent) - 1);
    memcpy(parent, t->path, len);
    while (len > 0 && parent[len - 1] == '/')
        len--;
    while (len > 0 && parent[len - 1] != '/')
        len--;
    if (len + 2 > sizeof(parent))
        return -ENAMETOOLONG;
    memcpy(parent + len, ".", len > 0 ? 2 : 1); /* with the dot: whether it may be searched, too */
    parent[len + (len > 0)] = '\0';
    int rc = len == 0 ? 0 : sys_fstatat(t->dirfd, parent, &st, 0);
    return rc < 0 ? rc : 0;
}

int target_find_listing(struct target *t, int dirfd, const char *path)
{
    if (target_find_uncounted(t, dirfd, path, FOLLOW_ALWAYS) < 0)
        return -1;
    if (!t->inside)
        return 0;
    report_count(REPORT_LIST);
    int rc = t->near ? look_closer(t, dirfd, path) : 0;
    t->near = false;
    struct stat st; /* only a directory has a listing; what else it is the real call will say */
    if (rc == 0 && sys_fstatat(t->dirfd, t->path, &st, 0) == 0 && S_ISDIR(st.st_mode))
        rc = door_ensure(t->rel, t->rel_len, WIRE_WANT_LISTING);
    return rc < 0 ? fail(-rc) : 0;
}

long target_narrow(const char *native, char *out, size_t size)
{
    const char *rest = place_in_tree(native);
    if (rest == NULL)
        return fail(ENOENT);
    size_t len = strlen(rest);
    size_t total = prefix_len + (len > 0) + len;
    if (total >= size)
        return fail(ERANGE);
    memcpy(out, prefix, prefix_len);
    if (len > 0)
        out[prefix_len] = '/';
    memcpy(out + prefix_len + (len > 0), rest, len + 1);
    return (long)total;
}
