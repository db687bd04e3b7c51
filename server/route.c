/* SPDX-License-Identifier: MIT */
#include "server/route.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"
#include "server/json.h"
#include "server/store.h"

static int route_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Decodes `text` in place. A NUL cannot be in a name, so %00 is malformed like %zz. */
static int route_decode(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        if (*in != '%') {
            *out++ = *in;
            continue;
        }
        int high = route_hex_digit(in[1]);
        int low = high < 0 ? -1 : route_hex_digit(in[2]);
        if (low < 0 || (high == 0 && low == 0))
            return -EINVAL;
        *out++ = (char)(high << 4 | low);
        in += 2;
    }
    *out = '\0';
    return 0;
}

/*
 * Whether the undecoded rest of /v1/data/ is form-encoded, as the Java and Scala clients send it: slashes
 * are %2F, and then a space is '+' and a plus is %2B. Whoever leaves the slashes as they are means '+' by
 * '+', and whoever writes %2F by other rules writes %20 and %2B too.
 */
static bool route_is_form(const char *rest)
{
    return strchr(rest, '/') == NULL && strcasestr(rest, "%2F") != NULL && strstr(rest, "%20") == NULL;
}

static void route_unform(char *rest)
{
    for (char *p = rest; *p != '\0'; p++)
        if (*p == '+')
            *p = ' ';
}

/*
 * `target` in UTF-8, as a new string. Bytes over 0x7f have no business in a request target; where they are
 * not UTF-8 they are ISO-8859-1, which is what Node.js makes of such letters in a client's path.
 */
static char *route_to_utf8(const char *target)
{
    bool is_utf8 = json_is_utf8(target);
    struct strbuf out = STRBUF_INIT;
    for (const char *p = target; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x80 || is_utf8) {
            strbuf_addch(&out, *p);
        } else {
            strbuf_addch(&out, (char)(0xc0 | c >> 6));
            strbuf_addch(&out, (char)(0x80 | (c & 0x3f)));
        }
    }
    return strbuf_detach(&out);
}

/* The path of a request target, as a new string: without query and without "http://host". */
static char *route_target_path(const char *target)
{
    if (strncasecmp(target, "http://", 7) == 0) {
        target += 7;
        target += strcspn(target, "/?");
    }
    return strndup(target, strcspn(target, "?#"));
}

/* If `path` starts with the route `prefix`, as a whole name, what follows its slash; else NULL. */
static char *route_skip(char *path, const char *prefix)
{
    size_t len = strlen(prefix);
    if (strncmp(path, prefix, len) != 0 || (path[len] != '\0' && path[len] != '/'))
        return NULL;
    return path[len] == '\0' ? path + len : path + len + 1;
}

/* Bytes of the connector id `text` starts with: letters and digits, perhaps '+' and a label. */
static size_t route_scheme_length(const char *text)
{
    size_t len = 0;
    while (isalnum((unsigned char)text[len]))
        len++;
    if (len == 0 || text[len] != '+')
        return len;
    size_t label = len + 1;
    while (isalnum((unsigned char)text[label]) || text[label] == '_' || text[label] == '-')
        label++;
    return label > len + 1 ? label : len;
}

/* Splits the decoded rest of a route into connector and path. */
static int route_split(struct route *route, const char *rest, bool names_connector)
{
    size_t scheme = route_scheme_length(rest);
    const char *path = rest;
    if (names_connector) {
        if (scheme == 0 || (rest[scheme] != '/' && rest[scheme] != '\0'))
            return -ENOENT;
        path = rest[scheme] == '/' ? rest + scheme + 1 : rest + scheme;
    } else if (scheme > 0 && strncmp(rest + scheme, "://", 3) == 0) {
        path = rest + scheme + 3;
    } else {
        rest = "data";
        scheme = 4;
    }
    route->connector = strndup(rest, scheme);
    route->path = strdup(path);
    if (route->connector == NULL || route->path == NULL)
        return -ENOMEM;
    for (char *p = route->connector; *p != '\0' && *p != '+'; p++)
        *p = (char)tolower((unsigned char)*p);
    return 0;
}

int route_check_name(const char *name)
{
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return -EINVAL;
    if (strchr(name, '/') != NULL)
        return -EINVAL;
    if (strlen(name) > ROUTE_NAME_MAX)
        return -ENAMETOOLONG;
    return strcmp(name, STORE_PRIVATE_NAME) == 0 ? -ENOENT : 0;
}

/* Checks and counts the names of the path; takes off the slash at its end. */
static int route_check_path(struct route *route)
{
    size_t len = strlen(route->path);
    if (len > 0 && route->path[len - 1] == '/') {
        route->path[len - 1] = '\0';
        route->wants_dir = true;
        if (len == 1)
            return -EINVAL; /* "//" after the connector */
    }
    for (char *name = route->path; name != NULL && *route->path != '\0';) {
        char *slash = strchr(name, '/');
        if (slash != NULL)
            *slash = '\0';
        int rc = route_check_name(name);
        if (slash != NULL)
            *slash = '/';
        if (rc < 0)
            return rc;
        route->depth++;
        name = slash == NULL ? NULL : slash + 1;
    }
    return 0;
}

int route_parse(struct route *route, const char *target)
{
    CLEANUP_FREE char *text = route_to_utf8(target);
    CLEANUP_FREE char *path = text == NULL ? NULL : route_target_path(text);
    if (path == NULL)
        return -ENOMEM;
    bool names_connector = true;
    char *rest = route_skip(path, "/v1/connector");
    if (rest == NULL) {
        rest = route_skip(path, "/v1/data");
        names_connector = false;
    }
    if (rest == NULL)
        return -ENOENT;
    if (!names_connector && route_is_form(rest))
        route_unform(rest);
    int rc = route_decode(rest);
    if (rc == 0)
        rc = route_split(route, rest, names_connector);
    return rc == 0 ? route_check_path(route) : rc;
}

void route_free(struct route *route)
{
    free(route->connector);
    free(route->path);
    *route = (struct route)ROUTE_INIT;
}
