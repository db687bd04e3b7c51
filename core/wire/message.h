/* SPDX-License-Identifier: MIT */
/*
 * The messages between a door (shim, FUSE, command line) and the agent.
 *
 * One SOCK_SEQPACKET connection a call: the door connects, sends one request, receives one reply,
 * closes. Descriptors travel beside a message by SCM_RIGHTS. Both ends are the same machine and the
 * same user (the agent checks SO_PEERCRED), so numbers are in host order.
 *
 *     header   u32 magic "alg2" | u16 protocol version | u16 type | i32 status | u32 length of the rest
 *     numbers  u64 each, in the table's order
 *     strings  u32 length without NUL, bytes, NUL, in the table's order
 *
 * A receiver accepts a message only if it is exactly as long as its fields say, every string ends in
 * its NUL and holds no other: decode returns -EPROTO otherwise. A reply has its request's type and
 * carries 0 or -errno in `status`; with a status below 0 its fields are all zero and "".
 *
 * The tables below are the whole protocol: each makes a struct wire_NAME, wire_encode_NAME and
 * wire_decode_NAME. Decoded strings point into the buffer and live as long as it does.
 * Nothing here allocates, locks, or calls more of libc than memcpy; it is safe in a signal handler.
 */
#ifndef ALGOFS_WIRE_MESSAGE_H
#define ALGOFS_WIRE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

enum {
    WIRE_MAGIC = 0x32676c61, /* "alg2" */
    WIRE_VERSION = 2,
    WIRE_MESSAGE_MAX = 12288, /* bytes: two paths of PATH_MAX and room; it stands on strangers' stacks */
    WIRE_FDS_MAX = 2,         /* descriptors beside one message */
};

/* Status of a reply to a request with an instance that this agent does not know (it was restarted):
 * say HELLO again and repeat the request. Chosen because no store and no kernel call answers it. */
#define WIRE_UNKNOWN_INSTANCE (-EREMCHG)

enum wire_type {
    WIRE_HELLO = 1,
    WIRE_ENSURE = 2,
    WIRE_OPEN = 3,
    WIRE_NEED = 4,
    WIRE_HINT = 5,
    WIRE_STATUS = 6,
    WIRE_STOP = 7,
    /* what changes the remote */
    WIRE_OPEN_WRITE = 16,
    WIRE_COMMIT = 17,
    WIRE_MKDIR = 18,
    WIRE_REMOVE = 19,
    WIRE_RENAME = 20,
    WIRE_SETATTR = 21,
    WIRE_FLUSH = 22,
    WIRE_GETACL = 23,
    WIRE_SETACL = 24,
    WIRE_WATCH = 32,
    WIRE_SYMLINK = 25,
    WIRE_LINK = 26,
    WIRE_GETXATTR = 27,
    WIRE_SETXATTR = 28,
};

enum wire_wanted {
    WIRE_WANT_ENTRY = 0,   /* whether `path` exists, and its attributes */
    WIRE_WANT_LISTING = 1, /* every entry of directory `path` */
};

/* What a notice of WATCH says. */
enum wire_notice {
    WIRE_NOTICE_READY = 0, /* the first: from now on nothing is missed */
    WIRE_NOTICE_NAME = 1,  /* `name` in the directory that is named came, went, or leads to another inode */
    WIRE_NOTICE_FILE = 2,  /* the file that is named has other content or attributes */
    WIRE_NOTICE_LOST = 3,  /* more happened than could be told: anything may have changed */
};

/* Bits of COMMIT's `how`. */
enum wire_commit {
    WIRE_COMMIT_JOURNAL = 1, /* answer when data and intent are on the local disk, upload later */
    WIRE_COMMIT_MAPPED = 2,  /* a shared writable mapping was or is there: times do not tell of changes */
    WIRE_COMMIT_SHARED = 4,  /* the program has other descriptors of it: a new file that is still empty
                                need not be uploaded yet */
    WIRE_COMMIT_NOTE = 8,    /* upload nothing now: a mapping begins */
};

/* Bits of SETATTR's `valid`: which of its fields are to be set. */
enum wire_setattr {
    WIRE_SET_MODE = 1,
    WIRE_SET_OWNER = 2, /* (uid_t)-1: keep */
    WIRE_SET_GROUP = 4, /* (gid_t)-1: keep */
    WIRE_SET_SIZE = 8,  /* truncate: commits like a close */
    WIRE_SET_ATIME = 16,
    WIRE_SET_MTIME = 32,
    WIRE_SET_NOFOLLOW = 64,
};

