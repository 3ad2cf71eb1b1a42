/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A current rate: the weight of bytes falls with their age, by a factor of e in RATE_MEMORY_MS.
 * Pure. */
#ifndef NODE_MONITOR_RATE_H
#define NODE_MONITOR_RATE_H

#include <stdint.h>

#define RATE_MEMORY_MS 5000
/* Connections are sampled about once a second. So a rate falls only after that time, and the bytes
 * of a sample count as sent within it. */
#define RATE_SAMPLE_MS 1000

struct rate { /* all zero: no bytes yet */
    double bytes_per_s;
    int64_t updated_ms;
};

/* Adds bytes that were sent evenly during the over_ms (at least 1) before now_ms. Monotonic
 * clock. */
void rate_add(struct rate *rate, uint64_t bytes, int64_t over_ms, int64_t now_ms);
/* Returns the rate in bytes per second. It falls to 0 if no more bytes are added. */
int64_t rate_now(const struct rate *rate, int64_t now_ms);

#endif
