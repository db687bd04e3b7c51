/* SPDX-License-Identifier: MIT */
#include "server/fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "server/fault-names.h"

struct fault {
    char *method;    /* owned; NULL: any */
    char *substring; /* owned; of the target as received; NULL: any */
    uint64_t nth;    /* only the nth request that matches; 0: no such condition */
    uint64_t every;  /* every so many requests that match; 0: each */
    uint64_t count;  /* at most so many times; 0: no limit */
    uint64_t matched;
    uint64_t hits;
    struct fault_plan action;
};

/* One row a key. A handler returns 0 or -errno. */
struct fault_key {
    const char *name;
    int (*set)(struct fault *fault, const char *value);
    bool has_value;
};

/* No number of ours is larger than 32 bits, so that seconds fit as nanoseconds. */
static int fault_number(const char *value, uint64_t *ret_number)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || value[0] == '-' || value[0] == '+')
        return -EINVAL;
    if (number > UINT32_MAX)
        return -ERANGE;
    *ret_number = number;
    return 0;
}

static int fault_set_match(struct fault *fault, const char *value)
{
    const char *colon = strchr(value, ':');
    if (colon != NULL && strchr(value, '/') != NULL && strchr(value, '/') < colon)
        colon = NULL; /* a colon of the path */
    if (colon != NULL && strncmp(value, "*:", 2) != 0) {
        fault->method = strndup(value, (size_t)(colon - value));
        if (fault->method == NULL)
            return -ENOMEM;
    }
    fault->substring = strdup(colon == NULL ? value : colon + 1);
    return fault->substring == NULL ? -ENOMEM : 0;
}

static int fault_set_nth(struct fault *fault, const char *value)
{
    return fault_number(value, &fault->nth);
}

static int fault_set_every(struct fault *fault, const char *value)
{
    return fault_number(value, &fault->every);
}

static int fault_set_count(struct fault *fault, const char *value)
{
    return fault_number(value, &fault->count);
}

static int fault_set_status(struct fault *fault, const char *value)
{
    int rc = fault_number(value, &fault->action.status);
    return rc == 0 && (fault->action.status < 300 || fault->action.status > 599) ? -EINVAL : rc;
}

static int fault_set_retry_after(struct fault *fault, const char *value)
{
    return fault_number(value, &fault->action.retry_after);
}

static int fault_set_latency(struct fault *fault, const char *value)
{
    return fault_number(value, &fault->action.latency_ms);
}

static int fault_set_reset(struct fault *fault, const char *value)
{
    (void)value; /* a flag */
    fault->action.reset = true;
    return 0;
}

static int fault_set_cut(struct fault *fault, const char *value)
{
    fault->action.has_cut = true;
    return fault_number(value, &fault->action.cut);
}

static int fault_set_stall(struct fault *fault, const char *value)
{
    fault->action.has_stall = true;
    return fault_number(value, &fault->action.stall_s);
}

static int fault_set_length(struct fault *fault, const char *value)
{
    uint64_t number;
    bool less = value[0] == '-';
    int rc = fault_number(less || value[0] == '+' ? value + 1 : value, &number);
    if (rc == 0)
        fault->action.length = less ? -(int64_t)number : (int64_t)number;
    return rc;
}

static int fault_set_upload_reset(struct fault *fault, const char *value)
{
    fault->action.has_upload_reset = true;
    int rc = fault_number(value, &fault->action.upload_reset);
    return rc == 0 && fault->action.upload_reset > 100 ? -EINVAL : rc;
}

static int fault_set_wrong_etag(struct fault *fault, const char *value)
{
    (void)value; /* a flag */
    fault->action.wrong_etag = true;
    return 0;
}

static int fault_set_nospace(struct fault *fault, const char *value)
{
    (void)value; /* a flag */
    fault->action.nospace = true;
    return 0;
}

static int fault_set_names(struct fault *fault, const char *value)
{
    return fault_names_load(value, &fault->action.names);
}

