/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/hls/lesson_watch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "catalog/catalog.h"
#include "node/util/log.h"

/* Between two looks. */
enum { PAUSE_MS = 250 };

struct lesson_watch {
    struct lesson_cache *cache;
    const char *catalog_path;
    pthread_t thread;
    pthread_mutex_t lock; /* protects ends */
    pthread_cond_t ended;
    bool ends;
};

/* Waits for the next look. Returns false if there is to be none. */
static bool wait_for_turn(struct lesson_watch *watch)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += PAUSE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&watch->lock);
    while (!watch->ends && pthread_cond_timedwait(&watch->ended, &watch->lock, &until) == 0)
        ;
    bool ends = watch->ends;
    pthread_mutex_unlock(&watch->lock);
    return !ends;
}

static void log_catalog(void *ctx, const char *message)
{
    (void)ctx;
    log_write(LOG_ERROR, "catalog", "%s", message);
}

static void *run_watch(void *argument)
{
    struct lesson_watch *watch = argument;
    struct catalog *catalog = NULL;
    int64_t change_number = -1;
    const struct catalog_params params = {
        .path = watch->catalog_path, .must_exist = true, .log = log_catalog};
    do {
        /* Without the catalog, requests ask for themselves, and report what is wrong. */
        if (catalog || catalog_open(&catalog, &params, NULL, 0) == CATALOG_OK)
            (void)lesson_cache_follow(watch->cache, catalog, &change_number);
    } while (wait_for_turn(watch));
    catalog_close(&catalog);
    return NULL;
}

static int start(struct lesson_watch *watch)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&watch->thread, NULL, run_watch, watch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

static void release(struct lesson_watch *watch)
{
    pthread_cond_destroy(&watch->ended);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}

int lesson_watch_open(
    struct lesson_watch **out, struct lesson_cache *cache, const char *catalog_path)
{
    struct lesson_watch *watch = calloc(1, sizeof(*watch));
    pthread_condattr_t monotonic;
    *out = NULL;
    if (!watch)
        return -ENOMEM;
    watch->cache = cache;
    watch->catalog_path = catalog_path;
    pthread_mutex_init(&watch->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int error = start(watch);
    if (error < 0) {
        release(watch);
        return error;
    }
    *out = watch;
    return 0;
}

void lesson_watch_close(struct lesson_watch **watch)
{
    if (!*watch)
        return;
    pthread_mutex_lock(&(*watch)->lock);
    (*watch)->ends = true;
    pthread_cond_signal(&(*watch)->ended);
    pthread_mutex_unlock(&(*watch)->lock);
    pthread_join((*watch)->thread, NULL);
    release(*watch);
    *watch = NULL;
}
