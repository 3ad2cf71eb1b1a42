/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/monitor/monitor.h"

#include <errno.h>
#include <stdlib.h>

#include "node/monitor/monitor_internal.h"
#include "node/util/clock.h"
#include "node/util/log.h"

enum { DEFAULT_TERMINALS = 10000 };
#define ACTIVE_MS 60000

struct monitor_time monitor_now(void)
{
    return (struct monitor_time){.wall_ms = clock_wall_ms(), .mono_ms = clock_mono_ms()};
}

int monitor_load(struct monitor *monitor, struct catalog *catalog, const struct monitor_time *now)
{
    struct catalog_uplink uplink = {0};
    int64_t from = now->wall_ms / MS_PER_MINUTE - (MINUTES_SHOWN - 1);
    if (catalog_uplink(catalog, from, &uplink)) {
        log_write(LOG_ERROR, "monitor", "the last hour's traffic: %s", catalog_message(catalog));
        return -EIO;
    }
    minutes_load(&monitor->minutes, &uplink);
    catalog_uplink_free(&uplink);
    return 0;
}

int monitor_open(struct monitor **out, const struct monitor_params *params)
{
    struct monitor *monitor = calloc(1, sizeof(*monitor));
    struct monitor_time now = monitor_now();
    *out = NULL;
    if (!monitor)
        return -ENOMEM;
    pthread_mutex_init(&monitor->lock, NULL);
    int error = terminals_open(
        &monitor->terminals, params->max_terminals ? params->max_terminals : DEFAULT_TERMINALS);
    if (!error && params->catalog)
        error = monitor_load(monitor, params->catalog, &now);
    if (error) {
        monitor_close(&monitor);
        return error;
    }
    *out = monitor;
    return 0;
}

void monitor_close(struct monitor **monitor)
{
    if (!*monitor)
        return;
    terminals_close(&(*monitor)->terminals);
    pthread_mutex_destroy(&(*monitor)->lock);
    free(*monitor);
    *monitor = NULL;
}

void monitor_observe_at(
    struct monitor *monitor, const struct http_conn_sample *sample, const struct monitor_time *now)
{
    pthread_mutex_lock(&monitor->lock);
    monitor->sent_bytes += sample->sent_bytes;
    monitor->requests += sample->requests;
    if (sample->sent_bytes > 0 || sample->requests > 0)
        minutes_add(
            &monitor->minutes, now->wall_ms / MS_PER_MINUTE, sample->sent_bytes, sample->requests);
    terminals_observe(monitor->terminals, sample, now);
    pthread_mutex_unlock(&monitor->lock);
}

void monitor_observe(const struct http_conn_sample *sample, void *ctx)
{
    struct monitor_time now = monitor_now();
    monitor_observe_at(ctx, sample, &now);
}

void monitor_count_slow_turn(void *ctx)
{
    struct monitor *monitor = ctx;
    pthread_mutex_lock(&monitor->lock);
    monitor->slow_turns++;
    pthread_mutex_unlock(&monitor->lock);
}

static bool next_unwritten(struct monitor *monitor, bool everything, const struct monitor_time *now,
    struct catalog_uplink_minute *out)
{
    pthread_mutex_lock(&monitor->lock);
    bool found =
        minutes_unwritten(&monitor->minutes, now->wall_ms / MS_PER_MINUTE, everything, out);
    pthread_mutex_unlock(&monitor->lock);
    return found;
}

/* Traffic that can't be written now stays unwritten, and the next flush tries again. */
void monitor_flush_at(struct monitor *monitor, struct catalog *catalog, bool everything,
    const struct monitor_time *now)
{
    struct catalog_uplink_minute minute;
    for (int i = 0; i < MINUTES_KEPT && next_unwritten(monitor, everything, now, &minute); i++) {
        if (catalog_uplink_add(catalog, &minute)) {
            log_write(LOG_WARN, "monitor", "a minute's traffic: %s", catalog_message(catalog));
            return;
        }
        pthread_mutex_lock(&monitor->lock);
        minutes_written(&monitor->minutes, &minute);
        pthread_mutex_unlock(&monitor->lock);
    }
}

void monitor_flush(struct monitor *monitor, struct catalog *catalog, bool everything)
{
    struct monitor_time now = monitor_now();
    monitor_flush_at(monitor, catalog, everything, &now);
}

void monitor_snapshot(
    struct monitor *monitor, const struct monitor_time *now, struct metrics_snapshot *out)
{
    *out = (struct metrics_snapshot){0};
    pthread_mutex_lock(&monitor->lock);
    out->sent_bytes = (int64_t)monitor->sent_bytes;
    out->requests = (int64_t)monitor->requests;
    out->slow_turns = (int64_t)monitor->slow_turns;
    out->connections = (int64_t)terminals_connections(monitor->terminals);
    out->terminals = (int64_t)terminals_active(monitor->terminals, now->mono_ms - ACTIVE_MS);
    out->uplink_bytes_per_second = terminals_bytes_per_second(monitor->terminals, now->mono_ms);
    pthread_mutex_unlock(&monitor->lock);
}

struct terminal_row *monitor_copy_terminals(
    struct monitor *monitor, const struct monitor_time *now, size_t *count, int64_t *rate_bps)
{
    pthread_mutex_lock(&monitor->lock);
    *count = terminals_count(monitor->terminals);
    struct terminal_row *rows = calloc(*count + 1, sizeof(*rows));
    if (rows)
        terminals_copy(monitor->terminals, now, rows, *count);
    *rate_bps = 8 * terminals_bytes_per_second(monitor->terminals, now->mono_ms);
    pthread_mutex_unlock(&monitor->lock);
    return rows;
}

void monitor_copy_minutes(struct monitor *monitor, const struct monitor_time *now,
    struct catalog_uplink_minute out[MINUTES_SHOWN])
{
    pthread_mutex_lock(&monitor->lock);
    minutes_shown(&monitor->minutes, now->wall_ms / MS_PER_MINUTE, out);
    pthread_mutex_unlock(&monitor->lock);
}
