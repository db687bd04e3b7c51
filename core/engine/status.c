/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/json.h"
#include "core/engine/commit.h"
#include "core/engine/hydration.h"
#include "core/engine/internal.h"

enum { STATUS_FILES_MAX = 100 };

static const char *status_state(const struct dirty *dirty)
{
    return dirty->synced.uploading ? "uploading"
        : dirty->synced.queued     ? "queued"
        : dirty->synced.error != 0 ? "failed"
                                   : "open";
}

/* The files that are open for writing or to be uploaded, the first STATUS_FILES_MAX of them. */
static void status_writes(struct instance *instance, struct strbuf *out)
{
    struct commit_counts counts;
    struct dirty *dirty, *next;
    unsigned shown = 0;
    int64_t now_s = time(NULL);
    commit_count(instance, &counts);
    strbuf_addf(out, ",\"pending\":%u,\"failed\":%u,\"pending_bytes\":%" PRIu64 ",\"writes\":[",
        counts.pending, counts.failed, commit_bytes(instance));
    LOCK_SCOPE(&instance->dirties.lock);
    HASH_ITER(hh, instance->dirties.table, dirty, next) {
        if (shown == STATUS_FILES_MAX)
            break;
        strbuf_addstr(out, shown++ == 0 ? "{\"path\":" : ",{\"path\":");
        json_add_string(out, dirty->synced.path);
        strbuf_addf(out, ",\"since_s\":%" PRId64 ",\"state\":\"%s\",\"error\":",
            now_s > dirty->since_s ? now_s - dirty->since_s : 0, status_state(dirty));
        json_add_string(out, dirty->synced.error != 0 ? dirty->synced.why : "");
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void status_instance(struct instance *instance, struct strbuf *out)
{
    struct remote_counters_snapshot now;
    uint64_t requests = 0;
    char last_error[sizeof(instance->last_error)];
    char owner[NAME_MAX + 1];
    remote_counters_read(&instance->counters, &now);
    for (unsigned i = 0; i < REMOTE_OPERATIONS; i++)
        requests += now.operation[i].calls;
    {
        LOCK_SCOPE(&instance->words_lock);
        memcpy(last_error, instance->last_error, sizeof(last_error));
        memcpy(owner, instance->owner, sizeof(owner));
    }
    strbuf_addf(out, "{\"id\":\"%s\",\"api\":", instance->name);
    json_add_string(out, instance->account.api);
    strbuf_addstr(out, ",\"account\":"); /* "" while nobody has asked for it */
    json_add_string(out, owner);
    strbuf_addstr(out, ",\"tree\":");
    json_add_string(out, tree_path(instance->tree));
    strbuf_addf(out, ",\"files_hydrated\":%" PRIu64 ",\"bytes_hydrated\":%" PRIu64,
        (uint64_t)atomic_load(&instance->files_hydrated),
        (uint64_t)atomic_load(&instance->bytes_hydrated));
    strbuf_addf(out, ",\"files_in_progress\":%u,\"skipped_names\":%" PRIu64,
        hydration_count(instance), tree_skipped_names(instance->tree));
    strbuf_addf(out, ",\"requests\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"bytes_in\":%" PRIu64,
        requests, (uint64_t)atomic_load(&instance->failures), now.bytes_in);
    strbuf_addstr(out, ",\"last_error\":");
    json_add_string(out, last_error);
    status_writes(instance, out);
    strbuf_addch(out, '}');
}

void engine_status_json(struct engine *engine, struct strbuf *out)
{
    pthread_mutex_lock(&engine->lock);
    struct instance *instance = engine->instances; /* only added to at the front: the rest stays */
    pthread_mutex_unlock(&engine->lock);
    strbuf_addstr(out, "\"instances\":[");
    for (const char *comma = ""; instance != NULL; instance = instance->next, comma = ",") {
        strbuf_addstr(out, comma);
        status_instance(instance, out);
    }
    strbuf_addf(out, "],\"transfers\":%u", engine_transfers(engine));
}
