/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/monitor/rate.h"

#include <math.h>

static double decay(int64_t age_ms)
{
    return age_ms > 0 ? exp(-(double)age_ms / RATE_MEMORY_MS) : 1;
}

void rate_add(struct rate *rate, uint64_t bytes, int64_t over_ms, int64_t now_ms)
{
    double share = 1 - decay(over_ms);
    rate->bytes_per_s *= decay(now_ms - rate->updated_ms);
    rate->bytes_per_s += (double)bytes * 1000 / (double)over_ms * share;
    rate->updated_ms = now_ms;
}

int64_t rate_now(const struct rate *rate, int64_t now_ms)
{
    return llround(rate->bytes_per_s * decay(now_ms - rate->updated_ms - RATE_SAMPLE_MS));
}