/* How far a lease reaches. */
enum wire_scope {
    WIRE_SCOPE_NONE = 0,      /* ask again next time */
    WIRE_SCOPE_ENTRY = 1,     /* this path only (its directory cannot be listed completely) */
    WIRE_SCOPE_DIRECTORY = 2, /* all names of the directory: those absent do not exist */
};

/*
 * HELLO: what in the caller's environment selects the remotes; "" where unset. Answer: the instance to
 * name in all later requests, and the tree's root directory, absolute and without symbolic links; beside it
 * the instance's board (board.h), open for reading.
 */
#define WIRE_HELLO_REQUEST(NUM, STR)                                                             \
    STR(api) STR(key) STR(bearer) STR(profile) STR(config) STR(home) STR(xdg_config_home)        \
        STR(aws_key_id) STR(aws_secret) STR(aws_token) STR(aws_profile)                          \
        STR(aws_credentials_file) STR(aws_config_file) STR(aws_region) STR(aws_default_region)   \
        STR(aws_endpoint) STR(aws_endpoint_s3) STR(aws_container_relative_uri)                   \
        STR(aws_container_full_uri) STR(aws_container_token) STR(aws_metadata_disabled)
#define WIRE_HELLO_REPLY(NUM, STR) NUM(instance) NUM(agent_pid) STR(tree)

/*
 * ENSURE: makes the tree's entry `path` (or all entries of directory `path`) true. `path` is relative to
 * the tree's root, normalised, "" for the root. The answer's status says only whether the question could
 * be answered: a name that does not exist is status 0, and the tree has no such entry. -ELOOP: a symbolic
 * link stands on the way to `path`; to be followed name by name, for no lease leads through one. Until `until_ms`
 * (CLOCK_MONOTONIC, milliseconds; UINT64_MAX: for ever) the door may trust the tree for `scope`: for
 * WIRE_SCOPE_DIRECTORY that is the directory `path` itself when a listing was wanted, else its parent.
 * What the agent knows from longer ago than `max_age_ms` is asked anew (UINT64_MAX: any age will do).
 */
#define WIRE_ENSURE_REQUEST(NUM, STR) NUM(instance) NUM(wanted) NUM(max_age_ms) STR(path)
#define WIRE_ENSURE_REPLY(NUM, STR) NUM(scope) NUM(until_ms)

/*
 * OPEN: the door has opened `path` and found a placeholder; its descriptor comes beside the message.
 * Answer: a small file has been fetched whole (no descriptor); a large one's presence map comes beside,
 * open for reading. -ESTALE: the object has changed; the tree shows the new one, open again.
 * `flags` are open(2)'s, for reading only.
 */
#define WIRE_OPEN_REQUEST(NUM, STR) NUM(instance) NUM(flags) NUM(mode) STR(path)
#define WIRE_OPEN_REPLY(NUM, STR) NUM(complete)

/*
 * NEED: bytes [offset, offset+length) of the file whose descriptor comes beside are wanted; answered when
 * they are there. length UINT64_MAX: the whole file, and its completion (sticky bit clear). `hold`: and they
 * must stay, for they are taken without another look at the map.
 * HINT: the same as a wish, not answered; it drives read-ahead.
 */
#define WIRE_NEED_REQUEST(NUM, STR) NUM(instance) NUM(offset) NUM(length) NUM(hold)
#define WIRE_NEED_REPLY(NUM, STR) NUM(complete)
#define WIRE_HINT_REQUEST(NUM, STR) NUM(instance) NUM(offset)

/*
 * OPEN_WRITE: as open(2) with O_WRONLY, O_RDWR, O_CREAT or O_TRUNC in `flags`; `mode` has the umask taken
 * off. Before it is answered an intent is in the journal, and the file is whole or truncated. The answer's
 * descriptor is open with these flags (close-on-exec always: the door duplicates as it needs).
 * `created`: the file was not there before. Errors are open's own; EACCES: this key may not write there.
 *
 * COMMIT: the file whose descriptor comes beside was written through; answered with the verdict: 0 when
 * the remote has all bytes that were in the file when the request was sent (`how`: wire_commit). A file
 * that did not change, was unlinked, or is none of the tree is 0 at once. Without a descriptor beside (the
 * program has closed it and changes the file by a mapping) `device` and `inode` name the file.
 */
#define WIRE_OPEN_WRITE_REQUEST(NUM, STR) NUM(instance) NUM(flags) NUM(mode) STR(path)
#define WIRE_OPEN_WRITE_REPLY(NUM, STR) NUM(created)
#define WIRE_COMMIT_REQUEST(NUM, STR) NUM(instance) NUM(how) NUM(device) NUM(inode)
#define WIRE_COMMIT_REPLY(NUM, STR) NUM(uploaded)

