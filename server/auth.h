/* SPDX-License-Identifier: MIT */
/* Who is asking: the API key of a request. */
#ifndef ALGOFS_SERVER_AUTH_H
#define ALGOFS_SERVER_AUTH_H

#include "server/options.h"

enum auth_right { AUTH_NONE, AUTH_READ, AUTH_WRITE };

/**
 * What the Authorization header `text` (NULL: none) allows. The key may stand alone or follow the
 * word Simple or Bearer. Takes the same time for every wrong key of a length.
 */
enum auth_right auth_check(const struct options_list *keys, const char *text);

#endif