static const struct fault_key keys[] = {
    { "match", fault_set_match, true },
    { "nth", fault_set_nth, true },
    { "every", fault_set_every, true },
    { "count", fault_set_count, true },
    { "status", fault_set_status, true },
    { "retry-after", fault_set_retry_after, true },
    { "latency", fault_set_latency, true },
    { "reset", fault_set_reset, false },
    { "cut", fault_set_cut, true },
    { "stall", fault_set_stall, true },
    { "length", fault_set_length, true },
    { "upload-reset", fault_set_upload_reset, true },
    { "wrong-etag", fault_set_wrong_etag, false },
    { "nospace", fault_set_nospace, false },
    { "names", fault_set_names, true },
};

const char *fault_help(void)
{
    return "SPEC is a comma-separated list. Which requests:\n"
           "  match=METHOD:SUBSTRING     of this method (* for any) with this in the target\n"
           "  nth=N                      only the N-th of them, counting from 1\n"
           "  every=N                    every N-th of them\n"
           "  count=N                    at most N times\n"
           "and what happens to them:\n"
           "  status=CODE                this answer (300 to 599), and nothing is done\n"
           "  retry-after=SECONDS        the header, together with status\n"
           "  latency=MS                 wait before doing anything\n"
           "  reset                      reset the connection\n"
           "  cut=BYTES                  close the connection after BYTES of the answer's body\n"
           "  stall=SECONDS              half of the body (nothing, if there is none), then\n"
           "                             silence for SECONDS, then close the connection\n"
           "  length=+N or length=-N     a Content-Length wrong by N bytes\n"
           "  upload-reset=PERCENT       reset the connection after that part of an upload\n"
           "  wrong-etag                 an ETag that is not the file's\n"
           "  nospace                    507 for every upload\n"
           "  names=FILE                 names that do not exist in every listing; FILE is a JSON\n"
           "                             array of strings, or {\"name\":S,\"dir\":true}, "
           "{\"json\":S}\n";
}

static void fault_free(struct fault *fault)
{
    free(fault->method);
    free(fault->substring);
    fault_names_unref(fault->action.names);
}

static void fault_list_free(struct fault_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        fault_free(&list->faults[i]);
    free(list->faults);
    *list = (struct fault_list){ 0 };
}

static int fault_parse_item(struct fault *fault, char *item)
{
    char *value = strchr(item, '=');
    if (value != NULL)
        *value++ = '\0';
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(item, keys[i].name) == 0)
            return keys[i].has_value == (value != NULL) ? keys[i].set(fault, value) : -EINVAL;
    return -EINVAL;
}

/* Reads `spec` and appends the fault to `list`. */
static int fault_list_add(struct fault_list *list, const char *spec, char why[FAULT_WHY_MAX])
{
    CLEANUP_FREE char *items = strdup(spec);
    struct fault *grown = reallocarray(list->faults, list->count + 1, sizeof(*grown));
    if (grown != NULL)
        list->faults = grown;
    if (items == NULL || grown == NULL) {
        (void)snprintf(why, FAULT_WHY_MAX, "fault '%s': %s", spec, strerror(ENOMEM));
        return -ENOMEM;
    }
    struct fault *fault = &list->faults[list->count++];
    *fault = (struct fault){ 0 };
    char *rest = items;
    for (char *item = strsep(&rest, ","); item != NULL; item = strsep(&rest, ",")) {
        int rc = fault_parse_item(fault, item);
        if (rc < 0) { /* a long spec is cut in the message */
            (void)snprintf(why, FAULT_WHY_MAX, "fault '%s': %s: %s", spec, item, strerror(-rc));
            return rc;
        }
    }
    return 0;
}

