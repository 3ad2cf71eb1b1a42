/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The monitor with a clock that the caller provides; for monitor.c and its tests. */
#ifndef NODE_MONITOR_MONITOR_INTERNAL_H
#define NODE_MONITOR_MONITOR_INTERNAL_H

#include <pthread.h>

#include "node/monitor/minutes.h"
#include "node/monitor/terminals.h"

struct monitor {
    pthread_mutex_t lock; /* protects everything below; never held while the catalog is used */
    struct terminals *terminals;
    struct minutes minutes;
    uint64_t sent_bytes, requests, slow_turns; /* since the start */
};

/* monitor_observe() and monitor_flush() at a given time. */
void monitor_observe_at(
    struct monitor *monitor, const struct http_conn_sample *sample, const struct monitor_time *now);
void monitor_flush_at(struct monitor *monitor, struct catalog *catalog, bool everything,
    const struct monitor_time *now);

/* Loads the minutes of the hour before now, for monitor_open(). Returns 0 or a negative errno. */
int monitor_load(struct monitor *monitor, struct catalog *catalog, const struct monitor_time *now);

#endif
