/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What changes, for the operator page, as server-sent events (HTML Living Standard, 9.2). An event
 * has the lessons that have changed since the event before, and the uploads. A client that comes
 * back says which event it had last. If that is too long ago, it has to read its lists again.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/api/api_internal.h"
#include "node/api/lesson_json.h"

#define TICK_MS 1000
#define COMMENT_TICKS 15
/* With more changed lessons, it is cheaper to read the lists again. */
#define MAX_CHANGES 50
/* The most streams that a user may have open. Each looks at the catalog once a second. */
#define MAX_STREAMS 10
/* A client with this much unsent data gets no more events. The next one will have everything. */
#define MAX_PENDING_BYTES (256 * 1024)

/* Instead of the number of the last event: the client has none, or one that means nothing. */
enum { FROM_NOW = -1, UNKNOWN = -2 };

/* One open stream. */
struct change_stream {
    struct change_stream *next; /* in api->streams */
    struct api *api;
    char user[65];
    int64_t number; /* of the event that was sent last; or FROM_NOW or UNKNOWN */
    int ticks;
    bool greeted; /* it has had an event: the first one comes at once, because of the uploads */
    bool busy;    /* a look at the catalog is running in the pool */
    bool closed;  /* the client has gone; freed when the look has ended */
};

/* One look at the catalog on a pool thread. */
struct look {
    struct change_stream *stream;
    struct api *api;
    int64_t since;
    bool first; /* an event is needed even if nothing has changed */
    struct change_event
        event; /* text NULL: nothing has changed, or the catalog could not be read */
};

/* ---- the text of an event ---- */

static json_t *removed_json(const struct catalog_changes *changes)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < changes->removed_count; i++)
        json_array_append_new(list, json_integer(changes->removed[i]));
    return list;
}

static json_t *order_json(struct catalog *catalog)
{
    int64_t *ids;
    size_t count;
    if (catalog_queue_order(catalog, &ids, &count) != CATALOG_OK)
        return NULL;
    json_t *list = json_array();
    for (size_t i = 0; list && i < count; i++)
        json_array_append_new(list, json_integer(ids[i]));
    free(ids);
    return list;
}

static json_t *upload_json(const struct catalog_upload *u, const struct store *store)
{
    char path[STORE_PATH_BYTES];
    struct stat status = {0};
    if (store_source_path(store, u->id, path) < 0 || stat(path, &status) < 0)
        status.st_size = 0;
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "id", u->id, "filename", u->filename,
        "title", u->title, "user", u->user, "total_bytes", (json_int_t)u->total_bytes,
        "offset_bytes", (json_int_t)status.st_size, "created_ms", (json_int_t)u->created_ms);
}

static json_t *uploads_json(struct catalog *catalog, const struct store *store)
{
    struct catalog_uploads uploads;
    if (catalog_uploads(catalog, NULL, &uploads) != CATALOG_OK)
        return NULL;
    json_t *list = json_array();
    for (size_t i = 0; list && i < uploads.count; i++)
        json_array_append_new(list, upload_json(&uploads.items[i], store));
    catalog_uploads_free(&uploads);
    return list;
}

/* Returns the text of the event, which the caller frees; NULL if the catalog could not be read. */
static char *write_event(
    struct catalog *catalog, const struct api *api, const struct catalog_changes *changes)
{
    char *data = NULL, *text = NULL;
    json_t *id = api_change_id(api, changes->number);
    json_t *json = json_pack("{s:b, s:o, s:o, s:o, s:o}", "reread", changes->reread, "lessons",
        lesson_json_list(changes->lessons.items, changes->lessons.count, true), "removed",
        removed_json(changes), "order", order_json(catalog), "uploads",
        uploads_json(catalog, api->store));
    if (json)
        data = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (data && id &&
        asprintf(&text, "id: %s\nevent: changes\ndata: %s\n\n", json_string_value(id), data) < 0)
        text = NULL;
    free(data);
    json_decref(json);
    json_decref(id);
    return text;
}

/* Copies the event that was written last, if it is the one that is needed. */
static void find_event(struct api *api, int64_t number, struct look *look)
{
    const struct change_event *last = &api->last_event;
    pthread_mutex_lock(&api->lock);
    if (last->text && last->since == look->since && last->number == number)
        look->event = (struct change_event){last->since, last->number, strdup(last->text)};
    pthread_mutex_unlock(&api->lock);
}

static void keep_event(struct api *api, const struct change_event *event)
{
    char *copy = strdup(event->text);
    pthread_mutex_lock(&api->lock);
    free(api->last_event.text);
    api->last_event = (struct change_event){event->since, event->number, copy};
    pthread_mutex_unlock(&api->lock);
}

