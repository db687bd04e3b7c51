/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/remote/call.h"
#include "core/remote/iso-time.h"
#include "core/remote/s3-internal.h"
#include "core/remote/s3-xml.h"

enum { ITEMS_MAX = 10 * S3_PAGE_KEYS }; /* a page with more is not the one that was asked for */

void s3_page_free(struct s3_page *page)
{
    for (unsigned i = 0; i < page->count; i++)
        free(page->items[i].name);
    free(page->items);
    free(page->token);
    free(page->last_key);
    *page = (struct s3_page){ 0 };
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "+" is a space (AWS writes it so), %XX any byte, a lone '%' itself. */
size_t s3_page_decode(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        int high = in[0] == '%' ? hex_value(in[1]) : -1;
        int low = high >= 0 ? hex_value(in[2]) : -1;
        if (low >= 0) {
            *out++ = (char)(high << 4 | low);
            in += 2;
        } else {
            *out++ = *in == '+' ? ' ' : *in;
        }
    }
    *out = '\0';
    return (size_t)(out - text);
}

/* --- the walk --- */

struct parsing {
    struct s3_page *page;
    struct s3_item item; /* being read */
    bool decode;
};

static struct s3_item *page_grow(struct s3_page *page)
{
    if (page->count == page->room) {
        unsigned room = page->room == 0 ? 64 : page->room * 2;
        struct s3_item *items =
            room > 2 * ITEMS_MAX ? NULL : realloc(page->items, room * sizeof(*items));
        if (items == NULL)
            return NULL;
        page->items = items;
        page->room = room;
    }
    return &page->items[page->count];
}

static int take_item(struct parsing *parsing, bool is_dir)
{
    struct s3_item *item = parsing->item.name == NULL ? NULL : page_grow(parsing->page);
    if (parsing->item.name != NULL && item == NULL)
        return -ENOMEM;
    if (item != NULL) { /* a Contents without a Key is nothing */
        *item = parsing->item;
        item->is_dir = is_dir;
        parsing->page->count++;
    }
    parsing->item = (struct s3_item){ 0 };
    return 0;
}

static int take_name(struct parsing *parsing, const char *text, size_t len)
{
    free(parsing->item.name);
    parsing->item.name = strdup(text);
    parsing->item.len = len;
    return parsing->item.name == NULL ? -ENOMEM : 0;
}

static void take_etag(struct s3_item *item, const char *text, size_t len)
{
    if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
        text++;
        len -= 2;
    }
    if (len < sizeof(item->etag)) { /* half of one would be a lie */
        memcpy(item->etag, text, len);
        item->etag[len] = '\0';
    }
}

static int take_size(struct s3_item *item, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long size = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
        return -EBADMSG;
    item->size = size;
    return 0;
}

static int page_element(void *context, const char *path, const char *text, size_t len)
{
    struct parsing *parsing = context;
    struct timespec time;
    static const char root[] = "ListBucketResult/";
    if (strncmp(path, root, sizeof(root) - 1) != 0)
        return strcmp(path, "ListBucketResult") == 0 ? 0 : -EBADMSG;
    path += sizeof(root) - 1;
    if (strcmp(path, "Contents/Key") == 0 || strcmp(path, "CommonPrefixes/Prefix") == 0)
        return take_name(parsing, text, len);
    if (strcmp(path, "Contents/Size") == 0)
        return take_size(&parsing->item, text);
    if (strcmp(path, "Contents/ETag") == 0)
        take_etag(&parsing->item, text, len);
    else if (strcmp(path, "Contents/LastModified") == 0 && iso_time_parse(text, &time))
        parsing->item.last_modified = time.tv_sec;
    else if (strcmp(path, "Contents") == 0)
        return take_item(parsing, false);
    else if (strcmp(path, "CommonPrefixes") == 0)
        return take_item(parsing, true);
    else if (strcmp(path, "IsTruncated") == 0)
        parsing->page->truncated = strcmp(text, "true") == 0;
    else if (strcmp(path, "EncodingType") == 0)
        parsing->decode = strcmp(text, "url") == 0;
    else if (strcmp(path, "NextContinuationToken") == 0 && len > 0 &&
             parsing->page->token == NULL && (parsing->page->token = strdup(text)) == NULL)
        return -ENOMEM;
    return 0;
}

