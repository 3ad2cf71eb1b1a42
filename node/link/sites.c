/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/link/sites.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A site that has used up its budget gets this rate for each terminal, unless its own limit is
 * lower. It is enough for the lowest rung. */
#define OVER_BUDGET_BPS 60000

struct site_time site_time_of(int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local;
    localtime_r(&seconds, &local);
    return (struct site_time){
        .day = (local.tm_year + 1900) * 10000 + (local.tm_mon + 1) * 100 + local.tm_mday,
        .minute = local.tm_hour * 60 + local.tm_min,
    };
}

static void make_site(struct site *out, const struct catalog_site *row)
{
    char ignored[200];
    *out = (struct site){
        .id = row->id,
        .cap_bps = row->cap_bps,
        .terminal_cap_bps = row->terminal_cap_bps,
        .download_from_minute = row->download_from_minute,
        .download_to_minute = row->download_to_minute,
        .budget_bytes = row->budget_bytes,
        .today_bytes = row->today_bytes,
    };
    snprintf(out->name, sizeof(out->name), "%s", row->name);
    snprintf(out->token, sizeof(out->token), "%s", row->token);
    snprintf(out->generated_token, sizeof(out->generated_token), "%s", row->generated_token);
    if (ranges_parse(&out->ranges, row->ranges, ignored, sizeof(ignored)) < 0)
        out->ranges.count = 0;
}

int sites_make(struct sites *out, const struct catalog_sites *rows, int day)
{
    *out = (struct sites){.uplink_bps = rows->uplink_bps, .day = day};
    out->items = calloc(rows->count + 1, sizeof(*out->items));
    if (!out->items)
        return -ENOMEM;
    for (size_t i = 0; i < rows->count; i++)
        make_site(&out->items[out->count++], &rows->items[i]);
    return 0;
}

void sites_free(struct sites *sites)
{
    free(sites->items);
    *sites = (struct sites){0};
}

static int find_range(const struct sites *sites, const char *address)
{
    int found = -1, best = 0;
    for (size_t i = 0; i < sites->count; i++) {
        int match = ranges_match(&sites->items[i].ranges, address);
        if (match > best) {
            best = match;
            found = (int)i;
        }
    }
    return found;
}

static int find_generated(const struct sites *sites, const char *token)
{
    for (size_t i = 0; token[0] && i < sites->count; i++)
        if (strcmp(token, sites->items[i].generated_token) == 0)
            return (int)i;
    return -1;
}

static int find_hand_made(const struct sites *sites, const char *token)
{
    for (size_t i = 0; i < sites->count; i++)
        if (strcmp(token, sites->items[i].token) == 0)
            return (int)i;
    return -1;
}

int sites_find(const struct sites *sites, const char *address, const char *token, int64_t now_ms)
{
    int found = find_generated(sites, token);
    if (found >= 0)
        return found;
    if (token[0]) {
        found = find_hand_made(sites, token);
        if (sites->guesses &&
            !guess_limit_admit(sites->guesses, address, token, found >= 0, now_ms))
            found = -1;
    }
    return found >= 0 ? found : find_range(sites, address);
}

bool sites_generated(const struct sites *sites, const char *token)
{
    return find_generated(sites, token) >= 0;
}

bool site_downloads_at(const struct site *site, int minute)
{
    int from = site->download_from_minute, to = site->download_to_minute;
    if (from == to)
        return true;
    return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

bool site_over_budget(const struct site *site)
{
    return site->budget_bytes > 0 && site->today_bytes >= site->budget_bytes;
}

int64_t site_terminal_cap_bps(const struct site *site)
{
    bool capped = site->terminal_cap_bps > 0 && site->terminal_cap_bps < OVER_BUDGET_BPS;
    return site_over_budget(site) && !capped ? OVER_BUDGET_BPS : site->terminal_cap_bps;
}

static int minutes_until(int minute, int then)
{
    return (then - minute + CATALOG_DAY_MINUTES) % CATALOG_DAY_MINUTES;
}

int site_download_wait_minutes(const struct site *site, int minute)
{
    int wait = 0;
    if (site_over_budget(site)) {
        wait = CATALOG_DAY_MINUTES - minute;
        minute = 0;
    }
    if (!site_downloads_at(site, minute))
        wait += minutes_until(minute, site->download_from_minute);
    return wait;
}
