/* SPDX-License-Identifier: MIT */
#include "core/engine/question.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/engine/ahead.h"
#include "core/engine/claim.h"
#include "core/engine/internal.h"
#include "core/engine/names.h"
#include "core/engine/offline.h"
#include "core/engine/place.h"
#include "core/tree/listing.h"

enum {
    QUESTIONS_MAX = 65536,  /* known at a time */
    QUESTION_PAGE = 1000,   /* entries after which a listing counts as long */
};

struct question {
    UT_hash_handle hh;
    struct instance *instance;
    pthread_cond_t changed;
    struct { /* under questions_lock */
        unsigned users;
        bool asking, answered;
        bool is_long; /* the listing in progress has more than one page */
        bool lists_all; /* as place_lists_all says; false while nobody has asked it */
        bool settled; /* the answer was made here; the one on its way is not taken */
        uint64_t request_ms; /* when the latest request left */
        uint64_t asked_ms, finished_ms;
        int result;
    } synced;
    enum question_kind kind;
    char *path; /* key + 1 */
    char key[]; /* 'e' or 'l', then the path */
};

/* What the listing in progress has collected. */
struct collection {
    struct question *question;
    struct listing *listing;
};

static bool question_is_answer(int result)
{
    return result == 0 || result == -ENOENT || result == -ENOTDIR || result == -EACCES;
}

static struct tree_attributes question_attributes(const struct remote_entry *entry)
{
    return (struct tree_attributes){
        .is_dir = entry->is_dir,
        .has_mtime = entry->has_mtime,
        .has_mode = entry->has_mode,
        .has_owner = entry->has_owner,
        .size = entry->size,
        .mtime = entry->mtime,
        .version = entry->version,
        .link = entry->is_symlink ? "" : NULL, /* found out later */
        .file_id = entry->file_id,
        .names = entry->names,
        .mode = entry->mode,
        .uid = entry->uid,
        .gid = entry->gid,
    };
}

static bool question_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* The target of the link `path`: what the tree has, if that is as old and as long, else the remote's. */
static int question_target(struct instance *instance, const char *path, uint64_t size,
    struct timespec mtime, char *target, size_t target_size)
{
    struct remote *remote;
    struct stat st;
    const char *rest;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    if (tree_read_link(instance->tree, path, target, target_size, &st) == 0 &&
        (uint64_t)st.st_size == size && question_same_time(st.st_mtim, mtime))
        return 0;
    int rc = instance_remote(instance, path, &remote, &rest);
    if (rc == 0)
        rc = remote_read_link(remote, &call, rest, target, target_size);
    if (rc == -EINVAL || (rc == 0 && target[0] == '\0'))
        rc = -ENOENT; /* something else by now, or no link that can be */
    return rc < 0 ? instance_failed(instance, "read the link", path, &call, rc) : 0;
}

static int question_listed_target(void *context, const char *name, uint64_t size,
    struct timespec mtime, char *target, size_t target_size)
{
    const struct question *question = context;
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", question->path, name) >= sizeof(path))
        return -ENOENT;
    return question_target(question->instance, path, size, mtime, target, target_size);
}

static int question_collect(
    void *context, const char *name, size_t len, const struct remote_entry *entry)
{
    struct collection *collection = context;
    struct question *question = collection->question;
    const struct tree_attributes attributes = question_attributes(entry);
    int rc = listing_add(collection->listing, name, len, &attributes);
    if (rc == 0 && listing_count(collection->listing) == QUESTION_PAGE + 1) {
        LOCK_SCOPE(&question->instance->questions_lock);
        question->synced.is_long = true;
        pthread_cond_broadcast(&question->changed);
    }
    return rc;
}

static void question_key(enum question_kind kind, const char *path, char *ret_key)
{
    ret_key[0] = kind == QUESTION_LISTING ? 'l' : 'e';
    memcpy(ret_key + 1, path, strlen(path) + 1);
}

/* Lock held. NULL: not known. */
static struct question *question_find(
    struct instance *instance, enum question_kind kind, const char *path)
{
    struct question *question;
    char key[PATH_MAX + 1];
    question_key(kind, path, key);
    HASH_FIND_STR(instance->questions, key, question);
    return question;
}