/* --- from keys to names --- */

static int compare_keys(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order != 0 ? order : a_len < b_len ? -1 : a_len > b_len;
}

/* Decodes, takes the prefix off, and leaves the directory's own marker out. */
static int page_name(struct s3_page *page, bool decode, const char *prefix)
{
    size_t prefix_len = strlen(prefix), last_len = 0, kept = 0;
    const char *last = NULL;
    for (unsigned i = 0; i < page->count; i++) {
        struct s3_item *item = &page->items[i];
        if (decode)
            item->len = s3_page_decode(item->name);
        if (item->len < prefix_len || memcmp(item->name, prefix, prefix_len) != 0)
            return -EBADMSG;
        item->len -= prefix_len;
        memmove(item->name, item->name + prefix_len, item->len + 1);
        if (item->is_dir && (item->len == 0 || item->name[item->len - 1] != '/'))
            return -EBADMSG;
        if (last == NULL || compare_keys(item->name, item->len, last, last_len) > 0) {
            last = item->name;
            last_len = item->len;
        }
    }
    if (last != NULL && (page->last_key = strdup(last)) == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < page->count; i++) {
        struct s3_item *item = &page->items[i];
        if (item->is_dir)
            item->name[--item->len] = '\0';
        bool own = !item->is_dir && item->len == 0;
        page->has_marker = page->has_marker || own;
        item->no_name = own; /* bytes in a marker are a file without a name */
        if (own && item->size == 0)
            free(item->name);
        else
            page->items[kept++] = *item;
    }
    page->count = (unsigned)kept;
    return 0;
}

int s3_page_parse(struct remote_call *call, const char *xml, size_t len, const char *prefix,
    struct s3_page *ret_page)
{
    struct s3_page page = { 0 };
    struct parsing parsing = { .page = &page };
    int rc = s3_xml_walk(xml, len, page_element, &parsing);
    free(parsing.item.name);
    if (rc == 0)
        rc = page_name(&page, parsing.decode, prefix);
    if (rc == 0 && page.truncated && page.token == NULL)
        rc = -EBADMSG;
    if (rc == 0 && !page.truncated) {
        free(page.token);
        page.token = NULL;
    }
    if (rc == 0) {
        *ret_page = page;
        return 0;
    }
    s3_page_free(&page);
    if (rc == -EBADMSG)
        return remote_call_fail_transient(
            call, -EIO, "the store's listing is not the XML it should be");
    return rc;
}

/* --- asking --- */

static int page_get(struct s3 *store, struct remote_call *call, const char *prefix, bool delimiter,
    const char *token, unsigned keys, const char *what, bool patiently, struct s3_page *ret_page)
{
    CLEANUP_S3_ANSWER struct s3_answer answer = S3_ANSWER_INIT;
    char max_keys[16];
    (void)snprintf(max_keys, sizeof(max_keys), "%u", keys);
    struct s3_request request = { .method = HTTP_GET, .what = what };
    struct s3_parameter *query = request.query;
    *query++ = (struct s3_parameter){ "list-type", "2" };
    *query++ = (struct s3_parameter){ "encoding-type", "url" };
    *query++ = (struct s3_parameter){ "max-keys", max_keys };
    *query++ = (struct s3_parameter){ "prefix", prefix };
    if (delimiter)
        *query++ = (struct s3_parameter){ "delimiter", "/" };
    if (token != NULL)
        *query++ = (struct s3_parameter){ "continuation-token", token };
    int rc = patiently ? s3_perform_patiently(store, call, &request, &answer)
                       : s3_perform(store, call, &request, &answer);
    if (rc < 0)
        return rc;
    return s3_page_parse(call, strbuf_cstr(&answer.body), answer.body.len, prefix, ret_page);
}

int s3_page_get(struct s3 *store, struct remote_call *call, const char *prefix, bool delimiter,
    const char *token, unsigned keys, const char *what, struct s3_page *ret_page)
{
    return page_get(store, call, prefix, delimiter, token, keys, what, false, ret_page);
}

int s3_page_get_patiently(struct s3 *store, struct remote_call *call, const char *prefix,
    bool delimiter, const char *token, unsigned keys, const char *what, struct s3_page *ret_page)
{
    return page_get(store, call, prefix, delimiter, token, keys, what, true, ret_page);
}
