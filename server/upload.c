/* SPDX-License-Identifier: MIT */
#include "server/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "server/json.h"

/* Whether `length` bytes are there to be had, as far as the file system tells. */
static int upload_check_space(const struct store_temp *temp, uint64_t length)
{
    struct statvfs fs;
    if (length == 0 || fstatvfs(temp->fd, &fs) < 0 || fs.f_blocks == 0)
        return 0; /* not told: then the writing will tell */
    return length / fs.f_frsize > fs.f_bavail ? -ENOSPC : 0;
}

int upload_begin(struct upload *upload, const struct target *target, uint64_t length)
{
    struct upload made = UPLOAD_INIT;
    int rc = store_open_parent(target->store, target->path, &made.dir_fd, &made.name);
    if (rc < 0)
        return rc;
    struct stat st;
    if (!json_is_utf8(target->path)) /* could never be listed */
        rc = -EILSEQ;
    else if (fstatat(made.dir_fd, made.name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
        rc = -EISDIR;
    if (rc == 0)
        rc = store_temp_create(target->store, &made.temp);
    if (rc == 0)
        rc = upload_check_space(&made.temp, length);
    if (rc < 0) {
        upload_abort(&made);
        return rc;
    }
    MD5Init(&made.md5);
    *upload = made;
    return 0;
}

int upload_write(struct upload *upload, const void *data, size_t len)
{
    const char *from = data;
    size_t left = len;
    while (left > 0) {
        ssize_t written = write(upload->temp.fd, from, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        from += written;
        left -= (size_t)written;
    }
    MD5Update(&upload->md5, data, len);
    return 0;
}

int upload_finish(struct upload *upload, struct etags *etags)
{
    char etag[ANSWER_ETAG_LEN + 1];
    MD5End(&upload->md5, etag);
    etag_put(etags, upload->temp.fd, etag);
    int rc = store_temp_commit(&upload->temp, upload->dir_fd, upload->name);
    upload_abort(upload);
    return rc;
}

void upload_abort(struct upload *upload)
{
    store_temp_abort(&upload->temp);
    if (upload->dir_fd >= 0)
        (void)close(upload->dir_fd); /* a directory: nothing to lose */
    *upload = (struct upload)UPLOAD_INIT;
}
