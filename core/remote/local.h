/* SPDX-License-Identifier: MIT */
/*
 * A directory of this machine (or one that it has mounted) as a remote.
 *
 *     struct remote *store = local_new("/srv/archive");       // NULL with errno
 *
 * Everything that a file system can, lasts: names, modes, owners (as far as the agent may set them),
 * times to the nanosecond, symbolic and hard links, user.* attributes. Sockets, devices and pipes are
 * no objects and are left out. A symbolic link is an entry, shown as one and never followed: not as
 * the last component of a path, nor on the way to it, nor out of the directory (core/base/beneath.h).
 *
 * An upload is written to a file of its own beside the target (`.algofs-upload.<16 hex digits>`),
 * flushed, and renamed over it, and the directory is flushed: at no time and after no crash is there
 * half an object. The upload's file is locked (flock) while somebody is at it; one that is not is what a
 * crash left, and goes when its directory is listed or removed. Such names are shown to nobody and
 * cannot be made. A file with several names is written in place instead, from the finished upload, so
 * that it stays one file: only there could a reader that ignores versions see a mixture.
 *
 * A version is made of inode, time of birth, size and mtime (of inode, ctime, size and mtime where the
 * file system keeps no birth): chmod, rename and a further link leave it as it is.
 *
 * Conditions: "nothing there" is the kernel's (renameat2, linkat), also between machines. "That version
 * there" is checked and renamed under a lock of the directory (flock), which keeps agents apart, and
 * nobody else.
 *
 * Threads: any; no state but the root's descriptor.
 */
#ifndef ALGOFS_REMOTE_LOCAL_H
#define ALGOFS_REMOTE_LOCAL_H

#include "core/remote/remote.h"

/** `root` must be an existing directory. NULL with errno. */
struct remote *local_new(const char *root);

#endif
