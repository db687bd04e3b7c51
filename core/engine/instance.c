/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/engine/ahead.h"
#include "core/engine/hydration.h"
#include "core/engine/internal.h"
#include "core/engine/names.h"
#include "core/engine/offline.h"
#include "core/engine/place.h"
#include "core/engine/question.h"
#include "core/engine/replay.h"

enum { INSTANCE_ID_BYTES = 6, INSTANCE_OWNER_RETRY_MS = 60000 };

static uint64_t instance_id(const struct stores_account *account)
{
    uint64_t id = 0;
    for (unsigned i = 0; i < INSTANCE_ID_BYTES; i++)
        id = id << 8 | account->identity[i];
    return id;
}

struct instance *instance_find(struct engine *engine, uint64_t id)
{
    LOCK_SCOPE(&engine->lock);
    struct instance *instance = engine->instances;
    while (instance != NULL && instance->id != id)
        instance = instance->next;
    return instance;
}

static unsigned instance_count(struct engine *engine)
{
    LOCK_SCOPE(&engine->lock);
    unsigned count = 0;
    for (const struct instance *i = engine->instances; i != NULL; i = i->next)
        count++;
    return count;
}

static struct instance *instance_new(struct engine *engine, uint64_t id)
{
    struct instance *instance = calloc(1, sizeof(*instance));
    if (instance == NULL)
        return NULL;
    instance->engine = engine;
    instance->id = id;
    instance->board_fd = -1;
    (void)snprintf(instance->name, sizeof(instance->name), "%012" PRIx64, id);
    notices_init(&instance->notices);
    pthread_mutex_init(&instance->connectors_lock, NULL);
    pthread_mutex_init(&instance->questions_lock, NULL);
    pthread_mutex_init(&instance->hydrations_lock, NULL);
    pthread_mutex_init(&instance->orders_lock, NULL);
    claims_init(&instance->claims);
    dirties_init(&instance->dirties);
    pthread_mutex_init(&instance->words_lock, NULL);
    return instance;
}

