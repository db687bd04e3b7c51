/* SPDX-License-Identifier: MIT */
#include "server/list.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "server/acl.h"
#include "server/json.h"

/* The two arrays of a listing while they are written, without their brackets. */
struct list_page {
    struct strbuf folders;
    struct strbuf files;
};

/* A marker is `<length>-<name in hex>`, as the hosted service's were digits, hyphen, letters. */
void list_encode_marker(struct strbuf *out, const char *name)
{
    strbuf_addf(out, "%zu-", strlen(name));
    for (const char *p = name; *p != '\0'; p++)
        strbuf_addf(out, "%02x", (unsigned char)*p);
}

int list_decode_marker(struct strbuf *out, const char *marker)
{
    size_t len;
    int start = 0;
    if (!isdigit((unsigned char)marker[0])) /* sscanf would skip blanks and take a sign */
        return -EINVAL;
    if (sscanf(marker, "%4zu-%n", &len, &start) != 1 || start == 0)
        return -EINVAL;
    const char *hex = marker + start;
    if (strlen(hex) != 2 * len || strspn(hex, "0123456789abcdef") != 2 * len)
        return -EINVAL;
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1 || byte == 0)
            return -EINVAL;
        strbuf_addch(out, (char)byte);
    }
    return out->failed ? -ENOMEM : 0;
}

static void list_add_folder(struct list_page *page, const char *name)
{
    strbuf_addstr(&page->folders, page->folders.len > 0 ? ",{\"name\":" : "{\"name\":");
    json_add_string(&page->folders, name);
    strbuf_addch(&page->folders, '}');
}

static void list_add_file(struct list_page *page, const char *name, const struct stat *st)
{
    struct tm utc;
    char when[64];
    gmtime_r(&st->st_mtim.tv_sec, &utc);
    (void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &utc); /* any year fits */
    strbuf_addstr(&page->files, page->files.len > 0 ? ",{\"filename\":" : "{\"filename\":");
    json_add_string(&page->files, name);
    strbuf_addf(
        &page->files, ",\"last_modified\":\"%s.000Z\",\"size\":%jd}", when, (intmax_t)st->st_size);
}

static void list_add_entry(struct list_page *page, int dir_fd, const struct snapshot_entry *entry)
{
    struct stat st;
    if (entry->is_dir)
        list_add_folder(page, entry->name);
    else if (fstatat(dir_fd, entry->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
        list_add_file(page, entry->name, &st); /* else: removed since the snapshot */
}

/* Adds `"key":[items]`, or nothing for no items. */
static void list_add_array(struct strbuf *body, const char *key, const struct strbuf *items)
{
    if (items->len == 0)
        return;
    strbuf_addf(body, "%s\"%s\":[", body->len > 1 ? "," : "", key);
    strbuf_add(body, items->buf, items->len);
    strbuf_addch(body, ']');
}

static void list_add_extra(struct strbuf *items, const char *extra)
{
    if (extra[0] == '\0')
        return;
    if (items->len > 0)
        strbuf_addch(items, ',');
    strbuf_addstr(items, extra);
}

static bool list_is_first(const struct list_query *query)
{
    return query->marker == NULL || query->marker[0] == '\0';
}

/* Writes the whole answer. `last` is the name the page ends with, NULL on the last page. */
static void list_finish(struct answer *answer, struct list_page *page,
    const struct list_query *query, const char *last, const char *acl)
{
    if (list_is_first(query)) {
        list_add_extra(&page->folders, query->extra_folders);
        list_add_extra(&page->files, query->extra_files);
    }
    answer_json(answer);
    answer->data_type = "directory";
    struct strbuf *body = &answer->body;
    strbuf_addch(body, '{');
    list_add_array(body, "folders", &page->folders);
    list_add_array(body, "files", &page->files);
    if (last != NULL) {
        strbuf_addf(body, "%s\"marker\":\"", body->len > 1 ? "," : "");
        list_encode_marker(body, last);
        strbuf_addch(body, '"');
    }
    if (acl != NULL)
        strbuf_addf(body, "%s\"acl\":{\"read\":%s}", body->len > 1 ? "," : "", acl);
    strbuf_addch(body, '}');
    if (page->folders.failed || page->files.failed)
        body->failed = true; /* reply_send answers 503 for it */
    strbuf_free(&page->folders);
    strbuf_free(&page->files);
}

void list_directory(struct snapshot_cache *cache, const struct target *target, int dir_fd,
    const struct list_query *query, struct answer *answer)
{
    CLEANUP_STRBUF struct strbuf after = STRBUF_INIT;
    if (!list_is_first(query) && list_decode_marker(&after, query->marker) < 0) {
        answer_error(answer, 400, "invalid marker");
        return;
    }
    struct snapshot *names;
    int rc = snapshot_get(cache, dir_fd, &names);
    if (rc < 0) {
        answer_errno(answer, rc);
        return;
    }
    struct list_page page = { STRBUF_INIT, STRBUF_INIT };
    size_t first = snapshot_after(names, strbuf_cstr(&after));
    size_t end = names->count - first > query->page ? first + query->page : names->count;
    for (size_t i = first; i < end; i++)
        list_add_entry(&page, dir_fd, &names->entries[i]);
    const char *last = end < names->count ? names->entries[end - 1].name : NULL;
    bool has_acl = query->acl && target->hosted && !target_is_fixed(target);
    const char *acl = has_acl ? acl_json(acl_get(target, dir_fd)) : NULL;
    list_finish(answer, &page, query, last, acl);
    snapshot_unref(names);
}

void list_hosted_root(const char *user, const struct list_query *query, struct answer *answer)
{
    struct list_page page = { STRBUF_INIT, STRBUF_INIT };
    list_add_folder(&page, user);
    list_finish(answer, &page, query, NULL, NULL);
}
