/* SPDX-License-Identifier: MIT */
#include "preload/cwd.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/sys.h"
#include "core/client/session.h"
#include "preload/fdtable.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/place.h"
#include "preload/target.h"

static _Atomic int where = CWD_UNKNOWN;
static _Atomic lease_time lease; /* of the directory itself */
static _Atomic unsigned moves;   /* what is leased below it is leased under this number */

void cwd_forget(void)
{
    atomic_fetch_add(&moves, 1);
    atomic_store(&lease, 0);
    atomic_store(&where, CWD_UNKNOWN);
}

unsigned cwd_moves(void)
{
    return atomic_load_explicit(&moves, memory_order_relaxed);
}

lease_time cwd_lease(const char *path, size_t len)
{
    if (len == 0)
        return atomic_load_explicit(&lease, memory_order_relaxed);
    return lease_find(LEASE_RELATIVE + atomic_load_explicit(&moves, memory_order_relaxed), path, len);
}

void cwd_set_lease(const char *path, size_t len, lease_time until)
{
    if (len == 0)
        atomic_store_explicit(&lease, until, memory_order_relaxed);
    else
        lease_remember(LEASE_RELATIVE + atomic_load(&moves), path, len, until);
}

int cwd_path(char *out, size_t size, size_t *ret_len)
{
    char native[PATH_MAX];
    ssize_t got = sys_getcwd(native, sizeof(native));
    if (got < 0)
        return (int)got;
    const char *rest = place_in_tree(native);
    if (rest == NULL)
        return -ENOENT;
    size_t len = strlen(rest);
    if (len >= size)
        return -ENAMETOOLONG;
    memcpy(out, rest, len + 1);
    *ret_len = len;
    return 0;
}

static enum cwd_state look(void)
{
    char native[PATH_MAX];
    ssize_t got = sys_getcwd(native, sizeof(native));
    if (got < 0)
        return CWD_OUTSIDE;
    if (place_in_tree(native) != NULL)
        return CWD_INSIDE;
    size_t prefix_len;
    const char *prefix = session_prefix(&prefix_len);
    size_t len = got == 2 ? 0 : (size_t)got - 1; /* "/" is above all */
    bool above = len < prefix_len && memcmp(native, prefix, len) == 0 && prefix[len] == '/';
    return above ? CWD_ABOVE : CWD_OUTSIDE;
}

enum cwd_state cwd_where(void)
{
    enum cwd_state known = (enum cwd_state)atomic_load_explicit(&where, memory_order_relaxed);
    if (__builtin_expect(known != CWD_UNKNOWN, 1))
        return known;
    enum cwd_state found = look();
    if (!fdtable_is_borrowed()) /* a vfork child's cwd is not its parent's */
        atomic_store(&where, (int)found);
    return found;
}

static int moved(int rc)
{
    if (rc == 0 && !fdtable_is_borrowed())
        cwd_forget();
    return rc;
}

int fs_chdir(const char *path)
{
    struct target t;
    if (target_find(&t, AT_FDCWD, path) < 0)
        return -1;
    struct follow f;
    int rc = real.chdir(t.path);
    if (follow_leads_inside(rc < 0 && !t.inside, &f, AT_FDCWD, path, FOLLOW_ALWAYS))
        return fs_chdir(f.path);
    return moved(rc);
}

int fs_fchdir(int fd)
{
    return moved(real.fchdir(fd));
}

/* The cwd as programs shall see it, or -1 with errno. */
static long narrowed_cwd(char out[PATH_MAX])
{
    char native[PATH_MAX];
    ssize_t got = sys_getcwd(native, sizeof(native));
    if (got < 0) {
        errno = (int)-got;
        return -1;
    }
    return target_narrow(native, out, PATH_MAX);
}

/* Whether the answer differs from the kernel's. */
static bool is_translated(char text[PATH_MAX], long *ret_len)
{
    int saved = errno;
    bool inside = cwd_where() == CWD_INSIDE || fdtable_is_borrowed();
    long len = inside ? narrowed_cwd(text) : -1;
    errno = saved;
    *ret_len = len;
    return len >= 0;
}

char *fs_getcwd(char *buffer, size_t size)
{
    char text[PATH_MAX];
    long len;
    if (!is_translated(text, &len))
        return real.getcwd(buffer, size);
    size_t need = (size_t)len + 1;
    if (size == 0 && buffer != NULL) {
        errno = EINVAL;
        return NULL;
    }
    if (size != 0 && size < need) {
        errno = ERANGE;
        return NULL;
    }
    if (buffer == NULL)
        buffer = malloc(size != 0 ? size : need);
    if (buffer != NULL)
        memcpy(buffer, text, need);
    return buffer;
}

char *fs_getwd(char *buffer)
{
    char text[PATH_MAX];
    long len;
    if (!is_translated(text, &len))
        return real.getwd(buffer);
    memcpy(buffer, text, (size_t)len + 1);
    return buffer;
}

char *fs_get_current_dir_name(void)
{
    char text[PATH_MAX];
    long len;
    if (!is_translated(text, &len))
        return real.get_current_dir_name();
    const char *pwd = getenv("PWD"); /* $PWD wins if it names the same directory */
    struct stat here;
    struct stat there;
    if (pwd != NULL && pwd[0] == '/' && fs_stat(".", &here) == 0 && fs_stat(pwd, &there) == 0 &&
        here.st_dev == there.st_dev && here.st_ino == there.st_ino)
        return strdup(pwd);
    return strdup(text);
}

/* The fortified forms abort the program on a buffer that is too small, as libc's do. */
char *fs_getcwd_chk(char *buffer, size_t size, size_t room)
{
    if (size > room)
        return real.__getcwd_chk(buffer, size, room);
    return fs_getcwd(buffer, size);
}

char *fs_getwd_chk(char *buffer, size_t room)
{
    char text[PATH_MAX];
    long len;
    if (!is_translated(text, &len) || (size_t)len >= room)
        return real.__getwd_chk(buffer, room);
    memcpy(buffer, text, (size_t)len + 1);
    return buffer;
}
