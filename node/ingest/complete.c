/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Completing uploads. An upload is complete when its offset (the size of its file) equals its
 * length. Then it becomes a lesson. The step may be interrupted at any point, and it may be
 * repeated at any time: the file already has its final name, and one transaction makes the lesson
 * and marks the upload.
 *
 * PATCH does this step after its last byte. HEAD does it too. And the completer does it: at the
 * start of the node, after a failure, and when it is asked to look. All of them call
 * ingest_complete(). The completer is a thread of its own, because hashing a large file takes
 * minutes.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/ingest/ingest.h"
#include "node/ingest/ingest_internal.h"
#include "node/util/clock.h"
#include "node/util/log.h"

/* The pause before a retry doubles from the first value to the second. A retry reads the whole
 * file again, so it must not come often while the disk stays full. */
#define MIN_RETRY_MS 1000
#define MAX_RETRY_MS 600000
/* How often idle uploads grow older. */
#define AGE_MS 60000

/* One upload that a thread completes at this moment. It lives on that thread's stack. */
struct completion {
    struct completion *next; /* in ingest->completions */
    const char *id;
};

static bool is_being_completed(const struct ingest *ingest, const char *id)
{
    for (const struct completion *c = ingest->completions; c; c = c->next)
        if (strcmp(c->id, id) == 0)
            return true;
    return false;
}

/* Registers a completion, because two threads must not hash the same file at once. Returns false if
 * the caller does not want to wait: another thread has the upload, or, with INGEST_IF_IDLE, any
 * completion is running. In the latter case the completer looks for the upload later. */
static bool begin_completion(
    struct ingest *ingest, struct completion *own, enum ingest_wait wait_for_others)
{
    pthread_mutex_lock(&ingest->mutex);
    bool busy = wait_for_others == INGEST_IF_IDLE ? ingest->completions != NULL
                                                  : is_being_completed(ingest, own->id);
    while (busy && wait_for_others == INGEST_WAIT) {
        pthread_cond_wait(&ingest->changed, &ingest->mutex);
        busy = is_being_completed(ingest, own->id);
    }
    if (!busy) {
        own->next = ingest->completions;
        ingest->completions = own;
    } else if (wait_for_others == INGEST_IF_IDLE) {
        ingest->look_again = true;
        pthread_cond_broadcast(&ingest->changed);
    }
    pthread_mutex_unlock(&ingest->mutex);
    return !busy;
}

static void end_completion(struct ingest *ingest, struct completion *own, bool failed)
{
    pthread_mutex_lock(&ingest->mutex);
    struct completion **at = &ingest->completions;
    while (*at != own)
        at = &(*at)->next;
    *at = own->next;
    if (failed)
        ingest->retry_wanted = true;
    pthread_cond_broadcast(&ingest->changed);
    pthread_mutex_unlock(&ingest->mutex);
}

/* Hashing stops when the module is being closed: the next start of the node completes the
 * upload. */
static bool may_go_on(void *ctx, int64_t done_bytes, int64_t total_bytes)
{
    struct ingest *ingest = ctx;
    (void)done_bytes;
    (void)total_bytes;
    return !atomic_load(&ingest->closing);
}

static int make_lesson(
    struct ingest *ingest, struct catalog *catalog, const char *id, int64_t *lesson_id)
{
    struct catalog_uploads uploads;
    int error = catalog ? catalog_upload_get(catalog, id, &uploads) : CATALOG_EIO;
    if (error != CATALOG_OK)
        return error;
    int64_t total_bytes = uploads.items[0].total_bytes;
    int64_t synced_bytes = uploads.items[0].synced_bytes;
    *lesson_id = uploads.items[0].lesson_id;
    catalog_uploads_free(&uploads);
    if (*lesson_id > 0)
        return CATALOG_OK;

    int64_t offset = ingest_offset(ingest->store, id);
    if (offset < 0)
        return ingest_errno((int)offset);
    if (offset != total_bytes)
        return CATALOG_OK;

    char sha256[65];
    struct store_hash *hash = ingest_take_hash(ingest, id, total_bytes);
    error = store_seal_source(ingest->store, id, synced_bytes, hash, sha256, may_go_on, ingest);
    if (error == -EIO)
        store_hash_free(hash); /* it is of bytes that may be gone */
    else
        ingest_keep_hash(ingest, id, hash); /* the last step may have to be repeated */
    if (error == -ENOENT)
        return CATALOG_ENOTFOUND; /* the user deleted the upload in the meantime */
    if (error < 0)
        return ingest_errno(error);
    /* catalog_upload_complete() checks again, in its transaction, that the upload exists and has no
     * lesson. */
    error = catalog_upload_complete(catalog, id, sha256, clock_wall_ms(), lesson_id);
    if (error == CATALOG_OK)
        log_write(LOG_INFO, "ingest", "upload %s (%lld bytes) is now lesson %lld", id,
            (long long)total_bytes, (long long)*lesson_id);
    return error;
}

int ingest_complete(struct ingest *ingest, struct catalog *catalog, const char *id,
    enum ingest_wait wait_for_others, int64_t *lesson_id)
{
    struct completion own = {.id = id};
    *lesson_id = 0;
    if (!begin_completion(ingest, &own, wait_for_others))
        return CATALOG_OK;
    int error = make_lesson(ingest, catalog, id, lesson_id);
    if (error != CATALOG_OK)
        *lesson_id = 0;
    end_completion(ingest, &own, error != CATALOG_OK && error != CATALOG_ENOTFOUND);
    return error;
}

