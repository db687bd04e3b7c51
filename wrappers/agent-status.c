/* SPDX-License-Identifier: MIT */
#include "wrappers/agent-status.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/client/call.h"

enum { STOP_POLLS = 6000, POLL_NANOSECONDS = 5000000 }; /* half a minute in all */

static int read_all(int fd, char **ret_text)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    size_t size = (size_t)st.st_size;
    CLEANUP_FREE char *text = malloc(size + 1);
    if (text == NULL)
        return -ENOMEM;
    size_t at = 0;
    while (at < size) {
        ssize_t got = pread(fd, text + at, size - at, (off_t)at);
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        at += (size_t)got;
    }
    text[at] = '\0';
    *ret_text = TAKE(text);
    return 0;
}

int agent_status_text(const char *cache, char **ret_text)
{
    struct wire_status_request request = { 0 };
    struct wire_status_reply reply;
    struct wire_buffer message;
    struct wire_buffer answer;
    int raw = -1;
    int rc = wire_encode_status_request(&message, WIRE_STATUS, &request);
    if (rc == 0)
        rc = call_running_agent(cache, &message, &answer, -1, &raw);
    CLEANUP_CLOSE int fd = raw;
    if (rc == 0)
        rc = wire_decode_status_reply(&answer, &reply);
    if (rc < 0)
        return rc;
    return fd < 0 ? -EPROTO : read_all(fd, ret_text);
}

int agent_status_read(const char *cache, struct cJSON **ret_status)
{
    CLEANUP_FREE char *text = NULL;
    int rc = agent_status_text(cache, &text);
    if (rc < 0)
        return rc;
    *ret_status = cJSON_Parse(text);
    return *ret_status == NULL ? -EPROTO : 0;
}

/* The agent holds this lock for life; its process number may stay taken a while longer, by a zombie that
 * init has not collected. */
static bool lock_is_free(const char *cache)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof(path), "%s/agent.lock", cache) >= (int)sizeof(path))
        return false;
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

int agent_stop(const char *cache)
{
    struct wire_stop_request request = { 0 };
    struct wire_stop_reply reply;
    struct wire_buffer message;
    struct wire_buffer answer;
    int rc = wire_encode_stop_request(&message, WIRE_STOP, &request);
    if (rc == 0)
        rc = call_running_agent(cache, &message, &answer, -1, NULL);
    if (rc == 0)
        rc = wire_decode_stop_reply(&answer, &reply);
    if (rc < 0)
        return rc;
    struct timespec pause = { 0, POLL_NANOSECONDS };
    for (int i = 0; i < STOP_POLLS && kill((pid_t)reply.agent_pid, 0) == 0 && !lock_is_free(cache);
         i++)
        (void)nanosleep(&pause, NULL); /* cut short by a signal: looks a little earlier */
    return 0;
}
