/* SPDX-License-Identifier: MIT */
#include "core/client/door.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/base/sys.h"
#include "core/client/call.h"
#include "core/client/report.h"
#include "core/client/session.h"

enum { RENEWALS = 3 }; /* how often a restarted agent is told who we are before we give up */

static size_t parent_len(const char *path, size_t len)
{
    while (len > 0 && path[len - 1] != '/')
        len--;
    return len > 0 ? len - 1 : 0;
}

lease_time door_directory_lease(const char *path, size_t len)
{
    lease_time until = lease_find(LEASE_DIRECTORY, path, len);
    return lease_valid(until) ? until : 0;
}

/* What the agent has told another process will do for this one. */
static bool posted(const char *path, size_t len)
{
    const struct session *session = session_current();
    if (session == NULL || session->board == NULL)
        return false;
    uint64_t asked_ms = board_find(session->board, path, len);
    if (asked_ms == 0)
        return false;
    uint64_t age_ms = session_max_age_ms();
    lease_time until =
        lease_time_from_ms(age_ms > UINT64_MAX - asked_ms ? UINT64_MAX : asked_ms + age_ms);
    if (!lease_valid(until))
        return false;
    lease_remember(LEASE_DIRECTORY, path, len, until);
    return true;
}

uint64_t door_lease_left_ms(const char *path, size_t len)
{
    uint64_t by_directory = lease_left_ms(lease_find(LEASE_DIRECTORY, path, parent_len(path, len)));
    uint64_t by_entry = lease_left_ms(lease_find(LEASE_ENTRY, path, len));
    return by_directory > by_entry ? by_directory : by_entry;
}

static bool leased(const char *path, size_t len, enum wire_wanted wanted)
{
    if (wanted == WIRE_WANT_LISTING)
        return lease_valid(lease_find(LEASE_DIRECTORY, path, len));
    return lease_valid(lease_find(LEASE_DIRECTORY, path, parent_len(path, len))) ||
        lease_valid(lease_find(LEASE_ENTRY, path, len));
}

static void remember(
    const char *path, size_t len, enum wire_wanted wanted, const struct wire_ensure_reply *reply)
{
    lease_time until = lease_time_from_ms(reply->until_ms);
    if (reply->scope == WIRE_SCOPE_ENTRY)
        lease_remember(LEASE_ENTRY, path, len, until);
    else if (reply->scope == WIRE_SCOPE_DIRECTORY && wanted == WIRE_WANT_LISTING)
        lease_remember(LEASE_DIRECTORY, path, len, until);
    else if (reply->scope == WIRE_SCOPE_DIRECTORY)
        lease_remember(LEASE_DIRECTORY, path, parent_len(path, len), until);
}

static int copy_path(char out[PATH_MAX], const char *path, size_t len)
{
    if (len >= PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(out, path, len);
    out[len] = '\0';
    return 0;
}

int door_ask(struct wire_buffer *message, int send_fd, int *ret_fd)
{
    int fd = -1;
    const struct session *session;
    int rc = session_get(&session);
    for (int i = 0; rc == 0 && i < RENEWALS; i++) {
        struct wire_buffer reply;
        struct wire_header header;
        memcpy(message->bytes + sizeof(header), &session->instance, sizeof(session->instance));
        rc = call_agent(session_cache(), message, &reply, send_fd, &fd);
        if (rc == 0)
            rc = wire_decode_header(&reply, &header);
        if (rc == 0 && header.status == WIRE_UNKNOWN_INSTANCE) {
            rc = session_renew(&session);
            continue;
        }
        if (rc == 0) {
            message->len = reply.len;
            memcpy(message->bytes, reply.bytes, reply.len);
            rc = header.status;
        }
        if (rc == 0 && ret_fd != NULL)
            *ret_fd = fd;
        else if (fd >= 0)
            (void)sys_close(fd);
        return rc;
    }
    return rc == 0 ? -ENOTCONN : rc;
}

static __attribute__((noinline)) int ask_ensure(
    const char *path, size_t len, enum wire_wanted wanted)
{
    char text[PATH_MAX];
    struct wire_ensure_request request = {
        .wanted = wanted,
        .max_age_ms = session_max_age_ms(),
        .path = text,
    };
    struct wire_buffer message;
    struct wire_ensure_reply reply;
    int rc = copy_path(text, path, len);
    if (rc == 0)
        rc = wire_encode_ensure_request(&message, WIRE_ENSURE, &request);
    if (rc == 0)
        rc = door_ask(&message, -1, NULL);
    if (rc == 0)
        rc = wire_decode_ensure_reply(&message, &reply);
    if (rc == 0)
        remember(path, len, wanted, &reply);
    return rc;
}

int door_ensure(const char *path, size_t len, enum wire_wanted wanted)
{
    if (__builtin_expect(leased(path, len, wanted), 1) ||
        posted(path, wanted == WIRE_WANT_LISTING ? len : parent_len(path, len)))
        return 0;
    return ask_ensure(path, len, wanted);
}

int door_open(const char *path, size_t len, int fd, int flags, bool *ret_complete, int *ret_map_fd)
{
    char text[PATH_MAX];
    struct wire_open_request request = { .flags = (uint64_t)flags, .path = text };
    struct wire_buffer message;
    struct wire_open_reply reply;
    *ret_map_fd = -1;
    int rc = copy_path(text, path, len);
    if (rc == 0)
        rc = wire_encode_open_request(&message, WIRE_OPEN, &request);
    if (rc == 0)
        rc = door_ask(&message, fd, ret_map_fd);
    if (rc == 0)
        rc = wire_decode_open_reply(&message, &reply);
    if (rc == 0)
        *ret_complete = reply.complete != 0;
    return rc;
}

int door_need(int fd, uint64_t offset, uint64_t length, bool hold)
{
    report_count(REPORT_FETCH);
    struct wire_need_request request = { .offset = offset, .length = length, .hold = hold };
    struct wire_buffer message;
    int rc = wire_encode_need_request(&message, WIRE_NEED, &request);
    return rc < 0 ? rc : door_ask(&message, fd, NULL);
}

void door_hint(int fd, uint64_t offset)
{
    const struct session *session = session_current();
    if (session == NULL)
        return;
    struct wire_hint_request request = { .instance = session->instance, .offset = offset };
    struct wire_buffer message;
    if (wire_encode_hint_request(&message, WIRE_HINT, &request) == 0)
        call_agent_oneway(session_cache(), &message, fd);
}