/*
 * MKDIR, REMOVE, RENAME: as mkdir(2), unlinkat(2) with `flags` (AT_REMOVEDIR or 0), renameat2(2) with
 * `flags` (RENAME_NOREPLACE; others are -EINVAL). Answered when remote and tree have it. Repeating a
 * request that was done already is 0 where the door cannot know (the agent died before it answered):
 * `again` is 1 on a repetition.
 */
#define WIRE_MKDIR_REQUEST(NUM, STR) NUM(instance) NUM(again) NUM(mode) STR(path)
#define WIRE_REMOVE_REQUEST(NUM, STR) NUM(instance) NUM(again) NUM(flags) STR(path)
#define WIRE_RENAME_REQUEST(NUM, STR) NUM(instance) NUM(again) NUM(flags) STR(from) STR(to)

/* SETATTR: what `valid` names, of the entry `path`, or, if that is "", of the descriptor beside. Lasts where
 * the store keeps attributes, else in the tree only, except for the size. Times as in utimensat(2), UTIME_NOW and UTIME_OMIT included. */
#define WIRE_SETATTR_REQUEST(NUM, STR)                                                           \
    NUM(instance) NUM(valid) NUM(mode) NUM(uid) NUM(gid) NUM(size) NUM(atime_sec) NUM(atime_nsec) \
        NUM(mtime_sec) NUM(mtime_nsec) STR(path)

/* FLUSH: waits up to `wait_ms` until nothing of `instance` (0: of any) is left to upload, or
 * all that is left has been tried since the request came and failed. `pending`: what is left; `failed`: how
 * much of that failed at its last try; `bytes`: their sizes. Beside the answer a file with one line for
 * each failure, "path: reason". */
#define WIRE_FLUSH_REQUEST(NUM, STR) NUM(instance) NUM(wait_ms)
#define WIRE_FLUSH_REPLY(NUM, STR) NUM(pending) NUM(failed) NUM(bytes)

/* GETACL, SETACL: a directory's read ACL: "private", "my_algos" or "public". */
#define WIRE_GETACL_REQUEST(NUM, STR) NUM(instance) STR(path)
#define WIRE_GETACL_REPLY(NUM, STR) STR(acl)
#define WIRE_SETACL_REQUEST(NUM, STR) NUM(instance) STR(path) STR(acl)

/*
 * WATCH: the one connection that stays open. What changes in the instance's tree, whoever changes it, is told
 * in notices (wire_notice) until one side closes. The inode by its device, number and moment of birth (0 where
 * the file system has none).
 */
#define WIRE_WATCH_REQUEST(NUM, STR) NUM(instance)
#define WIRE_WATCH_NOTICE(NUM, STR)                                                              \
    NUM(what) NUM(device) NUM(inode) NUM(birth_sec) NUM(birth_nsec) STR(name)
/* SYMLINK, LINK: as symlink(2) and link(2) (of the entry `from` itself); EPERM where the store has none. */
#define WIRE_SYMLINK_REQUEST(NUM, STR) NUM(instance) NUM(again) STR(target) STR(path)
#define WIRE_LINK_REQUEST(NUM, STR) NUM(instance) NUM(again) STR(from) STR(to)

/* GETXATTR, SETXATTR: user.* attributes of the entry `path` itself. The value, or with name "" all names,
 * each with its NUL, is in the file beside the answer, `size` bytes; a value to be set in the file beside the
 * request. `flags` as setxattr(2)'s; with `remove` the attribute goes. EOPNOTSUPP: the store keeps none. */
enum { WIRE_XATTR_MAX = 65536 };
#define WIRE_GETXATTR_REQUEST(NUM, STR) NUM(instance) STR(path) STR(name)
#define WIRE_GETXATTR_REPLY(NUM, STR) NUM(size)
#define WIRE_SETXATTR_REQUEST(NUM, STR)                                                          \
    NUM(instance) NUM(flags) NUM(remove) NUM(size) STR(path) STR(name)

/* The reply of a request that answers with its status only. */
#define WIRE_DONE_REPLY(NUM, STR) NUM(unused)

/* STATUS: answered with a descriptor of a file that holds one JSON object. STOP: the agent finishes what is
 * in progress and leaves; answered when it no longer accepts calls. */
#define WIRE_STATUS_REQUEST(NUM, STR) NUM(verbosity)
#define WIRE_STATUS_REPLY(NUM, STR) NUM(agent_pid)
#define WIRE_STOP_REQUEST(NUM, STR) NUM(force)
#define WIRE_STOP_REPLY(NUM, STR) NUM(agent_pid)

