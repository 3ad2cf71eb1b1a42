/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A present rate: bytes weighted by their age, e-fold in RATE_MEMORY_MS. Pure. */
#ifndef NODE_MONITOR_RATE_H
#define NODE_MONITOR_RATE_H

#include <stdint.h>

#define RATE_MEMORY_MS 5000
/* Connections are sampled about once a second: silence is silence only after that. */
#define RATE_SAMPLE_MS 1000

struct rate { /* all zero: nothing yet */
    double bytes_per_s;
    int64_t updated_ms;
};

/* Bytes that went evenly over the over_ms (at least 1) before now_ms, on a monotonic clock. */
void rate_add(struct rate *rate, uint64_t bytes, int64_t over_ms, int64_t now_ms);
/* In bytes a second; falls to 0 when nothing more comes. */
int64_t rate_now(const struct rate *rate, int64_t now_ms);

#endif
