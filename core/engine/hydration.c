/* SPDX-License-Identifier: MIT */
#include "core/engine/hydration.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/engine/doubt.h"
#include "core/engine/internal.h"
#include "core/engine/names.h"
#include "core/engine/place.h"
#include "core/engine/question.h"

static void hydration_free(struct hydration *h)
{
    if (h == NULL)
        return;
    map_close(&h->synced.map);
    if (h->fd >= 0)
        (void)close(h->fd); /* what was written is checked by its user, not by close */
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    while (h->former != NULL) {
        struct hydration_path *former = h->former;
        h->former = former->next;
        free(former);
    }
    free(h->first_path);
    free(h);
}

/* hydrations_lock held. */
static void hydration_unlist_idle(struct hydration *h)
{
    struct instance *instance = h->instance;
    *(h->idle_before == NULL ? &instance->idle_first : &h->idle_before->idle_after) =
        h->idle_after;
    *(h->idle_after == NULL ? &instance->idle_last : &h->idle_after->idle_before) =
        h->idle_before;
    h->idle_before = h->idle_after = NULL;
    instance->idle_count--;
}

static void hydration_list_idle(struct hydration *h)
{
    struct instance *instance = h->instance;
    h->idle_before = instance->idle_last;
    h->idle_after = NULL;
    *(h->idle_before == NULL ? &instance->idle_first : &h->idle_before->idle_after) = h;
    instance->idle_last = h;
    instance->idle_count++;
}

/* hydrations_lock held. One more user of the inode's hydration; NULL if there is none. */
static struct hydration *hydration_take(struct instance *instance, const struct hydration_key *key)
{
    struct hydration *h;
    HASH_FIND(hh, instance->hydrations, key, sizeof(*key), h);
    if (h != NULL && atomic_fetch_add(&h->users, 1) == 0)
        hydration_unlist_idle(h);
    return h;
}

void hydration_ref(struct hydration *hydration)
{
    atomic_fetch_add(&hydration->users, 1);
}

void hydration_unref(struct hydration *hydration)
{
    atomic_fetch_sub(&hydration->users, 1);
}

/* Whether it is worth keeping without a user: a large file half filled. */
static bool hydration_worth_keeping(struct hydration *h)
{
    LOCK_SCOPE(&h->lock);
    return h->synced.map.presence != NULL && !h->synced.complete && !h->synced.stale;
}

void hydration_put(struct hydration *hydration)
{
    if (hydration == NULL)
        return;
    struct instance *instance = hydration->instance;
    struct hydration *leaving = NULL;
    {
        LOCK_SCOPE(&instance->hydrations_lock);
        if (atomic_fetch_sub(&hydration->users, 1) > 1)
            return;
        hydration_list_idle(hydration);
        if (!hydration_worth_keeping(hydration))
            leaving = hydration;
        else if (instance->idle_count > HYDRATIONS_IDLE_MAX)
            leaving = instance->idle_first;
        if (leaving == NULL)
            return;
        hydration_unlist_idle(leaving);
        HASH_DEL(instance->hydrations, leaving);
    }
    hydration_free(leaving);
}

/* Takes `fd` and `path` over, on failure too. */
static struct hydration *hydration_new(
    struct instance *instance, char *path, int fd, const struct file_state *state)
{
    struct hydration *h = calloc(1, sizeof(*h));
    if (h == NULL || path == NULL) {
        free(h);
        free(path);
        (void)close(fd);
        return NULL;
    }
    h->instance = instance;
    h->key = (struct hydration_key){ state->device, state->inode };
    h->fd = fd;
    h->state = *state;
    h->first_path = path;
    atomic_init(&h->path, path);
    h->users = 1;
    h->synced.map = (struct map)MAP_INIT;
    h->synced.racy = true;
    memcpy(h->synced.version, state->version, sizeof(h->synced.version));
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    return h;
}

