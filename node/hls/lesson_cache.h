/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Indices of the lessons that were asked for last, shared by all loops, bounded in number and in
 * bytes. What is remembered is believed for a short while only, so that a lesson that is withdrawn
 * or grows shows it soon. All functions may be called by any thread.
 */
#ifndef NODE_HLS_LESSON_CACHE_H
#define NODE_HLS_LESSON_CACHE_H

#include "node/hls/media_index.h"

struct lesson_cache;

struct lesson_cache_params {
    size_t max_lessons; /* 0: 256 */
    size_t max_bytes;   /* 0: 64 MiB; one lesson is kept whatever its size */
};
int lesson_cache_open(
    struct lesson_cache **out, const struct lesson_cache_params *params); /* 0 or -ENOMEM */
/* No other call may be under way. Accepts NULL. */
void lesson_cache_close(struct lesson_cache **cache);

struct lesson_view {
    struct media_index
        *index; /* a reference of the caller's, given back with media_index_unref() */
    bool published;
};

/* How long an index may be believed without a look into the catalog, by now_ms's clock: a monotonic
 * one. */
#define LESSON_CACHE_COMPLETE_MS 2000
#define LESSON_CACHE_GROWING_MS 1000

/* What is remembered and still believed; false: ask the catalog. Never blocks on the catalog. */
bool lesson_cache_get(
    struct lesson_cache *cache, int64_t lesson_id, int64_t now_ms, struct lesson_view *out);
/*
 * The lesson as the catalog had it after newer_than_ms. Threads that want the same lesson wait for
 * the one that reads it; so this is for a thread of the pool, and catalog is that thread's own.
 * CATALOG_ENOTFOUND and other errors of the catalog, CATALOG_ECORRUPT as in media_index_make().
 */
int lesson_cache_load(struct lesson_cache *cache, struct catalog *catalog, int64_t lesson_id,
    int64_t newer_than_ms, struct lesson_view *out);

#endif
