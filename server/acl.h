/* SPDX-License-Identifier: MIT */
/*
 * Access lists of hosted directories. The server keeps and returns them; who may read is decided by
 * the key alone.
 *
 * There are three: private, the caller's algorithms (also when none was ever set), and public. A
 * list is kept in the extended attribute `user.algofs.acl` of the directory; where attributes do
 * not work, in a file of the private folder.
 */
#ifndef ALGOFS_SERVER_ACL_H
#define ALGOFS_SERVER_ACL_H

#include <cjson/cJSON.h>

#include "server/space.h"

enum acl { ACL_MY_ALGORITHMS, ACL_PRIVATE, ACL_PUBLIC };

/** The list as the JSON array of the API, `[]` for private. Static. */
const char *acl_json(enum acl acl);
/** Reads `{"read":[...]}`. 0, or -EINVAL for anything that is no list of the three. */
int acl_parse(const cJSON *json, enum acl *ret_acl);
/** The list of the directory `target`, open as `dir_fd`. */
enum acl acl_get(const struct target *target, int dir_fd);
/** 0 or -errno. */
int acl_set(const struct target *target, int dir_fd, enum acl acl);

#endif
