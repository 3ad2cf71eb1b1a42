/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The responses that are under way and the terminals that they go to; what each flow may have is
 * worked out here. Not locked: its owner does that.
 */
#ifndef NODE_LINK_FLOWS_H
#define NODE_LINK_FLOWS_H

#include "node/http/http.h"
#include "node/link/sites.h"

/* Nobody is given less: TCP would not come from the spot. */
#define FLOWS_MIN_BPS 8000

struct flows;

int flows_open(struct flows **out);     /* 0 or -ENOMEM */
void flows_close(struct flows **flows); /* accepts NULL */

/*
 * Takes in what a connection does, and tells its pace. Bytes count for the site that it is at.
 * Shares are worked out anew when somebody comes, and a few times a second. Without memory the flow
 * is not paced.
 */
struct http_pace flows_update(struct flows *flows, struct sites *sites,
    const struct http_flow *seen, const struct site_time *local, int64_t mono_ms);

/* After the sites have changed: flows find theirs anew. */
void flows_replace_sites(struct flows *flows, const struct sites *sites);

/* See link_estimate_bps(). */
int64_t flows_estimate_bps(const struct flows *flows, const char *address);

/* What a site (its index; -1: those at none) is given now, and to how many responses. */
struct flows_sum {
    int count;
    int64_t given_bps;
};
struct flows_sum flows_sum_of(const struct flows *flows, int site);

#endif
