/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/api/list_cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* The first pages of all lists, and a few that somebody turns to. */
    PAGES = 32,
    /* So all of them together take 8 MB at most. */
    MAX_PAGE_BYTES = 256 * 1024,
};

struct kept {
    struct list_page page;
    int64_t change_number, used; /* used: the cache's count of uses when it was used last */
    struct answer_body *body;    /* NULL: the place is free */
};

struct list_cache {
    pthread_mutex_t lock;
    int64_t uses;
    struct kept kept[PAGES];
};

int list_cache_open(struct list_cache **out)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return -ENOMEM;
    pthread_mutex_init(&(*out)->lock, NULL);
    return 0;
}

void list_cache_close(struct list_cache **cache)
{
    if (!*cache)
        return;
    for (int i = 0; i < PAGES; i++)
        answer_drop((*cache)->kept[i].body);
    pthread_mutex_destroy(&(*cache)->lock);
    free(*cache);
    *cache = NULL;
}

static bool is_same(const struct list_page *a, const struct list_page *b)
{
    return a->before_id == b->before_id && a->limit == b->limit &&
           a->for_operators == b->for_operators && strcmp(a->search, b->search) == 0;
}

/* Returns the place of this page; else NULL. */
static struct kept *find(struct list_cache *cache, const struct list_page *page)
{
    for (int i = 0; i < PAGES; i++)
        if (cache->kept[i].body && is_same(&cache->kept[i].page, page))
            return &cache->kept[i];
    return NULL;
}

static struct kept *find_oldest(struct list_cache *cache)
{
    struct kept *oldest = &cache->kept[0];
    for (int i = 1; i < PAGES; i++)
        if (cache->kept[i].used < oldest->used)
            oldest = &cache->kept[i];
    return oldest;
}

struct answer_body *list_cache_find(
    struct list_cache *cache, const struct list_page *page, int64_t change_number)
{
    struct answer_body *body = NULL;
    pthread_mutex_lock(&cache->lock);
    struct kept *kept = find(cache, page);
    if (kept && kept->change_number == change_number) {
        kept->used = ++cache->uses;
        body = answer_hold(kept->body);
    }
    pthread_mutex_unlock(&cache->lock);
    return body;
}

void list_cache_keep(struct list_cache *cache, const struct list_page *page, int64_t change_number,
    struct answer_body *body)
{
    if (answer_bytes(body) > MAX_PAGE_BYTES)
        return;
    pthread_mutex_lock(&cache->lock);
    struct kept *kept = find(cache, page);
    if (!kept)
        kept = find_oldest(cache);
    struct answer_body *before = kept->body;
    *kept = (struct kept){*page, change_number, ++cache->uses, answer_hold(body)};
    pthread_mutex_unlock(&cache->lock);
    answer_drop(before);
}
