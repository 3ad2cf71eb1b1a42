/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who takes what from this node: bytes as the kernel took them, rates, TCP_INFO, by terminal;
 * totals by minute; /metrics in OpenMetrics.
 */
#ifndef NODE_MONITOR_MONITOR_H
#define NODE_MONITOR_MONITOR_H

#include "catalog/catalog.h"
#include "node/http/http.h"

struct monitor;

struct monitor_params {
    /* Used during monitor_open() only: the minutes of the last hour. NULL: none (`terrace routes`).
     */
    struct catalog *catalog;
    size_t max_terminals; /* rows kept; the longest unseen goes first; 0: 10,000 */
};
int monitor_open(
    struct monitor **out, const struct monitor_params *params); /* 0 or a negative errno */
void monitor_close(struct monitor **monitor);
/* GET /api/technician/terminals, /api/technician/uplink, /metrics. */
const struct http_route *monitor_routes(const struct monitor *monitor, size_t *count);
/* For http_server_params.observe; ctx is the struct monitor *. */
void monitor_observe(const struct http_conn_sample *sample, void *ctx);
/* Writes minutes that are over, or all if everything is true, to the catalog: called by node.c on
 * the main thread every few seconds, and on stopping. */
void monitor_flush(struct monitor *monitor, struct catalog *catalog, bool everything);

#endif
