/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the uplink carried, minute by minute. */
#ifndef CATALOG_UPLINK_H
#define CATALOG_UPLINK_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/errors.h"

struct catalog_uplink_minute {
    int64_t minute; /* minutes since the Unix epoch */
    int64_t sent_bytes, requests;
};

struct catalog_uplink {
    struct catalog_uplink_minute *items;
    size_t count;
};

/* Adds bytes and requests to a minute. */
enum catalog_error catalog_uplink_add(
    struct catalog *catalog, const struct catalog_uplink_minute *minute);

/* Reads the minutes from from_minute on, oldest first. */
enum catalog_error catalog_uplink(
    struct catalog *catalog, int64_t from_minute, struct catalog_uplink *out);

void catalog_uplink_free(struct catalog_uplink *uplink);

#endif
