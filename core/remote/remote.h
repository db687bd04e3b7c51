/* SPDX-License-Identifier: MIT */
/*
 * A remote: one store, behind one small vtable.
 *
 * The engine sees only this file. A remote is one connector of the name space ("data", "s3+models");
 * paths are relative to it: no leading, trailing or doubled slash, "" is its root, bytes are as in the
 * tree (not percent-encoded). Layers (retry, stats, fault) implement the same vtable around another
 * remote and own it: freeing the top frees the stack.
 *
 *     struct remote *r = remote_retry_new(remote_stats_new(algorithmia_new(account, "data"), &counters),
 *         &policy);
 *     int rc = remote_probe(r, &call, "alice/images/cat.png", &entry);
 *
 * Every call blocks until it is done or its deadline has passed, may be made from any thread, and
 * returns 0 or -errno:
 *
 *   -ENOENT        no such object                      -ENOTDIR  a file where a directory is needed
 *   -EACCES        key refused or not enough           -EISDIR   a directory where a file is needed
 *   -EHOSTUNREACH  no such host, or it does not answer -ETIMEDOUT  stalled, or deadline passed
 *   -EIO           the server failed or broke the protocol     -ESTALE  not the expected version
 *   -ENOTEMPTY -EEXIST -EINVAL -EFBIG -ENOSPC  as the server says   -ECANCELED  by call->cancel
 *   -EOPNOTSUPP    this store cannot do that           -ENOMEM
 *
 * What an error was is left in call->why, one line for a person, without any key.
 */
#ifndef ALGOFS_REMOTE_REMOTE_H
#define ALGOFS_REMOTE_REMOTE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* What a store can do; states what the engine may rely on. */
enum remote_capability {
    REMOTE_CAN_RANGE = 1 << 0,     /* ranged reads are answered with the range (may be learnt late) */
    REMOTE_CAN_WRITE = 1 << 1,     /* put, make_dir and remove are there at all */
    REMOTE_HAS_OWNER_DIR = 1 << 2, /* account() works: the root holds the caller's own directory */
    REMOTE_CAN_RENAME = 1 << 3,    /* rename of a file: one step for every observer, replaces a file */
    REMOTE_CAN_RENAME_DIR = 1 << 4, /* the same of a whole directory */
    REMOTE_CAN_COPY = 1 << 5,       /* copy of a file on the server: its bytes do not pass through here */
    REMOTE_CAN_CONDITION = 1 << 6,  /* write honours `expected` */
    REMOTE_KEEPS_ATTRIBUTES = 1 << 7, /* mode, owner and mtime last: write and set_attributes keep them */
    REMOTE_CAN_SYMLINK = 1 << 8,
    REMOTE_CAN_LINK = 1 << 9,         /* hard links */
    REMOTE_KEEPS_XATTRS = 1 << 10,
    REMOTE_KEEPS_FILES_AT_ROOT = 1 << 11, /* files may lie directly in the connector's root */
    REMOTE_IS_OFFLINE = 1 << 12, /* nothing is asked: what the cache has is all there is (may change) */
    REMOTE_MAY_CONDITION = 1 << 13, /* whether it can is not known before the first write: one with `expected`
                                       finds out, and writes nothing (-EOPNOTSUPP) if it cannot */
};

enum remote_priority { REMOTE_DEMAND, REMOTE_READ_AHEAD, REMOTE_WARM_UP };

enum { REMOTE_VERSION_MAX = 96, REMOTE_WHY_MAX = 256, REMOTE_ACL_MAX = 16 };

/*
 * One call's circumstances, made by the caller, and what became of it.
 * Zero-initialise; every field but `priority`, `deadline_ms` and `cancel` is output.
 */
struct remote_call {
    enum remote_priority priority;
    uint64_t deadline_ms;       /* give up this long after the start; 0: the remote's default */
    const atomic_bool *cancel;  /* when it becomes true the call ends soon with -ECANCELED; or NULL */
    bool transient;             /* the failure may pass: trying again is sensible */
    uint32_t retry_after_ms;    /* the server asked for this pause; 0 when it did not */
    int status;                 /* HTTP status of the last attempt, 0 if none */
    int64_t server_time_s;      /* the store's clock as it answered that, seconds of the epoch; 0: not said */
    unsigned attempts;          /* how often the store was asked */
    char why[REMOTE_WHY_MAX];
};

