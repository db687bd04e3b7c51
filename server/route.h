/* SPDX-License-Identifier: MIT */
/*
 * From the request target to a connector and a path.
 *
 * Two families of routes name the same objects:
 *
 *     /v1/connector/<id>/<path>
 *     /v1/data/<path>                  the connector "data"
 *     /v1/data/<scheme>://<path>       the connector <scheme>
 *
 * The path is percent-decoded once, as a whole, so %2F separates names and %3A%2F%2F spells "://";
 * '+' stands for itself, except in /v1/data/ where a whole path is form-encoded, slashes and all, as
 * the official Java and Scala clients send it: then it is a space. A path that could mean two things, or
 * leave its root, is refused rather than cleaned: "." and "..", empty names (one slash at the end is
 * fine), NUL, bad escapes.
 */
#ifndef ALGOFS_SERVER_ROUTE_H
#define ALGOFS_SERVER_ROUTE_H

#include <stdbool.h>

enum { ROUTE_NAME_MAX = 255 /* bytes of one name */ };

struct route {
    char *connector; /* owned; "data", "s3+label"; the part before '+' in lower case */
    char *path;      /* owned; decoded, without slash at either end; "" is the connector's root */
    unsigned depth;  /* names in `path` */
    bool wants_dir;  /* the path ended in a slash */
};

#define ROUTE_INIT                                                                                 \
    {                                                                                              \
        0                                                                                          \
    }

/**
 * Reads `target`, the request target as received (with query, perhaps in absolute form).
 * 0; -ENOENT: not a route of this API; -EINVAL: malformed; -ENAMETOOLONG; -ENOMEM.
 * Free with route_free, also after a failure.
 */
int route_parse(struct route *route, const char *target);
void route_free(struct route *route);
/** Whether `name` can be one name in a path. 0, -EINVAL, -ENAMETOOLONG, or -ENOENT for our own. */
int route_check_name(const char *name);

#endif
