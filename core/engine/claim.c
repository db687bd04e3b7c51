/* SPDX-License-Identifier: MIT */
#include "core/engine/claim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/table.h"
#include "core/engine/internal.h"
#include "core/engine/question.h"

enum {
    CLAIM_NODES_MANY = 4096, /* fewer are not worth looking through */
    CLAIM_RECENT_MS = 1000,
};

struct claim_node {
    UT_hash_handle hh;
    struct claim_node *above; /* of the directory; NULL: the root's */
    unsigned children;        /* nodes whose `above` this is */
    unsigned shared;          /* claims of this path … */
    bool alone;
    unsigned shared_below, alone_below; /* … and of paths below it */
    unsigned waiting;                   /* who wants it alone: no new ones share it meanwhile */
    unsigned pins;                      /* of this path and of paths below it */
    uint64_t changed_ms;                /* 0: never: the entry itself … */
    uint64_t changed_below_ms;          /* … and anything below it */
    char path[];
};

void claims_init(struct claims *claims)
{
    *claims = (struct claims){ .nodes = NULL };
    pthread_mutex_init(&claims->lock, NULL);
    pthread_cond_init(&claims->released, NULL);
}

void claims_deinit(struct claims *claims)
{
    struct claim_node *node, *next;
    HASH_ITER(hh, claims->nodes, node, next) {
        HASH_DEL(claims->nodes, node);
        free(node);
    }
    pthread_cond_destroy(&claims->released);
    pthread_mutex_destroy(&claims->lock);
}

/* Lock held, as for all static functions here. */
static struct claim_node *claim_find(struct claims *claims, const char *path, size_t len)
{
    struct claim_node *node;
    HASH_FIND(hh, claims->nodes, path, len, node);
    return node;
}

static bool claim_node_used(const struct claim_node *node, uint64_t oldest_ms)
{
    return node->children > 0 || node->shared > 0 || node->alone || node->waiting > 0 ||
           node->pins > 0 || node->changed_ms >= oldest_ms || node->changed_below_ms >= oldest_ms;
}

/* Removes the node, and those above it that only it kept. */
static void claim_drop(struct claims *claims, struct claim_node *node, uint64_t oldest_ms)
{
    while (node != NULL && !claim_node_used(node, oldest_ms)) {
        struct claim_node *above = node->above;
        HASH_DEL(claims->nodes, node);
        free(node);
        if (above != NULL)
            above->children--;
        node = above;
    }
}

/* The node of the first `len` bytes of `path`, made with all above it. NULL: no memory. */
static struct claim_node *claim_get(struct claims *claims, const char *path, size_t len)
{
    struct claim_node *above = NULL;
    for (size_t at = 0; at <= len; at++) {
        if (at < len && path[at] != '/')
            continue;
        struct claim_node *node = claim_find(claims, path, at);
        if (node == NULL) {
            node = calloc(1, sizeof(*node) + at + 1);
            if (node != NULL) {
                memcpy(node->path, path, at);
                HASH_ADD(hh, claims->nodes, path[0], at, node);
            }
            if (node == NULL || !table_added(&node->hh)) {
                free(node);
                claim_drop(claims, above, 1);
                return NULL;
            }
            node->above = above;
            if (above != NULL)
                above->children++;
        }
        above = node;
    }
    return above;
}

/* Forgets changes that are older than all answers on their way. */
static void claim_prune(struct claims *claims, uint64_t oldest_ms)
{
    bool again = true;
    while (again) { /* a node above may come before those below it */
        struct claim_node *node, *next;
        again = false;
        HASH_ITER(hh, claims->nodes, node, next) {
            if (claim_node_used(node, oldest_ms))
                continue;
            if (node->above != NULL)
                node->above->children--;
            HASH_DEL(claims->nodes, node);
            free(node);
            again = true;
        }
    }
    claims->pruned = HASH_COUNT(claims->nodes);
}

/* No lock held. Keeps the table from growing for ever. */
static void claims_bound(struct instance *instance)
{
    struct claims *claims = &instance->claims;
    {
        LOCK_SCOPE(&claims->lock);
        if (HASH_COUNT(claims->nodes) < CLAIM_NODES_MANY ||
            HASH_COUNT(claims->nodes) / 2 < claims->pruned)
            return;
    }
    uint64_t recent_ms = clock_ms() - CLAIM_RECENT_MS; /* a request may leave just now */
    uint64_t oldest_ms = question_oldest_ms(instance);
    LOCK_SCOPE(&claims->lock);
    claim_prune(claims, oldest_ms < recent_ms ? oldest_ms : recent_ms);
}

static bool claim_free_for(const struct claim_node *node, enum claim_kind kind)
{
    if (node->alone)
        return false;
    if (kind == CLAIM_ALONE &&
        (node->shared > 0 || node->shared_below > 0 || node->alone_below > 0))
        return false;
    if (kind == CLAIM_SHARED && node->waiting > 0)
        return false;
    for (const struct claim_node *above = node->above; above != NULL; above = above->above)
        if (above->alone || above->waiting > 0)
            return false;
    return true;
}

static void claim_enter(struct claim_node *node, enum claim_kind kind)
{
    if (kind == CLAIM_ALONE)
        node->alone = true;
    else
        node->shared++;
    for (struct claim_node *above = node->above; above != NULL; above = above->above)
        *(kind == CLAIM_ALONE ? &above->alone_below : &above->shared_below) += 1;
}

