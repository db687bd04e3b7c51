/* SPDX-License-Identifier: MIT */
/*
 * The remotes that a configuration means: a section's values to a store with its layers around it. The
 * files stores*.c share this; nobody else includes it.
 *
 * From the program's side: readonly, cache_only, encrypt (sections of a file only), retry, statistics, the
 * store. So what is retried is ciphertext that was made once, and an offline store is not waited for.
 */
#ifndef ALGOFS_ENGINE_STORES_OPEN_H
#define ALGOFS_ENGINE_STORES_OPEN_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/config/config.h"
#include "core/config/keyfile.h"
#include "core/engine/stores.h"
#include "core/remote/algorithmia.h"
#include "core/remote/http.h"

struct stores_context {
    struct http_client *http;
    char *cache;
    pthread_mutex_t lock;
    char *warned; /* under lock: the last warning that was logged */
};

/* One account's: owned by its stores_account. */
struct stores_online {
    struct stores_context *context;
    struct config config;
    /* By the number of the section. */
    struct algorithmia_account *accounts[CONFIG_CONNECTORS_MAX]; /* NULL until it is needed */
    unsigned char keys[CONFIG_CONNECTORS_MAX][KEYFILE_BYTES];
    atomic_bool readonly[CONFIG_CONNECTORS_MAX], cache_only[CONFIG_CONNECTORS_MAX];
};

/** Sets how section `number` is used, as `connector` says. */
void stores_online_set_manner(
    struct stores_online *online, size_t number, const struct config_connector *connector);
/** A connector's remote, its own section's or one that is looked up. NULL with errno. Not from two threads
 * at once: instance.c holds its connectors' lock. */
struct remote *stores_online_open_one(
    struct stores_online *online, const char *name, struct remote_counters *counters);
/** NULL is allowed. */
void stores_online_release_all(struct stores_online *online);

#endif
