/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sites as the scheduler needs them. Not locked: its owner does that. */
#ifndef NODE_LINK_SITES_H
#define NODE_LINK_SITES_H

#include <stdbool.h>

#include "catalog/catalog.h"
#include "node/link/ranges.h"

#define SITE_NAME_BYTES 101

struct site {
    int64_t id;
    char name[SITE_NAME_BYTES], token[SITE_NAME_BYTES];
    struct ranges ranges;
    int64_t cap_bps, terminal_cap_bps; /* 0: not limited */
    int download_from_minute, download_to_minute;
    int64_t budget_bytes;
    int64_t today_bytes, unwritten_bytes; /* taken today; of that, what the catalog does not know */
};

struct sites {
    struct site *items;
    size_t count;
    int64_t uplink_bps; /* 0: not limited */
    int day;            /* yyyymmdd, local time, that today_bytes are of */
};

/* A time as sites know it. */
struct site_time {
    int day;    /* yyyymmdd, local time */
    int minute; /* of the day */
};
struct site_time site_time_of(int64_t wall_ms);

/* From the catalog's rows, which were read for that day. 0 or -ENOMEM. A site whose ranges can't be
 * read has none. */
int sites_make(struct sites *out, const struct catalog_sites *rows, int day);
void sites_free(struct sites *sites);

/* The site whose token is shown (not ""), else the one with the narrowest range that has the
 * address; -1: none. */
int sites_find(const struct sites *sites, const char *address, const char *token);

/* Whether the site may have downloads at that minute, its budget left out. */
bool site_downloads_at(const struct site *site, int minute);
bool site_over_budget(const struct site *site);
/* What each of its terminals may take now, on the wire; 0: not limited. */
int64_t site_terminal_cap_bps(const struct site *site);
/* Minutes until downloads may be had again: from the site's window, and for its budget the next
 * day. 0: now. */
int site_download_wait_minutes(const struct site *site, int minute);

#endif
