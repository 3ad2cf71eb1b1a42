/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/hls/lesson_cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "node/util/clock.h"

enum {
    BUCKETS = 1024,
    DEFAULT_LESSONS = 256,
    /* If more have changed at once, all cached lessons are asked for again. */
    MAX_CHANGES = 100,
};
#define DEFAULT_BYTES ((size_t)64 * 1024 * 1024)

struct entry {
    LIST_ENTRY(entry) in_bucket;
    TAILQ_ENTRY(entry) in_order; /* the most recently used first */
    int64_t lesson_id;
    struct media_index *index; /* NULL before the first load */
    bool published;
    int64_t checked_ms; /* when the catalog was last asked: the time before the call; monotonic */
    bool doubtful;      /* it may have changed since, although the catalog was followed */
    bool loading;       /* a thread is reading the catalog for this entry; no other thread may
                         * change or remove the entry */
};

struct lesson_cache {
    size_t max_lessons, max_bytes;
    pthread_mutex_t lock; /* protects everything below */
    pthread_cond_t loaded;
    LIST_HEAD(, entry) buckets[BUCKETS];
    TAILQ_HEAD(entries, entry) order;
    size_t lessons, bytes;
    int64_t followed_ms; /* up to here, changes of complete lessons are known; monotonic */
};

int lesson_cache_open(struct lesson_cache **out, const struct lesson_cache_params *params)
{
    struct lesson_cache *cache = calloc(1, sizeof(*cache));
    *out = NULL;
    if (!cache)
        return -ENOMEM;
    cache->max_lessons = params->max_lessons ? params->max_lessons : DEFAULT_LESSONS;
    cache->max_bytes = params->max_bytes ? params->max_bytes : DEFAULT_BYTES;
    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->loaded, NULL);
    TAILQ_INIT(&cache->order);
    *out = cache;
    return 0;
}

static size_t index_bytes(const struct entry *entry)
{
    return entry->index ? entry->index->memory_bytes : 0;
}

static void remove_entry(struct lesson_cache *cache, struct entry *entry)
{
    LIST_REMOVE(entry, in_bucket);
    TAILQ_REMOVE(&cache->order, entry, in_order);
    cache->lessons--;
    cache->bytes -= index_bytes(entry);
    media_index_unref(entry->index);
    free(entry);
}

void lesson_cache_close(struct lesson_cache **cache)
{
    struct entry *entry;
    if (!*cache)
        return;
    while ((entry = TAILQ_FIRST(&(*cache)->order)))
        remove_entry(*cache, entry);
    pthread_cond_destroy(&(*cache)->loaded);
    pthread_mutex_destroy(&(*cache)->lock);
    free(*cache);
    *cache = NULL;
}

static struct entry *find_entry(struct lesson_cache *cache, int64_t lesson_id)
{
    struct entry *entry;
    LIST_FOREACH (entry, &cache->buckets[(uint64_t)lesson_id % BUCKETS], in_bucket)
        if (entry->lesson_id == lesson_id)
            break;
    return entry;
}

static struct entry *add_entry(struct lesson_cache *cache, int64_t lesson_id)
{
    struct entry *entry = calloc(1, sizeof(*entry));
    if (!entry)
        return NULL;
    entry->lesson_id = lesson_id;
    LIST_INSERT_HEAD(&cache->buckets[(uint64_t)lesson_id % BUCKETS], entry, in_bucket);
    TAILQ_INSERT_HEAD(&cache->order, entry, in_order);
    cache->lessons++;
    return entry;
}

static void evict(struct lesson_cache *cache)
{
    struct entry *entry = TAILQ_LAST(&cache->order, entries);
    while (entry && entry != TAILQ_FIRST(&cache->order) &&
           (cache->lessons > cache->max_lessons || cache->bytes > cache->max_bytes)) {
        struct entry *newer = TAILQ_PREV(entry, entries, in_order);
        if (!entry->loading)
            remove_entry(cache, entry);
        entry = newer;
    }
}

static void move_to_front(struct lesson_cache *cache, struct entry *entry)
{
    TAILQ_REMOVE(&cache->order, entry, in_order);
    TAILQ_INSERT_HEAD(&cache->order, entry, in_order);
}

static void view_entry(struct lesson_cache *cache, struct entry *entry, struct lesson_view *out)
{
    move_to_front(cache, entry);
    media_index_ref(entry->index);
    *out = (struct lesson_view){entry->index, entry->published};
}

bool lesson_cache_get(
    struct lesson_cache *cache, int64_t lesson_id, int64_t now_ms, struct lesson_view *out)
{
    bool found = false;
    pthread_mutex_lock(&cache->lock);
    struct entry *entry = find_entry(cache, lesson_id);
    if (entry && entry->index) {
        bool is_followed = entry->index->complete && !entry->doubtful;
        int64_t known_ms = is_followed && cache->followed_ms > entry->checked_ms
                               ? cache->followed_ms
                               : entry->checked_ms;
        found = now_ms - known_ms < LESSON_CACHE_TRUST_MS;
    }
    if (found)
        view_entry(cache, entry, out);
    pthread_mutex_unlock(&cache->lock);
    return found;
}

/* Whether a cached index is still correct. The segments of a complete revision never change, but
 * the lesson's own row may have changed, and optional renditions may have been added. */
