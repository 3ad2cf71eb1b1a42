/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operator's queue as server-sent events (HTML Living Standard, 9.2). The whole queue, with the
 * newest MAX_LESSONS lessons, is sent again whenever it has changed. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/api/api_internal.h"
#include "node/api/lesson_json.h"

#define TICK_MS 1000
#define COMMENT_TICKS 15
#define MAX_LESSONS 200
/* The most streams that a user may have open. Each looks at the catalog once a second. */
#define MAX_STREAMS 10
/* A client with this much unsent data gets no more events. The next event will replace the missing
 * ones anyway. */
#define MAX_PENDING_BYTES (256 * 1024)

/* One open stream. */
struct queue {
    struct queue *next; /* in api->streams */
    struct api *api;
    char user[65];
    int64_t change_number; /* of the event that was sent last */
    int ticks;
    bool busy;   /* a look at the catalog is running in the pool */
    bool closed; /* the client has gone; freed when the look has ended */
};

/* One look at the catalog on a pool thread. */
struct look {
    struct queue *queue;
    const struct store *store;
    int64_t change_number; /* in: of the event that was sent last; out: of what was found */
    char *text;            /* NULL: nothing has changed, or the catalog could not be read */
};

static json_t *list_lessons(struct catalog *catalog)
{
    struct catalog_lessons lessons;
    if (catalog_lessons(catalog, &(struct catalog_lesson_filter){.limit = MAX_LESSONS}, &lessons) !=
        CATALOG_OK)
        return NULL;
    json_t *list = catalog_queue_positions(catalog, &lessons) == CATALOG_OK ? json_array() : NULL;
    for (size_t i = 0; i < lessons.count; i++)
        json_array_append_new(list, lesson_json_operator(&lessons.items[i]));
    catalog_lessons_free(&lessons);
    return list;
}

static json_t *list_uploads(struct catalog *catalog, const struct store *store)
{
    struct catalog_uploads uploads;
    if (catalog_uploads(catalog, NULL, &uploads) != CATALOG_OK)
        return NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < uploads.count; i++) {
        const struct catalog_upload *u = &uploads.items[i];
        char path[STORE_PATH_BYTES];
        struct stat status = {0};
        if (store_source_path(store, u->id, path) < 0 || stat(path, &status) < 0)
            status.st_size = 0;
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "id", u->id, "filename",
                      u->filename, "title", u->title, "user", u->user, "total_bytes",
                      (json_int_t)u->total_bytes, "offset_bytes", (json_int_t)status.st_size,
                      "created_ms", (json_int_t)u->created_ms));
    }
    catalog_uploads_free(&uploads);
    return list;
}

static void work_look(void *thread_ctx, void *argument)
{
    struct look *look = argument;
    int64_t number;
    if (!thread_ctx || catalog_change_number(thread_ctx, &number) != CATALOG_OK ||
        number == look->change_number)
        return;
    json_t *json = json_pack("{s:o, s:o}", "lessons", list_lessons(thread_ctx), "uploads",
        list_uploads(thread_ctx, look->store));
    look->text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    if (look->text)
        look->change_number = number;
    json_decref(json);
}

static void done_look(struct http_request *req, void *argument)
{
    struct look *look = argument;
    struct queue *queue = look->queue;
    queue->busy = false;
    if (queue->closed) {
        free(queue);
    } else if (look->text) {
        queue->change_number = look->change_number;
        queue->ticks = 0;
        http_stream_write(req, "event: queue\ndata: ", 19);
        http_stream_write(req, look->text, strlen(look->text));
        http_stream_write(req, "\n\n", 2);
    }
    free(look->text);
    free(look);
}

static void look_now(struct http_request *req, struct queue *queue)
{
    struct look *look = calloc(1, sizeof(*look));
    if (!look)
        return; /* the next tick tries again */
    *look = (struct look){
        .queue = queue, .store = queue->api->store, .change_number = queue->change_number};
    queue->busy = true;
    http_request_defer(req, work_look, done_look, look);
}

static void on_tick(struct http_request *req, void *ctx)
{
    struct queue *queue = ctx;
    if (queue->busy || http_stream_pending(req) > MAX_PENDING_BYTES)
        return;
    /* A comment line from time to time keeps proxies from closing the stream, and reveals dead
     * links. */
    if (++queue->ticks >= COMMENT_TICKS) {
        queue->ticks = 0;
        http_stream_write(req, ": still here\n\n", 14);
    }
    look_now(req, queue);
}

/* Adds a stream to the list, unless its user has too many. */
static bool enter(struct api *api, struct queue *queue)
{
    int count = 0;
    pthread_mutex_lock(&api->lock);
    for (const struct queue *other = api->streams; other; other = other->next)
        count += strcmp(other->user, queue->user) == 0;
    if (count < MAX_STREAMS) {
        queue->next = api->streams;
        api->streams = queue;
    }
    pthread_mutex_unlock(&api->lock);
    return count < MAX_STREAMS;
}

static void leave(struct api *api, const struct queue *queue)
{
    pthread_mutex_lock(&api->lock);
    struct queue **at = &api->streams;
    while (*at != queue)
        at = &(*at)->next;
    *at = queue->next;
    pthread_mutex_unlock(&api->lock);
}

static void end_listening(void *ctx)
{
    struct queue *queue = ctx;
    leave(queue->api, queue);
    queue->closed = true;
    if (!queue->busy)
        free(queue);
}

void api_queue_events(struct http_request *req, void *ctx)
{
    struct queue *queue = calloc(1, sizeof(*queue));
    if (!queue) {
        api_respond_error(req, CATALOG_ENOMEM);
        return;
    }
    *queue = (struct queue){.api = ctx, .change_number = -1};
    memcpy(queue->user, http_request_user(req)->name, sizeof(queue->user));
    if (!enter(ctx, queue)) {
        free(queue);
        http_respond_error(req, 429, "too_many_streams", "您打开的页面太多，请关掉一些。",
            "You have too many pages open: close some of them.");
        return;
    }
    http_response_header(req, "Cache-Control", "no-store");
    http_stream_start(req, 200, "text/event-stream", end_listening, queue);
    http_request_every(req, TICK_MS, on_tick, queue);
    look_now(req, queue);
}
