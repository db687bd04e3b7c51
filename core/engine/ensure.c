/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/engine/ensure.h"
#include "core/engine/internal.h"
#include "core/engine/keep.h"
#include "core/engine/names.h"
#include "core/engine/offline.h"
#include "core/engine/place.h"
#include "core/engine/question.h"

/* One ENSURE on its way to a lease. */
struct ensure {
    struct instance *instance;
    uint64_t max_age_ms;
    const char *path;
    struct wire_ensure_reply lease;
};

static int ensure_lease(struct ensure *ensure, enum wire_scope scope, uint64_t asked_ms)
{
    ensure->lease.scope = scope;
    ensure->lease.until_ms = clock_add(asked_ms, ensure->max_age_ms);
    return 0;
}

/* What never changes: names that are no connector, the root, the connectors that it lists. */
static int ensure_for_ever(struct ensure *ensure)
{
    ensure->lease = (struct wire_ensure_reply){ WIRE_SCOPE_ENTRY, UINT64_MAX };
    return 0;
}

int ensure_own_link(struct instance *instance)
{
    char owner[NAME_MAX + 1];
    int rc = instance_owner(instance, owner);
    return rc < 0 ? rc : tree_put_link(instance->tree, "data/.my", owner);
}

int ensure_translate(struct instance *instance, const char *path, char *out, size_t size)
{
    static const char own[] = "data/.my";
    char owner[NAME_MAX + 1];
    size_t len = strlen(path);
    if (!names_valid(path))
        return -EINVAL;
    if (!names_is_own(path) || instance_owner(instance, owner) < 0) {
        if (len >= size)
            return -ENAMETOOLONG;
        memcpy(out, path, len + 1);
        return 0;
    }
    const char *rest = path + sizeof(own) - 1;
    if (5 + strlen(owner) + strlen(rest) >= size)
        return -ENAMETOOLONG;
    (void)stpcpy(stpcpy(stpcpy(out, "data/"), owner), rest);
    return 0;
}

static int ensure_probe(struct ensure *ensure)
{
    struct answer answer;
    int rc = question_ask(
        ensure->instance, QUESTION_ENTRY, ensure->path, ensure->max_age_ms, &answer);
    if (rc < 0)
        return rc;
    if (answer.result == -EACCES)
        return -EACCES;
    return ensure_lease(ensure, WIRE_SCOPE_ENTRY, answer.asked_ms);
}

/*
 * Whether a fresh complete listing above `directory` says that it cannot be one: then the question
 * is answered without a request. The nearest listing decides.
 */
static int ensure_ruled_out(struct ensure *ensure, const char *directory, bool *ret_ruled_out)
{
    char child[PATH_MAX];
    char parent[PATH_MAX];
    struct answer answer;
    *ret_ruled_out = false;
    (void)stpcpy(child, directory);
    while (names_depth(child) > 1) {
        enum tree_kind kind;
        (void)stpcpy(parent, child);
        (void)names_cut(parent);
        if (!place_lists_all(ensure->instance, parent) ||
            !question_known(ensure->instance, QUESTION_LISTING, parent, ensure->max_age_ms,
                &answer) ||
            answer.result == -EACCES) {
            (void)stpcpy(child, parent);
            continue;
        }
        int rc = tree_look(ensure->instance->tree, child, &kind);
        if (rc < 0)
            return rc;
        *ret_ruled_out = answer.result < 0 || kind != TREE_DIRECTORY;
        return *ret_ruled_out ? ensure_lease(ensure, WIRE_SCOPE_ENTRY, answer.asked_ms) : 0;
    }
    return 0;
}

/* `directory` is a file remotely, says its listing: the tree should show that. */
static int ensure_is_file(struct ensure *ensure, const char *directory, uint64_t asked_ms)
{
    struct answer answer;
    int rc = question_ask(
        ensure->instance, QUESTION_ENTRY, directory, ensure->max_age_ms, &answer);
    return rc < 0 ? rc : ensure_lease(ensure, WIRE_SCOPE_ENTRY, asked_ms);
}

static int ensure_listing(struct ensure *ensure)
{
    struct answer answer;
    bool ruled_out;
    int rc = ensure_ruled_out(ensure, ensure->path, &ruled_out);
    if (rc < 0 || ruled_out)
        return rc;
    rc = question_ask(
        ensure->instance, QUESTION_LISTING, ensure->path, ensure->max_age_ms, &answer);
    if (rc < 0)
        return rc;
    switch (answer.result) {
    case 0:
        return ensure_lease(ensure,
            place_lists_all(ensure->instance, ensure->path) ? WIRE_SCOPE_DIRECTORY : WIRE_SCOPE_ENTRY,
            answer.asked_ms);
    case -ENOTDIR:
        return ensure_is_file(ensure, ensure->path, answer.asked_ms);
    case -EACCES:
        return -EACCES;
    default:
        return ensure_lease(ensure, WIRE_SCOPE_ENTRY, answer.asked_ms);
    }
}

