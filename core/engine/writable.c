/* SPDX-License-Identifier: MIT */
#include "core/engine/writable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/strbuf.h"
#include "core/engine/internal.h"
#include "core/engine/names.h"
#include "core/engine/place.h"
#include "core/engine/question.h"

/* Whether data/<owner>/… is another account's. Where the account's name is not known, or the owner
 * is a pseudonym of the service (.session, .algo), the remote has to say. */
static bool writable_is_foreign(struct instance *instance, const char *path)
{
    static const char data[] = "data/";
    char own[NAME_MAX + 1];
    if (strncmp(path, data, sizeof(data) - 1) != 0)
        return false;
    const char *owner = path + sizeof(data) - 1;
    size_t len = strcspn(owner, "/");
    if (owner[0] == '.' || instance_owner(instance, own) < 0)
        return false;
    return strlen(own) != len || strncmp(owner, own, len) != 0;
}

int writable_store(struct instance *instance, const char *path)
{
    struct connector *connector;
    return instance_connector(instance, path, &connector) == 0 &&
            (remote_capabilities(connector->remote) & REMOTE_CAN_WRITE) == 0
        ? -EROFS
        : 0;
}

int writable_check(struct instance *instance, const char *path)
{
    struct connector *connector;
    unsigned depth = names_depth(path);
    if (path[0] == '\0' || (depth == 1 && place_of(instance, path) != STORES_NOWHERE))
        return -EPERM;
    if (depth == 1)
        return -EACCES;
    int rc = instance_connector(instance, path, &connector);
    if (rc < 0)
        return rc;
    if (depth == 2 &&
        (remote_capabilities(connector->remote) & REMOTE_KEEPS_FILES_AT_ROOT) == 0)
        return -EACCES;
    if (writable_is_foreign(instance, path))
        return -EACCES;
    rc = writable_store(instance, path);
    if (rc < 0)
        return rc;
    uint64_t refused_ms = atomic_load(&connector->refused_ms);
    return refused_ms != 0 && clock_ms() - refused_ms < WRITABLE_REFUSED_MS ? -EACCES : 0;
}

void writable_learn(
    struct instance *instance, const char *path, int rc, const struct remote_call *call)
{
    struct connector *connector;
    bool refused = rc == -EACCES && (call->status == 401 || call->status == 403);
    if ((rc != 0 && !refused) || instance_connector(instance, path, &connector) < 0)
        return;
    atomic_store(&connector->refused_ms, refused ? clock_ms() : 0);
    atomic_store(&connector->permitted, !refused);
}

int writable_try(struct instance *instance, const char *path)
{
    struct connector *connector;
    CLEANUP_STRBUF struct strbuf none = STRBUF_INIT;
    const char *slash = strrchr(path, '/');
    int rc = instance_connector(instance, path, &connector);
    if (rc < 0 || slash == NULL || atomic_exchange(&connector->permitted, true))
        return rc;
    const char *below = strchr(path, '/') + 1;
    strbuf_add(&none, below, (size_t)(slash + 1 - below));
    strbuf_addf(&none, ".algofs-%08x%08x", arc4random(), arc4random());
    if (none.failed)
        return -ENOMEM;
    struct remote_call call = instance_call(instance, REMOTE_DEMAND);
    rc = remote_remove(connector->remote, &call, none.buf, REMOTE_REMOVE_FILE);
    if (rc == -EACCES) {
        log_debug("engine", "\"%s\" cannot be changed: %s", path, call.why);
        writable_learn(instance, path, rc, &call);
        return rc;
    }
    if (rc < 0 && rc != -ENOENT) /* nothing learnt: the next one tries again */
        atomic_store(&connector->permitted, false);
    return 0;
}

int writable_ensure(struct instance *instance, const char *path)
{
    char parent[PATH_MAX];
    struct answer answer;
    (void)stpcpy(parent, path);
    (void)names_cut(parent);
    /* The door has asked a moment ago; any answer there is will do. */
    int rc = question_ask_briefly(instance, parent, UINT64_MAX, &answer);
    if (rc == -EAGAIN || (rc == 0 && answer.result == -EACCES))
        rc = question_ask(instance, QUESTION_ENTRY, path, UINT64_MAX, &answer);
    return rc < 0 ? rc : answer.result == -EACCES ? -EACCES : 0;
}
