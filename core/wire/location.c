/* SPDX-License-Identifier: MIT */
#include "core/wire/location.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/base/hash.h"

struct appender {
    char *out;
    size_t size;
    size_t len;
    bool overflow;
};

static void append(struct appender *a, const char *text)
{
    size_t len = strlen(text);
    if (len + 1 > a->size - a->len) {
        a->overflow = true;
        return;
    }
    memcpy(a->out + a->len, text, len + 1);
    a->len += len;
}

static void append_number(struct appender *a, uint64_t value, unsigned base, unsigned digits)
{
    char text[24];
    size_t at = sizeof(text) - 1;
    text[at] = '\0';
    do {
        text[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0 || sizeof(text) - 1 - at < digits);
    append(a, text + at);
}

static bool is_set(const char *value)
{
    return value != NULL && value[0] != '\0';
}

int location_cache(
    const struct location_environment *environment, uid_t uid, char *out, size_t size)
{
    struct appender a = { .out = out, .size = size };
    if (is_set(environment->algofs_cache)) {
        append(&a, environment->algofs_cache);
    } else if (is_set(environment->xdg_cache_home) && environment->xdg_cache_home[0] == '/') {
        append(&a, environment->xdg_cache_home);
        append(&a, "/algofs");
    } else if (is_set(environment->home) && environment->home[0] == '/') {
        append(&a, environment->home);
        append(&a, "/.cache/algofs");
    } else {
        append(&a, "/var/tmp/algofs-");
        append_number(&a, uid, 10, 1);
    }
    if (a.overflow)
        return -ENAMETOOLONG;
    while (a.len > 1 && out[a.len - 1] == '/')
        out[--a.len] = '\0';
    return out[0] == '/' ? 0 : -EINVAL;
}

void location_socket(const char *cache, uid_t uid, struct sockaddr_un *ret_address)
{
    memset(ret_address, 0, sizeof(*ret_address));
    ret_address->sun_family = AF_UNIX;
    struct appender a = { .out = ret_address->sun_path, .size = sizeof(ret_address->sun_path) };
    append(&a, cache);
    append(&a, "/agent.sock");
    if (!a.overflow)
        return;
    a = (struct appender){ .out = ret_address->sun_path, .size = sizeof(ret_address->sun_path) };
    append(&a, "/tmp/algofs-");
    append_number(&a, uid, 10, 1);
    append(&a, "-");
    append_number(&a, hash_bytes(cache, strlen(cache)), 16, 16);
    append(&a, "/agent.sock");
}
