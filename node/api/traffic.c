/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The traffic of terminals, the uplink by minute, and /metrics over HTTP. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "node/answer/answer.h"
#include "node/api/api.h"
#include "node/util/log.h"

/* ---- terminals ---- */

/* The title of a lesson that is being watched. Each title is looked up once. */
struct title {
    int64_t lesson_id;
    char *title; /* NULL: the lesson is gone, or its title could not be read */
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

/* Looks up the titles of all lessons in rows. titles needs room for count. Returns how many titles
 * there are. */
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
    /* A tenth of a millisecond is precise enough for people. */
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

static json_t *read_terminals(struct monitor *monitor, struct catalog *catalog)
{
    struct monitor_time now = monitor_now();
    size_t count = 0;
    int64_t rate_bps = 0;
    struct terminal_row *rows = monitor_copy_terminals(monitor, &now, &count, &rate_bps);
    struct title *titles = calloc(count + 1, sizeof(*titles));
    size_t title_count = 0;
    json_t *list = NULL;
    if (rows && titles) {
        title_count = read_titles(catalog, rows, count, titles);
        list = terminals_json(rows, count, titles, title_count);
    }
    for (size_t i = 0; i < title_count; i++)
        free(titles[i].title);
    free(titles);
    free(rows);
    return list ? json_pack("{s:I, s:I, s:o}", "now_ms", (json_int_t)now.wall_ms, "rate_bps",
                      (json_int_t)rate_bps, "terminals", list)
                : NULL;
}

/* ---- the uplink ---- */

static json_t *minute_json(const struct catalog_uplink_minute *minute)
{
    return json_pack("{s:I, s:I, s:I}", "time_ms", (json_int_t)minute->minute * MS_PER_MINUTE,
        "sent_bytes", (json_int_t)minute->sent_bytes, "requests", (json_int_t)minute->requests);
}

static json_t *uplink_json(struct monitor *monitor)
{
    struct monitor_time now = monitor_now();
    struct catalog_uplink_minute minutes[MINUTES_SHOWN];
    json_t *list = json_array();
    json_int_t sent_bytes = 0;
    monitor_copy_minutes(monitor, &now, minutes);
    for (int i = 0; list && i < MINUTES_SHOWN; i++) {
        sent_bytes += minutes[i].sent_bytes;
        if (json_array_append_new(list, minute_json(&minutes[i])) < 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list ? json_pack("{s:I, s:I, s:o}", "now_ms", (json_int_t)now.wall_ms, "sent_bytes",
                      sent_bytes, "minutes", list)
                : NULL;
}

/* ---- answers ---- */

static void handle_uplink(struct http_request *req, void *ctx)
{
    http_response_header(req, "Cache-Control", "no-store");
    answer_json(req, uplink_json(ctx));
}

struct terminals_task {
    struct monitor *monitor;
    struct answer_body *body;
};

static void work_terminals(void *thread_ctx, void *argument)
{
    struct terminals_task *task = argument;
    task->body = answer_write(read_terminals(task->monitor, thread_ctx));
}

static void respond_terminals(struct http_request *req, void *argument)
{
    struct terminals_task *task = argument;
    http_response_header(req, "Cache-Control", "no-store");
    answer_send(req, task->body, false);
    free(task);
}

static void handle_terminals(struct http_request *req, void *ctx)
{
    const struct terminals_task task = {.monitor = ctx};
    answer_defer(req, &task, sizeof(task), work_terminals, respond_terminals);
}

struct metrics_task {
    struct monitor *monitor;
    enum metrics_format format;
    struct buf text;
};

static void work_metrics(void *thread_ctx, void *argument)
{
    struct metrics_task *task = argument;
    struct monitor_time now = monitor_now();
    struct metrics_snapshot snapshot;
    monitor_snapshot(task->monitor, &now, &snapshot);
    if (metrics_read_catalog(thread_ctx, &snapshot))
        log_write(LOG_ERROR, "monitor", "metrics: %s", catalog_message(thread_ctx));
    metrics_write(&snapshot, task->format, &task->text);
}

static void respond_metrics(struct http_request *req, void *argument)
{
    struct metrics_task *task = argument;
    const char *type =
        task->format == METRICS_OPENMETRICS ? METRICS_OPENMETRICS_TYPE : METRICS_PROMETHEUS_TYPE;
    http_response_header(req, "Cache-Control", "no-store");
    http_response_header(req, "Vary", "Accept");
    if (task->text.failed)
        answer_error(req, CATALOG_ENOMEM, NULL, 0);
    else
        http_respond(req, 200, type, task->text.data, task->text.used_bytes);
    buf_free(&task->text);
    free(task);
}

static void handle_metrics(struct http_request *req, void *ctx)
{
    const struct metrics_task task = {
        .monitor = ctx, .format = metrics_negotiate(http_request_header(req, "Accept"))};
    answer_defer(req, &task, sizeof(task), work_metrics, respond_metrics);
}

struct http_route_set api_traffic_routes(struct monitor *monitor)
{
    static const struct http_route routes[] = {
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
    return (struct http_route_set){routes, sizeof(routes) / sizeof(routes[0]), monitor};
}
