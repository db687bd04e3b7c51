/* SPDX-License-Identifier: MIT */
/*
 * A file's attributes in an object's user metadata, in the forms that s3fs and rclone write and read.
 *
 *     x-amz-meta-mtime: 1499963452.123456789    seconds of the epoch, with or without a fraction (both);
 *                                               RFC 3339 is read too
 *     x-amz-meta-mode: 33188                    the whole st_mode, decimal (s3fs). rclone --metadata writes
 *                                               it octal ("100644"): told apart by the file type in it
 *     x-amz-meta-uid, -gid: 1000                decimal (both)
 *
 * Written: the decimal forms, the fraction only where there is one. Pure; any thread.
 */
#ifndef ALGOFS_REMOTE_S3_METADATA_H
#define ALGOFS_REMOTE_S3_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

struct s3_attributes {
    bool has_mtime, has_mode, has_uid, has_gid;
    struct timespec mtime;
    mode_t mode; /* with the type; of type 0 when only permissions were told */
    uid_t uid;
    gid_t gid;
};

enum { S3_TIME_SIZE = 40 };

/** Takes what `name` ("mtime", "mode", "uid", "gid") says; another name, or a value that makes no sense,
 * changes nothing. */
void s3_metadata_take(struct s3_attributes *attributes, const char *name, const char *value);

/** False for what is no such time. */
bool s3_metadata_parse_time(const char *text, struct timespec *ret_time);
void s3_metadata_print_time(const struct timespec *time, char text[S3_TIME_SIZE]);
/** False for what is no such mode. */
bool s3_metadata_parse_mode(const char *text, mode_t *ret_mode);

/** The link's mode in attributes: what makes an object a symbolic link. */
static inline bool s3_metadata_is_link(const struct s3_attributes *attributes)
{
    return attributes->has_mode && S_ISLNK(attributes->mode);
}

#endif