/* Lock held. The board says what ENSURE would say of a listing. */
static void question_show(struct question *question)
{
    struct board *board = question->instance->board;
    if (question->kind != QUESTION_LISTING || !question->synced.lists_all)
        return;
    if (question->synced.answered && question->synced.result == 0)
        board_post(board, question->path, strlen(question->path), question->synced.asked_ms);
    else
        board_withdraw(board, question->path, strlen(question->path));
}

/* Lock held. Its next asker asks anew. */
static void question_expire(struct question *question)
{
    question->synced.answered = false;
    question_show(question);
}

/* What is below `path` is another directory by now; `path` itself is being answered. */
static void question_forget_inside(struct instance *instance, const char *path)
{
    size_t len = strlen(path);
    LOCK_SCOPE(&instance->questions_lock);
    struct question *question, *next;
    HASH_ITER(hh, instance->questions, question, next) {
        if (strncmp(question->path, path, len) == 0 && question->path[len] == '/')
            question_expire(question);
    }
}

/* Whether a probe that left after the long listing knows better if there is a `name`. */
static bool question_probed(
    struct question *listing, const char *directory, const char *name, bool listed)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
        return false;
    LOCK_SCOPE(&listing->instance->questions_lock);
    const struct question *probe = question_find(listing->instance, QUESTION_ENTRY, path);
    return probe != NULL && probe->synced.answered &&
        probe->synced.asked_ms > listing->synced.request_ms &&
        question_is_answer(probe->synced.result) && (probe->synced.result == 0) != listed;
}

/* Whether the answer to the question `context` must not change an entry. */
static bool question_keep(void *context, const char *directory, const char *name, bool listed)
{
    struct question *question = context;
    if (question->synced.is_long && question_probed(question, directory, name, listed))
        return true; /* is_long and request_ms do not change while the answer is applied */
    return claim_keeps(question->instance, directory, name, question->synced.request_ms);
}

static int question_apply(
    struct question *question, struct listing *listing, struct remote *remote)
{
    struct instance *instance = question->instance;
    const struct tree_keep keep = { question_keep, question };
    const struct listing_how how = {
        .partial = !place_lists_all(instance, question->path),
        .keeps_times = (remote_capabilities(remote) & REMOTE_KEEPS_ATTRIBUTES) != 0,
        .keep = &keep,
    };
    struct listing_outcome outcome;
    int rc = listing_apply(instance->tree, question->path, listing, &how, &outcome);
    if (rc == -ENOENT || rc == -ENOTDIR)
        return rc; /* removed or replaced here meanwhile: that is the answer now */
    if (rc < 0) {
        log_error("engine", "cannot write the listing of \"%s\" to the cache: %s",
            question->path, strerror(-rc));
        return rc;
    }
    if (outcome.skipped > 0)
        log_warn("engine", "\"%s\": %zu names are left out: no file can have them",
            question->path, outcome.skipped);
    log_debug("engine", "listed \"%s\": %zu new, %zu replaced, %zu removed, %zu unchanged",
        question->path, outcome.created, outcome.replaced, outcome.removed, outcome.unchanged);
    if (outcome.removed_directories > 0) /* what comes back under such a name is another directory */
        question_forget_inside(instance, question->path);
    if (outcome.created + outcome.removed > 0)
        ahead_forget(instance, question->path);
    return 0;
}

/* The request itself, and its answer into the tree. */
static int question_list(struct question *question)
{
    struct instance *instance = question->instance;
    struct remote *remote;
    const char *rest;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    struct collection collection = { question, listing_new() };
    const struct tree_keep keep = { question_keep, question };
    if (collection.listing == NULL)
        return -ENOMEM;
    int rc = instance_remote(instance, question->path, &remote, &rest);
    bool lists_all = place_lists_all(instance, question->path);
    {
        LOCK_SCOPE(&instance->questions_lock);
        question->synced.lists_all = lists_all;
    }
    if (rc == 0 && offline_is(instance, question->path)) {
        int told = offline_answer(instance, QUESTION_LISTING, question->path);
        if (told != -EIO) {
            listing_free(collection.listing);
            return told;
        }
    }
    if (rc == 0) {
        rc = remote_list(remote, &call, rest, question_collect, &collection);
        if (rc < 0)
            (void)instance_failed(instance, "list", question->path, &call, rc);
    }
    if (rc == 0)
        rc = listing_resolve(collection.listing, question_listed_target, question);
    if (rc == 0)
        rc = question_apply(question, collection.listing, remote);
    else if (rc == -ENOENT && !place_is_listed(instance, question->path))
        rc = tree_remove(instance->tree, question->path, &keep) < 0 ? -EIO : -ENOENT;
    if (rc == -ENOENT)
        question_forget_inside(instance, question->path);
    listing_free(collection.listing);
    return rc;
}

