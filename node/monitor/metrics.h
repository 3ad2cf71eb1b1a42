/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What /metrics says, from one table, in OpenMetrics 1.0 or in Prometheus' older text format
 * (0.0.4).
 */
#ifndef NODE_MONITOR_METRICS_H
#define NODE_MONITOR_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "node/util/buf.h"

enum { METRICS_LESSON_STATES = 4, METRICS_JOB_STATES = 2 };

struct metrics_snapshot {
    int64_t sent_bytes, requests; /* since the start */
    int64_t connections, terminals;
    int64_t uplink_bytes_per_second;
    bool catalog_read;                      /* false: what follows is unknown and left out */
    int64_t lessons[METRICS_LESSON_STATES]; /* by enum catalog_lesson_state */
    int64_t jobs[METRICS_JOB_STATES];       /* queued, leased */
};

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };

#define METRICS_PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* Which of the two an Accept header (NULL: none) wants: OpenMetrics where it is named with a weight
 * no lower than the plain text's (RFC 9110 section 12.5.1). Pure. */
enum metrics_format metrics_negotiate(const char *accept);
/* Adds the whole text to *out. Pure. */
void metrics_write(
    const struct metrics_snapshot *snapshot, enum metrics_format format, struct buf *out);
/* Counts lessons and jobs. On failure catalog_read is false; returns the catalog's error. */
int metrics_read_catalog(struct catalog *catalog, struct metrics_snapshot *out);

#endif
