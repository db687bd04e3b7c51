/* SPDX-License-Identifier: MIT */
/*
 * What the files of s3-*.c share. Private to them and to their tests.
 */
#ifndef ALGOFS_REMOTE_S3_INTERNAL_H
#define ALGOFS_REMOTE_S3_INTERNAL_H

#include "core/base/pool.h"
#include "core/base/strbuf.h"
#include "core/remote/latency.h"
#include "core/remote/retry.h"
#include "core/remote/s3-metadata.h"
#include "core/remote/s3-sign.h"
#include "core/remote/s3.h"

enum {
    S3_KEY_LENGTH_MAX = 1024,       /* the protocol's */
    S3_BODY_MAX = 16 << 20,         /* of an answer that is kept: a page of 1,000 keys has less than 4 MiB */
    S3_ERROR_BODY_MAX = 64 << 10,
    S3_PRESERVED_MAX = 16 << 10,    /* header bytes of an object that a change of attributes keeps */
    S3_PAGE_KEYS = 1000,            /* the protocol's most, as of DeleteObjects */
    S3_ANSWER_MS = 10 * 60 * 1000,  /* the server assembles or copies gigabytes before it answers */
    S3_CODE_MAX = 64,
    S3_ETAG_MAX = REMOTE_VERSION_MAX,
};

#define S3_DIRECTORY_TYPE "application/x-directory" /* of a marker, as s3fs has it */
#define S3_EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum s3_condition { S3_CONDITION_UNKNOWN, S3_CONDITION_HONOURED, S3_CONDITION_IGNORED };

struct s3_known;
struct s3_leftovers;

struct s3 {
    struct remote remote;
    struct http_client *http;
    struct s3_credentials *credentials;
    struct pool *pool; /* for s3_parallel and the leftovers */
    struct s3_known *known;
    struct s3_leftovers *leftovers; /* NULL: no state_dir */
    char *origin;      /* "https://host:port" */
    char *host;        /* the Host header */
    char *root;        /* "/bucket" encoded, or "" where the bucket is in the host */
    char *bucket;
    char *region;
    char *prefix;      /* "" or "a/b/" */
    char *ca_cert;     /* or NULL */
    bool tls;
    enum s3_metadata metadata;
    enum s3_preset preset;
    uint64_t part_size, copy_max;
    struct retry_policy policy; /* of parts, pages and HEADs of a listing */
    struct latency latency;     /* has its own lock */
    atomic_int condition;       /* enum s3_condition */
    atomic_bool no_batches;     /* DeleteObjects is not implemented */
    atomic_bool no_copy_condition; /* x-amz-copy-source-if-match is compared with something else (Swift,
                                      for objects made of parts) */
    atomic_bool ending;         /* cancels what runs on its own */
};

/* --- s3-lines.c: header lines --- */

struct s3_lines {
    char *line[S3_SIGNED_HEADERS_MAX + 1]; /* NULL-terminated */
    unsigned count;
    bool failed; /* no memory, or too many */
};

#define CLEANUP_S3_LINES __attribute__((cleanup(s3_lines_free)))

