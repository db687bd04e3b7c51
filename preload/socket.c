/* SPDX-License-Identifier: MIT */
/*
 * Sockets: no remote can hold one, so no name of the prefix is one; and whoever receives a descriptor
 * knows nothing of presence maps, so what is passed on is made whole.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "core/base/sys.h"
#include "preload/change.h"
#include "preload/fdtable.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/lazy.h"
#include "preload/readable.h"
#include "preload/target.h"

static int fail(int error)
{
    errno = error;
    return -1;
}

struct socket_path {
    char text[sizeof(struct sockaddr_un) + 1];
};

/* The path of a Unix socket's address; false if it has none (another family, an abstract name). */
static bool has_path(const struct sockaddr *address, socklen_t len, struct socket_path *ret_path)
{
    size_t head = offsetof(struct sockaddr_un, sun_path);
    if (len <= head || len > sizeof(struct sockaddr_un) || !readable_bytes(address, len) ||
        address->sa_family != AF_UNIX)
        return false;
    memset(ret_path, 0, sizeof(*ret_path));
    memcpy(ret_path->text, (const char *)address + head, len - head);
    return ret_path->text[0] != '\0';
}

static int refuse_bind(const struct target *t)
{
    int error = change_cannot_hold(t);
    return fail(error == EEXIST ? EADDRINUSE : error);
}

int fs_bind(int socket, const struct sockaddr *address, socklen_t len)
{
    struct socket_path path;
    struct target t;
    struct follow f;
    if (!has_path(address, len, &path))
        return real.bind(socket, address, len);
    if (target_find(&t, AT_FDCWD, path.text) < 0)
        return -1;
    if (t.inside)
        return refuse_bind(&t);
    int rc = real.bind(socket, address, len);
    if (follow_leads_inside(rc < 0, &f, AT_FDCWD, path.text, FOLLOW_NEVER))
        return target_find(&t, AT_FDCWD, f.path) < 0 ? -1 : refuse_bind(&t);
    return rc;
}

/* What is there is no socket: the same as one that nobody listens to. 0: not in the prefix. */
static int refuse_partner(const struct sockaddr *address, socklen_t len)
{
    struct socket_path path;
    struct target t;
    struct stat st;
    if (!has_path(address, len, &path))
        return 0;
    if (target_find(&t, AT_FDCWD, path.text) < 0)
        return -1;
    if (!t.inside)
        return 0;
    int rc = sys_fstatat(t.dirfd, t.path, &st, 0);
    return fail(rc < 0 ? -rc : ECONNREFUSED);
}

int fs_connect(int socket, const struct sockaddr *address, socklen_t len)
{
    return refuse_partner(address, len) < 0 ? -1 : real.connect(socket, address, len);
}

ssize_t fs_sendto(int socket, const void *bytes, size_t size, int flags,
    const struct sockaddr *address, socklen_t len)
{
    if (address != NULL && refuse_partner(address, len) < 0)
        return -1;
    return real.sendto(socket, bytes, size, flags, address, len);
}

static int fill_passed(const struct msghdr *message)
{
    struct msghdr *walk = (struct msghdr *)(uintptr_t)message;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(walk); c != NULL; c = CMSG_NXTHDR(walk, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
            c->cmsg_len < CMSG_LEN(0))
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            int rc = fdtable_is_lazy(fd) ? lazy_whole(fd) : 0;
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

ssize_t fs_sendmsg(int socket, const struct msghdr *message, int flags)
{
    int rc = readable_bytes(message, sizeof(*message)) && message->msg_controllen > 0 ? fill_passed(message) : 0;
    return rc < 0 ? fail(-rc) : real.sendmsg(socket, message, flags);
}

int fs_sendmmsg(int socket, struct mmsghdr *messages, unsigned count, int flags)
{
    for (unsigned i = 0; messages != NULL && i < count; i++) {
        const struct msghdr *message = &messages[i].msg_hdr;
        int rc = message->msg_controllen > 0 ? fill_passed(message) : 0;
        if (rc < 0)
            return fail(-rc);
    }
    return real.sendmmsg(socket, messages, count, flags);
}
