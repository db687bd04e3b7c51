/* SPDX-License-Identifier: MIT */
/*
 * The request log. One line for each request, when it has ended:
 *
 *     2026-11-21T08:00:00.123Z GET /v1/data/.my/c/f?acl=true 200 5120 12 range=-
 *     time (of the end), method, target as received, status, body bytes, milliseconds, range
 *
 * The bytes are those of the answer's body, for PUT those of the upload. The range is `first-last`
 * as it was answered, else `-`. A request that did not end well (client gone, cut on purpose) has
 * ` aborted` at the end and counts the bytes given to the connection (`-` when sendfile did not
 * tell); its status is `-` if it never got one. Bytes of a target that could forge a line are
 * percent-encoded. The line is written after the client may have read the whole answer.
 *
 * Thread-safe: one write(2) a line, on a file opened for appending.
 */
#ifndef ALGOFS_SERVER_REQLOG_H
#define ALGOFS_SERVER_REQLOG_H

#include <stdbool.h>
#include <stdint.h>

struct reqlog_entry {
    const char *method;
    const char *target;
    unsigned status; /* 0: none */
    bool bytes_known;
    uint64_t bytes;
    uint64_t duration_ms;
    bool has_range;
    uint64_t range_first;
    uint64_t range_last;
    bool aborted;
};

/** Opens the log file. 0 and `ret_fd`, which the caller closes, or -errno. */
int reqlog_open(const char *path, int *ret_fd);
void reqlog_write(int fd, const struct reqlog_entry *entry);

#endif
