/* SPDX-License-Identifier: MIT */
/*
 * An S3 bucket as a remote: AWS, Ceph, MinIO, Swift, Backblaze B2 and what else speaks that protocol.
 *
 *     struct s3_options options = { .endpoint = "https://s3.example.org", .region = "eu-1",
 *         .bucket = "models", .credentials = { .access_key = id, .secret_key = secret } };
 *     struct remote *r = remote_retry_new(s3_new(http, &options), NULL);
 *
 * A key is path_prefix, '/', path. What a path is, from the keys:
 *   - a file: an object of that key; a link: one whose mode (user metadata) says so, its bytes the target;
 *   - a directory: any key below "path/". The key "path/" itself, without bytes, is its marker: make_dir
 *     writes it, it keeps the directory while nothing is in it, and it carries its mode and owner.
 *     A directory that a removal empties gets one: removing the last file removes no directory.
 *   - where there are both an object "x" and keys "x/…" the directory counts, and a listing reports the
 *     file a second time under the same name, which the engine leaves out and counts; so it does with
 *     keys that no name can be ("a//b", a leading '/', bytes under a key that ends in '/').
 *
 * mtime, mode, uid and gid are kept in the user metadata that s3fs and rclone use (s3-metadata.h). A
 * listing does not tell them: with S3_METADATA_HEAD each entry of a page is asked for by a HEAD of its
 * own, S3_PARALLEL at a time; what was learnt is remembered by ETag and Last-Modified.
 *
 * The version is the ETag. A read delivers the version it got before any byte: who wants another one
 * stops there.
 *
 * Uploads above part_size are multipart, S3_PARTS_PARALLEL parts at a time, each retried alone; a failed
 * one is aborted. With `state_dir` each upload in progress is noted there, and what a killed process
 * left is aborted at the next start, nobody else's.
 *
 * Conditions on writes: asked for once, at the first write, with a key that is not there
 * (S3_CONDITION_PROBE); REMOTE_CAN_CONDITION from then on if the store honours them.
 *
 * The HTTP client is borrowed and must outlive the remote. Threads: any.
 * Protocol: https://docs.aws.amazon.com/AmazonS3/latest/API/
 */
#ifndef ALGOFS_REMOTE_S3_H
#define ALGOFS_REMOTE_S3_H

#include "core/remote/http.h"
#include "core/remote/remote.h"
#include "core/remote/s3-credentials.h"

enum { S3_PARALLEL = 32, S3_PARTS_PARALLEL = 4, S3_PARTS_MAX = 10000 };

#define S3_PART_SIZE_MIN (UINT64_C(5) << 20)
#define S3_PART_SIZE_DEFAULT (UINT64_C(16) << 20)
#define S3_COPY_MAX (UINT64_C(5) << 30) /* more is copied part by part */
#define S3_CONDITION_PROBE ".algofs-condition-probe-"

enum s3_addressing {
    S3_ADDRESSING_DEFAULT, /* virtual on amazonaws.com, else path */
    S3_ADDRESSING_PATH,    /* https://host/bucket/key */
    S3_ADDRESSING_VIRTUAL, /* https://bucket.host/key */
};

enum s3_metadata {
    S3_METADATA_HEAD,    /* true times and modes, by a HEAD for each entry */
    S3_METADATA_LISTING, /* what a listing tells: the time of the upload, no modes, no links */
};

enum s3_preset { S3_PRESET_NONE, S3_PRESET_B2 };

/* NULL or 0 means the default. All is copied. */
struct s3_options {
    const char *endpoint;    /* "https://host[:port]"; NULL: AWS's (or B2's) of the region */
    const char *region;      /* NULL: us-east-1; for B2 as in its endpoint, "us-west-004" */
    const char *bucket;      /* needed */
    const char *path_prefix; /* only keys below it are seen; slashes around it do not matter */
    enum s3_addressing addressing;
    enum s3_metadata metadata;
    enum s3_preset preset;
    struct s3_credentials_source credentials;
    const char *ca_cert;     /* PEM file that replaces the system's authorities */
    uint64_t part_size;      /* S3_PART_SIZE_DEFAULT; grows for objects of more than S3_PARTS_MAX parts */
    uint64_t copy_max;       /* S3_COPY_MAX; less for tests */
    const char *state_dir;   /* a folder of this cache's for notes of uploads in progress; NULL: none */
};

/** NULL with errno: EINVAL (no bucket, an endpoint that is no http address, a part size that is too
 * small) or ENOMEM. */
struct remote *s3_new(struct http_client *http, const struct s3_options *options);

#endif
