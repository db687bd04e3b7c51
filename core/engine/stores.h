/* SPDX-License-Identifier: MIT */
/*
 * Where the engine gets its remotes: which account an environment selects, and a connector's
 * remote.
 *
 * The engine names no store; the agent gives it stores_online (Algorithmia over HTTP, with retry
 * and statistics), tests give it something in memory.
 *
 * Threads: any, for every slot.
 */
#ifndef ALGOFS_ENGINE_STORES_H
#define ALGOFS_ENGINE_STORES_H

#include <stddef.h>
#include <stdint.h>

#include "core/remote/remote.h"
#include "core/remote/stats.h"
#include "core/wire/message.h"

/* One account. Made by `select`, given back by `release`. */
struct stores_account {
    void *handle;                 /* the implementation's */
    char *api;                    /* base URL, for people; no key in it */
    unsigned char identity[32];   /* equal for equal server and key, and for nothing else */
};

struct stores {
    void *context;
    /* Finds the account. 0, or -errno with one line for a person in why[REMOTE_WHY_MAX]. */
    int (*select)(void *context, const struct wire_hello_request *environment, char *why,
        struct stores_account *ret_account);
    /* The remote of one connector, counting into `counters`. NULL with errno. */
    struct remote *(*open)(void *context, const struct stores_account *account,
        const char *connector, struct remote_counters *counters);
    /* Gives an account back; its remotes are freed before. */
    void (*release)(void *context, struct stores_account *account);
    /* Has cancel flags looked at now. May be NULL. */
    void (*wake)(void *context);
};

/** Algorithmia over HTTP. 0 or -errno. */
int stores_online_new(struct stores *ret_stores);
void stores_online_free(struct stores *stores);

#endif
