/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the monitor share. */
#ifndef NODE_MONITOR_MONITOR_INTERNAL_H
#define NODE_MONITOR_MONITOR_INTERNAL_H

#include <pthread.h>

#include "node/monitor/metrics.h"
#include "node/monitor/minutes.h"
#include "node/monitor/monitor.h"
#include "node/monitor/terminals.h"

enum { MONITOR_ROUTES = 3 };
#define MS_PER_MINUTE 60000

struct monitor {
    pthread_mutex_t
        lock; /* of everything below but the routes; never held while the catalog is used */
    struct terminals *terminals;
    struct minutes minutes;
    uint64_t sent_bytes, requests; /* since the start */
    struct http_route routes[MONITOR_ROUTES];
};

struct monitor_time monitor_now(void);
/* monitor_observe() and monitor_flush() at a given time: tests set the clock. */
void monitor_observe_at(
    struct monitor *monitor, const struct http_conn_sample *sample, const struct monitor_time *now);
void monitor_flush_at(struct monitor *monitor, struct catalog *catalog, bool everything,
    const struct monitor_time *now);
/* For monitor_open(): the minutes of the hour before now. 0 or a negative errno. */
int monitor_load(struct monitor *monitor, struct catalog *catalog, const struct monitor_time *now);

/* The answers' bodies as JSON: a malloc'ed text, NULL when memory ran out. catalog: for titles; any
 * thread. */
char *monitor_terminals_json(
    struct monitor *monitor, struct catalog *catalog, const struct monitor_time *now);
char *monitor_uplink_json(struct monitor *monitor, const struct monitor_time *now);
/* The node's part of the metrics; the catalog's is added by metrics_read_catalog(). */
void monitor_snapshot(
    struct monitor *monitor, const struct monitor_time *now, struct metrics_snapshot *out);

/* monitor_routes' table, its ctx being the monitor. */
void monitor_make_routes(struct monitor *monitor);

#endif
