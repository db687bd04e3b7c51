/* SPDX-License-Identifier: MIT */
#include "preload/follow.h"

#include <string.h>
#include <time.h>

#include "core/base/sys.h"
#include "core/client/door.h"
#include "core/client/lease.h"
#include "core/client/session.h"
#include "preload/cwd.h"
#include "preload/place.h"
#include "preload/readable.h"
#include "preload/target.h"

enum {
    LINKS_MAX = 40,      /* MAXSYMLINKS of the kernel */
    NATIVE_FOR_MS = 1000, /* how long a directory seen outside is taken to be one still */
};

/* Where the walk stands, and what of the path is still to be walked. */
struct walker {
    char *text; /* absolute, no trailing slash, no links, "" is the root; PATH_MAX bytes */
    size_t len;
    const char *prefix;
    size_t prefix_len;
    int links;
    bool in_tree; /* the tree's links are looked for, too */
    bool slash; /* the last component had a slash, or was "." or "..": a directory is wanted */
    char rest[PATH_MAX];
    char link[PATH_MAX];
};

static bool is_inside(const struct walker *w)
{
    return w->len >= w->prefix_len && memcmp(w->text, w->prefix, w->prefix_len) == 0 &&
        (w->len == w->prefix_len || w->text[w->prefix_len] == '/');
}