static void read_event(struct catalog *catalog, struct look *look, int64_t number)
{
    struct catalog_changes changes;
    /* A client that has no event yet has just read its lists. */
    int64_t since = look->since == FROM_NOW ? number : look->since;
    if (catalog_changes(catalog, since, MAX_CHANGES, &changes) != CATALOG_OK)
        return; /* the next tick tries again */
    if (catalog_queue_positions(catalog, &changes.lessons) == CATALOG_OK)
        look->event = (struct change_event){
            look->since, changes.number, write_event(catalog, look->api, &changes)};
    catalog_changes_free(&changes);
    if (look->event.text)
        keep_event(look->api, &look->event);
}

static void work_look(void *thread_ctx, void *argument)
{
    struct look *look = argument;
    int64_t number;
    if (!thread_ctx || catalog_change_number(thread_ctx, &number) != CATALOG_OK ||
        (number == look->since && !look->first))
        return;
    find_event(look->api, number, look);
    if (!look->event.text)
        read_event(thread_ctx, look, number);
}

/* ---- the stream ---- */

static void done_look(struct http_request *req, void *argument)
{
    struct look *look = argument;
    struct change_stream *stream = look->stream;
    stream->busy = false;
    if (stream->closed) {
        free(stream);
    } else if (look->event.text) {
        stream->number = look->event.number;
        stream->greeted = true;
        stream->ticks = 0;
        http_stream_write(req, look->event.text, strlen(look->event.text));
    }
    free(look->event.text);
    free(look);
}

static void look_now(struct http_request *req, struct change_stream *stream)
{
    struct look *look = calloc(1, sizeof(*look));
    if (!look)
        return; /* the next tick tries again */
    *look = (struct look){
        .stream = stream, .api = stream->api, .since = stream->number, .first = !stream->greeted};
    stream->busy = true;
    http_request_defer(req, work_look, done_look, look);
}

static void on_tick(struct http_request *req, void *ctx)
{
    struct change_stream *stream = ctx;
    if (stream->busy || http_stream_pending(req) > MAX_PENDING_BYTES)
        return;
    /* A comment line from time to time keeps proxies from closing the stream, and reveals dead
     * links. */
    if (++stream->ticks >= COMMENT_TICKS) {
        stream->ticks = 0;
        http_stream_write(req, ": still here\n\n", 14);
    }
    look_now(req, stream);
}

/* Adds a stream to the list, unless its user has too many. */
static bool enter(struct api *api, struct change_stream *stream)
{
    int count = 0;
    pthread_mutex_lock(&api->lock);
    for (const struct change_stream *other = api->streams; other; other = other->next)
        count += strcmp(other->user, stream->user) == 0;
    if (count < MAX_STREAMS) {
        stream->next = api->streams;
        api->streams = stream;
    }
    pthread_mutex_unlock(&api->lock);
    return count < MAX_STREAMS;
}

static void leave(struct api *api, const struct change_stream *stream)
{
    pthread_mutex_lock(&api->lock);
    struct change_stream **at = &api->streams;
    while (*at != stream)
        at = &(*at)->next;
    *at = stream->next;
    pthread_mutex_unlock(&api->lock);
}

static void end_listening(void *ctx)
{
    struct change_stream *stream = ctx;
    leave(stream->api, stream);
    stream->closed = true;
    if (!stream->busy)
        free(stream);
}

/* Where the client goes on: after the event that it had last (Last-Event-ID), or after the list that
 * it has read (since). */
static int64_t last_number(const struct http_request *req, const struct api *api)
{
    char text[64];
    const char *id = http_request_header(req, "Last-Event-ID");
    if (!id && http_request_param(req, "since", text, sizeof(text)) >= 0)
        id = text;
    if (!id || !*id)
        return FROM_NOW;
    size_t epoch_length = strlen(api->epoch);
    if (strncmp(id, api->epoch, epoch_length) != 0 || id[epoch_length] != '.')
        return UNKNOWN;
    const char *digits = id + epoch_length + 1;
    bool is_number =
        *digits && strlen(digits) < 19 && strspn(digits, "0123456789") == strlen(digits);
    return is_number ? strtoll(digits, NULL, 10) : UNKNOWN;
}

void api_change_events(struct http_request *req, void *ctx)
{
    struct change_stream *stream = calloc(1, sizeof(*stream));
    if (!stream) {
        api_respond_error(req, CATALOG_ENOMEM);
        return;
    }
    *stream = (struct change_stream){.api = ctx, .number = last_number(req, ctx)};
    memcpy(stream->user, http_request_user(req)->name, sizeof(stream->user));
    if (!enter(ctx, stream)) {
        free(stream);
        http_respond_error(req, 429, "too_many_streams", "您打开的页面太多，请关掉一些。",
            "You have too many pages open: close some of them.");
        return;
    }
    http_response_header(req, "Cache-Control", "no-store");
    http_stream_start(req, 200, "text/event-stream", end_listening, stream);
    http_request_every(req, TICK_MS, on_tick, stream);
    look_now(req, stream);
}
