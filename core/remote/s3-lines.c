/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/remote/s3-internal.h"

void s3_lines_free(struct s3_lines *lines)
{
    for (unsigned i = 0; i < lines->count; i++)
        free(lines->line[i]);
    *lines = (struct s3_lines){ 0 };
}

void s3_lines_addf(struct s3_lines *lines, const char *format, ...)
{
    struct strbuf line = STRBUF_INIT;
    va_list ap;
    va_start(ap, format);
    strbuf_vaddf(&line, format, ap);
    va_end(ap);
    char *text = lines->count < S3_SIGNED_HEADERS_MAX ? strbuf_detach(&line) : NULL;
    if (text == NULL) {
        strbuf_free(&line);
        lines->failed = true;
        return;
    }
    lines->line[lines->count++] = text;
}

void s3_lines_add_attributes(
    struct s3_lines *lines, const struct remote_attributes *attributes, mode_t type)
{
    char time[S3_TIME_SIZE];
    if ((attributes->valid & REMOTE_SET_MTIME) != 0) {
        s3_metadata_print_time(&attributes->mtime, time);
        s3_lines_addf(lines, "x-amz-meta-mtime: %s", time);
    }
    /* A link is one by its mode, so that has to be there. */
    if ((attributes->valid & REMOTE_SET_MODE) != 0 || S_ISLNK(type)) {
        mode_t mode = (attributes->valid & REMOTE_SET_MODE) != 0 ? attributes->mode & 07777 : 0777;
        s3_lines_addf(lines, "x-amz-meta-mode: %u", (unsigned)(type | mode));
    }
    if ((attributes->valid & REMOTE_SET_OWNER) != 0) {
        s3_lines_addf(lines, "x-amz-meta-uid: %u", (unsigned)attributes->uid);
        s3_lines_addf(lines, "x-amz-meta-gid: %u", (unsigned)attributes->gid);
    }
}