/* Adds `h` to the table unless another thread was first: then that one is used. */
static int hydration_enter(struct hydration *h, struct hydration **ret_hydration)
{
    struct instance *instance = h->instance;
    struct hydration *known;
    {
        LOCK_SCOPE(&instance->hydrations_lock);
        known = hydration_take(instance, &h->key);
        if (known == NULL)
            HASH_ADD(hh, instance->hydrations, key, sizeof(h->key), h);
    }
    bool added = known == NULL && table_added(&h->hh);
    if (!added)
        hydration_free(h);
    if (!added && known == NULL)
        return -ENOMEM;
    *ret_hydration = added ? h : known;
    return 0;
}

/* Opens the file for filling and makes sure that it is the one that the door means. */
static int hydration_make(struct instance *instance, const char *path,
    const struct hydration_key *key, struct hydration **ret_hydration)
{
    struct file_state state;
    CLEANUP_CLOSE int fd = file_open(instance->tree, path);
    if (fd == -ETXTBSY) /* a program that runs has all its bytes: it can only be doubtful */
        fd = file_open_reading(instance->tree, path);
    if (fd < 0)
        return fd == -ENOENT || fd == -ENOTDIR || fd == -EINVAL ? -ESTALE : fd;
    int rc = file_inspect(fd, &state);
    if (rc < 0)
        return rc;
    if (state.device != key->device || state.inode != key->inode)
        return -ESTALE;
    if (state.complete) {
        *ret_hydration = NULL;
        return 0;
    }
    if (doubt_is_one(fd, &state)) {
        *ret_hydration = NULL;
        return doubt_resolve(instance, path, fd, &state);
    }
    struct hydration *h = hydration_new(instance, strdup(path), TAKE_FD(fd), &state);
    if (h == NULL)
        return -ENOMEM;
    const char *rest = NULL;
    rc = instance_remote(instance, h->path, &h->remote, &rest);
    atomic_init(&h->remote_path, rest);
    if (rc < 0) {
        hydration_free(h);
        return rc;
    }
    return hydration_enter(h, ret_hydration);
}

int hydration_open(
    struct instance *instance, const char *path, int fd, struct hydration **ret_hydration)
{
    struct file_state state;
    int rc = file_inspect(fd, &state);
    if (rc < 0)
        return rc;
    if (state.complete) {
        *ret_hydration = NULL;
        return 0;
    }
    const struct hydration_key key = { state.device, state.inode };
    {
        LOCK_SCOPE(&instance->hydrations_lock);
        struct hydration *known = hydration_take(instance, &key);
        if (known != NULL) {
            *ret_hydration = known;
            return 0;
        }
    }
    char own[PATH_MAX];
    if (path == NULL) {
        rc = file_path(instance->tree, fd, own, sizeof(own));
        if (rc < 0)
            return rc;
        path = own;
    }
    return hydration_make(instance, path, &key, ret_hydration);
}

int hydration_accept(struct hydration *hydration, uint64_t size, const char *version)
{
    LOCK_SCOPE(&hydration->lock);
    char *known = hydration->synced.version;
    bool same_size = size == UINT64_MAX || size == hydration->state.size;
    bool same_version =
        known[0] == '\0' || version[0] == '\0' || strcmp(known, version) == 0;
    if (!same_size || !same_version) {
        log_debug("engine", "\"%s\" has changed: size %llu, was %llu; version \"%s\", was \"%s\"",
            hydration->path, (unsigned long long)size,
            (unsigned long long)hydration->state.size, version, known);
        return -ESTALE;
    }
    if (known[0] == '\0' && strlen(version) < TREE_VERSION_MAX) {
        (void)stpcpy(known, version);
        if (hydration->synced.map.presence != NULL) /* must outlive this process */
            file_set_version(hydration->fd, version);
    }
    return 0;
}

void hydration_renew(struct instance *instance, const char *path, uint64_t inode)
{
    char directory[PATH_MAX];
    struct answer answer = { .result = -EACCES };
    (void)stpcpy(directory, path);
    (void)names_cut(directory);
    if (place_lists_all(instance, directory)) {
        question_forget(instance, QUESTION_LISTING, directory);
        (void)question_ask(instance, QUESTION_LISTING, directory, 0, &answer); /* logged there */
    }
    question_forget(instance, QUESTION_ENTRY, path);
    if (answer.result == -EACCES)
        (void)question_ask(instance, QUESTION_ENTRY, path, 0, &answer);
    /* Still the same file: only its version tells, or the listing lags behind. Then the object
     * itself is asked, which knows its size and version. */
    int rc = answer.result == 0 ? tree_renew(instance->tree, path, inode, false, NULL) : -ESTALE;
    if (rc == 0)
        (void)question_ask(instance, QUESTION_ENTRY, path, 0, &answer);
    if (rc < 0 && rc != -ESTALE && rc != -ENOENT)
        log_warn("engine", "\"%s\" has changed, and cannot be replaced: %s", path, strerror(-rc));
}

