/* SPDX-License-Identifier: MIT */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/remote/algorithmia-internal.h"
#include "core/remote/call.h"
#include "core/remote/circle.h"
#include "core/remote/iso-time.h"
#include "core/remote/url.h"

/* --- one page's JSON --- */

/*
 * cJSON ends a string at an escaped NUL, which would turn the name "a<NUL>b" into "a", somebody
 * else's name. The escape becomes that of '/', which no name may hold either: the caller's check
 * refuses it.
 */
static void disarm_escaped_nul(char *json, size_t len)
{
    static const char nul[] = "\\u0000", slash[] = "\\u002f";
    size_t size = sizeof(nul) - 1;
    for (size_t i = 0; i + size <= len; i++) {
        if (json[i] != '\\')
            continue;
        if (memcmp(json + i, nul, size) == 0)
            memcpy(json + i, slash, size);
        i++; /* the escaped character is not the start of another escape */
    }
}

/* A size has to be a whole number that a uint64_t holds. */
static bool take_size(const cJSON *item, uint64_t *ret_size)
{
    if (!cJSON_IsNumber(item))
        return false;
    double size = item->valuedouble;
    if (!(size >= 0 && size < 0x1p63) || (double)(uint64_t)size != size) /* a NaN fails the first */
        return false;
    *ret_size = (uint64_t)size;
    return true;
}

static void take_mtime(const cJSON *item, struct remote_entry *entry)
{
    const char *text = cJSON_GetStringValue(item);
    entry->has_mtime = text != NULL && iso_time_parse(text, &entry->mtime);
}

static int deliver_folders(const cJSON *folders, remote_entry_fn *deliver, void *context)
{
    const cJSON *folder;
    cJSON_ArrayForEach(folder, folders) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(folder, "name"));
        struct remote_entry entry = { .is_dir = true };
        if (name == NULL) {
            log_debug("algorithmia", "a folder without a name is left out of a listing");
            continue;
        }
        int rc = deliver(context, name, strlen(name), &entry);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int deliver_files(const cJSON *files, remote_entry_fn *deliver, void *context)
{
    const cJSON *file;
    cJSON_ArrayForEach(file, files) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(file, "filename"));
        struct remote_entry entry = { .is_dir = false };
        if (name == NULL ||
            !take_size(cJSON_GetObjectItemCaseSensitive(file, "size"), &entry.size)) {
            log_debug("algorithmia", "file '%s' without a name or a size is left out of a listing",
                name == NULL ? "" : name);
            continue;
        }
        take_mtime(cJSON_GetObjectItemCaseSensitive(file, "last_modified"), &entry);
        int rc = deliver(context, name, strlen(name), &entry);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* An array, or nothing at all; an object would be walked like an array. */
static const cJSON *get_array(const cJSON *page, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(page, key);
    return cJSON_IsArray(item) ? item : NULL;
}

static int page_deliver(const cJSON *page, remote_entry_fn *entry, void *context, char **ret_marker)
{
    const char *next = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(page, "marker"));
    char *marker = NULL;
    if (next != NULL && next[0] != '\0') {
        marker = strdup(next);
        if (marker == NULL)
            return -ENOMEM;
    }
    int rc = deliver_folders(get_array(page, "folders"), entry, context);
    if (rc == 0)
        rc = deliver_files(get_array(page, "files"), entry, context);
    if (rc < 0)
        free(marker);
    else
        *ret_marker = marker;
    return rc;
}

int algorithmia_page_parse(struct remote_call *call, char *json, size_t len, remote_entry_fn *entry,
    void *context, char **ret_marker)
{
    /* A bare NUL is no JSON; cJSON would shorten the string it stands in. */
    bool text = len > 0 && memchr(json, '\0', len) == NULL;
    if (text)
        disarm_escaped_nul(json, len);
    cJSON *page = text ? cJSON_ParseWithLength(json, len) : NULL;
    int rc;
    if (cJSON_IsObject(page))
        rc = page_deliver(page, entry, context, ret_marker);
    else
        rc = remote_call_fail_transient(
            call, -EIO, "the server's listing is not the JSON it should be");
    cJSON_Delete(page);
    return rc;
}

/* --- fetching pages --- */

