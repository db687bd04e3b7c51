/* SPDX-License-Identifier: MIT */
/* Creating directories and changing their access lists. */
#ifndef ALGOFS_SERVER_DIRECTORY_H
#define ALGOFS_SERVER_DIRECTORY_H

#include "server/request.h"

/** POST: makes the directory the body names below the request's target. Sets the answer. */
void directory_create(struct request *request);
/** PATCH: sets the access list of the request's target to that of the body. Sets the answer. */
void directory_set_acl(struct request *request);
/** Whether `name` is a collection's on the hosted service: a letter, then letters, digits, '_'. */
bool directory_name_is_strict(const char *name);

#endif