/* What a listing or a probe tells of one object. */
struct remote_entry {
    bool is_dir;
    bool is_symlink;         /* never with is_dir; its target is read_link's */
    bool has_mtime;          /* false: the store does not say (directories, HEAD on Algorithmia) */
    bool has_mode;           /* false: the store keeps none */
    bool has_owner;
    mode_t mode;             /* permission bits only, valid if has_mode */
    uid_t uid;               /* valid if has_owner, as is gid */
    gid_t gid;
    uint64_t size;           /* bytes; 0 for directories; a link's target's length */
    uint64_t file_id;        /* where REMOTE_CAN_LINK: the same for all names of a file, if it has … */
    unsigned names;          /* … more than one; else 0 */
    struct timespec mtime;   /* valid if has_mtime */
    /* Opaque, NUL-terminated; "" when the store gives none. Another content is another version;
     * renaming, linking and chmod leave it, setting the mtime may change it. */
    char version[REMOTE_VERSION_MAX];
};

/* Called for each entry of a listing, in the store's order. `name` is a stranger's bytes: it may be
 * empty, hold '/' or NUL, or be of any length. Return 0 to go on, or -errno to end the listing with it. */
typedef int remote_entry_fn(void *context, const char *name, size_t name_len,
    const struct remote_entry *entry);

/* Receives a read. Called from the transfer thread: must not block on a lock held over I/O. */
struct remote_read_sink {
    void *context;
    /* Once, before any data: the object's whole size as the store now says (UINT64_MAX: unknown) and its
     * version ("" unknown). 0, or -errno to stop (then the read returns it). May be NULL. */
    int (*begin)(void *context, uint64_t object_size, const char *version);
    /* Bytes at `offset` of the object. A store that cannot range delivers more than was asked for, from
     * offset 0; a retry may deliver bytes again. 0, or -errno to stop. */
    int (*data)(void *context, uint64_t offset, const void *bytes, size_t len);
};

enum remote_attribute { REMOTE_SET_MODE = 1, REMOTE_SET_OWNER = 2, REMOTE_SET_MTIME = 4 };

/* What a store with REMOTE_KEEPS_ATTRIBUTES is to keep; others ignore it. Mode and owner that are not
 * given stay as they were with an object that is replaced; so do extended attributes. The owner is kept
 * as far as the store lets us. */
struct remote_attributes {
    unsigned valid; /* remote_attribute bits: which of the fields count */
    mode_t mode;    /* permission bits only */
    uid_t uid;
    gid_t gid;
    struct timespec mtime;
};

/* The content of a put: `size` bytes read from `fd` with pread from offset 0; fd stays the caller's. */
struct remote_write_source {
    int fd;
    uint64_t size;
    struct remote_attributes attributes; /* zeroed: as the store likes */
    /* NULL: whatever is there is replaced. "": only if nothing is there. Else only if that is the version
     * there. A store that never could ignores it. Not so: -ESTALE, or -EEXIST for "". */
    const char *expected;
};

enum remote_remove_kind { REMOTE_REMOVE_FILE, REMOTE_REMOVE_EMPTY_DIR, REMOTE_REMOVE_TREE };

struct remote;