/* An entry of a directory whose listing names all: one listing answers for all its names. */
static int ensure_listed_entry(struct ensure *ensure, const char *directory)
{
    struct answer answer;
    bool ruled_out;
    int rc = ensure_ruled_out(ensure, directory, &ruled_out);
    if (rc < 0 || ruled_out)
        return rc;
    rc = question_ask_briefly(ensure->instance, directory, ensure->max_age_ms, &answer);
    if (rc == -EIO && offline_is(ensure->instance, directory)) /* the name may be here by itself */
        return ensure_probe(ensure);
    if (rc == -EAGAIN) /* a long listing is on its way: do not wait for all its pages */
        return ensure_probe(ensure);
    if (rc < 0)
        return rc;
    switch (answer.result) {
    case 0:
        return ensure_lease(ensure, WIRE_SCOPE_DIRECTORY, answer.asked_ms);
    case -EACCES:
        return ensure_probe(ensure);
    case -ENOTDIR:
        return ensure_is_file(ensure, directory, answer.asked_ms);
    default:
        return ensure_lease(ensure, WIRE_SCOPE_ENTRY, answer.asked_ms);
    }
}

/*
 * A connector, or another account's directory, which no listing names: who asks whether it is there
 * goes on to look into it, so its listing answers both. What may not be listed may still be there.
 */
static int ensure_owner(struct ensure *ensure)
{
    int rc = ensure_listing(ensure);
    if (rc == -EACCES || (rc == -EIO && offline_is(ensure->instance, ensure->path)))
        return ensure_probe(ensure);
    if (rc == 0)
        ensure->lease.scope = WIRE_SCOPE_ENTRY; /* of itself, not of its directory */
    return rc;
}

static int ensure_entry(struct ensure *ensure)
{
    char directory[PATH_MAX];
    (void)stpcpy(directory, ensure->path);
    (void)names_cut(directory);
    return place_lists_all(ensure->instance, directory) ? ensure_listed_entry(ensure, directory)
                                                        : ensure_owner(ensure);
}

/*
 * A directory that is none may be reached by a symbolic link, which the remote does not follow: -ELOOP
 * if the tree shows one on the way to `path`. What stands on the way is asked for, name by name.
 */
static int ensure_no_link(struct ensure *ensure)
{
    char prefix[PATH_MAX];
    size_t at = strcspn(ensure->path, "/");
    struct ensure step = *ensure;
    step.path = prefix;
    while (ensure->path[at] == '/') {
        size_t next = at + 1 + strcspn(ensure->path + at + 1, "/");
        struct stat st;
        if (ensure->path[next] == '\0')
            return 0;
        memcpy(prefix, ensure->path, next);
        prefix[next] = '\0';
        int rc = tree_stat(ensure->instance->tree, prefix, &st);
        if (rc == -ENOENT) {
            rc = ensure_entry(&step);
            rc = rc < 0 ? rc : tree_stat(ensure->instance->tree, prefix, &st);
        }
        if (rc == 0 && S_ISLNK(st.st_mode))
            return -ELOOP;
        if (rc < 0 || !S_ISDIR(st.st_mode))
            return rc == -ENOENT ? 0 : rc;
        at = next;
    }
    return 0;
}

int engine_ensure(struct engine *engine, const struct wire_ensure_request *request,
    struct wire_ensure_reply *ret_reply)
{
    char path[PATH_MAX];
    struct instance *instance = instance_find(engine, request->instance);
    if (instance == NULL)
        return WIRE_UNKNOWN_INSTANCE;
    int rc = ensure_translate(instance, request->path, path, sizeof(path));
    if (rc < 0)
        return rc;
    struct ensure ensure = {
        .instance = instance,
        .max_age_ms = request->max_age_ms,
        .path = path,
    };
    bool listing = request->wanted == WIRE_WANT_LISTING;
    if (names_is_own(request->path) || (strcmp(path, "data") == 0 && listing))
        (void)ensure_own_link(instance); /* without it .my is a name like any other */
    if (path[0] == '\0' || place_of(instance, path) == STORES_NOWHERE ||
        (!listing && place_is_listed(instance, path)))
        rc = ensure_for_ever(&ensure);
    else
        rc = listing ? ensure_listing(&ensure) : ensure_entry(&ensure);
    if (rc == 0 && ensure.lease.scope != WIRE_SCOPE_DIRECTORY && names_depth(path) > 2 &&
        keep_can(instance, path, REMOTE_CAN_SYMLINK))
        rc = ensure_no_link(&ensure);
    if (rc == 0)
        *ret_reply = ensure.lease;
    return rc;
}