static int question_probe(struct question *question)
{
    struct instance *instance = question->instance;
    struct remote *remote;
    struct remote_entry entry = { .version = "" };
    const char *rest;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    int rc = instance_remote(instance, question->path, &remote, &rest);
    if (rc < 0)
        return rc;
    if (offline_is(instance, question->path)) {
        rc = offline_answer(instance, QUESTION_ENTRY, question->path);
        if (rc != -EIO)
            return rc;
    }
    rc = remote_probe(remote, &call, rest, &entry);
    if (rc < 0)
        (void)instance_failed(instance, "look up", question->path, &call, rc);
    struct tree_attributes attributes = question_attributes(&entry);
    const struct tree_keep keep = { question_keep, question };
    char target[PATH_MAX];
    if (rc == 0 && entry.is_symlink) {
        rc = question_target(
            instance, question->path, entry.size, entry.mtime, target, sizeof(target));
        attributes.link = target;
    }
    int local = rc == 0 ? tree_put(instance->tree, question->path, &attributes, &keep)
        : rc == -ENOENT ? tree_remove(instance->tree, question->path, &keep)
                        : 0;
    if (local < 0)
        log_error("engine", "cannot write \"%s\" to the cache: %s", question->path,
            strerror(-local));
    return local < 0 ? local : rc;
}

/* Lock held: nobody needs the oldest answers any more once there are too many. */
static void question_prune(struct instance *instance)
{
    struct question *question, *next;
    if (HASH_COUNT(instance->questions) < QUESTIONS_MAX)
        return;
    HASH_ITER(hh, instance->questions, question, next) {
        if (HASH_COUNT(instance->questions) <= QUESTIONS_MAX / 4 * 3)
            return;
        if (question->synced.users > 0)
            continue;
        question_expire(question);
        HASH_DEL(instance->questions, question);
        pthread_cond_destroy(&question->changed);
        free(question);
    }
}

/* Lock held. Finds or makes; NULL: no memory. */
static struct question *question_get(
    struct instance *instance, enum question_kind kind, const char *path)
{
    struct question *question = question_find(instance, kind, path);
    if (question != NULL)
        return question;
    size_t len = strlen(path);
    question = malloc(sizeof(*question) + len + 2);
    if (question == NULL)
        return NULL;
    *question = (struct question){ .instance = instance, .kind = kind };
    question->synced.lists_all = strchr(path, '/') != NULL;
    question_key(kind, path, question->key);
    question->path = question->key + 1;
    question_prune(instance);
    HASH_ADD_STR(instance->questions, key, question);
    if (!table_added(&question->hh)) {
        free(question);
        return NULL;
    }
    pthread_cond_init(&question->changed, NULL);
    return question;
}

/* Lock held. */
static bool question_fresh(const struct question *question, uint64_t now_ms, uint64_t max_age_ms)
{
    if (!question->synced.answered)
        return false;
    if (!question_is_answer(question->synced.result))
        return now_ms < clock_add(question->synced.finished_ms, ENGINE_FAILURE_AGE_MS);
    return clock_add(question->synced.asked_ms, max_age_ms) >= now_ms;
}

static void question_run(void *argument)
{
    struct question *question = argument;
    struct instance *instance = question->instance;
    int rc = question->kind == QUESTION_LISTING ? question_list(question)
                                                : question_probe(question);
    LOCK_SCOPE(&instance->questions_lock);
    if (!question->synced.settled)
        question->synced.result = rc;
    question->synced.answered = true;
    question->synced.asking = false;
    question->synced.finished_ms = clock_ms();
    question_show(question);
    question->synced.users--;
    pthread_cond_broadcast(&question->changed);
}

/*
 * Lock held, and given up meanwhile: starts the request. A listing runs on another thread, so that
 * its asker can go on when it turns out to be long.
 */