struct listing {
    struct algorithmia *store;
    const char *path;
    const char *marker;               /* of the page wanted; NULL: the first */
    struct remote_call *call;         /* of the current try */
    struct algorithmia_answer answer; /* the page, once it is here */
};

static int page_head(void *context, const struct http_response *response)
{
    struct listing *listing = context;
    strbuf_reset(&listing->answer.body); /* what came before was another try's or a redirect's */
    if (response->status != 200 || response->data_type == HTTP_DATA_DIRECTORY)
        return 0;
    if (response->data_type == HTTP_DATA_FILE) /* its bytes, maybe gigabytes, are not wanted */
        return remote_call_fail(
            listing->call, -ENOTDIR, "'%s': a file, not a directory", listing->path);
    return remote_call_fail(listing->call, -EIO,
        "'%s': the answer has no X-Data-Type; is this an Algorithmia server?", listing->path);
}

static int page_body(void *context, const void *bytes, size_t len)
{
    struct listing *listing = context;
    struct strbuf *body = &listing->answer.body;
    if (len > ALGORITHMIA_PAGE_MAX - body->len)
        return remote_call_fail(listing->call, -EIO, "'%s': a page of more than %d bytes",
            listing->path, ALGORITHMIA_PAGE_MAX);
    strbuf_add(body, bytes, len);
    return body->failed ? -ENOMEM : 0;
}

/* One try at one page. */
static int page_fetch(void *context, struct remote_call *call, bool *progressed)
{
    struct listing *listing = context;
    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    (void)progressed; /* a page is here or it is not */
    algorithmia_url(listing->store, listing->path, &url);
    if (listing->marker != NULL) {
        strbuf_addstr(&url, "?marker=");
        url_add_value(&url, listing->marker);
    }
    if (url.failed)
        return remote_call_fail(call, -ENOMEM, "out of memory");
    struct http_request request = { .method = HTTP_GET,
        .url = strbuf_cstr(&url),
        .body_fd = -1,
        .context = listing,
        .head = page_head,
        .body = page_body };
    struct http_response *response = &listing->answer.response;
    listing->call = call;
    int rc = algorithmia_perform(listing->store, call, &request, response);
    if (rc == 0 && response->status != 200)
        rc = algorithmia_error(
            call, ALGORITHMIA_LIST, listing->path, response, &listing->answer.body);
    return rc;
}

/* The first page once (nothing is delivered yet: the retry layer's business), later ones with
 * retries. */
static int page_get(struct listing *listing, struct remote_call *call)
{
    bool progressed;
    if (listing->marker == NULL)
        return page_fetch(listing, call, &progressed);
    struct retry_run run = { .policy = &listing->store->account->policy,
        .attempt = page_fetch,
        .context = listing,
        .deadline_ms = listing->store->account->policy.deadline_ms };
    return retry_run(&run, call);
}

/* The time left of a deadline over all pages. */
static int remaining(struct remote_call *call, uint64_t started_ms, uint64_t whole_ms)
{
    if (whole_ms == 0)
        return 0;
    uint64_t spent = clock_ms() - started_ms;
    if (spent >= whole_ms)
        return remote_call_fail_transient(
            call, -ETIMEDOUT, "the listing took longer than %llu ms", (unsigned long long)whole_ms);
    call->deadline_ms = whole_ms - spent;
    return 0;
}

int algorithmia_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context)
{
    struct listing listing = {
        .store = (struct algorithmia *)remote, .path = path, .answer = { .body = STRBUF_INIT }
    };
    struct circle circle = CIRCLE_INIT;
    uint64_t started_ms = clock_ms(), whole_ms = call->deadline_ms;
    char *marker = NULL;
    int rc;
    do {
        char *next = NULL;
        listing.marker = marker;
        rc = remaining(call, started_ms, whole_ms);
        if (rc == 0)
            rc = page_get(&listing, call);
        if (rc == 0)
            rc = algorithmia_page_parse(
                call, listing.answer.body.buf, listing.answer.body.len, entry, context, &next);
        free(marker);
        marker = next;
        if (rc == 0 && marker != NULL)
            rc = circle_check(&circle, call, marker);
    } while (rc == 0 && marker != NULL);
    call->deadline_ms = whole_ms;
    free(marker);
    circle_free(&circle);
    strbuf_free(&listing.answer.body);
    return rc;
}