/* ---- at the start of the node, and after a failure ---- */

static void log_catalog(void *ctx, const char *message)
{
    (void)ctx;
    log_write(LOG_WARN, "catalog", "%s", message);
}

static int complete_each(struct ingest *ingest, struct catalog *catalog)
{
    struct catalog_uploads uploads;
    int error = catalog_uploads(catalog, NULL, &uploads);
    if (error != CATALOG_OK)
        return error;
    for (size_t i = 0; i < uploads.count && !atomic_load(&ingest->closing); i++) {
        const struct catalog_upload *upload = &uploads.items[i];
        int64_t lesson_id = 0;
        if (ingest_offset(ingest->store, upload->id) != upload->total_bytes)
            continue;
        int failure = ingest_complete(ingest, catalog, upload->id, INGEST_DONT_WAIT, &lesson_id);
        if (failure != CATALOG_OK && failure != CATALOG_ENOTFOUND)
            error = failure;
    }
    catalog_uploads_free(&uploads);
    return error;
}

/* Lets uploads grow older, and completes every upload that has all its bytes. The catalog is opened
 * for each run only, since runs are rare. Returns CATALOG_OK or the last failure. */
static int run_once(struct ingest *ingest, int64_t elapsed_ms)
{
    struct catalog *catalog = NULL;
    char message[STORE_PATH_BYTES + 256];
    const struct catalog_params params = {
        .path = store_catalog_path(ingest->store), .must_exist = true, .log = log_catalog};
    int error = catalog_open(&catalog, &params, message, sizeof(message));
    if (error != CATALOG_OK)
        return error;
    error = complete_each(ingest, catalog);
    int aged = ingest_age(ingest, catalog, elapsed_ms);
    if (aged != CATALOG_OK && aged != CATALOG_EBUSY)
        log_write(LOG_WARN, "ingest", "uploads can't expire: %s", catalog_message(catalog));
    catalog_close(&catalog);
    return error;
}

/* Sleeps for duration_ms; ends early only if the node stops. The caller holds the mutex, which is
 * released during the sleep. */
static void wait_ms(struct ingest *ingest, int64_t duration_ms)
{
    int64_t end_ms = clock_mono_ms() + duration_ms;
    const struct timespec end = {.tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000};
    while (!atomic_load(&ingest->closing) &&
           pthread_cond_timedwait(&ingest->changed, &ingest->mutex, &end) != ETIMEDOUT)
        ;
}

/* Sleeps until a completion fails, somebody asks to look again, the node stops, or AGE_MS are over.
 * The caller holds the mutex. */
static void wait_for_work(struct ingest *ingest)
{
    int64_t end_ms = clock_mono_ms() + AGE_MS;
    const struct timespec end = {.tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000};
    while (!ingest->retry_wanted && !ingest->look_again && !atomic_load(&ingest->closing) &&
           pthread_cond_timedwait(&ingest->changed, &ingest->mutex, &end) != ETIMEDOUT)
        ;
}

/* Completes what an earlier node left, and then what failed or was left to it. Looks once a minute
 * for uploads that have expired. After a failure it pauses before the next try. */
static void *run_completer(void *argument)
{
    struct ingest *ingest = argument;
    int64_t pause_ms = 0, aged_ms = clock_mono_ms();
    pthread_mutex_lock(&ingest->mutex);
    while (!atomic_load(&ingest->closing)) {
        ingest->retry_wanted = ingest->look_again = false;
        pthread_mutex_unlock(&ingest->mutex);
        int64_t now_ms = clock_mono_ms();
        int error = run_once(ingest, now_ms - aged_ms);
        aged_ms = now_ms;
        pthread_mutex_lock(&ingest->mutex);
        if (error == CATALOG_OK && !ingest->retry_wanted) {
            pause_ms = 0;
            wait_for_work(ingest);
            if (!ingest->retry_wanted)
                continue;
        }
        pause_ms = pause_ms == 0 ? MIN_RETRY_MS : pause_ms * 2;
        if (pause_ms > MAX_RETRY_MS)
            pause_ms = MAX_RETRY_MS;
        if (!atomic_load(&ingest->closing))
            log_write(LOG_WARN, "ingest",
                "uploads that have all their bytes can't be made lessons yet; "
                "the next try is in %lld s",
                (long long)(pause_ms / 1000));
        wait_ms(ingest, pause_ms);
    }
    pthread_mutex_unlock(&ingest->mutex);
    return NULL;
}

void ingest_look_again(struct ingest *ingest)
{
    pthread_mutex_lock(&ingest->mutex);
    ingest->look_again = true;
    pthread_cond_broadcast(&ingest->changed);
    pthread_mutex_unlock(&ingest->mutex);
}

int ingest_start_completer(struct ingest *ingest)
{
    /* The new thread inherits a mask that blocks all signals: the main thread handles them. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&ingest->completer, NULL, run_completer, ingest);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    ingest->has_completer = error == 0;
    return -error;
}

void ingest_stop_completer(struct ingest *ingest)
{
    pthread_mutex_lock(&ingest->mutex);
    atomic_store(&ingest->closing, true);
    pthread_cond_broadcast(&ingest->changed);
    pthread_mutex_unlock(&ingest->mutex);
    if (ingest->has_completer)
        pthread_join(ingest->completer, NULL);
}
