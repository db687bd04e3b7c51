/* SPDX-License-Identifier: MIT */
#include "core/engine/order.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/strbuf.h"
#include "core/base/beneath.h"
#include "core/tree/tree.h"

enum { ORDER_NAMES_MAX = 200000 };

struct order_entry {
    size_t name; /* where in `text` */
    size_t listed; /* its place as listed */
};

struct order {
    char *text; /* the names as listed, each with its NUL */
    size_t count;
    size_t *by_listing;         /* places in `entries` */
    struct order_entry entries[]; /* sorted by name */
};

static int order_compare(const void *a, const void *b, void *text)
{
    const struct order_entry *one = a, *other = b;
    return strcmp((const char *)text + one->name, (const char *)text + other->name);
}

static int order_read_names(
    struct tree *tree, const char *path, struct strbuf *text, size_t *ret_count)
{
    CLEANUP_CLOSE int fd = beneath_open(tree_root(tree), path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    CLEANUP_CLOSEDIR DIR *stream = fdopendir(fd);
    if (stream == NULL)
        return -errno;
    (void)TAKE_FD(fd); /* the stream's now */
    const struct dirent *found;
    size_t count = 0;
    while ((found = readdir(stream)) != NULL) {
        if (found->d_type != DT_REG && found->d_type != DT_UNKNOWN)
            continue;
        strbuf_add(text, found->d_name, strlen(found->d_name) + 1);
        if (++count > ORDER_NAMES_MAX)
            return -E2BIG;
    }
    *ret_count = count;
    return text->failed ? -ENOMEM : 0;
}

struct order *order_read(struct tree *tree, const char *path)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    size_t count = 0;
    if (order_read_names(tree, path, &text, &count) < 0 || count == 0)
        return NULL;
    struct order *order = calloc(1, sizeof(*order) + count * sizeof(order->entries[0]));
    size_t *by_listing = calloc(count, sizeof(*by_listing));
    if (order == NULL || by_listing == NULL) {
        free(order);
        free(by_listing);
        return NULL;
    }
    order->count = count;
    order->by_listing = by_listing;
    order->text = strbuf_detach(&text);
    for (size_t i = 0, at = 0; i < count; i++, at += strlen(order->text + at) + 1)
        order->entries[i] = (struct order_entry){ at, i };
    qsort_r(order->entries, count, sizeof(order->entries[0]), order_compare, order->text);
    for (size_t i = 0; i < count; i++)
        by_listing[order->entries[i].listed] = i;
    return order;
}

void order_free(struct order *order)
{
    if (order == NULL)
        return;
    free(order->text);
    free(order->by_listing);
    free(order);
}

size_t order_count(const struct order *order)
{
    return order->count;
}

const char *order_name(const struct order *order, enum order_kind kind, size_t place)
{
    size_t entry = kind == ORDER_BY_NAME ? place : order->by_listing[place];
    return order->text + order->entries[entry].name;
}

int order_places(const struct order *order, const char *name, size_t ret_places[ORDER_KINDS])
{
    size_t low = 0;
    size_t high = order->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int compared = strcmp(name, order->text + order->entries[middle].name);
        if (compared == 0) {
            ret_places[ORDER_BY_NAME] = middle;
            ret_places[ORDER_AS_LISTED] = order->entries[middle].listed;
            return 0;
        }
        if (compared < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -ENOENT;
}