void s3_lines_free(struct s3_lines *lines);
void s3_lines_addf(struct s3_lines *lines, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** x-amz-meta-mtime, -mode, -uid, -gid, for what `valid` has. `type` (S_IFREG…) goes into the mode. */
void s3_lines_add_attributes(
    struct s3_lines *lines, const struct remote_attributes *attributes, mode_t type);

/* --- s3-request.c --- */

struct s3_parameter {
    const char *name, *value;
};

enum { S3_PARAMETERS_MAX = 8 };

/* Zero-initialise. */
struct s3_request {
    enum http_method method;
    const char *key;  /* NULL: the bucket */
    const char *what; /* the path, for words of failure */
    struct s3_parameter query[S3_PARAMETERS_MAX]; /* in any order; ends at the first without a name */
    const struct s3_lines *headers;               /* or NULL */
    const char *content_type;
    const char *range;
    const char *post;    /* HTTP_POST */
    const char *payload; /* hex SHA-256 of what is sent by PUT; NULL: of nothing, or of `post` */
    int body_fd;         /* HTTP_PUT with body_size > 0 */
    uint64_t body_offset, body_size;
    uint64_t expected_bytes;
    bool slow; /* the server may think long */
    /* As of http_request, for a 2xx only; NULL: the body is kept. */
    void *context;
    int (*head)(void *context, const struct http_response *response);
    int (*body)(void *context, const void *bytes, size_t len);
};

struct s3_answer {
    struct http_response response;
    struct strbuf body;    /* of an error, or what nobody else took */
    struct strbuf preserved; /* "Name: value\n" of user metadata and of what a copy must repeat */
    struct s3_attributes attributes;
    int64_t last_modified; /* seconds of the epoch; 0: not said */
    char region[64];       /* x-amz-bucket-region */
    char content_type[128]; /* "" for none, or too long */
    char code[S3_CODE_MAX]; /* the error's; "" for none */
    bool encrypted;        /* the store says so: then its ETag is no MD5 */
    bool oversized;        /* the object's headers did not fit `preserved` */
    /* of the transfer */
    const struct s3_request *request;
    struct remote_call *call;
};

#define S3_ANSWER_INIT { .body = STRBUF_INIT, .preserved = STRBUF_INIT }
#define CLEANUP_S3_ANSWER __attribute__((cleanup(s3_answer_free)))
void s3_answer_free(struct s3_answer *answer);

/** The whole key of `path`, with `tail` ("" or "/"). 0, -ENAMETOOLONG with call->why, -ENOMEM. */
int s3_key(const struct s3 *store, struct remote_call *call, const char *path, const char *tail,
    struct strbuf *key);

/** Signs, sends, waits. 0 for a 2xx; else -errno with call's why, transient and retry_after_ms. */
int s3_perform(struct s3 *store, struct remote_call *call, const struct s3_request *request,
    struct s3_answer *answer);

/* For a retry_attempt_fn. */
struct s3_perform_context {
    struct s3 *store;
    const struct s3_request *request;
    struct s3_answer *answer;
};

/** The same, tried again by the store's own policy: for what the retry layer cannot repeat alone. */
int s3_perform_patiently(struct s3 *store, struct remote_call *call,
    const struct s3_request *request, struct s3_answer *answer);

/** A status of 200 says only that an answer came (of copies, completions, DeleteObjects): done is what has
 * <`root`> in its body, whole. An <Error> is that error, all else -EIO, transient. */
int s3_check_body(struct s3 *store, struct remote_call *call, const struct s3_request *request,
    struct s3_answer *answer, const char *root);

/** The sorted, encoded query string. Check query->failed. */
void s3_query(const struct s3_parameter parameters[S3_PARAMETERS_MAX], struct strbuf *query);

/** HEAD of a key. */
int s3_head(struct s3 *store, struct remote_call *call, const char *key, const char *what,
    struct s3_answer *answer);

/* --- s3-error.c --- */

/** What an answer that is no success means. answer->code is set. */
int s3_error(struct s3 *store, struct remote_call *call, const char *what, struct s3_answer *answer);

/* --- s3-parallel.c --- */

/** Item `index`; `call` is its own. Must not use s3_parallel. */
typedef int s3_work_fn(void *context, unsigned index, struct remote_call *call);

/** Calls `work` for 0…count-1, at most `limit` at a time, this thread helping. After the first failure
 * nothing new is begun; it is returned, with its reason in `call`, once all that ran has ended. */
int s3_parallel(struct s3 *store, struct remote_call *call, unsigned count, unsigned limit,
    s3_work_fn *work, void *context);

/* --- s3-known.c: what was learnt and may be used again --- */

struct s3_known *s3_known_new(void);
void s3_known_free(struct s3_known *known);
/** Whether a directory is known to have a marker. */
bool s3_known_marker(struct s3_known *known, const char *key);
void s3_known_set_marker(struct s3_known *known, const char *key, bool there);
/** The attributes of an object of that key, ETag and time. */
bool s3_known_attributes(struct s3_known *known, const char *key, const char *etag,
    int64_t last_modified, struct s3_attributes *ret_attributes);
void s3_known_set_attributes(struct s3_known *known, const char *key, const char *etag,
    int64_t last_modified, const struct s3_attributes *attributes);

/* --- s3-probe.c --- */

enum s3_kind { S3_NOTHING, S3_FILE, S3_DIRECTORY };

/* What a path is. A directory may also have an object of its name ("directory wins"). */
struct s3_found {
    enum s3_kind kind;
    bool has_marker;         /* of a directory */
    struct s3_answer answer; /* of a file's HEAD, or of the marker's */
};

#define S3_FOUND_INIT { .answer = S3_ANSWER_INIT }
#define CLEANUP_S3_FOUND __attribute__((cleanup(s3_found_free)))
void s3_found_free(struct s3_found *found);

/** Three requests at once: the object, the marker, anything below. `path` is not "". */
int s3_find(struct s3 *store, struct remote_call *call, const char *path, struct s3_found *found);
/** The same without the marker's attributes: two requests. */
int s3_find_file(struct s3 *store, struct remote_call *call, const char *path, struct s3_found *found);

/** Fills an entry from what a HEAD or GET told. */
void s3_entry(const struct s3 *store, const struct s3_answer *answer, bool is_dir, uint64_t size,
    struct remote_entry *entry);
/** The same for attributes that are known. `link_size` is the object's size. */
void s3_entry_attributes(
    const struct s3_attributes *attributes, bool is_dir, struct remote_entry *entry);

int s3_probe(struct remote *remote, struct remote_call *call, const char *path,
    struct remote_entry *ret_entry);

/* --- s3-page.c: one page of a listing --- */

struct s3_item {
    char *name; /* decoded, behind the listing's prefix; without the '/' of a directory */
    size_t len;
    bool is_dir;
    bool no_name;  /* has bytes, but its key ends in '/', or is the directory's own: no file */
    bool gone;     /* its HEAD said so */
    bool asked;    /* it had its HEAD */
    uint64_t size;
    int64_t last_modified;
    char etag[S3_ETAG_MAX];
    struct s3_attributes attributes;
};

struct s3_page {
    struct s3_item *items;
    unsigned count, room;
    bool truncated;
    bool has_marker; /* the key that is the prefix itself was in it */
    char *token;     /* malloc'ed; NULL on the last page */
    char *last_key;  /* the greatest key or common prefix, decoded; NULL for none */
};

void s3_page_free(struct s3_page *page);
/** Parses one answer of ListObjectsV2. `prefix` is what was asked for. 0, -EIO with call->why, -ENOMEM. */
int s3_page_parse(struct remote_call *call, const char *xml, size_t len, const char *prefix,
    struct s3_page *ret_page);
/** Asks for one page. `delimiter`: '/' or none; `token`: NULL for the first. */
int s3_page_get(struct s3 *store, struct remote_call *call, const char *prefix, bool delimiter,
    const char *token, unsigned keys, const char *what, struct s3_page *ret_page);
/** As s3_page_get, but tried again by the store's own policy. */
int s3_page_get_patiently(struct s3 *store, struct remote_call *call, const char *prefix,
    bool delimiter, const char *token, unsigned keys, const char *what, struct s3_page *ret_page);
/** Reverses encoding-type=url in place. */
size_t s3_page_decode(char *text);

/* --- the rest of the vtable --- */

int s3_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context);
int s3_read(struct remote *remote, struct remote_call *call, const char *path, uint64_t offset,
    uint64_t length, const struct remote_read_sink *sink);
