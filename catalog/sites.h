/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sites (schools, villages), how much of the uplink they may use, and how much they used. */
#ifndef CATALOG_SITES_H
#define CATALOG_SITES_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/errors.h"

#define CATALOG_DAY_MINUTES 1440

struct catalog_site {
    int64_t id;
    char *name;               /* at most 100 bytes */
    char *ranges;             /* of addresses, as people write them; at most 1000 bytes */
    char *token;              /* a terminal that sends it belongs to this site; at most 100 bytes;
                                 "" none */
    int64_t cap_bps;          /* of all its terminals together; 0: no limit */
    int64_t terminal_cap_bps; /* of each terminal; 0: no limit */
    /* Minutes of the day, local time: downloads are allowed in the window [from, to). Equal: at any
     * time. */
    int download_from_minute, download_to_minute;
    int64_t budget_bytes; /* per day; 0: no limit */
    int64_t today_bytes;  /* used on the day that was asked for; catalog_site_put() ignores it */
};

struct catalog_sites {
    struct catalog_site *items;
    size_t count;
    int64_t uplink_bps; /* the cap of the county's uplink; 0: no limit */
};

/*
 * Reads all sites, by name.
 * day: whose today_bytes are wanted: yyyymmdd, local time.
 */
enum catalog_error catalog_sites(struct catalog *catalog, int day, struct catalog_sites *out);

void catalog_sites_free(struct catalog_sites *sites);

/*
 * Adds a site (site->id is 0) or changes one.
 * id: gets the site's number.
 * Errors: EINVAL; EEXISTS: another site has the name or the token; ENOTFOUND.
 */
enum catalog_error catalog_site_put(
    struct catalog *catalog, const struct catalog_site *site, int64_t *id);

/* Removes a site. ENOTFOUND. */
enum catalog_error catalog_site_remove(struct catalog *catalog, int64_t id);

/* Sets the cap of the county's uplink. cap_bps: 0 means no limit. EINVAL: it is negative. */
enum catalog_error catalog_link_set(struct catalog *catalog, int64_t cap_bps);

/* Adds bytes to what a site used on a day. Does nothing if there is no such site. */
enum catalog_error catalog_site_day_add(
    struct catalog *catalog, int64_t site_id, int day, int64_t sent_bytes);

#endif
