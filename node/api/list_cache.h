/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of the lists of lessons, written once for all who ask. A page is good until the catalog's
 * next change. All functions may be called by any thread, except open and close. */
#ifndef NODE_API_LIST_CACHE_H
#define NODE_API_LIST_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "node/answer/answer.h"

/* The most bytes of a text that lists are searched for. */
#define LIST_SEARCH_BYTES 200

/* Which page. Unused bytes are zero. */
struct list_page {
    int64_t before_id; /* only lessons with a lower number; 0: all */
    int limit;
    bool for_operators;
    char search[LIST_SEARCH_BYTES + 1]; /* "": all */
};

struct list_cache;

/* Returns 0 or -ENOMEM. */
int list_cache_open(struct list_cache **out);

/* Accepts NULL in *cache. */
void list_cache_close(struct list_cache **cache);

/* Returns the page as it was written at this change of the catalog, held for the caller; or NULL. */
struct answer_body *list_cache_find(
    struct list_cache *cache, const struct list_page *page, int64_t change_number);

/* Keeps a page in place of the one that was asked for the longest time ago. Long pages are not
 * kept. body stays the caller's. */
void list_cache_keep(struct list_cache *cache, const struct list_page *page, int64_t change_number,
    struct answer_body *body);

#endif