int s3_write(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_write_source *source, struct remote_entry *ret_entry);
int s3_make_dir(struct remote *remote, struct remote_call *call, const char *path);
int s3_remove(
    struct remote *remote, struct remote_call *call, const char *path, enum remote_remove_kind kind);
int s3_copy(struct remote *remote, struct remote_call *call, const char *from, const char *to,
    struct remote_entry *ret_entry);
int s3_set_attributes(struct remote *remote, struct remote_call *call, const char *path,
    const struct remote_attributes *attributes, struct remote_entry *ret_entry);
int s3_make_symlink(struct remote *remote, struct remote_call *call, const char *target,
    const char *path, const struct remote_attributes *attributes, struct remote_entry *ret_entry);
int s3_read_link(
    struct remote *remote, struct remote_call *call, const char *path, char *target, size_t size);

/* --- s3-put.c --- */

/* MD5 and SHA-256 of a part of a file. */
struct s3_digests {
    char md5_base64[32];
    char md5_hex[33];
    char sha256_hex[S3_SHA256_HEX];
};

/** Reads fd's [offset, offset+size). 0, -ESTALE (shorter than that) or -errno. With `tls` SHA-256 is not
 * computed: UNSIGNED-PAYLOAD stands there. */
int s3_digest(int fd, uint64_t offset, uint64_t size, bool tls, struct s3_digests *ret_digests);
void s3_digest_bytes(const void *bytes, size_t len, struct s3_digests *ret_digests);