/* name, fields */
#define WIRE_MESSAGES(ROW)                                                                       \
    ROW(hello_request, WIRE_HELLO_REQUEST)                                                       \
    ROW(hello_reply, WIRE_HELLO_REPLY)                                                           \
    ROW(ensure_request, WIRE_ENSURE_REQUEST)                                                     \
    ROW(ensure_reply, WIRE_ENSURE_REPLY)                                                         \
    ROW(open_request, WIRE_OPEN_REQUEST)                                                         \
    ROW(open_reply, WIRE_OPEN_REPLY)                                                             \
    ROW(need_request, WIRE_NEED_REQUEST)                                                         \
    ROW(need_reply, WIRE_NEED_REPLY)                                                             \
    ROW(hint_request, WIRE_HINT_REQUEST)                                                         \
    ROW(status_request, WIRE_STATUS_REQUEST)                                                     \
    ROW(status_reply, WIRE_STATUS_REPLY)                                                         \
    ROW(stop_request, WIRE_STOP_REQUEST)                                                         \
    ROW(stop_reply, WIRE_STOP_REPLY)                                                             \
    ROW(open_write_request, WIRE_OPEN_WRITE_REQUEST)                                             \
    ROW(open_write_reply, WIRE_OPEN_WRITE_REPLY)                                                 \
    ROW(commit_request, WIRE_COMMIT_REQUEST)                                                     \
    ROW(commit_reply, WIRE_COMMIT_REPLY)                                                         \
    ROW(mkdir_request, WIRE_MKDIR_REQUEST)                                                       \
    ROW(remove_request, WIRE_REMOVE_REQUEST)                                                     \
    ROW(rename_request, WIRE_RENAME_REQUEST)                                                     \
    ROW(setattr_request, WIRE_SETATTR_REQUEST)                                                   \
    ROW(flush_request, WIRE_FLUSH_REQUEST)                                                       \
    ROW(flush_reply, WIRE_FLUSH_REPLY)                                                           \
    ROW(getacl_request, WIRE_GETACL_REQUEST)                                                     \
    ROW(getacl_reply, WIRE_GETACL_REPLY)                                                         \
    ROW(setacl_request, WIRE_SETACL_REQUEST)                                                     \
    ROW(watch_request, WIRE_WATCH_REQUEST)                                                       \
    ROW(watch_notice, WIRE_WATCH_NOTICE)                                                         \
    ROW(symlink_request, WIRE_SYMLINK_REQUEST)                                                   \
    ROW(link_request, WIRE_LINK_REQUEST)                                                         \
    ROW(getxattr_request, WIRE_GETXATTR_REQUEST)                                                 \
    ROW(getxattr_reply, WIRE_GETXATTR_REPLY)                                                     \
    ROW(setxattr_request, WIRE_SETXATTR_REQUEST)                                                 \
    ROW(done_reply, WIRE_DONE_REPLY)

struct wire_header {
    uint32_t magic;
    uint16_t version;
    uint16_t type;
    int32_t status;
    uint32_t length;
};

struct wire_buffer {
    size_t len;
    _Alignas(8) unsigned char bytes[WIRE_MESSAGE_MAX];
};

#define WIRE_STRUCT_NUM(field) uint64_t field;
#define WIRE_STRUCT_STR(field) const char *field;
#define WIRE_DECLARE(name, FIELDS)                                                               \
    struct wire_##name {                                                                         \
        FIELDS(WIRE_STRUCT_NUM, WIRE_STRUCT_STR)                                                 \
    };                                                                                           \
    int wire_encode_##name(                                                                      \
        struct wire_buffer *out, enum wire_type type, const struct wire_##name *message);        \
    int wire_decode_##name(const struct wire_buffer *in, struct wire_##name *ret_message);
WIRE_MESSAGES(WIRE_DECLARE)

/*
 * encode: 0, or -EMSGSIZE if it does not fit. A NULL string is sent as "".
 * decode: 0, the reply's status if it is below 0 (fields zeroed), or -EPROTO.
 */

/** Sets `again` in an encoded request that has it; leaves others alone. */
void wire_mark_again(struct wire_buffer *request);
/** A reply that is only a status. */
void wire_encode_failure(struct wire_buffer *out, enum wire_type type, int status);
/** Checks magic, version and length and gives the header. 0 or -EPROTO (-EPROTONOSUPPORT: version). */
int wire_decode_header(const struct wire_buffer *in, struct wire_header *ret_header);

#endif
