/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/monitor/minutes.h"

/* Finds the slot of a minute. If another minute is in the slot, it is dropped: it is more than an
 * hour old, or the clock was set back. */
static struct minute *take_minute(struct minutes *minutes, int64_t number)
{
    struct minute *minute = &minutes->kept[(uint64_t)number % MINUTES_KEPT];
    if (minute->minute != number)
        *minute = (struct minute){.minute = number};
    return minute;
}

void minutes_load(struct minutes *minutes, const struct catalog_uplink *uplink)
{
    for (size_t i = 0; i < uplink->count; i++) {
        const struct catalog_uplink_minute *row = &uplink->items[i];
        struct minute *minute = take_minute(minutes, row->minute);
        minute->sent_bytes = minute->written_bytes = row->sent_bytes;
        minute->requests = minute->written_requests = row->requests;
    }
}

void minutes_add(struct minutes *minutes, int64_t number, uint64_t sent_bytes, uint64_t requests)
{
    struct minute *minute = take_minute(minutes, number);
    minute->sent_bytes += (int64_t)sent_bytes;
    minute->requests += (int64_t)requests;
}

bool minutes_unwritten(const struct minutes *minutes, int64_t present, bool everything,
    struct catalog_uplink_minute *out)
{
    for (size_t i = 0; i < MINUTES_KEPT; i++) {
        const struct minute *minute = &minutes->kept[i];
        *out = (struct catalog_uplink_minute){
            .minute = minute->minute,
            .sent_bytes = minute->sent_bytes - minute->written_bytes,
            .requests = minute->requests - minute->written_requests,
        };
        if ((everything || minute->minute != present) && (out->sent_bytes > 0 || out->requests > 0))
            return true;
    }
    return false;
}

void minutes_written(struct minutes *minutes, const struct catalog_uplink_minute *written)
{
    struct minute *minute = &minutes->kept[(uint64_t)written->minute % MINUTES_KEPT];
    if (minute->minute != written->minute)
        return;
    minute->written_bytes += written->sent_bytes;
    minute->written_requests += written->requests;
}

void minutes_shown(
    const struct minutes *minutes, int64_t present, struct catalog_uplink_minute out[MINUTES_SHOWN])
{
    for (int i = 0; i < MINUTES_SHOWN; i++) {
        int64_t number = present - (MINUTES_SHOWN - 1) + i;
        const struct minute *minute = &minutes->kept[(uint64_t)number % MINUTES_KEPT];
        out[i] = (struct catalog_uplink_minute){.minute = number};
        if (minute->minute != number)
            continue;
        out[i].sent_bytes = minute->sent_bytes;
        out[i].requests = minute->requests;
    }
}