static void claim_leave(struct claim_node *node, enum claim_kind kind)
{
    if (kind == CLAIM_ALONE)
        node->alone = false;
    else
        node->shared--;
    for (struct claim_node *above = node->above; above != NULL; above = above->above)
        *(kind == CLAIM_ALONE ? &above->alone_below : &above->shared_below) -= 1;
}

static void claim_wait(
    struct claims *claims, struct claim_node *const *nodes, unsigned count, enum claim_kind kind)
{
    for (;;) {
        bool free = true;
        for (unsigned i = 0; i < count; i++)
            free = free && claim_free_for(nodes[i], kind);
        if (free)
            return;
        for (unsigned i = 0; i < count; i++)
            nodes[i]->waiting += kind == CLAIM_ALONE;
        pthread_cond_wait(&claims->released, &claims->lock);
        for (unsigned i = 0; i < count; i++)
            nodes[i]->waiting -= kind == CLAIM_ALONE;
    }
}

int claim_take(struct claim *claim, struct instance *instance, enum claim_kind kind,
    const char *path, const char *other)
{
    struct claims *claims = &instance->claims;
    struct claim_node *nodes[2];
    claim->instance = NULL;
    claim->kind = kind;
    claim->count = other == NULL || strcmp(path, other) == 0 ? 1 : 2;
    (void)snprintf(claim->path[0], PATH_MAX, "%s", path); /* both are tree paths: they fit */
    (void)snprintf(claim->path[1], PATH_MAX, "%s", other == NULL ? "" : other);
    claims_bound(instance);
    LOCK_SCOPE(&claims->lock);
    for (unsigned i = 0; i < claim->count; i++) {
        nodes[i] = claim_get(claims, claim->path[i], strlen(claim->path[i]));
        if (nodes[i] == NULL) {
            if (i > 0)
                claim_drop(claims, nodes[0], 1);
            return -ENOMEM;
        }
        nodes[i]->children++; /* keeps it while we wait */
    }
    claim_wait(claims, nodes, claim->count, kind);
    for (unsigned i = 0; i < claim->count; i++) {
        claim_enter(nodes[i], kind);
        nodes[i]->children--;
    }
    claim->instance = instance;
    return 0;
}

void claim_release(struct claim *claim)
{
    if (claim->instance == NULL)
        return;
    struct claims *claims = &claim->instance->claims;
    LOCK_SCOPE(&claims->lock);
    for (unsigned i = 0; i < claim->count; i++) {
        struct claim_node *node = claim_find(claims, claim->path[i], strlen(claim->path[i]));
        claim_leave(node, claim->kind);
        claim_drop(claims, node, 1);
    }
    claim->instance = NULL;
    pthread_cond_broadcast(&claims->released);
}

void claim_note_change(struct instance *instance, const char *path)
{
    struct claims *claims = &instance->claims;
    uint64_t now_ms = clock_ms();
    LOCK_SCOPE(&claims->lock);
    struct claim_node *node = claim_get(claims, path, strlen(path));
    if (node == NULL)
        return; /* no memory: an answer on its way may bring a placeholder for committed bytes */
    node->changed_ms = now_ms;
    for (struct claim_node *above = node->above; above != NULL; above = above->above)
        above->changed_below_ms = now_ms;
}

void claim_changed(struct claim *claim)
{
    for (unsigned i = 0; i < claim->count; i++)
        claim_note_change(claim->instance, claim->path[i]);
}

int claim_pin(struct instance *instance, const char *path)
{
    struct claims *claims = &instance->claims;
    LOCK_SCOPE(&claims->lock);
    struct claim_node *node = claim_get(claims, path, strlen(path));
    if (node == NULL)
        return -ENOMEM;
    for (; node != NULL; node = node->above)
        node->pins++;
    return 0;
}

void claim_unpin(struct instance *instance, const char *path)
{
    struct claims *claims = &instance->claims;
    LOCK_SCOPE(&claims->lock);
    struct claim_node *node = claim_find(claims, path, strlen(path));
    for (struct claim_node *at = node; at != NULL; at = at->above)
        at->pins--;
    claim_drop(claims, node, 1);
}

bool claim_keeps(
    struct instance *instance, const char *directory, const char *name, uint64_t asked_ms)
{
    char path[PATH_MAX];
    struct claims *claims = &instance->claims;
    int len = directory[0] == '\0' ? snprintf(path, sizeof(path), "%s", name)
                                   : snprintf(path, sizeof(path), "%s/%s", directory, name);
    LOCK_SCOPE(&claims->lock);
    if (claims->nodes == NULL || len < 0 || (size_t)len >= sizeof(path))
        return false;
    const struct claim_node *node = claim_find(claims, path, (size_t)len);
    if (node != NULL &&
        (node->pins > 0 || node->changed_ms >= asked_ms || node->changed_below_ms >= asked_ms))
        return true;
    /* What is above may have been renamed or made anew: then the answer is of another directory. */
    for (size_t at = (size_t)len; at > 0;) {
        node = claim_find(claims, path, at);
        if (node != NULL && (node->alone || node->changed_ms >= asked_ms))
            return true;
        while (--at > 0 && path[at] != '/')
            ;
    }
    return false;
}
