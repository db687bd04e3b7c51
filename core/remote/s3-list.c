/* SPDX-License-Identifier: MIT */
/*
 * Listing a directory: page by page, each page's attributes asked for, then delivered.
 *
 * Keys come sorted by their bytes, so "x" and "x/…" may be pages apart (with "x-1", "x.old" between
 * them), and the directory is to win. A file whose directory may still come is carried over to the next
 * page; those are the names that the page's last key begins with, so there are few.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/remote/call.h"
#include "core/remote/circle.h"
#include "core/remote/s3-internal.h"

struct listing {
    struct s3 *store;
    const char *path;
    const char *prefix; /* the directory's key, with its '/' */
    remote_entry_fn *entry;
    void *context;
    struct s3_page page;    /* the one at work, with what was carried over */
    struct s3_page carried; /* only its items */
    bool exists;            /* some key was below */
};

/* --- attributes --- */

static int ask_item(void *context, unsigned index, struct remote_call *call)
{
    struct listing *listing = context;
    struct s3_item *item = &listing->page.items[index];
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    if (item->asked || memchr(item->name, '\0', item->len) != NULL || item->no_name ||
        (item->is_dir && item->len == 0))
        return 0;
    item->asked = true;
    strbuf_addf(&key, "%s%s%s", listing->prefix, item->name, item->is_dir ? "/" : "");
    if (key.failed)
        return -ENOMEM;
    if (!item->is_dir && s3_known_attributes(listing->store->known, key.buf, item->etag,
                             item->last_modified, &item->attributes))
        return 0;
    const struct s3_request request = { .method = HTTP_HEAD, .key = key.buf, .what = listing->path };
    int rc = s3_perform_patiently(listing->store, call, &request, &answer);
    if (rc == -ENOENT) {
        item->gone = !item->is_dir; /* a directory without a marker is none the less one */
        return 0;
    }
    if (rc < 0 && !call->transient && rc != -ECANCELED && rc != -ENOMEM) {
        log_debug("s3", "%s: no attributes: %s", key.buf, call->why);
        return 0; /* what the listing told is true all the same */
    }
    if (rc < 0)
        return rc;
    item->attributes = answer.attributes;
    if (item->is_dir) {
        item->no_name = answer.response.has_length && answer.response.length > 0;
        return 0;
    }
    if (strcmp(answer.response.etag, item->etag) != 0 && answer.response.has_length)
        item->size = answer.response.length; /* replaced since the listing */
    memcpy(item->etag, answer.response.etag, sizeof(item->etag));
    if (answer.last_modified != 0)
        item->last_modified = answer.last_modified;
    s3_known_set_attributes(
        listing->store->known, key.buf, item->etag, item->last_modified, &item->attributes);
    return 0;
}

/* --- one page --- */

static int compare_items(const void *a, const void *b)
{
    const struct s3_item *x = a, *y = b;
    int order = memcmp(x->name, y->name, x->len < y->len ? x->len : y->len);
    if (order == 0)
        order = x->len < y->len ? -1 : x->len > y->len;
    return order != 0 ? order : (int)y->is_dir - (int)x->is_dir;
}

/* Whether the directory of this name may be on a later page. */
static bool may_follow(const struct s3_page *page, const struct s3_item *item)
{
    const char *last = page->last_key;
    return page->truncated && !item->is_dir && last != NULL && item->len > 0 &&
           strncmp(last, item->name, item->len) == 0 && last[item->len] < '/';
}

static int deliver_item(struct listing *listing, const struct s3_item *item)
{
    struct remote_entry entry = { .is_dir = item->is_dir };
    /* A probe of ours that a killed process could not remove is nobody's file. */
    static const char probe[] = S3_CONDITION_PROBE;
    if (item->gone || (item->len >= sizeof(probe) && item->size == 0 &&
                          memcmp(item->name, probe, sizeof(probe) - 1) == 0))
        return 0;
    if (!item->is_dir) {
        entry.size = item->size;
        entry.has_mtime = item->last_modified != 0;
        entry.mtime.tv_sec = (time_t)item->last_modified;
        memcpy(entry.version, item->etag, sizeof(entry.version));
    }
    if (listing->store->metadata == S3_METADATA_HEAD)
        s3_entry_attributes(&item->attributes, item->is_dir, &entry);
    int rc = listing->entry(listing->context, item->name, item->len, &entry);
    if (rc == 0 && item->is_dir && item->no_name) { /* reported: no file can have that name */
        entry = (struct remote_entry){ .is_dir = false };
        rc = listing->entry(listing->context, "/", 1, &entry);
    }
    return rc;
}

static bool same_name(const struct s3_item *a, const struct s3_item *b)
{
    return a->len == b->len && memcmp(a->name, b->name, a->len) == 0;
}

