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
#include <time.h>

/* What a store can do; states what the engine may rely on. */
enum remote_capability {
    REMOTE_CAN_RANGE = 1 << 0,     /* ranged reads are answered with the range (may be learnt late) */
    REMOTE_CAN_WRITE = 1 << 1,     /* put, make_dir and remove are there at all */
    REMOTE_CAN_RENAME = 1 << 2,    /* rename on the server, atomic for files */
    REMOTE_HAS_OWNER_DIR = 1 << 3, /* account() works: the root holds the caller's own directory */
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
    unsigned attempts;          /* how often the store was asked */
    char why[REMOTE_WHY_MAX];
};

/* What a listing or a probe tells of one object. */
struct remote_entry {
    bool is_dir;
    bool has_mtime;          /* false: the store does not say (directories, HEAD on Algorithmia) */
    uint64_t size;           /* bytes; 0 for directories */
    struct timespec mtime;   /* valid if has_mtime */
    char version[REMOTE_VERSION_MAX]; /* opaque, NUL-terminated; "" when the store gives none */
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

/* The content of a put: `size` bytes read from `fd` with pread from offset 0; fd stays the caller's. */
struct remote_write_source {
    int fd;
    uint64_t size;
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
     * ended: what a listing will say is about that, and not exactly. */
    int (*write)(struct remote *remote, struct remote_call *call, const char *path,
        const struct remote_write_source *source, struct remote_entry *ret_entry);
    int (*make_dir)(struct remote *remote, struct remote_call *call, const char *path);
    int (*remove)(struct remote *remote, struct remote_call *call, const char *path,
        enum remote_remove_kind kind);
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
int remote_acl_get(
    struct remote *remote, struct remote_call *call, const char *path, char acl[REMOTE_ACL_MAX]);
int remote_acl_set(
    struct remote *remote, struct remote_call *call, const char *path, const char *acl);
int remote_account(struct remote *remote, struct remote_call *call, char *name, size_t size);
/** Frees the whole stack; NULL is allowed. No call may be in progress. */
void remote_free(struct remote *remote);

#endif
