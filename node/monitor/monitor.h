/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The monitor: which terminal takes how much (bytes that the kernel took, rates, TCP_INFO), totals
 * by minute, and the figures for /metrics. */
#ifndef NODE_MONITOR_MONITOR_H
#define NODE_MONITOR_MONITOR_H

#include "catalog/catalog.h"
#include "node/http/http.h"
#include "node/monitor/metrics.h"
#include "node/monitor/minutes.h"
#include "node/monitor/terminals.h"

#define MS_PER_MINUTE 60000

struct monitor;

struct monitor_params {
    /* Used only during monitor_open(), to read the minutes of the last hour. NULL: there are none
     * (`terrace routes`). */
    struct catalog *catalog;
    size_t max_terminals; /* rows that are kept; the longest unseen is dropped first; 0: 10,000 */
};
int monitor_open(
    struct monitor **out, const struct monitor_params *params); /* Returns 0 or a negative errno. */
void monitor_close(struct monitor **monitor);
/* For http_server_params.observe; ctx is the struct monitor *. */
void monitor_observe(const struct http_conn_sample *sample, void *ctx);
/* For http_server_params.slow_turn; ctx is the struct monitor *. */
void monitor_count_slow_turn(void *ctx);
/* Writes minutes that have ended to the catalog; with everything, also the current one. node.c
 * calls this every few seconds on the main thread, and when the node stops. */
void monitor_flush(struct monitor *monitor, struct catalog *catalog, bool everything);

/* The time on both clocks. Any thread. */
struct monitor_time monitor_now(void);

/* Copies the table of terminals, the most recently seen first. Returns a malloc'ed array of *count
 * rows; NULL if memory ran out. *rate_bps is the rate of all terminals together. Any thread. */
struct terminal_row *monitor_copy_terminals(
    struct monitor *monitor, const struct monitor_time *now, size_t *count, int64_t *rate_bps);

/* Copies the last MINUTES_SHOWN minutes, the oldest first. Any thread. */
void monitor_copy_minutes(struct monitor *monitor, const struct monitor_time *now,
    struct catalog_uplink_minute out[MINUTES_SHOWN]);

/* Fills in the node's part of the metrics. metrics_read_catalog() adds the catalog's part. Any
 * thread. */
void monitor_snapshot(
    struct monitor *monitor, const struct monitor_time *now, struct metrics_snapshot *out);

#endif
