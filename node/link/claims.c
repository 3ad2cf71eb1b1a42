/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/link/claims.h"

#include <string.h>

/* Below EMPTY_BUFFER_MS in its player's buffer, a flow is urgent. A flow's weight is higher below
 * LOW_BUFFER_MS, and lower from FULL_BUFFER_MS on. */
#define EMPTY_BUFFER_MS 5000
#define LOW_BUFFER_MS 15000
#define FULL_BUFFER_MS 60000

/* A surplus grows to this much more than its bound, so that a player whose viewer has skipped around
 * a lot is believed again within 30 s of playback. */
#define MAX_EXCESS_MS 30000

/* ---- what was delivered ---- */

int claims_speed_percent(const struct cmcd *cmcd)
{
    return cmcd->rate_percent < 100 ? 100 : cmcd->rate_percent > 200 ? 200 : cmcd->rate_percent;
}

static void note(struct claims_record *record, const struct http_delivered *delivered,
    int speed_percent, int64_t now_ms, int64_t bound_ms)
{
    surplus_add(delivered->sound ? &record->sound : &record->video,
        delivered->to_ms - delivered->from_ms, now_ms, speed_percent, bound_ms + MAX_EXCESS_MS);
}

void claims_note(struct claims_record *session, struct claims_record *urgent,
    const struct http_delivered *delivered, int speed_percent, int64_t now_ms)
{
    note(session, delivered, speed_percent, now_ms, CLAIMS_BUFFER_MS);
    if (urgent)
        note(urgent, delivered, speed_percent, now_ms, CLAIMS_URGENT_MS);
}

static bool is_within(
    const struct claims_record *record, int64_t bound_ms, int speed_percent, int64_t now_ms)
{
    return surplus_now(&record->video, now_ms, speed_percent) <= bound_ms &&
           surplus_now(&record->sound, now_ms, speed_percent) <= bound_ms;
}

bool claims_hold(const struct claims_record *session, const struct claims_record *urgent,
    int speed_percent, int64_t now_ms)
{
    return is_within(session, CLAIMS_BUFFER_MS, speed_percent, now_ms) &&
           is_within(urgent, CLAIMS_URGENT_MS, speed_percent, now_ms);
}

/* ---- ranks and weights ---- */

static bool has_parameter(const char *query, const char *parameter)
{
    size_t bytes = strlen(parameter);
    for (const char *at = query; at; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, parameter, bytes) == 0 && (at[bytes] == '\0' || at[bytes] == '&'))
            return true;
    }
    return false;
}

static bool runs_dry(const struct cmcd *cmcd)
{
    return cmcd->starved || cmcd->startup || cmcd->state == 'r' ||
           (cmcd->buffer_ms >= 0 && cmcd->buffer_ms < EMPTY_BUFFER_MS);
}

enum share_rank claims_rank(const struct http_flow *seen, bool hold, bool far_ahead)
{
    if (has_parameter(seen->query, "purpose=sync"))
        return SHARE_SYNC;
    if (has_parameter(seen->query, "download=1") || far_ahead)
        return SHARE_DOWNLOAD;
    return hold && runs_dry(seen->cmcd) ? SHARE_URGENT : SHARE_VIEWING;
}

double claims_weight(const struct cmcd *cmcd, bool hold)
{
    if (cmcd->buffer_ms >= FULL_BUFFER_MS)
        return 0.5;
    return hold && cmcd->buffer_ms >= 0 && cmcd->buffer_ms < LOW_BUFFER_MS ? CLAIMS_MAX_WEIGHT : 1;
}