void hydration_set_stale(struct hydration *hydration)
{
    {
        LOCK_SCOPE(&hydration->lock);
        bool first = !hydration->synced.renewing;
        hydration->synced.renewing = true;
        while (!first && !hydration->synced.stale)
            pthread_cond_wait(&hydration->changed, &hydration->lock);
        if (!first)
            return;
    }
    hydration_renew(hydration->instance, hydration->path, hydration->key.inode);
    LOCK_SCOPE(&hydration->lock);
    hydration->synced.stale = true;
    pthread_cond_broadcast(&hydration->changed);
}

/* Nothing is written any more: a program that the file is can only be run when nobody could write it. */
static void hydration_stop_writing(struct hydration *h)
{
    struct file_state state;
    CLEANUP_CLOSE int reader = file_open_reading(h->instance->tree, h->path);
    if (reader >= 0 && file_inspect(reader, &state) == 0 && state.device == h->key.device &&
        state.inode == h->key.inode)
        (void)dup3(reader, h->fd, O_CLOEXEC); /* else the last user's close does it */
}

int hydration_complete(struct hydration *hydration)
{
    struct instance *instance = hydration->instance;
    if (hydration->synced.complete)
        return 0;
    int rc = file_complete(
        instance->tree, hydration->fd, &hydration->state, hydration->synced.version,
        hydration->synced.racy);
    if (rc < 0)
        return rc;
    hydration_stop_writing(hydration);
    hydration->synced.complete = true;
    if (hydration->synced.map.presence != NULL) {
        atomic_store(&hydration->synced.map.presence->complete, 1);
        map_delete(instance->tree, hydration->state.inode);
    }
    atomic_fetch_add(&instance->files_hydrated, 1);
    atomic_fetch_add(&instance->bytes_hydrated, hydration->state.size);
    if (hydration->synced.map.presence == NULL) /* else they were counted as they came */
        atomic_fetch_add(&instance->bytes_arrived, hydration->state.size);
    pthread_cond_broadcast(&hydration->changed);
    return 0;
}

bool hydration_version_is_md5(const char *version)
{
    return strlen(version) == 32 && strspn(version, "0123456789abcdefABCDEF") == 32;
}

/* hydrations_lock held. Transfers that run hold on to the text that they began with. */
static void hydration_set_path(struct hydration *h, const char *directory, const char *below)
{
    const char *old = h->path;
    size_t connector = (size_t)(h->remote_path - old);
    struct hydration_path *kept = malloc(sizeof(*kept) + strlen(directory) + strlen(below) + 1);
    if (kept == NULL)
        return; /* what it still fetches fails, and is fetched again from the new name */
    (void)stpcpy(stpcpy(kept->text, directory), below);
    kept->next = h->former;
    h->former = kept;
    h->remote_path = kept->text + connector; /* renames stay in a connector */
    h->path = kept->text;
}

void hydration_rename(struct instance *instance, const char *from, const char *to)
{
    struct hydration *h, *next;
    size_t len = strlen(from);
    LOCK_SCOPE(&instance->hydrations_lock);
    HASH_ITER(hh, instance->hydrations, h, next) {
        const char *path = h->path;
        if (strncmp(path, from, len) == 0 && (path[len] == '\0' || path[len] == '/'))
            hydration_set_path(h, to, path + len);
    }
}

unsigned hydration_count(struct instance *instance)
{
    LOCK_SCOPE(&instance->hydrations_lock);
    return HASH_COUNT(instance->hydrations);
}

void hydration_free_all(struct instance *instance)
{
    struct hydration *h, *next;
    HASH_ITER(hh, instance->hydrations, h, next) {
        HASH_DEL(instance->hydrations, h);
        hydration_free(h);
    }
}
