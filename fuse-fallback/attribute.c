/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes, as the shim has them (docs/SEMANTICS.md): a directory's read ACL is
 * `user.algofs.acl`; the user's own are kept where the store can. On the mount's root two more answer, to who made the mount only: they are how
 * `algofs umount` speaks to us.
 *
 *     user.algofs.pid      our process
 *     user.algofs.flush    waits a moment for uploads, then "PENDING FAILED\n" and a line a failure
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"
#include "core/client/door-write.h"
#include "core/client/session.h"
#include "fuse-fallback/entry.h"

enum { ACL_SIZE = 64, FLUSH_STEP_MS = 500, VALUE_MAX = 65536 };
static const char acl_name[] = "user.algofs.acl";

static void reply_value(fuse_req_t req, const char *value, size_t len, size_t size)
{
    if (size == 0)
        (void)fuse_reply_xattr(req, len);
    else if (size < len)
        (void)fuse_reply_err(req, ERANGE);
    else
        (void)fuse_reply_buf(req, value, len);
}

static int say_flush(struct strbuf *out)
{
    uint64_t pending, failed;
    int report;
    int rc = door_flush(FLUSH_STEP_MS, &pending, &failed, &report);
    if (rc < 0)
        return rc;
    CLEANUP_CLOSE int lines = report;
    strbuf_addf(out, "%" PRIu64 " %" PRIu64 "\n", pending, failed);
    char part[4096];
    ssize_t got;
    while (lines >= 0 && out->len < VALUE_MAX - sizeof(part) &&
        (got = read(lines, part, sizeof(part))) > 0)
        strbuf_add(out, part, (size_t)got);
    return out->failed ? -ENOMEM : 0;
}

/* What `algofs umount` asks the root. False: none of these. */
static bool reply_own(fuse_req_t req, const char *name, size_t size)
{
    bool flush = strcmp(name, "user.algofs.flush") == 0;
    if ((!flush && strcmp(name, "user.algofs.pid") != 0) ||
        (fuse_req_ctx(req)->uid != geteuid() && fuse_req_ctx(req)->uid != 0))
        return false;
    CLEANUP_STRBUF struct strbuf value = STRBUF_INIT;
    int rc = 0;
    if (flush)
        rc = say_flush(&value);
    else
        strbuf_addf(&value, "%d", (int)getpid());
    if (rc < 0 || value.failed)
        (void)fuse_reply_err(req, rc < 0 ? -rc : ENOMEM);
    else
        reply_value(req, strbuf_cstr(&value), value.len, size);
    return true;
}

/* The node's path, if it is still there. */
static int path_of(struct node *node, char path[PATH_MAX])
{
    struct stat st;
    int rc = entry_stat(node, &st);
    return rc < 0 ? rc : node_path(node, path);
}

/* What a store may be asked to keep. */
static bool is_users(const char *name)
{
    return strncmp(name, "user.", 5) == 0 && strncmp(name, "user.algofs.", 12) != 0 &&
        session_may_have(BOARD_HAS_XATTRS);
}

/* Of the entry itself, or all names where `name` is "". `none`: the answer where no store keeps any. */
static void reply_users(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size, ssize_t none)
{
    char path[PATH_MAX];
    CLEANUP_FREE char *value = malloc(size + 1);
    ssize_t got = value == NULL ? -ENOMEM : path_of(node_of(ino), path);
    if (got == 0)
        got = door_get_xattr(path, name, size == 0 ? NULL : value, size);
    if (got == -EOPNOTSUPP || got == -EPERM)
        got = none;
    if (got < 0)
        (void)fuse_reply_err(req, (int)-got);
    else if (size == 0)
        (void)fuse_reply_xattr(req, (size_t)got);
    else
        (void)fuse_reply_buf(req, value, (size_t)got);
}

static void reply_acl(fuse_req_t req, fuse_ino_t ino, size_t size)
{
    char path[PATH_MAX];
    char acl[ACL_SIZE];
    int rc = path_of(node_of(ino), path);
    if (rc == 0)
        rc = door_get_acl(path, acl, sizeof(acl));
    if (rc < 0)
        (void)fuse_reply_err(req, rc == -EOPNOTSUPP || rc == -ENOTDIR ? ENODATA : -rc);
    else
        reply_value(req, acl, strlen(acl), size);
}

void attribute_get(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
    if (ino == FUSE_ROOT_ID && reply_own(req, name, size))
        return;
    if (strcmp(name, acl_name) == 0)
        reply_acl(req, ino, size);
    else if (is_users(name))
        reply_users(req, ino, name, size, -ENODATA);
    else /* the kernel asks for security.capability before each write */
        (void)fuse_reply_err(req, ENODATA);
}

static int set_acl(const char *path, const char *value, size_t size)
{
    char acl[ACL_SIZE];
    if (size >= sizeof(acl))
        return -EINVAL;
    memcpy(acl, value, size);
    acl[size] = '\0';
    return door_set_acl(path, acl);
}

void attribute_set(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
{
    char path[PATH_MAX];
    bool acl = strcmp(name, acl_name) == 0;
    int rc = acl || is_users(name) ? path_of(node_of(ino), path) : -ENOTSUP;
    if (rc == 0)
        rc = acl ? set_acl(path, value, size) : door_set_xattr(path, name, size == 0 ? "" : value, size, flags);
    (void)fuse_reply_err(req, -rc);
}

void attribute_list(fuse_req_t req, fuse_ino_t ino, size_t size)
{
    if (session_may_have(BOARD_HAS_XATTRS))
        reply_users(req, ino, "", size, 0);
    else
        reply_value(req, "", 0, size);
}

void attribute_remove(fuse_req_t req, fuse_ino_t ino, const char *name)
{
    char path[PATH_MAX];
    int rc = strcmp(name, acl_name) == 0 ? -EPERM : is_users(name) ? path_of(node_of(ino), path) : -ENODATA;
    if (rc == 0)
        rc = door_set_xattr(path, name, NULL, 0, 0);
    (void)fuse_reply_err(req, rc == -EOPNOTSUPP ? ENODATA : -rc);
}
