/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Divides a link by weighted max-min fairness (Bertsekas and Gallager, "Data Networks", 1992,
 * section 6.5.2) along a tree of limits: link, site, address, terminal, flow. A flow that wants less than
 * its share gets what it wants. The rest is divided among the others by weight. Flows of an earlier
 * rank are served first; but urgent flows leave a part to viewing flows. Pure. */
#ifndef NODE_LINK_FAIR_SHARE_H
#define NODE_LINK_FAIR_SHARE_H

#include <stddef.h>

/* Ranks in the order in which they are served. */
enum share_rank { SHARE_URGENT = 0, SHARE_VIEWING, SHARE_DOWNLOAD, SHARE_SYNC, SHARE_RANKS };

/* Larger than any real rate: no limit. */
#define SHARE_UNLIMITED 1e15

/* A limit that several flows share. Rates in bit/s. */
struct share_group {
    size_t parent; /* index of the group that contains this one, lower than its own index; 0 for the
                    * first, which is the link */
    double limit_bps; /* for all flows in the group together */
    double
        max_weight; /* the group weighs no more than this, however many flows it has; 0: the sum of
                        * their weights */
    /* Working values of shares_compute(). */
    double left_bps, wanted_bps, weight, given_bps;
};

struct share_flow {
    size_t group; /* index of the innermost group that contains the flow */
    enum share_rank rank;
    double weight;     /* > 0 */
    double wanted_bps; /* a higher rate does not help the flow */
    double given_bps;  /* out: the share */
    double spare_bps;  /* out: bits that are left over and that the flow may use as well */
};

/* Computes given_bps and spare_bps of all flows. groups[0] is the link. Urgent flows get at most
 * urgent_part (0 to 1) of each limit, and what viewing flows leave of the rest. Returns 0; or -1 if
 * memory runs out, and then nothing is changed. */
int shares_compute(struct share_group *groups, size_t group_count, struct share_flow *flows,
    size_t flow_count, double urgent_part);

#endif