/** Puts [offset, offset+size) of fd under `key`, with Content-MD5, and compares the ETag if it is one. */
int s3_put(struct s3 *store, struct remote_call *call, struct s3_request *request,
    struct s3_lines *headers, struct s3_answer *answer);

/** Puts an object without bytes. */
int s3_put_empty(struct s3 *store, struct remote_call *call, const char *key, const char *what,
    const char *content_type, struct s3_lines *headers, struct s3_answer *answer);

/* --- s3-copy.c --- */

/**
 * Copies an object, of which `source` is the HEAD, to `to_key` (maybe its own). `metadata`: what it gets
 * instead of the source's; NULL: the same. answer->response.etag and date are the copy's. -ESTALE: the
 * source is another one meanwhile.
 */
int s3_copy_object(struct s3 *store, struct remote_call *call, const char *what,
    const char *from_key, const struct s3_answer *source, const char *to_key,
    const struct s3_lines *metadata, struct s3_answer *answer);

/** The source's own metadata as header lines, but for the x-amz-meta- names in `but` (NULL-terminated). */
void s3_lines_add_preserved(
    struct s3_lines *lines, const struct s3_answer *source, const char *const *but);

/** The ETag in an answer's body, without quotes, into response.etag. */
void s3_take_etag(struct s3_answer *answer, const char *path);

/* --- s3-multipart.c --- */

/* Where the parts come from: a file, or another object of the bucket. */
struct s3_parts {
    const char *key, *what;
    uint64_t size;
    int fd;                    /* -1: copied */
    const char *copy_source;   /* x-amz-copy-source's value */
    const char *copy_key;      /* the same as a key */
    const char *copy_etag;     /* it must still be that */
    const char *content_type;
    const struct s3_lines *metadata;  /* sent with the beginning; or NULL */
    const struct s3_lines *condition; /* sent with the end; or NULL */
};

/** The whole of it; aborted when it fails. answer->response.etag is the object's. */
int s3_multipart(struct s3 *store, struct remote_call *call, const struct s3_parts *parts,
    struct s3_answer *answer);

/** The size of a part for an object: the store's, or what S3_PARTS_MAX parts need. */
uint64_t s3_part_size(const struct s3 *store, uint64_t size);

int s3_multipart_abort(
    struct s3 *store, struct remote_call *call, const char *key, const char *upload_id);

/* --- s3-leftovers.c: notes of uploads in progress --- */

struct s3_leftovers *s3_leftovers_new(const char *state_dir);
void s3_leftovers_free(struct s3_leftovers *leftovers);
/** Notes an upload. 0 with a name for s3_leftovers_done, or -errno. `leftovers` may be NULL. */
int s3_leftovers_note(
    struct s3 *store, const char *key, const char *upload_id, char **ret_name);
/** Forgets it, and frees `name` (NULL is allowed). */
void s3_leftovers_done(struct s3 *store, char *name);
/** Aborts what other, ended processes noted for this bucket. Runs on the pool. */
void s3_leftovers_abort(void *store);

#endif
