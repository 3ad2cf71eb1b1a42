/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/link/surplus.h"

int64_t surplus_now(const struct surplus *surplus, int64_t now_ms, int speed_percent)
{
    int64_t played_ms = (now_ms - surplus->at_ms) * speed_percent / 100;
    return played_ms < surplus->media_ms ? surplus->media_ms - played_ms : 0;
}

void surplus_add(
    struct surplus *surplus, int64_t media_ms, int64_t now_ms, int speed_percent, int64_t max_ms)
{
    int64_t sum_ms = surplus_now(surplus, now_ms, speed_percent) + media_ms;
    surplus->media_ms = sum_ms < max_ms ? sum_ms : max_ms;
    surplus->at_ms = now_ms;
}
