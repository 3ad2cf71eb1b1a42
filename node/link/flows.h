/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The responses that are being sent, and the terminals that they go to. The rate of each flow is
 * computed here. Not thread-safe: the owner locks. */
#ifndef NODE_LINK_FLOWS_H
#define NODE_LINK_FLOWS_H

#include "node/http/http.h"
#include "node/link/sites.h"

/* No flow gets less than this, because TCP would stop making progress. */
#define FLOWS_MIN_BPS 8000

struct flows;

int flows_open(struct flows **out);     /* Returns 0 or -ENOMEM. */
void flows_close(struct flows **flows); /* accepts NULL in *flows */

/* Updates a flow from its connection and returns its pace; if the connection has ended, removes the
 * flow. The flow's bytes are counted for its site. Shares are computed again when a flow is new,
 * unless they just were, and a few times a second. If memory runs out, the flow is not paced or
 * keeps its pace. */
struct http_pace flows_update(struct flows *flows, struct sites *sites,
    const struct http_flow *seen, const struct site_time *local, int64_t mono_ms);

/* Counts media time that was delivered on a flow. It bounds what its player's claims bring (see
 * claims.h), and shows downloads (see ahead.h). */
void flows_delivered(struct flows *flows, const struct http_delivered *delivered, int64_t mono_ms);

/* Assigns all flows to sites again. To be called after the sites have changed. */
void flows_replace_sites(struct flows *flows, const struct sites *sites, int64_t mono_ms);

/* Returns the rate of the link to an address, as earlier transfers have shown it; 0: unknown. */
int64_t flows_estimate_bps(const struct flows *flows, const char *address);

/* Returns what a site's terminals get now, and how many responses they are receiving. site: its
 * index; -1: terminals without a site. */
struct flows_sum {
    int count;
    int64_t given_bps;
};
struct flows_sum flows_sum_of(const struct flows *flows, int site);

#endif
