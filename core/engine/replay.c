/* SPDX-License-Identifier: MIT */
#include "core/engine/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/engine/commit.h"
#include "core/engine/internal.h"
#include "core/engine/names.h"
#include "core/engine/rename.h"
#include "core/tree/file.h"
#include "core/tree/sweep.h"

/* An intent, kept while others are looked at. */
struct kept {
    struct kept *next;
    struct journal_intent intent; /* its strings are in `text` */
    char text[];
};

struct replay {
    struct instance *instance;
    struct kept *first; /* all, or those that are not done with */
};

static int replay_keep(void *context, const struct journal_intent *intent)
{
    struct replay *replay = context;
    size_t path = strlen(intent->path) + 1, to = strlen(intent->to) + 1;
    size_t why = strlen(intent->why) + 1;
    struct kept *kept = malloc(sizeof(*kept) + path + to + why);
    if (kept == NULL)
        return -ENOMEM;
    kept->intent = *intent;
    kept->intent.path = memcpy(kept->text, intent->path, path);
    kept->intent.to = memcpy(kept->text + path, intent->to, to);
    kept->intent.why = memcpy(kept->text + path + to, intent->why, why);
    kept->next = replay->first;
    replay->first = kept;
    return 0;
}

static void replay_free(struct replay *replay)
{
    while (replay->first != NULL) {
        struct kept *kept = replay->first;
        replay->first = kept->next;
        free(kept);
    }
}

/* Whether a complete file holds bytes that a close was answered for. */
static bool replay_spare(void *context, const struct stat *st)
{
    const struct replay *replay = context;
    for (const struct kept *kept = replay->first; kept != NULL; kept = kept->next)
        if (kept->intent.kind == JOURNAL_WRITE && kept->intent.inode == st->st_ino &&
            (kept->intent.flags & JOURNAL_DURABLE) != 0)
            return true;
    return false;
}

int replay_open(struct instance *instance)
{
    CLEANUP_STRBUF struct strbuf folder = STRBUF_INIT;
    struct replay replay = { .instance = instance };
    const struct tree_spare spare = { replay_spare, &replay };
    strbuf_addf(&folder, "%s/%s", instance->engine->cache, instance->name);
    if (folder.failed)
        return -ENOMEM;
    if (mkdir(folder.buf, 0700) < 0 && errno != EEXIST)
        return -errno;
    int rc = journal_open(folder.buf, &instance->journal);
    if (rc == 0)
        rc = journal_each(instance->journal, replay_keep, &replay);
    if (rc == 0)
        rc = tree_open(instance->engine->cache, instance->name, &spare, &instance->tree);
    if (rc == 0)
        tree_observe(instance->tree, notices_observe, &instance->notices);
    replay_free(&replay);
    return rc;
}

/* --- dirty files --- */

static bool replay_is_file(const struct journal_intent *intent, int fd)
{
    struct statx stx;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME | STATX_INO | STATX_TYPE, &stx) < 0 ||
        stx.stx_ino != intent->inode)
        return false;
    bool has_birth = (stx.stx_mask & STATX_BTIME) != 0;
    return !has_birth ||
           (stx.stx_btime.tv_sec == intent->birth_s && stx.stx_btime.tv_nsec == intent->birth_ns);
}

/* Whether the intent's file is `path`; then it is dirty again. */
static bool replay_restore(
    struct instance *instance, const struct journal_intent *intent, const char *path)
{
    struct dirty *dirty;
    CLEANUP_CLOSE int fd = file_open_reading(instance->tree, path);
    if (fd < 0 || !replay_is_file(intent, fd))
        return false;
    int rc = dirty_restore(instance, intent, path, fd, &dirty);
    if (rc < 0) { /* the next agent tries again; the file stays as it is until then */
        log_error("engine", "\"%s\": cannot go on with it: %s", path, strerror(-rc));
        return true;
    }
    dirty_put(dirty);
    return true;
}

static int replay_search(
    void *context, const char *path, int dir, const char *name, const struct stat *st)
{
    struct replay *replay = context;
    (void)dir;
    (void)name;
    for (struct kept **at = &replay->first; *at != NULL; at = &(*at)->next) {
        struct kept *kept = *at;
        if (kept->intent.kind != JOURNAL_WRITE || kept->intent.inode != st->st_ino ||
            !replay_restore(replay->instance, &kept->intent, path))
            continue;
        *at = kept->next;
        free(kept);
        break;
    }
    return 0;
}

/* Takes those intents of dirty files off the list whose file is found, and forgets the others. */
static void replay_writes(struct replay *replay)
{
    struct instance *instance = replay->instance;
    bool missing = false;
    for (struct kept **at = &replay->first; *at != NULL;) {
        struct kept *kept = *at;
        if (kept->intent.kind == JOURNAL_WRITE && names_valid(kept->intent.path) &&
            replay_restore(instance, &kept->intent, kept->intent.path)) {
            *at = kept->next;
            free(kept);
            continue;
        }
        missing = missing || kept->intent.kind == JOURNAL_WRITE;
        at = &kept->next;
    }
    int rc = missing ? sweep_files(instance->tree, replay_search, replay) : 0;
    if (rc < 0) {
        log_error("engine", "\"%s\": cannot search it for changed files: %s",
            tree_path(instance->tree), strerror(-rc));
        return;
    }
    for (const struct kept *kept = replay->first; kept != NULL; kept = kept->next) {
        if (kept->intent.kind != JOURNAL_WRITE)
            continue;
        log_warn("engine", "\"%s\" was open for writing and has gone", kept->intent.path);
        journal_drop(instance->journal, kept->intent.id);
    }
}

/* --- renames --- */

static int replay_rename(struct instance *instance, const struct journal_intent *intent)
{
    struct renaming *renaming = calloc(1, sizeof(*renaming));
    if (renaming == NULL)
        return -ENOMEM;
    int rc = names_valid(intent->path) && names_valid(intent->to)
                 ? claim_take(&renaming->claim, instance, CLAIM_ALONE, intent->path, intent->to)
                 : -EINVAL;
    if (rc < 0) {
        free(renaming);
        return rc;
    }
    renaming->instance = instance;
    renaming->from = renaming->claim.path[0];
    renaming->to = renaming->claim.path[1];
    renaming->intent = *intent;
    rename_resume(renaming);
    return 0;
}

static void replay_renames(struct replay *replay)
{
    for (const struct kept *kept = replay->first; kept != NULL; kept = kept->next) {
        int rc = kept->intent.kind == JOURNAL_RENAME
                     ? replay_rename(replay->instance, &kept->intent)
                     : 0;
        if (rc < 0)
            log_error("engine", "cannot go on with the rename of \"%s\": %s", kept->intent.path,
                strerror(-rc));
    }
}

void replay_start(struct instance *instance)
{
    unsigned count;
    struct replay replay = { .instance = instance };
    int rc = journal_each(instance->journal, replay_keep, &replay);
    if (rc < 0)
        log_error("engine", "\"%s\": cannot read the journal: %s", tree_path(instance->tree),
            strerror(-rc));
    replay_writes(&replay);
    replay_renames(&replay);
    replay_free(&replay);
    struct dirty **all = dirty_all(instance, &count);
    for (unsigned i = 0; i < count; i++) {
        commit_closed(instance, &all[i]->key);
        dirty_put(all[i]);
    }
    free(all);
    if (count > 0)
        log_info("engine", "%u files of an earlier agent may have to be uploaded", count);
}