static int fault_list_read(struct fault_list *list, const char *path, char why[FAULT_WHY_MAX])
{
    CLEANUP_FCLOSE FILE *file = fopen(path, "re");
    if (file == NULL) {
        int rc = -errno;
        (void)snprintf(why, FAULT_WHY_MAX, "%s: %s", path, strerror(-rc)); /* may be cut */
        return rc;
    }
    CLEANUP_FREE char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, file) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#')
            continue;
        int rc = fault_list_add(list, line, why);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int faults_reload(struct faults *faults, char ret_why[FAULT_WHY_MAX])
{
    struct fault_list fresh = { 0 };
    if (faults->options->fault_file == NULL)
        return 0;
    int rc = fault_list_read(&fresh, faults->options->fault_file, ret_why);
    if (rc == 0) {
        LOCK_SCOPE(&faults->lock);
        struct fault_list old = faults->file;
        faults->file = fresh;
        fresh = old;
    }
    fault_list_free(&fresh);
    return rc;
}

int faults_init(struct faults *faults, const struct options *options, char ret_why[FAULT_WHY_MAX])
{
    *faults = (struct faults){ .options = options };
    (void)pthread_mutex_init(&faults->lock, NULL); /* default attributes: cannot fail */
    int rc = 0;
    for (size_t i = 0; i < options->fault_count && rc == 0; i++)
        rc = fault_list_add(&faults->fixed, options->faults[i], ret_why);
    if (rc == 0)
        rc = faults_reload(faults, ret_why);
    return rc;
}

void faults_deinit(struct faults *faults)
{
    fault_list_free(&faults->fixed);
    fault_list_free(&faults->file);
    (void)pthread_mutex_destroy(&faults->lock);
}

static bool fault_hits(struct fault *fault, const char *method, const char *target)
{
    if (fault->method != NULL && strcmp(fault->method, method) != 0)
        return false;
    if (fault->substring != NULL && strstr(target, fault->substring) == NULL)
        return false;
    fault->matched++;
    if (fault->nth != 0 && fault->matched != fault->nth)
        return false;
    if (fault->every != 0 && fault->matched % fault->every != 0)
        return false;
    if (fault->count != 0 && fault->hits == fault->count)
        return false;
    fault->hits++;
    return true;
}

/* Adds to `plan` what it does not say yet. */
static void fault_merge(struct fault_plan *plan, const struct fault_plan *action)
{
    plan->reset |= action->reset;
    plan->wrong_etag |= action->wrong_etag;
    plan->nospace |= action->nospace;
    plan->latency_ms = plan->latency_ms != 0 ? plan->latency_ms : action->latency_ms;
    plan->length = plan->length != 0 ? plan->length : action->length;
    if (plan->status == 0) {
        plan->status = action->status;
        plan->retry_after = action->retry_after;
    }
    if (!plan->has_cut) {
        plan->has_cut = action->has_cut;
        plan->cut = action->cut;
    }
    if (!plan->has_stall) {
        plan->has_stall = action->has_stall;
        plan->stall_s = action->stall_s;
    }
    if (!plan->has_upload_reset) {
        plan->has_upload_reset = action->has_upload_reset;
        plan->upload_reset = action->upload_reset;
    }
    if (plan->names == NULL && action->names != NULL) {
        fault_names_ref(action->names);
        plan->names = action->names;
    }
}

static void fault_list_plan(
    struct fault_list *list, const char *method, const char *target, struct fault_plan *plan)
{
    for (size_t i = 0; i < list->count; i++)
        if (fault_hits(&list->faults[i], method, target))
            fault_merge(plan, &list->faults[i].action);
}

void faults_plan(
    struct faults *faults, const char *method, const char *target, struct fault_plan *ret_plan)
{
    *ret_plan = (struct fault_plan)FAULT_PLAN_INIT;
    LOCK_SCOPE(&faults->lock);
    fault_list_plan(&faults->fixed, method, target, ret_plan);
    fault_list_plan(&faults->file, method, target, ret_plan);
}

void fault_plan_free(struct fault_plan *plan)
{
    fault_names_unref(plan->names);
    *plan = (struct fault_plan)FAULT_PLAN_INIT;
}