static bool still_right(const struct media_index *index, const struct catalog_lesson *lesson)
{
    return index && index->complete && lesson->state == CATALOG_LESSON_READY &&
           index->revision == lesson->revision && index->extras_made == lesson->optional_made &&
           strcmp(index->title, lesson->title) == 0 &&
           strcmp(index->language, lesson->language) == 0 &&
           index->storyboard_sheets == lesson->storyboard_sheets &&
           strcmp(index->poster_file, lesson->poster_file) == 0;
}

/* Reads a lesson from the catalog; the caller does not hold the lock. known: the cached index,
 * which is returned again if it is still correct. */
static int read_lesson(
    struct catalog *catalog, int64_t lesson_id, struct media_index *known, struct lesson_view *out)
{
    struct catalog_lessons lessons = {0};
    int error = catalog_lesson_get(catalog, lesson_id, &lessons);
    *out = (struct lesson_view){0};
    if (error)
        return error;
    out->published = lessons.items[0].published;
    if (still_right(known, &lessons.items[0])) {
        media_index_ref(known);
        out->index = known;
    } else {
        error = media_index_load(&out->index, catalog, &lessons.items[0]);
    }
    catalog_lessons_free(&lessons);
    return error;
}

/* Stores the lesson in the entry, with a reference of its own. */
static void keep(struct lesson_cache *cache, struct entry *entry, const struct lesson_view *view,
    int64_t checked_ms)
{
    media_index_ref(view->index);
    cache->bytes += view->index->memory_bytes;
    cache->bytes -= index_bytes(entry);
    media_index_unref(entry->index);
    entry->index = view->index;
    entry->published = view->published;
    entry->checked_ms = checked_ms;
    entry->loading = false;
    move_to_front(cache, entry);
    evict(cache);
}

/* Loads an entry; removes it if that fails. Called with the lock held; releases the lock while the
 * catalog is read. */
static int load_entry(struct lesson_cache *cache, struct entry *entry, struct catalog *catalog,
    struct lesson_view *out)
{
    int64_t checked_ms = clock_mono_ms();
    entry->loading = true;
    entry->doubtful = false; /* may be set again while the catalog is read */
    pthread_mutex_unlock(&cache->lock);
    int error = read_lesson(catalog, entry->lesson_id, entry->index, out);
    pthread_mutex_lock(&cache->lock);
    if (error)
        remove_entry(cache, entry);
    else
        keep(cache, entry, out, checked_ms);
    pthread_cond_broadcast(&cache->loaded);
    return error;
}

int lesson_cache_load(struct lesson_cache *cache, struct catalog *catalog, int64_t lesson_id,
    int64_t newer_than_ms, struct lesson_view *out)
{
    struct entry *entry;
    int error = CATALOG_OK;
    *out = (struct lesson_view){0};
    pthread_mutex_lock(&cache->lock);
    while ((entry = find_entry(cache, lesson_id)) && entry->loading)
        pthread_cond_wait(&cache->loaded, &cache->lock);
    if (entry && entry->checked_ms > newer_than_ms)
        view_entry(cache, entry, out);
    else if (entry || (entry = add_entry(cache, lesson_id)))
        error = load_entry(cache, entry, catalog, out);
    else
        error = CATALOG_ENOMEM;
    pthread_mutex_unlock(&cache->lock);
    return error;
}

/* ---- following ---- */

/* Reads a lesson again if it is in the cache. One that is gone leaves the cache. */
static void renew(
    struct lesson_cache *cache, struct catalog *catalog, int64_t lesson_id, int64_t newer_than_ms)
{
    struct lesson_view view;
    pthread_mutex_lock(&cache->lock);
    bool is_cached = find_entry(cache, lesson_id) != NULL;
    pthread_mutex_unlock(&cache->lock);
    /* If the catalog can't be read, the entry has left the cache, and the next request asks. */
    if (is_cached &&
        lesson_cache_load(cache, catalog, lesson_id, newer_than_ms, &view) == CATALOG_OK)
        media_index_unref(view.index);
}

static void doubt_all(struct lesson_cache *cache)
{
    struct entry *entry;
    pthread_mutex_lock(&cache->lock);
    TAILQ_FOREACH (entry, &cache->order, in_order)
        entry->doubtful = true;
    pthread_mutex_unlock(&cache->lock);
}

int lesson_cache_follow(struct lesson_cache *cache, struct catalog *catalog, int64_t *change_number)
{
    struct catalog_changes changes;
    int64_t now_ms = clock_mono_ms();
    int error = catalog_changes(catalog, *change_number, MAX_CHANGES, &changes);
    if (error)
        return error;
    /* A lesson that was loaded before the changes were read may lack them. */
    int64_t read_ms = clock_mono_ms();
    if (changes.reread)
        doubt_all(cache);
    for (size_t i = 0; i < changes.lessons.count; i++)
        renew(cache, catalog, changes.lessons.items[i].id, read_ms);
    for (size_t i = 0; i < changes.removed_count; i++)
        renew(cache, catalog, changes.removed[i], read_ms);
    *change_number = changes.number;
    catalog_changes_free(&changes);
    pthread_mutex_lock(&cache->lock);
    cache->followed_ms = now_ms;
    pthread_mutex_unlock(&cache->lock);
    return CATALOG_OK;
}
