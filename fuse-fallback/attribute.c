/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes, as the shim has them (docs/SEMANTICS.md): a store keeps none, and a directory's read
 * ACL is `user.algofs.acl`. On the mount's root two more answer, to who made the mount only: they are how
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

void attribute_get(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
    char path[PATH_MAX];
    char acl[ACL_SIZE];
    if (ino == FUSE_ROOT_ID && reply_own(req, name, size))
        return;
    if (strcmp(name, acl_name) != 0) { /* the kernel asks for security.capability before each write */
        (void)fuse_reply_err(req, ENODATA);
        return;
    }
    int rc = path_of(node_of(ino), path);
    if (rc == 0)
        rc = door_get_acl(path, acl, sizeof(acl));
    if (rc < 0)
        (void)fuse_reply_err(req, rc == -EOPNOTSUPP || rc == -ENOTDIR ? ENODATA : -rc);
    else
        reply_value(req, acl, strlen(acl), size);
}

void attribute_set(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
{
    (void)flags; /* it is always there */
    char path[PATH_MAX];
    char acl[ACL_SIZE];
    int rc = strcmp(name, acl_name) != 0 ? -ENOTSUP : size >= sizeof(acl) ? -EINVAL : 0;
    if (rc == 0)
        rc = path_of(node_of(ino), path);
    if (rc == 0) {
        memcpy(acl, value, size);
        acl[size] = '\0';
        rc = door_set_acl(path, acl);
    }
    (void)fuse_reply_err(req, -rc);
}

void attribute_list(fuse_req_t req, fuse_ino_t ino, size_t size)
{
    (void)ino;
    reply_value(req, "", 0, size);
}

void attribute_remove(fuse_req_t req, fuse_ino_t ino, const char *name)
{
    (void)ino;
    (void)fuse_reply_err(req, strcmp(name, acl_name) == 0 ? EPERM : ENODATA);
}
