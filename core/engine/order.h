/* SPDX-License-Identifier: MIT */
/*
 * The two orders in which a directory's files are likely to be read: that of their names (who
 * sorts), and that in which the directory itself lists them (who does not). Immutable once made.
 */
#ifndef ALGOFS_ENGINE_ORDER_H
#define ALGOFS_ENGINE_ORDER_H

#include <stddef.h>

enum order_kind { ORDER_BY_NAME, ORDER_AS_LISTED, ORDER_KINDS };

struct order;
struct tree;

/** Reads directory `path` of the tree. NULL: it cannot be read, or is too large to be worth it. */
struct order *order_read(struct tree *tree, const char *path);
void order_free(struct order *order);

size_t order_count(const struct order *order);
/** The name at a place, below order_count. Owned by the order. */
const char *order_name(const struct order *order, enum order_kind kind, size_t place);
/** The places of `name` in each order. 0 or -ENOENT. */
int order_places(const struct order *order, const char *name, size_t ret_places[ORDER_KINDS]);

#endif
