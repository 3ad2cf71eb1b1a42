/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of /metrics. One table describes all metrics. The format is OpenMetrics 1.0, or the
 * older text format of Prometheus (0.0.4). */
#ifndef NODE_MONITOR_METRICS_H
#define NODE_MONITOR_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "node/util/buf.h"

enum { METRICS_LESSON_STATES = 4, METRICS_JOB_STATES = 2 };

struct metrics_snapshot {
    int64_t sent_bytes, requests, slow_turns; /* since the node started */
    int64_t connections, terminals;
    int64_t uplink_bytes_per_second;
    bool catalog_read;                      /* false: the members below are unknown and left out */
    int64_t lessons[METRICS_LESSON_STATES]; /* indexed by enum catalog_lesson_state */
    int64_t jobs[METRICS_JOB_STATES];       /* queued and leased jobs */
};

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };

#define METRICS_PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* Chooses the format for an Accept header (NULL: none). OpenMetrics is chosen if the header names
 * it with a weight above 0 that is not lower than that of text/plain (RFC 9110 section 12.5.1).
 * Pure. */
enum metrics_format metrics_negotiate(const char *accept);
/* Adds the whole text to *out. Pure. */
void metrics_write(
    const struct metrics_snapshot *snapshot, enum metrics_format format, struct buf *out);
/* Counts lessons and jobs. Returns 0; or the catalog's error, and then catalog_read is false. */
int metrics_read_catalog(struct catalog *catalog, struct metrics_snapshot *out);

#endif
