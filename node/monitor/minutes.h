/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The traffic of the uplink by minute, and how much of it is in the catalog already. Pure. */
#ifndef NODE_MONITOR_MINUTES_H
#define NODE_MONITOR_MINUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"

#define MINUTES_SHOWN 60
/* A few more minutes than are shown, so that nothing is lost while the catalog is busy. */
#define MINUTES_KEPT 64

struct minute {
    int64_t minute; /* since the epoch; 0: unused */
    int64_t sent_bytes, requests;
    int64_t written_bytes, written_requests; /* the part that is in the catalog already */
};

struct minutes {                      /* all zero: empty */
    struct minute kept[MINUTES_KEPT]; /* minute m is at index m % MINUTES_KEPT */
};

/* Loads the catalog's minutes at the start. They count as written already. */
void minutes_load(struct minutes *minutes, const struct catalog_uplink *uplink);
void minutes_add(struct minutes *minutes, int64_t minute, uint64_t sent_bytes, uint64_t requests);
/* Finds the next traffic to be written, of any minute except `present`; with everything, of that
 * minute as well. Returns false if there is none. Once *out is written, call minutes_written() with
 * it. Traffic that is added in between stays unwritten. */
bool minutes_unwritten(const struct minutes *minutes, int64_t present, bool everything,
    struct catalog_uplink_minute *out);
void minutes_written(struct minutes *minutes, const struct catalog_uplink_minute *written);
/* Copies the last MINUTES_SHOWN minutes up to the present one, the oldest first, with zeros for
 * minutes without traffic. */
void minutes_shown(const struct minutes *minutes, int64_t present,
    struct catalog_uplink_minute out[MINUTES_SHOWN]);

#endif
