/* SPDX-License-Identifier: MIT */
#include "server/reqlog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "core/base/strbuf.h"

int reqlog_open(const char *path, int *ret_fd)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    *ret_fd = fd;
    return 0;
}

static void reqlog_add_time(struct strbuf *line)
{
    struct timespec now;
    struct tm utc;
    char text[64];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc); /* any year fits */
    strbuf_addf(line, "%s.%03ldZ ", text, now.tv_nsec / 1000000);
}

/* Text of a stranger, without anything that would end a field or a line. */
static void reqlog_add_text(struct strbuf *line, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c <= ' ' || c >= 0x7f)
            strbuf_addf(line, "%%%02X", c);
        else
            strbuf_addch(line, *p);
    }
}

void reqlog_write(int fd, const struct reqlog_entry *entry)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    reqlog_add_time(&line);
    reqlog_add_text(&line, entry->method[0] == '\0' ? "-" : entry->method);
    strbuf_addch(&line, ' ');
    reqlog_add_text(&line, entry->target);
    if (entry->status == 0)
        strbuf_addstr(&line, " -");
    else
        strbuf_addf(&line, " %u", entry->status);
    if (entry->bytes_known)
        strbuf_addf(&line, " %" PRIu64, entry->bytes);
    else
        strbuf_addstr(&line, " -");
    strbuf_addf(&line, " %" PRIu64, entry->duration_ms);
    if (entry->has_range)
        strbuf_addf(&line, " range=%" PRIu64 "-%" PRIu64, entry->range_first, entry->range_last);
    else
        strbuf_addstr(&line, " range=-");
    strbuf_addstr(&line, entry->aborted ? " aborted\n" : "\n");
    if (!line.failed)
        (void)!write(fd, line.buf, line.len); /* a full disk must not stop the service */
}
