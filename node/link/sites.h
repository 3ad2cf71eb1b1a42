/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sites as the link scheduler needs them. Not thread-safe: the owner locks. */
#ifndef NODE_LINK_SITES_H
#define NODE_LINK_SITES_H

#include <stdbool.h>

#include "catalog/catalog.h"
#include "node/link/guess_limit.h"
#include "node/link/site_codes.h"
#include "node/util/ranges.h"

#define SITE_NAME_BYTES 101

struct site {
    int64_t id;
    char name[SITE_NAME_BYTES], token[SITE_NAME_BYTES]; /* token: made by hand; "" none */
    char generated_token[SITE_TOKEN_BYTES];             /* "" none */
    struct ranges ranges;
    int64_t cap_bps, terminal_cap_bps; /* 0: no limit */
    int download_from_minute, download_to_minute;
    int64_t budget_bytes;
    int64_t today_bytes, unwritten_bytes; /* sent today; and the part of it that is not in the
                                           * catalog yet */
};

struct sites {
    struct site *items;
    size_t count;
    int64_t uplink_bps;          /* 0: no limit */
    int day;                     /* yyyymmdd in local time: the day that today_bytes belong to */
    struct guess_limit *guesses; /* of tokens made by hand; the owner's; NULL: not limited */
};

/* A local time. */
struct site_time {
    int day;    /* yyyymmdd, local time */
    int minute; /* of the day */
};
struct site_time site_time_of(int64_t wall_ms);

/* Makes the sites from the catalog's rows, which were read for that day. A site whose ranges are
 * invalid gets no ranges. Returns 0 or -ENOMEM. */
int sites_make(struct sites *out, const struct catalog_sites *rows, int day);
void sites_free(struct sites *sites);

/* Finds a site: the one with this token (if it is not ""), else the one with the narrowest range
 * that contains the address. From a network that has shown too many wrong tokens, only generated
 * tokens count, since nobody can guess them. Returns its index; -1: none. now_ms: monotonic. */
int sites_find(const struct sites *sites, const char *address, const char *token, int64_t now_ms);

/* Whether the token is a generated one of some site. */
bool sites_generated(const struct sites *sites, const char *token);

/* Whether the site's time window allows downloads at that minute. The budget is not checked. */
bool site_downloads_at(const struct site *site, int minute);
bool site_over_budget(const struct site *site);
/* What each terminal of the site may take now, on the wire; 0: no limit. */
int64_t site_terminal_cap_bps(const struct site *site);
/* Returns the minutes until the site may download again. Its time window counts, and its budget,
 * which starts again the next day. 0: now. */
int site_download_wait_minutes(const struct site *site, int minute);

#endif
