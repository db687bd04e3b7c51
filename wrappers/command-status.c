/* SPDX-License-Identifier: MIT */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/client/session.h"
#include "wrappers/agent-status.h"
#include "wrappers/command.h"
#include "wrappers/say.h"

/* member of the report, and how a person reads it */
struct line {
    const char *member;
    const char *label;
};

static const struct line agent_lines[] = {
    { "version", "version" },
    { "pid", "agent" },
    { "uptime_s", "up (s)" },
    { "cache", "cache" },
    { "threads", "threads" },
    { "transfers", "transfers" },
};

static const struct line instance_lines[] = {
    { "api", "server" },
    { "files_hydrated", "files fetched" },
    { "bytes_hydrated", "bytes fetched" },
    { "files_in_progress", "in progress" },
    { "pending", "to upload" },
    { "failed", "failed to upload" },
    { "requests", "requests" },
    { "errors", "errors" },
    { "skipped_names", "names left out" },
    { "last_error", "last error" },
};

static void print_lines(const cJSON *object, const struct line *lines, size_t count, const char *indent)
{
    for (size_t i = 0; i < count; i++) {
        const cJSON *value = cJSON_GetObjectItem(object, lines[i].member);
        if (cJSON_IsNumber(value))
            printf("%s%-15s %.0f\n", indent, lines[i].label, value->valuedouble);
        else if (cJSON_IsString(value) && value->valuestring[0] != '\0')
            printf("%s%-15s %s\n", indent, lines[i].label, value->valuestring);
    }
}

/* What is not on the remote yet, or open for writing: path, since when, and what went wrong. */
static void print_writes(const cJSON *instance)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(instance, "writes"))
    {
        const cJSON *path = cJSON_GetObjectItem(item, "path");
        const cJSON *state = cJSON_GetObjectItem(item, "state");
        const cJSON *since = cJSON_GetObjectItem(item, "since_s");
        const cJSON *error = cJSON_GetObjectItem(item, "error");
        if (!cJSON_IsString(path) || !cJSON_IsString(state))
            continue;
        printf("  %-15s %s, %.0f s", state->valuestring, path->valuestring,
            cJSON_IsNumber(since) ? since->valuedouble : 0.0);
        if (cJSON_IsString(error) && error->valuestring[0] != '\0')
            printf(": %s", error->valuestring);
        printf("\n");
    }
}

static void print_status(const cJSON *status)
{
    print_lines(status, agent_lines, sizeof(agent_lines) / sizeof(agent_lines[0]), "");
    const cJSON *instance;
    cJSON_ArrayForEach(instance, cJSON_GetObjectItem(status, "instances"))
    {
        const cJSON *id = cJSON_GetObjectItem(instance, "id");
        printf("\naccount %s\n", cJSON_IsString(id) ? id->valuestring : "?");
        print_lines(
            instance, instance_lines, sizeof(instance_lines) / sizeof(instance_lines[0]), "  ");
        print_writes(instance);
    }
}

static int complain(int rc)
{
    if (rc == -ENOTCONN)
        say("no agent runs for %s: it starts when a program touches the prefix", session_cache());
    else
        say("the agent of %s does not answer: %s", session_cache(), strerror(-rc));
    return 1;
}

int command_status(int argc, char **argv)
{
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !json) {
        say("status takes --json only: \"%s\"", argv[1]);
        return 2;
    }
    if (json) {
        CLEANUP_FREE char *text = NULL;
        int rc = agent_status_text(session_cache(), &text);
        if (rc < 0)
            return complain(rc);
        printf("%s\n", text);
        return 0;
    }
    cJSON *status = NULL;
    int rc = agent_status_read(session_cache(), &status);
    if (rc < 0)
        return complain(rc);
    print_status(status);
    cJSON_Delete(status);
    return 0;
}
