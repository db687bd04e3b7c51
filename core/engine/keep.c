/* SPDX-License-Identifier: MIT */
#include "core/engine/keep.h"

#include <errno.h>
#include <string.h>

#include "core/engine/internal.h"
#include "core/engine/writable.h"
#include "core/tree/file.h"

bool keep_can(struct instance *instance, const char *path, unsigned capabilities)
{
    struct remote *remote;
    const char *rest;
    return instance_remote(instance, path, &remote, &rest) == 0 &&
           (remote_capabilities(remote) & capabilities) == capabilities;
}

void keep_attributes(const struct stat *st, struct remote_attributes *ret_attributes)
{
    mode_t bits = S_ISREG(st->st_mode) ? 06777 : 07777; /* a file's sticky bit is ours */
    *ret_attributes = (struct remote_attributes){
        .valid = REMOTE_SET_MODE | REMOTE_SET_OWNER | REMOTE_SET_MTIME,
        .mode = st->st_mode & bits,
        .uid = st->st_uid,
        .gid = st->st_gid,
        .mtime = st->st_mtim,
    };
}

void keep_note(int fd, const struct remote_entry *entry)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return;
    const struct file_noted noted = {
        .mtime = entry->mtime,
        .size = (uint64_t)st.st_size,
        .local_mtime = (st.st_mode & S_ISVTX) != 0 ? st.st_atim : st.st_mtim,
    };
    file_replace_version(fd, entry->version);
    if (entry->has_mtime)
        (void)file_set_noted(fd, &noted); /* see file.h */
}

int keep_set(struct instance *instance, const char *path, int fd,
    const struct remote_attributes *attributes)
{
    struct remote *remote;
    const char *rest;
    struct remote_entry entry = { .version = "" };
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = instance_remote(instance, path, &remote, &rest);
    if (rc < 0)
        return rc;
    rc = remote_set_attributes(remote, &call, rest, attributes, &entry);
    writable_learn(instance, path, rc, &call);
    if (rc < 0)
        return instance_failed(instance, "set the attributes of", path, &call, rc);
    if (fd >= 0)
        keep_note(fd, &entry);
    return 0;
}

void keep_catch_up(
    struct instance *instance, const char *path, int fd, const struct remote_attributes *sent)
{
    struct stat st;
    struct remote_attributes now;
    if (sent->valid == 0 || fstat(fd, &st) < 0)
        return;
    keep_attributes(&st, &now);
    now.valid = (now.mode != sent->mode ? REMOTE_SET_MODE : 0) |
                (now.uid != sent->uid || now.gid != sent->gid ? REMOTE_SET_OWNER : 0);
    if (now.valid != 0)
        (void)keep_set(instance, path, fd, &now); /* logged; the next upload sends them again */
}