static void question_start(struct question *question)
{
    struct instance *instance = question->instance;
    question->synced.asking = true;
    question->synced.is_long = false;
    question->synced.settled = false;
    question->synced.asked_ms = question->synced.request_ms = clock_ms();
    question->synced.answered = false;
    question->synced.users++; /* question_run's */
    pthread_mutex_unlock(&instance->questions_lock);
    if (question->kind == QUESTION_ENTRY ||
        pool_submit(instance->engine->demand, question_run, question) < 0)
        question_run(question);
    pthread_mutex_lock(&instance->questions_lock);
}

static int question_ask_until(struct instance *instance, enum question_kind kind, const char *path,
    uint64_t max_age_ms, bool briefly, struct answer *ret_answer)
{
    uint64_t arrived_ms = clock_ms();
    LOCK_SCOPE(&instance->questions_lock);
    struct question *question = question_get(instance, kind, path);
    if (question == NULL)
        return -ENOMEM;
    question->synced.users++;
    int rc = 0;
    while (rc == 0 && !question_fresh(question, arrived_ms, max_age_ms)) {
        if (!question->synced.asking)
            question_start(question);
        else if (briefly && question->synced.is_long)
            rc = -EAGAIN;
        else
            pthread_cond_wait(&question->changed, &instance->questions_lock);
    }
    question->synced.users--;
    if (rc < 0)
        return rc;
    ret_answer->result = question->synced.result;
    ret_answer->asked_ms = question->synced.asked_ms;
    return question_is_answer(ret_answer->result) ? 0 : ret_answer->result;
}

int question_ask(struct instance *instance, enum question_kind kind, const char *path,
    uint64_t max_age_ms, struct answer *ret_answer)
{
    return question_ask_until(instance, kind, path, max_age_ms, false, ret_answer);
}

int question_ask_briefly(
    struct instance *instance, const char *path, uint64_t max_age_ms, struct answer *ret_answer)
{
    return question_ask_until(instance, QUESTION_LISTING, path, max_age_ms, true, ret_answer);
}

bool question_known(struct instance *instance, enum question_kind kind, const char *path,
    uint64_t max_age_ms, struct answer *ret_answer)
{
    uint64_t now_ms = clock_ms();
    LOCK_SCOPE(&instance->questions_lock);
    const struct question *question = question_find(instance, kind, path);
    if (question == NULL || !question_fresh(question, now_ms, max_age_ms) ||
        !question_is_answer(question->synced.result))
        return false;
    ret_answer->result = question->synced.result;
    ret_answer->asked_ms = question->synced.asked_ms;
    return true;
}

void question_forget(struct instance *instance, enum question_kind kind, const char *path)
{
    LOCK_SCOPE(&instance->questions_lock);
    struct question *question = question_find(instance, kind, path);
    if (question != NULL)
        question_expire(question);
}

void question_forget_below(struct instance *instance, const char *path)
{
    size_t len = strlen(path);
    LOCK_SCOPE(&instance->questions_lock);
    struct question *question, *next;
    HASH_ITER(hh, instance->questions, question, next) {
        if (strncmp(question->path, path, len) == 0 &&
            (question->path[len] == '/' || question->path[len] == '\0'))
            question_expire(question);
    }
}

void question_forget_all(struct instance *instance)
{
    LOCK_SCOPE(&instance->questions_lock);
    struct question *question, *next;
    HASH_ITER(hh, instance->questions, question, next) {
        question_expire(question);
    }
}

void question_settle(
    struct instance *instance, enum question_kind kind, const char *path, int result)
{
    LOCK_SCOPE(&instance->questions_lock);
    struct question *question = question_get(instance, kind, path);
    if (question == NULL)
        return; /* no memory: it is asked when somebody wants to know */
    question->synced.result = result;
    question->synced.answered = question->synced.settled = true;
    question->synced.asked_ms = question->synced.finished_ms = clock_ms();
    question_show(question);
    pthread_cond_broadcast(&question->changed);
}

uint64_t question_oldest_ms(struct instance *instance)
{
    uint64_t oldest = UINT64_MAX;
    LOCK_SCOPE(&instance->questions_lock);
    struct question *question, *next;
    HASH_ITER(hh, instance->questions, question, next) {
        if (question->synced.asking && question->synced.request_ms < oldest)
            oldest = question->synced.request_ms;
    }
    return oldest;
}

void question_free_all(struct instance *instance)
{
    struct question *question, *next;
    HASH_ITER(hh, instance->questions, question, next) {
        HASH_DEL(instance->questions, question);
        pthread_cond_destroy(&question->changed);
        free(question);
    }
}
