/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The monitor's answers over HTTP. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "node/monitor/monitor_internal.h"
#include "node/util/log.h"

/* ---- terminals
 * ------------------------------------------------------------------------------------- */

/* Titles of the lessons that are being watched, each looked up once. */
struct title {
    int64_t lesson_id;
    char *title; /* NULL: the lesson is gone */
};

static int compare_titles(const void *a, const void *b)
{
    int64_t left = ((const struct title *)a)->lesson_id;
    int64_t right = ((const struct title *)b)->lesson_id;

    return (left > right) - (left < right);
}

static char *read_title(struct catalog *catalog, int64_t lesson_id)
{
    struct catalog_lessons lessons = {0};
    char *title;
    int error = catalog_lesson_get(catalog, lesson_id, &lessons);

    if (error) {
        if (error != CATALOG_ENOTFOUND)
            log_write(
                LOG_WARN, "monitor", "lesson %" PRId64 ": %s", lesson_id, catalog_message(catalog));
        return NULL;
    }
    title = strdup(lessons.items[0].title);
    catalog_lessons_free(&lessons);
    return title;
}

/* titles has room for count. Returns how many there are. */
static size_t read_titles(
    struct catalog *catalog, const struct terminal_row *rows, size_t count, struct title *titles)
{
    size_t wanted = 0;
    size_t distinct = 0;