/* Puts what was carried over to the page's own items. */
static int take_carried(struct listing *listing)
{
    struct s3_page *page = &listing->page, *carried = &listing->carried;
    if (carried->count == 0)
        return 0;
    unsigned room = page->count + carried->count;
    struct s3_item *items = realloc(page->items, room * sizeof(*items));
    if (items == NULL)
        return -ENOMEM;
    memcpy(items + page->count, carried->items, carried->count * sizeof(*items));
    page->items = items;
    page->count = page->room = room;
    carried->count = 0;
    return 0;
}

static int carry(struct listing *listing, struct s3_item *item)
{
    struct s3_page *carried = &listing->carried;
    struct s3_item *items = realloc(carried->items, (carried->count + 1) * sizeof(*items));
    if (items == NULL)
        return -ENOMEM;
    carried->items = items;
    carried->items[carried->count++] = *item;
    item->name = NULL; /* moved */
    return 0;
}

static int deliver_page(struct listing *listing, struct remote_call *call)
{
    struct s3_page *page = &listing->page;
    int rc = take_carried(listing);
    if (rc == 0 && page->count > 0 && listing->store->metadata == S3_METADATA_HEAD)
        rc = s3_parallel(listing->store, call, page->count, S3_PARALLEL, ask_item, listing);
    if (rc == 0 && page->count > 0)
        qsort(page->items, page->count, sizeof(page->items[0]), compare_items);
    const struct s3_item *previous = NULL;
    for (unsigned i = 0; rc == 0 && i < page->count; i++) {
        struct s3_item *item = &page->items[i];
        bool hidden = previous != NULL && previous->is_dir && same_name(previous, item);
        if (hidden)
            log_debug("s3", "%s%s: an object and a directory; the object is left out",
                listing->prefix, item->name);
        if (!hidden && may_follow(page, item)) {
            rc = carry(listing, item);
            continue;
        }
        rc = deliver_item(listing, item);
        previous = item;
    }
    return rc;
}

/* --- all pages --- */

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

/* The first page is tried once: nothing is delivered yet, so the retry layer can. */
static int get_page(struct listing *listing, struct remote_call *call, const char *token)
{
    if (token == NULL)
        return s3_page_get(listing->store, call, listing->prefix, true, NULL, S3_PAGE_KEYS,
            listing->path, &listing->page);
    return s3_page_get_patiently(listing->store, call, listing->prefix, true, token, S3_PAGE_KEYS,
        listing->path, &listing->page);
}

static int list_pages(struct listing *listing, struct remote_call *call)
{
    struct circle circle = CIRCLE_INIT;
    uint64_t started_ms = clock_ms(), whole_ms = call->deadline_ms;
    char *token = NULL;
    int rc;
    do {
        rc = remaining(call, started_ms, whole_ms);
        if (rc == 0)
            rc = get_page(listing, call, token);
        free(token);
        token = NULL;
        if (rc == 0) {
            listing->exists = listing->exists || listing->page.count > 0 || listing->page.has_marker;
            if (listing->page.has_marker)
                s3_known_set_marker(listing->store->known, listing->prefix, true);
            rc = deliver_page(listing, call);
        }
        token = TAKE(listing->page.token);
        if (rc == 0 && token != NULL)
            rc = circle_check(&circle, call, token);
        s3_page_free(&listing->page);
    } while (rc == 0 && token != NULL);
    call->deadline_ms = whole_ms;
    free(token);
    circle_free(&circle);
    return rc;
}

/* Nothing below `path`: there is no such directory, or a file of that name. */
static int fail_absent(struct s3 *store, struct remote_call *call, const char *path)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    int rc = s3_key(store, call, path, "", &key);
    if (rc == 0)
        rc = s3_head(store, call, key.buf, path, &answer);
    if (rc == 0)
        return remote_call_fail(call, -ENOTDIR, "'%s': a file, not a directory", path);
    if (rc == -ENOENT)
        return remote_call_fail(call, -ENOENT, "'%s': no such directory", path);
    return rc;
}

int s3_list(struct remote *remote, struct remote_call *call, const char *path,
    remote_entry_fn *entry, void *context)
{
    struct s3 *store = (struct s3 *)remote;
    CLEANUP_STRBUF struct strbuf prefix = STRBUF_INIT;
    int rc = s3_key(store, call, path, "/", &prefix);
    if (rc < 0)
        return rc;
    struct listing listing = { .store = store,
        .path = path,
        .prefix = strbuf_cstr(&prefix),
        .entry = entry,
        .context = context };
    rc = list_pages(&listing, call);
    s3_page_free(&listing.carried);
    if (rc == 0 && !listing.exists && path[0] != '\0')
        rc = fail_absent(store, call, path);
    return rc;
}
