/* SPDX-License-Identifier: MIT */
#include "wrappers/flush.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/client/door-write.h"
#include "core/client/session.h"
#include "wrappers/agent-status.h"
#include "wrappers/say.h"

enum { STEP_MS = 500, LINE_SIZE = 8192 };

static void show_progress(uint64_t pending)
{
    if (isatty(STDERR_FILENO))
        (void)fprintf(stderr, "\r%" PRIu64 " to upload \033[K", pending);
}

static void hide_progress(void)
{
    if (isatty(STDERR_FILENO))
        (void)fprintf(stderr, "\r\033[K");
}

static void say_failures(int report)
{
    CLEANUP_FCLOSE FILE *lines = report < 0 ? NULL : fdopen(report, "r");
    char line[LINE_SIZE];
    while (lines != NULL && fgets(line, sizeof(line), lines) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        say("not uploaded: %s", line);
    }
    say("the data is kept in \"%s\" and tried again; `algofs status` shows it, `algofs flush` waits",
        session_cache());
}

int flush_all(void)
{
    for (;;) {
        uint64_t pending = 0;
        uint64_t failed = 0;
        int report;
        int rc = door_flush(STEP_MS, &pending, &failed, &report);
        if (rc < 0) {
            hide_progress();
            say("cannot ask the agent what is left to upload: %s: %s", strerror(-rc), say_advice(-rc));
            return 2;
        }
        if (failed > 0 && failed == pending) {
            hide_progress();
            say_failures(report);
            return 1;
        }
        if (report >= 0)
            (void)close(report);
        if (pending == 0) {
            hide_progress();
            return 0;
        }
        show_progress(pending);
    }
}

bool flush_is_needed(void)
{
    cJSON *status = NULL;
    if (agent_status_read(session_cache(), &status) < 0)
        return false; /* no agent: an idle one leaves only when nothing is pending */
    bool needed = false;
    const cJSON *instance;
    cJSON_ArrayForEach(instance, cJSON_GetObjectItem(status, "instances"))
    {
        const cJSON *pending = cJSON_GetObjectItem(instance, "pending");
        const cJSON *failed = cJSON_GetObjectItem(instance, "failed");
        needed |= cJSON_IsNumber(pending) && pending->valuedouble > 0;
        needed |= cJSON_IsNumber(failed) && failed->valuedouble > 0;
    }
    cJSON_Delete(status);
    return needed;
}