    for (size_t i = 0; i < count; i++)
        if (rows[i].lesson_id > 0)
            titles[wanted++] = (struct title){.lesson_id = rows[i].lesson_id};
    qsort(titles, wanted, sizeof(*titles), compare_titles);
    for (size_t i = 0; i < wanted; i++)
        if (i == 0 || titles[i].lesson_id != titles[distinct - 1].lesson_id)
            titles[distinct++] = titles[i];
    for (size_t i = 0; i < distinct; i++)
        titles[i].title = read_title(catalog, titles[i].lesson_id);
    return distinct;
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static json_t *terminal_json(const struct terminal_row *row, const struct title *title)
{
    /* Tenths of a millisecond are as fine as anyone reads. */
    double rtt_ms = round((double)row->rtt_us / 100) / 10;

    return json_pack("{s:s, s:i, s:I, s:I, s:I, s:o, s:o, s:I, s:o, s:o, s:o, s:s, s:I, s:I}",
        "address", row->address, "connections", row->connections, "sent_bytes",
        (json_int_t)row->sent_bytes, "requests", (json_int_t)row->requests, "rate_bps",
        (json_int_t)row->rate_bps, "link_bps",
        row->link_bps ? json_integer(row->link_bps) : json_null(), "rtt_ms",
        row->rtt_us ? json_real(rtt_ms) : json_null(), "retransmits", (json_int_t)row->retransmits,
        "lesson", row->lesson_id ? json_integer(row->lesson_id) : json_null(), "title",
        text_or_null(title ? title->title : NULL), "rendition", text_or_null(row->rendition),
        "user_agent", row->user_agent, "first_seen_ms", (json_int_t)row->first_seen_ms,
        "last_seen_ms", (json_int_t)row->last_seen_ms);
}

static json_t *terminals_json(
    const struct terminal_row *rows, size_t count, const struct title *titles, size_t title_count)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < count; i++) {
        struct title key = {.lesson_id = rows[i].lesson_id};
        const struct title *title =
            bsearch(&key, titles, title_count, sizeof(*titles), compare_titles);

        if (json_array_append_new(list, terminal_json(&rows[i], title)) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Takes root over. */
static char *dump(json_t *root)
{
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;

    json_decref(root);
    return text;
}

static struct terminal_row *copy_rows(
    struct monitor *monitor, const struct monitor_time *now, size_t *count, int64_t *rate_bps)
{
    struct terminal_row *rows;

    pthread_mutex_lock(&monitor->lock);
    *count = terminals_count(monitor->terminals);
    rows = calloc(*count + 1, sizeof(*rows));
    if (rows)
        terminals_copy(monitor->terminals, now, rows, *count);
    *rate_bps = 8 * terminals_bytes_per_second(monitor->terminals, now->mono_ms);
    pthread_mutex_unlock(&monitor->lock);
    return rows;
}

char *monitor_terminals_json(
    struct monitor *monitor, struct catalog *catalog, const struct monitor_time *now)
{
    size_t count = 0;
    size_t title_count = 0;
    int64_t rate_bps = 0;
    struct terminal_row *rows = copy_rows(monitor, now, &count, &rate_bps);
    struct title *titles = calloc(count + 1, sizeof(*titles));
    json_t *list = NULL;

    if (rows && titles) {
        title_count = read_titles(catalog, rows, count, titles);
        list = terminals_json(rows, count, titles, title_count);
    }
    for (size_t i = 0; i < title_count; i++)
        free(titles[i].title);
    free(titles);
    free(rows);
    return dump(list ? json_pack("{s:I, s:I, s:o}", "now_ms", (json_int_t)now->wall_ms, "rate_bps",
                           (json_int_t)rate_bps, "terminals", list)
                     : NULL);
}

/* ---- the uplink
 * ------------------------------------------------------------------------------------ */

char *monitor_uplink_json(struct monitor *monitor, const struct monitor_time *now)
{
    struct catalog_uplink_minute shown[MINUTES_SHOWN];
    json_t *list = json_array();
    json_int_t sent_bytes = 0;

    pthread_mutex_lock(&monitor->lock);
    minutes_shown(&monitor->minutes, now->wall_ms / MS_PER_MINUTE, shown);
    pthread_mutex_unlock(&monitor->lock);
    for (int i = 0; list && i < MINUTES_SHOWN; i++) {
        json_t *minute = json_pack("{s:I, s:I, s:I}", "time_ms",
            (json_int_t)shown[i].minute * MS_PER_MINUTE, "sent_bytes",
            (json_int_t)shown[i].sent_bytes, "requests", (json_int_t)shown[i].requests);

        sent_bytes += shown[i].sent_bytes;
        if (json_array_append_new(list, minute) < 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return dump(list ? json_pack("{s:I, s:I, s:o}", "now_ms", (json_int_t)now->wall_ms,
                           "sent_bytes", sent_bytes, "minutes", list)
                     : NULL);
}

/* ---- answers
 * --------------------------------------------------------------------------------------- */

/* What a thread of the pool puts together for a request. */
struct answer {
    struct monitor *monitor;
    enum metrics_format format;
    char *json;
    struct buf text;
};

static void respond_failure(struct http_request *req)
{
    http_respond_error(req, 500, "out_of_memory", "内存不足", "Out of memory.");
}

/* Takes json over. */
static void respond_json(struct http_request *req, char *json)
{
    http_response_header(req, "Cache-Control", "no-store");
    if (json)
        http_respond(req, 200, "application/json", json, strlen(json));
    else
        respond_failure(req);
    free(json);
}

static void defer_answer(
    struct http_request *req, struct monitor *monitor, http_work_fn work, http_done_fn done)
{
    struct answer *answer = calloc(1, sizeof(*answer));

    if (!answer) {
        respond_failure(req);
        return;
    }
    answer->monitor = monitor;
    answer->format = metrics_negotiate(http_request_header(req, "Accept"));
    http_request_defer(req, work, done, answer);
}

static void make_terminals(void *thread_ctx, void *task)
{
    struct answer *answer = task;
    struct monitor_time now = monitor_now();

    answer->json = monitor_terminals_json(answer->monitor, thread_ctx, &now);
}

static void on_terminals_made(struct http_request *req, void *task)
{
    struct answer *answer = task;

    respond_json(req, answer->json);
    free(answer);
}

static void handle_terminals(struct http_request *req, void *ctx)
{
    defer_answer(req, ctx, make_terminals, on_terminals_made);
}

static void handle_uplink(struct http_request *req, void *ctx)
{
    struct monitor_time now = monitor_now();

    respond_json(req, monitor_uplink_json(ctx, &now));
}

static void make_metrics(void *thread_ctx, void *task)
{
    struct answer *answer = task;
    struct monitor_time now = monitor_now();
    struct metrics_snapshot snapshot;

    monitor_snapshot(answer->monitor, &now, &snapshot);
    if (metrics_read_catalog(thread_ctx, &snapshot))
        log_write(LOG_ERROR, "monitor", "metrics: %s", catalog_message(thread_ctx));
    metrics_write(&snapshot, answer->format, &answer->text);
}

static void on_metrics_made(struct http_request *req, void *task)
{
    struct answer *answer = task;

    http_response_header(req, "Cache-Control", "no-store");
    http_response_header(req, "Vary", "Accept");
    if (answer->text.failed)
        respond_failure(req);
    else
        http_respond(req, 200,
            answer->format == METRICS_OPENMETRICS ? METRICS_OPENMETRICS_TYPE
                                                  : METRICS_PROMETHEUS_TYPE,
            answer->text.data, answer->text.used_bytes);
    buf_free(&answer->text);
    free(answer);
}

static void handle_metrics(struct http_request *req, void *ctx)
{
    defer_answer(req, ctx, make_metrics, on_metrics_made);
}

void monitor_make_routes(struct monitor *monitor)
{
    static const struct http_route routes[MONITOR_ROUTES] = {
        {.methods = HTTP_GET,
            .pattern = "/api/technician/terminals",
            .access = HTTP_TECHNICIAN,
            .handle = handle_terminals,
            .about = "who takes what, now"},
        {.methods = HTTP_GET,
            .pattern = "/api/technician/uplink",
            .access = HTTP_TECHNICIAN,
            .handle = handle_uplink,
            .about = "the last 60 minutes"},
        {.methods = HTTP_GET,
            .pattern = "/metrics",
            .access = HTTP_TECHNICIAN,
            .handle = handle_metrics,
            .about = "OpenMetrics; loopback needs no login"},
    };

    memcpy(monitor->routes, routes, sizeof(routes));
    for (size_t i = 0; i < MONITOR_ROUTES; i++)
        monitor->routes[i].ctx = monitor;
}