struct remote_ops {
    const char *type; /* "algorithmia", "retry", … for logs and statistics */
    unsigned (*capabilities)(struct remote *remote);
    /* All entries of directory `path`, page by page. A file there: -ENOTDIR. */
    int (*list)(struct remote *remote, struct remote_call *call, const char *path,
        remote_entry_fn *entry, void *context);
    int (*probe)(struct remote *remote, struct remote_call *call, const char *path,
        struct remote_entry *ret_entry);
    /* Bytes [offset, offset+length) of a file; length UINT64_MAX: to the end. A body shorter than what was
     * announced is an error (-EIO, transient), never a short success. */
    int (*read)(struct remote *remote, struct remote_call *call, const char *path, uint64_t offset,
        uint64_t length, const struct remote_read_sink *sink);
    /* Stores the whole object, atomically for other readers. ret_entry (may be NULL): what the store says
     * it has now; fields it does not tell are left zero. Its mtime is the store's clock as the upload
     * ended, unless it was given: what a listing will say is about that, and not exactly. A file with
     * several names stays one file. */
    int (*write)(struct remote *remote, struct remote_call *call, const char *path,
        const struct remote_write_source *source, struct remote_entry *ret_entry);
    int (*make_dir)(struct remote *remote, struct remote_call *call, const char *path);
    int (*remove)(struct remote *remote, struct remote_call *call, const char *path,
        enum remote_remove_kind kind);
    /* REMOTE_CAN_RENAME, REMOTE_CAN_RENAME_DIR: one step; a file at `to` is replaced, as is an empty
     * directory where a directory is moved (else -ENOTEMPTY, -EISDIR, -ENOTDIR as rename(2)). */
    int (*rename)(
        struct remote *remote, struct remote_call *call, const char *from, const char *to);
    /* REMOTE_CAN_COPY: a file with its attributes, atomically for readers of `to`; ret_entry as write's. */
    int (*copy)(struct remote *remote, struct remote_call *call, const char *from, const char *to,
        struct remote_entry *ret_entry);
    /* REMOTE_KEEPS_ATTRIBUTES: of a file, a link itself or a directory. ret_entry (may be NULL): as
     * write's, since the version may change with it. */
    int (*set_attributes)(struct remote *remote, struct remote_call *call, const char *path,
        const struct remote_attributes *attributes, struct remote_entry *ret_entry);
    /* REMOTE_CAN_SYMLINK. `target` is any NUL-terminated bytes, never resolved by the remote: a path
     * that leads through a link is -ENOENT or -ENOTDIR. Something there already: -EEXIST. `attributes`
     * may be NULL. */
    int (*make_symlink)(struct remote *remote, struct remote_call *call, const char *target,
        const char *path, const struct remote_attributes *attributes, struct remote_entry *ret_entry);
    /* NUL-terminated, at most size-1 bytes, else -ENAMETOOLONG. No link there: -EINVAL. */
    int (*read_link)(
        struct remote *remote, struct remote_call *call, const char *path, char *target, size_t size);
    /* REMOTE_CAN_LINK: a second name of a file. -EEXIST if `to` is there. */
    int (*link)(struct remote *remote, struct remote_call *call, const char *from, const char *to);
    /* REMOTE_KEEPS_XATTRS, as setxattr(2) (value NULL: remove it), getxattr(2), listxattr(2); the latter
     * two return a length >= 0. Names with their "user."; others are -EOPNOTSUPP. */
    int (*xattr_set)(struct remote *remote, struct remote_call *call, const char *path,
        const char *name, const void *value, size_t size, int flags);
    ssize_t (*xattr_get)(struct remote *remote, struct remote_call *call, const char *path,
        const char *name, void *value, size_t size);
    ssize_t (*xattr_list)(
        struct remote *remote, struct remote_call *call, const char *path, char *names, size_t size);
    /* Who may read what is in a directory: "private", "my_algos" or "public". NULL: -EOPNOTSUPP. */
    int (*acl_get)(
        struct remote *remote, struct remote_call *call, const char *path, char acl[REMOTE_ACL_MAX]);
    int (*acl_set)(
        struct remote *remote, struct remote_call *call, const char *path, const char *acl);
    /* The name of the caller's own directory at the root, into `name` of `size` bytes. */
    int (*account)(struct remote *remote, struct remote_call *call, char *name, size_t size);
    void (*free)(struct remote *remote);
};

/* The head of every implementation's struct. */
struct remote {
    const struct remote_ops *ops;
};

/* Thin callers, so that a use reads as a sentence. */
unsigned remote_capabilities(struct remote *remote);
int remote_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context);
int remote_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry);
int remote_read(struct remote *remote, struct remote_call *call, const char *path, uint64_t offset,
    uint64_t length, const struct remote_read_sink *sink);
int remote_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry);
int remote_make_dir(struct remote *remote, struct remote_call *call, const char *path);
int remote_remove(struct remote *remote, struct remote_call *call, const char *path,
    enum remote_remove_kind kind);
int remote_rename(
    struct remote *remote, struct remote_call *call, const char *from, const char *to);
int remote_copy(struct remote *remote, struct remote_call *call, const char *from, const char *to,
    struct remote_entry *ret_entry);
int remote_set_attributes(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_attributes *attributes, struct remote_entry *ret_entry);
int remote_make_symlink(struct remote *remote, struct remote_call *call, const char *target,
    const char *path, const struct remote_attributes *attributes, struct remote_entry *ret_entry);
int remote_read_link(
    struct remote *remote, struct remote_call *call, const char *path, char *target, size_t size);
int remote_link(
    struct remote *remote, struct remote_call *call, const char *from, const char *to);
int remote_xattr_set(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, const void *value, size_t size, int flags);
ssize_t remote_xattr_get(struct remote *remote, struct remote_call *call, const char *path,
    const char *name, void *value, size_t size);
ssize_t remote_xattr_list(
    struct remote *remote, struct remote_call *call, const char *path, char *names, size_t size);
int remote_acl_get(
    struct remote *remote, struct remote_call *call, const char *path, char acl[REMOTE_ACL_MAX]);
int remote_acl_set(
    struct remote *remote, struct remote_call *call, const char *path, const char *acl);
int remote_account(struct remote *remote, struct remote_call *call, char *name, size_t size);
/** Frees the whole stack; NULL is allowed. No call may be in progress. */
void remote_free(struct remote *remote);

#endif
