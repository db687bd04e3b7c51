/* SPDX-License-Identifier: MIT */
/*
 * Where the engine gets its remotes: which account an environment selects, and a connector's
 * remote.
 *
 * The engine names no store; the agent gives it stores_online (what core/config finds, with retry,
 * statistics and the layers asked for), tests give it something in memory.
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

enum { STORES_WHY_MAX = 1024 };

/* One account. Made by `select`, given back by `release`. */
struct stores_account {
    void *handle;                 /* the implementation's */
    char *api;                    /* base URL, for people; no key in it */
    unsigned char identity[32];   /* equal for equal connectors, servers and keys, and nothing else */
};

/* How a connector, a name directly below the root, comes to be there. */
enum stores_place {
    STORES_NOWHERE, /* it cannot be */
    STORES_LOOKUP,  /* whoever names it has its remote asked */
    STORES_LISTED,  /* the root lists it, whatever its remote says */
};

struct stores {
    void *context;
    /* Finds the account. 0, or -errno with one line for a person in why[STORES_WHY_MAX]. */
    int (*select)(void *context, const struct wire_hello_request *environment, char *why,
        struct stores_account *ret_account);
    /* The remote of one connector, counting into `counters`. NULL with errno. */
    struct remote *(*open)(void *context, const struct stores_account *account,
        const char *connector, struct remote_counters *counters);
    /* Where a connector is. NULL: "data" is listed, what looks like one of Algorithmia's is looked up. */
    enum stores_place (*place)(
        void *context, const struct stores_account *account, const char *connector);
    /* The listed connectors, by number from 0; NULL behind the last. NULL: "data". */
    const char *(*listed)(void *context, const struct stores_account *account, unsigned number);
    /* A newer account of the same identity was selected: `account` takes over how its remotes are to be
     * used (readonly, cache_only). NULL: there is nothing of the kind. Returns whether one is asked again that
     * was not: then what was answered meanwhile is in doubt. */
    bool (*renew)(
        void *context, struct stores_account *account, const struct stores_account *newer);
    /* Gives an account back; its remotes are freed before. */
    void (*release)(void *context, struct stores_account *account);
    /* Has cancel flags looked at now. May be NULL. */
    void (*wake)(void *context);
};

/** What core/config finds. `cache`, the agent's folder (copied), takes what has to be written meanwhile:
 * ciphertext on its way, notes of uploads. 0 or -errno. */
int stores_online_new(const char *cache, struct stores *ret_stores);
void stores_online_free(struct stores *stores);

#endif