/* Shared memory: ours to write, the doors' to read; its size is fixed, so that nobody reads behind its end. */
static int instance_make_board(struct instance *instance)
{
    char link[64];
    CLEANUP_CLOSE int fd = memfd_create("algofs-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, sizeof(*instance->board)) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0)
        return -errno;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    instance->board_fd = open(link, O_RDONLY | O_CLOEXEC);
    if (instance->board_fd < 0)
        return -errno;
    void *map = mmap(NULL, sizeof(*instance->board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return -errno;
    instance->board = map;
    board_init(instance->board);
    return 0;
}

static void instance_free_board(struct instance *instance)
{
    if (instance->board != NULL)
        (void)munmap(instance->board, sizeof(*instance->board));
    if (instance->board_fd >= 0)
        (void)close(instance->board_fd); /* the doors have their own */
}

static int instance_make_listed(struct instance *instance)
{
    int rc = 0;
    const char *name;
    for (unsigned i = 0; rc == 0 && (name = place_listed(instance, i)) != NULL; i++)
        rc = tree_make_directory(instance->tree, name, NULL);
    return rc;
}

/* Makes the account's instance unless it is there. Takes the account over in any case. */
int instance_open(
    struct engine *engine, struct stores_account *account, struct instance **ret_instance)
{
    const struct stores *stores = engine->options.stores;
    uint64_t id = instance_id(account);
    struct instance *instance = instance_find(engine, id);
    if (instance == NULL) {
        LOCK_SCOPE(&engine->opening);
        instance = instance_find(engine, id); /* made while we waited */
        int rc = 0;
        if (instance == NULL) {
            rc = instance_count(engine) >= ENGINE_INSTANCES_MAX ? -EMFILE : 0;
            instance = rc < 0 ? NULL : instance_new(engine, id);
            rc = rc == 0 && instance == NULL ? -ENOMEM : rc;
            if (rc == 0)
                rc = instance_make_board(instance);
            if (rc == 0)
                rc = replay_open(instance);
            if (rc < 0) {
                instance_free(instance);
                stores->release(stores->context, account);
                return rc;
            }
            instance->account = *account;
            *account = (struct stores_account){ .handle = NULL };
            rc = instance_make_listed(instance);
            if (rc < 0) {
                instance_free(instance);
                return rc;
            }
            replay_start(instance);
            LOCK_SCOPE(&engine->lock);
            instance->next = engine->instances;
            engine->instances = instance;
        }
    }
    if (account->api != NULL) {
        if (stores->renew != NULL && stores->renew(stores->context, &instance->account, account))
            question_forget_all(instance);
        stores->release(stores->context, account);
    }
    *ret_instance = instance;
    return 0;
}

void instance_free(struct instance *instance)
{
    if (instance == NULL)
        return;
    const struct stores *stores = instance->engine->options.stores;
    struct connector *connector, *next;
    ahead_free_all(instance);
    hydration_free_all(instance);
    question_free_all(instance);
    HASH_ITER(hh, instance->connectors, connector, next) {
        HASH_DEL(instance->connectors, connector);
        remote_free(connector->remote);
        free(connector);
    }
    if (instance->account.api != NULL)
        stores->release(stores->context, &instance->account);
    instance_free_board(instance);
    tree_free(instance->tree);
    notices_deinit(&instance->notices);
    pthread_mutex_destroy(&instance->connectors_lock);
    pthread_mutex_destroy(&instance->questions_lock);
    pthread_mutex_destroy(&instance->hydrations_lock);
    pthread_mutex_destroy(&instance->orders_lock);
    dirties_deinit(&instance->dirties);
    claims_deinit(&instance->claims);
    journal_close(instance->journal);
    pthread_mutex_destroy(&instance->words_lock);
    free(instance);
}

static int connector_add(
    struct instance *instance, const char *name, struct connector **ret_connector)
{
    const struct stores *stores = instance->engine->options.stores;
    if (HASH_COUNT(instance->connectors) >= ENGINE_CONNECTORS_MAX)
        return -EMFILE;
    struct connector *connector = calloc(1, sizeof(*connector) + strlen(name) + 1);
    if (connector == NULL)
        return -ENOMEM;
    memcpy(connector->name, name, strlen(name) + 1);
    connector->remote =
        stores->open(stores->context, &instance->account, name, &instance->counters);
    if (connector->remote == NULL) {
        int rc = errno == 0 ? -ENOMEM : -errno;
        free(connector);
        return rc == -EINVAL ? -ENOENT : rc; /* the store knows no such connector */
    }
    HASH_ADD_STR(instance->connectors, name, connector);
    if (!table_added(&connector->hh)) {
        remote_free(connector->remote);
        free(connector);
        return -ENOMEM;
    }
    /* Doors look for them from now on; nothing of this connector is in the tree yet that they know of. */
    unsigned capabilities = remote_capabilities(connector->remote);
    atomic_fetch_or(&instance->board->features,
        ((capabilities & REMOTE_CAN_SYMLINK) != 0 ? BOARD_HAS_LINKS : 0u) |
            ((capabilities & REMOTE_KEEPS_XATTRS) != 0 ? BOARD_HAS_XATTRS : 0u));
    *ret_connector = connector;
    return 0;
}

int instance_connector(
    struct instance *instance, const char *path, struct connector **ret_connector)
{
    char name[ENGINE_CONNECTOR_NAME_MAX];
    if (names_split(path, name, sizeof(name)) == NULL || place_of(instance, path) == STORES_NOWHERE)
        return -ENOENT;
    LOCK_SCOPE(&instance->connectors_lock);
    struct connector *connector;
    HASH_FIND_STR(instance->connectors, name, connector);
    if (connector == NULL)
        return connector_add(instance, name, ret_connector);
    *ret_connector = connector;
    return 0;
}

int instance_remote(
    struct instance *instance, const char *path, struct remote **ret_remote, const char **ret_rest)
{
    struct connector *connector;
    int rc = instance_connector(instance, path, &connector);
    if (rc < 0)
        return rc;
    size_t len = strcspn(path, "/");
    *ret_rest = path + len + (path[len] == '/');
    *ret_remote = connector->remote;
    return 0;
}

struct remote_call instance_call(struct instance *instance, enum remote_priority priority)
{
    return (struct remote_call){
        .priority = priority,
        .cancel = &instance->engine->cancelled,
    };
}

static const char *instance_advice(const struct remote_call *call, int rc)
{
    if (call->status == 507) /* the store's disk and not ours */
        return "";
    switch (rc) {
    case -EACCES:
        return ": check the key and what it permits (algofs config shows which is used)";
    case -EHOSTUNREACH:
    case -ETIMEDOUT:
        return ": check the server's address and the network (algofs config shows it)";
    case -ENOSPC:
        return ": make room on the disk of the cache (ALGOFS_CACHE)";
    default:
        return "";
    }
}

int instance_failed(struct instance *instance, const char *what, const char *path,
    const struct remote_call *call, int rc)
{
    if (rc == -ENOENT || rc == -ENOTDIR || rc == -ECANCELED || rc == -ESTALE) {
        log_debug("engine", "%s \"%s\": %s", what, path, strerror(-rc));
        return rc;
    }
    return instance_complain(instance, what, path, call, rc);
}

int instance_complain(struct instance *instance, const char *what, const char *path,
    const struct remote_call *call, int rc)
{
    const char *why = call->why[0] != '\0' ? call->why : strerror(-rc);
    log_error("engine", "cannot %s \"%s\": %s%s", what, path, why, instance_advice(call, rc));
    atomic_fetch_add(&instance->failures, 1);
    LOCK_SCOPE(&instance->words_lock);
    (void)snprintf(instance->last_error, sizeof(instance->last_error), "cannot %s \"%s\": %s", what,
        path, why); /* cut if long */
    return rc;
}

int instance_owner(struct instance *instance, char owner[NAME_MAX + 1])
{
    uint64_t now = clock_ms();
    struct remote *data;
    const char *rest;
    {
        LOCK_SCOPE(&instance->words_lock);
        memcpy(owner, instance->owner, NAME_MAX + 1);
        if (owner[0] != '\0')
            return 0;
        if (instance->owner_asked_ms != 0 &&
            now - instance->owner_asked_ms < INSTANCE_OWNER_RETRY_MS)
            return -ENOENT;
        instance->owner_asked_ms = now;
    }
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = instance_remote(instance, "data", &data, &rest);
    if (rc == 0 && offline_is(instance, "data")) { /* the link that was made of it */
        ssize_t len = readlinkat(tree_root(instance->tree), "data/.my", owner, NAME_MAX);
        owner[len < 0 ? 0 : len] = '\0';
    } else if (rc == 0) {
        rc = remote_account(data, &call, owner, NAME_MAX + 1);
    }
    if (rc == 0 && (!names_valid(owner) || strchr(owner, '/') != NULL || owner[0] == '\0'))
        rc = -ENOENT;
    if (rc < 0) {
        log_debug("engine", "the account's own directory is not known: %s", call.why);
        return -ENOENT;
    }
    LOCK_SCOPE(&instance->words_lock);
    memcpy(instance->owner, owner, NAME_MAX + 1);
    return 0;
}
