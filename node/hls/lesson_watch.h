/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread that follows the catalog for the cache of lessons. So a withdrawn lesson is gone within a
 * second. Requests for complete lessons that are in the cache wait neither for the catalog nor for
 * the pool, even if strangers flood the pool. */
#ifndef NODE_HLS_LESSON_WATCH_H
#define NODE_HLS_LESSON_WATCH_H

#include "node/hls/lesson_cache.h"

struct lesson_watch;

/* Starts the thread. cache and catalog_path (the database file) must outlive it. Returns 0 or a
 * negative errno. */
int lesson_watch_open(
    struct lesson_watch **out, struct lesson_cache *cache, const char *catalog_path);

/* Ends the thread and sets *watch to NULL. Accepts NULL in *watch. */
void lesson_watch_close(struct lesson_watch **watch);

#endif
