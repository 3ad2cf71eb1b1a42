/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cache of the indexes of recently requested lessons. All loops share it. The number of lessons
 * in it and their bytes are bounded. A cached index is trusted only for a short time, so that a
 * withdrawn or growing lesson soon shows the change. While somebody follows the catalog, complete
 * lessons need not be asked for again. All functions may be called on any thread. */
#ifndef NODE_HLS_LESSON_CACHE_H
#define NODE_HLS_LESSON_CACHE_H

#include "node/hls/media_index.h"

struct lesson_cache;

struct lesson_cache_params {
    size_t max_lessons; /* 0: 256 */
    size_t max_bytes;   /* 0: 64 MiB. One lesson is always kept, whatever its size */
};
int lesson_cache_open(struct lesson_cache **out,
    const struct lesson_cache_params *params); /* Returns 0 or -ENOMEM. */
/* Frees the cache and sets *cache to NULL. No other call may be running. Accepts NULL in *cache. */
void lesson_cache_close(struct lesson_cache **cache);

struct lesson_view {
    struct media_index *
        index; /* a reference that belongs to the caller; to be returned with media_index_unref() */
    bool published;
};

/* How long a cached index is trusted after the catalog was asked about it. For a complete lesson, to
 * follow the catalog is as good as asking. */
#define LESSON_CACHE_TRUST_MS 1000

/* Gets a lesson from the cache. now_ms must be monotonic. Returns false if the catalog must be asked. Never blocks on the
 * catalog. */
bool lesson_cache_get(
    struct lesson_cache *cache, int64_t lesson_id, int64_t now_ms, struct lesson_view *out);
/* Gets the lesson as it was in the catalog at some time after newer_than_ms. If another thread is
 * reading the same lesson, waits for it; so this must be called on a pool thread. catalog: that
 * thread's own. Returns CATALOG_OK; CATALOG_ENOTFOUND or another error of the catalog;
 * CATALOG_ECORRUPT as in media_index_make(). */
int lesson_cache_load(struct lesson_cache *cache, struct catalog *catalog, int64_t lesson_id,
    int64_t newer_than_ms, struct lesson_view *out);

/*
 * Follows the catalog: reads again what has changed of the cached lessons since the last call.
 * change_number: how far the caller has followed; -1 at first. One caller at a time. catalog: its
 * own. Returns CATALOG_OK or an error of the catalog; then a later call makes up for it.
 */
int lesson_cache_follow(
    struct lesson_cache *cache, struct catalog *catalog, int64_t *change_number);

#endif
