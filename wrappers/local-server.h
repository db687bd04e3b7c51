/* SPDX-License-Identifier: MIT */
/*
 * The embedded server of `algofs-run --local DIR`: algofs-server on loopback with a random key, serving
 * DIR as data://local. It dies with us, whatever ends us.
 */
#ifndef ALGOFS_WRAPPERS_LOCAL_SERVER_H
#define ALGOFS_WRAPPERS_LOCAL_SERVER_H

#include <limits.h>
#include <sys/types.h>

enum { LOCAL_KEY_SIZE = 33, LOCAL_URL_SIZE = 128 };

struct local_server {
    pid_t pid;
    char key[LOCAL_KEY_SIZE];
    char url[LOCAL_URL_SIZE];
};

/**
 * Starts it and waits until it listens.
 * @param dir     the folder to serve
 * @param scratch a private folder of ours, for the key's file
 * @return 0, or -1 (said on stderr)
 */
int local_server_start(struct local_server *server, const char *dir, const char *scratch);
void local_server_stop(struct local_server *server);

#endif
