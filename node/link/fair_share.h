/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a link is shared out: weighted max-min fairness (Bertsekas and Gallager, "Data Networks",
 * 1992, section 6.5.2) down a tree of limits: link, site, terminal, flow. Who wants less than its
 * share gets what it wants; the rest is shared by weight among the others. Flows of a higher rank
 * are served before those of a lower one. Pure.
 */
#ifndef NODE_LINK_FAIR_SHARE_H
#define NODE_LINK_FAIR_SHARE_H

#include <stddef.h>

/* Ranks, in the order in which they are served. */
enum share_rank { SHARE_URGENT = 0, SHARE_VIEWING, SHARE_DOWNLOAD, SHARE_SYNC, SHARE_RANKS };

/* Any rate that is no limit. */
#define SHARE_UNLIMITED 1e15

/* A limit that several flows share. Rates in bit/s. */
struct share_group {
    size_t parent; /* index of the group that this is part of, lower than its own; of the first (the
                      link itself): 0 */
    double limit_bps; /* of all in it */
    /* working values of shares_compute() */
    double left_bps, wanted_bps, weight, given_bps;
};

struct share_flow {
    size_t group; /* the innermost that it is in */
    enum share_rank rank;
    double weight;     /* > 0 */
    double wanted_bps; /* no more than this helps it */
    double given_bps;  /* out */
    double spare_bps;  /* out: what is left over and it might have besides */
};

/*
 * Fills in given_bps and spare_bps of all flows. groups[0] is the link. The urgent get at most
 * urgent_part (0 to 1) of each limit as long as others of the viewing want something. 0, or -1: out
 * of memory, nothing is filled in.
 */
int shares_compute(struct share_group *groups, size_t group_count, struct share_flow *flows,
    size_t flow_count, double urgent_part);

#endif
