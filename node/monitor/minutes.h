/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the uplink carried, minute by minute, and which of it the catalog has already. Pure. */
#ifndef NODE_MONITOR_MINUTES_H
#define NODE_MONITOR_MINUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"

#define MINUTES_SHOWN 60
/* A few more than are shown, so that a catalog that is busy for a while loses nothing. */
#define MINUTES_KEPT 64

struct minute {
    int64_t minute; /* since the epoch; 0: unused */
    int64_t sent_bytes, requests;
    int64_t written_bytes, written_requests; /* of these, in the catalog */
};

struct minutes {                      /* all zero: empty */
    struct minute kept[MINUTES_KEPT]; /* minute m at m % MINUTES_KEPT */
};

/* What the catalog says at start: counted, and not to be written again. */
void minutes_load(struct minutes *minutes, const struct catalog_uplink *uplink);
void minutes_add(struct minutes *minutes, int64_t minute, uint64_t sent_bytes, uint64_t requests);
/*
 * The next thing to be written: of a minute other than `present`, or of that one too if everything
 * is true. False: nothing. minutes_written() says that it was done; more may have been added in
 * between.
 */
bool minutes_unwritten(const struct minutes *minutes, int64_t present, bool everything,
    struct catalog_uplink_minute *out);
void minutes_written(struct minutes *minutes, const struct catalog_uplink_minute *written);
/* The last MINUTES_SHOWN up to the present one, oldest first, zero where nothing went. */
void minutes_shown(const struct minutes *minutes, int64_t present,
    struct catalog_uplink_minute out[MINUTES_SHOWN]);

#endif