/* The native path of where the walk stands: itself, or the tree's. 0 or -errno. */
static int native_of(const struct walker *w, char out[PATH_MAX])
{
    if (!is_inside(w)) {
        memcpy(out, w->text, w->len + 1);
        if (w->len == 0)
            memcpy(out, "/", 2);
        return 0;
    }
    const struct session *session;
    int rc = session_get(&session);
    size_t skip = w->len == w->prefix_len ? w->prefix_len : w->prefix_len + 1;
    if (rc == 0 && w->len > skip)
        rc = door_ensure(w->text + skip, w->len - skip, WIRE_WANT_ENTRY);
    if (rc < 0)
        return rc;
    size_t below = w->len - w->prefix_len; /* with its slash */
    if (session->tree_len + below + 1 > PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(out, session->tree, session->tree_len);
    memcpy(out + session->tree_len, w->text + w->prefix_len, below + 1);
    return 0;
}

static int step_down(struct walker *w, const char *name, size_t len)
{
    if (len > NAME_MAX || w->len + 1 + len >= PATH_MAX)
        return -ENAMETOOLONG;
    w->text[w->len++] = '/';
    memcpy(w->text + w->len, name, len);
    w->len += len;
    w->text[w->len] = '\0';
    return 0;
}

static void step_back(struct walker *w)
{
    while (w->len > 0 && w->text[--w->len] != '/')
        ;
    w->text[w->len] = '\0';
}

/* A link's text takes the place of the component: what is behind it comes after it. */
static int splice_link(struct walker *w, ssize_t len, const char *behind)
{
    if (++w->links > LINKS_MAX)
        return -ELOOP;
    if (len >= PATH_MAX - 1)
        return -ENAMETOOLONG;
    w->link[len] = '\0';
    const char *from = w->link;
    const char *in_tree = w->link[0] == '/' ? place_in_tree(w->link) : NULL;
    if (in_tree != NULL) { /* a link of /proc to what is open in the tree */
        memcpy(w->text, w->prefix, w->prefix_len + 1);
        w->len = w->prefix_len;
        from = in_tree;
    } else if (w->link[0] == '/') {
        w->len = 0;
        w->text[0] = '\0';
    } else if (strncmp(w->text, "/proc/", 6) == 0 && strstr(w->text, "/fd") != NULL) {
        return -ENOENT; /* "pipe:[…]" is no path */
    }
    size_t from_len = strlen(from);
    size_t behind_len = strlen(behind);
    if (from_len + 1 + behind_len >= PATH_MAX)
        return -ENAMETOOLONG;
    memmove(w->rest + from_len + (behind_len > 0), behind, behind_len + 1);
    if (behind_len > 0)
        w->rest[from_len] = '/';
    memcpy(w->rest, from, from_len);
    return 0;
}

/* Whether the walk stands on an ancestor of the prefix, which need not exist for the kernel. */
static bool leads_to_prefix(const struct walker *w)
{
    return w->len < w->prefix_len && memcmp(w->text, w->prefix, w->len) == 0 &&
        w->prefix[w->len] == '/';
}

/* Looks at the component just stepped to. 1: it is a link and was put in front of the rest. */
static int look_for_link(struct walker *w, const char *behind)
{
    char native[PATH_MAX];
    int rc = native_of(w, native);
    if (rc < 0)
        return rc;
    ssize_t got = sys_readlinkat(AT_FDCWD, native, w->link, sizeof(w->link));
    if (got < 0)
        return got == -EINVAL || leads_to_prefix(w) ? 0 : (int)got;
    step_back(w);
    rc = splice_link(w, got, behind);
    return rc < 0 ? rc : 1;
}

/* ".." and "." ask for a directory that may be entered. */
static int check_directory(const struct walker *w)
{
    char native[PATH_MAX];
    struct stat st;
    if (leads_to_prefix(w))
        return 0;
    int rc = native_of(w, native);
    size_t len = rc < 0 ? 0 : strlen(native);
    if (rc == 0 && len + 3 <= sizeof(native)) {
        memcpy(native + len, "/.", 3);
        rc = sys_fstatat(AT_FDCWD, native, &st, 0);
    }
    return rc;
}

/* In the prefix links are looked for only where ".." is said of them: there the tree's own are followed
 * by the kernel. 1: a link. */
static int step_up(struct walker *w)
{
    if (is_inside(w) && w->len > w->prefix_len) {
        char behind[PATH_MAX];
        size_t len = strlen(w->rest);
        if (len + 4 > sizeof(behind))
            return -ENAMETOOLONG;
        memcpy(behind, "../", 3);
        memcpy(behind + 3, w->rest, len + 1);
        int rc = look_for_link(w, behind);
        if (rc != 0)
            return rc;
    }
    int rc = check_directory(w);
    if (rc == 0)
        step_back(w);
    return rc;
}

/* One component. 0, or -errno. */
static int walk_component(struct walker *w, enum follow_last last)
{
    char name[NAME_MAX + 2];
    size_t len = strcspn(w->rest, "/");
    size_t next = len + strspn(w->rest + len, "/");
    bool is_last = w->rest[next] == '\0';
    w->slash = w->rest[len] == '/';
    if (len > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(name, w->rest, len);
    memmove(w->rest, w->rest + next, strlen(w->rest + next) + 1);
    if (len == 0)
        return 0;
    bool dot = len == 1 && name[0] == '.';
    if (dot || (len == 2 && name[0] == '.' && name[1] == '.')) {
        w->slash = true;
        int rc = dot ? check_directory(w) : step_up(w);
        return rc < 0 ? rc : 0;
    }
    int rc = step_down(w, name, len);
    if (rc < 0 || (is_inside(w) && (!w->in_tree || w->len == w->prefix_len)))
        return rc;
    if (is_last && (last == FOLLOW_NEVER || (last == FOLLOW_SLASH && !w->slash)))
        return 0;
    bool slash = w->slash;
    rc = look_for_link(w, slash && is_last ? "." : w->rest);
    if (rc == -ENOENT && is_last)
        return 0; /* a name that is not there may be about to be made */
    return rc < 0 ? rc : 0;
}

/* Where a path starts: the root, the prefix, a directory of the tree, a native directory. */
static int start(struct walker *w, int dirfd, const char *path)
{
    size_t len = strnlen(path, PATH_MAX);
    if (len == 0)
        return -ENOENT;
    if (len >= PATH_MAX)
        return -ENAMETOOLONG;
    w->len = 0;
    w->text[0] = '\0';
    const char *behind = path[0] == '/' ? place_in_known_tree(path) : NULL;
    if (behind == NULL && path[0] == '/' && strncmp(path, w->prefix, w->prefix_len) == 0 &&
        (path[w->prefix_len] == '/' || path[w->prefix_len] == '\0'))
        behind = path + w->prefix_len;
    if (behind != NULL) {
        memcpy(w->text, w->prefix, w->prefix_len + 1);
        w->len = w->prefix_len;
        memcpy(w->rest, behind, strlen(behind) + 1);
        w->slash = *behind == '/';
        return 0;
    }
    memcpy(w->rest, path, len + 1);
    if (path[0] == '/')
        return 0;
    size_t below;
    char *rel = w->text + w->prefix_len + 1;
    size_t room = PATH_MAX - w->prefix_len - 1;
    int rc = dirfd == AT_FDCWD ? cwd_path(rel, room, &below) : place_of_fd(dirfd, rel, room, &below);
    if (rc == 0) {
        memcpy(w->text, w->prefix, w->prefix_len);
        w->text[w->prefix_len] = '/';
        w->len = below == 0 ? w->prefix_len : w->prefix_len + 1 + below;
        w->text[w->len] = '\0';
        return 0;
    }
    ssize_t got = dirfd == AT_FDCWD ? sys_getcwd(w->text, PATH_MAX) - 1
                                    : place_native_of_fd(dirfd, w->text, PATH_MAX);
    if (got < 1 || w->text[0] != '/')
        return got < 0 && got != -1 ? (int)got : -ENOENT;
    w->len = got == 1 ? 0 : (size_t)got;
    w->text[w->len] = '\0';
    return 0;
}

static int follow_as(
    struct follow *ret, int dirfd, const char *path, enum follow_last last, bool in_tree)
{
    struct walker w;
    w.in_tree = in_tree;
    w.text = ret->path;
    w.links = 0;
    w.slash = false;
    w.prefix = session_prefix(&w.prefix_len);
    ret->inside = ret->met = false;
    w.len = 0;
    int rc = start(&w, dirfd, path);
    ret->met = is_inside(&w);
    while (rc == 0 && w.rest[0] != '\0') {
        rc = walk_component(&w, last);
        ret->met |= is_inside(&w);
    }
    ret->inside = is_inside(&w);
    if (rc == 0 && (w.slash || w.len == 0)) {
        if (w.len + 1 >= PATH_MAX)
            return -ENAMETOOLONG;
        w.text[w.len] = '/';
        w.text[w.len + 1] = '\0';
    }
    return rc;
}

int follow_path(struct follow *ret, int dirfd, const char *path, enum follow_last last)
{
    return follow_as(ret, dirfd, path, last, session_has_links());
}

int follow_in_tree(struct follow *ret, int dirfd, const char *path, enum follow_last last)
{
    return follow_as(ret, dirfd, path, last, true);
}

/* ---- After a failed call ---- */

/* Whether the kernel itself knows the folder that `path` names something in: then no link on the way
 * leads into the prefix. What has been seen is believed for a moment, so that programs which look for many
 * names in one place are not slowed down. */
static bool parent_is_native(int dirfd, const char *path, size_t len)
{
    char parent[PATH_MAX];
    if (len == 0 || len + 2 > sizeof(parent))
        return true; /* the working directory, the root, or nothing that the kernel would take */
    bool known_place = path[0] == '/' || dirfd == AT_FDCWD;
    unsigned kind = LEASE_NATIVE + (path[0] == '/' ? 0 : 1 + cwd_moves());
    if (known_place && lease_valid(lease_find(kind, path, len)))
        return true;
    memcpy(parent, path, len);
    parent[len] = '/';
    parent[len + 1] = '\0';
    struct stat st;
    if (sys_fstatat(dirfd, parent, &st, 0) < 0)
        return false;
    struct timespec now;
    if (known_place && clock_gettime(CLOCK_MONOTONIC_COARSE, &now) == 0)
        lease_remember(kind, path, len,
            lease_time_from_ms(
                (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + NATIVE_FOR_MS));
    return true;
}

static bool is_broken_link(int dirfd, const char *path)
{
    char text[1];
    return sys_readlinkat(dirfd, path, text, sizeof(text)) >= 0;
}

bool follow_failed_call(struct follow *ret, int dirfd, const char *path, enum follow_last last)
{
    int saved = errno;
    size_t prefix_len;
    (void)session_prefix(&prefix_len);
    size_t len = prefix_len == 0 || !readable_text(path) ? 0 : strnlen(path, PATH_MAX);
    if (len == 0 || len >= PATH_MAX)
        return false;
    size_t parent = len;
    while (parent > 0 && path[parent - 1] == '/')
        parent--;
    bool slash = parent < len;
    while (parent > 0 && path[parent - 1] != '/')
        parent--;
    while (parent > 0 && path[parent - 1] == '/')
        parent--;
    bool through_last = last == FOLLOW_ALWAYS || (last == FOLLOW_SLASH && slash);
    bool leads = !parent_is_native(dirfd, path, parent) ||
        (through_last && (slash || is_broken_link(dirfd, path)));
    int rc = leads ? follow_path(ret, dirfd, path, last) : 0;
    errno = leads && ret->met && rc < 0 ? -rc : saved;
    return leads && ret->met && rc == 0;
}

bool follow_links_inside(struct follow *ret, int dirfd, const char *path, enum follow_last last)
{
    int saved = errno;
    struct stat st;
    int rc = path == NULL
        ? 0
        : sys_fstatat(dirfd, path, &st, last == FOLLOW_ALWAYS ? 0 : AT_SYMLINK_NOFOLLOW);
    errno = -rc;
    bool leads = follow_leads_inside(rc < 0, ret, dirfd, path, last);
    errno = saved;
    return leads;
}
