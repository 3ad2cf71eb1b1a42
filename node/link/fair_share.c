/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/link/fair_share.h"

#include <stdlib.h>

/* A flow, or an inner group, that competes for the bits of a group. */
struct claim {
    size_t group;
    double wanted_bps, weight;
    double *given_bps;
};

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* Sorts by group, then by wanted_bps / weight, ascending. */
static int compare(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;
    double x = a->wanted_bps * b->weight, y = b->wanted_bps * a->weight;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    return (x > y) - (x < y);
}

/* Divides bps among the claims on one group. They are sorted by wanted_bps / weight, ascending, so
 * that each satisfied claim leaves the rest to the others. */
static void share_out(struct claim *claims, size_t count, double bps)
{
    double weight = 0;
    for (size_t i = 0; i < count; i++)
        weight += claims[i].weight;
    for (size_t i = 0; i < count; i++) {
        double part = least(bps * claims[i].weight / weight, claims[i].wanted_bps);
        *claims[i].given_bps += part;
        bps -= part;
        weight -= claims[i].weight;
        if (weight <= 0)
            weight = 1;
    }
}

/* The last round: bits that are left go to every flow that wants anything. */
#define SPARE SHARE_RANKS

/* Returns what the flow still wants in the round of a rank; 0 if the flow has another rank. */
static double wants(const struct share_flow *flow, enum share_rank rank)
{
    if (rank == SPARE)
        return flow->wanted_bps > 0 ? SHARE_UNLIMITED : 0;
    return flow->rank == rank ? flow->wanted_bps - flow->given_bps : 0;
}

/* Adds up what the flows of a rank want in each group, within the limits, from the innermost groups
 * outwards. */
static void sum_up(struct share_group *groups, size_t group_count, const struct share_flow *flows,
    size_t flow_count, enum share_rank rank)
{
    for (size_t g = 0; g < group_count; g++)
        groups[g].wanted_bps = groups[g].weight = groups[g].given_bps = 0;
    for (size_t f = 0; f < flow_count; f++)
        if (wants(&flows[f], rank) > 0) {
            groups[flows[f].group].wanted_bps += wants(&flows[f], rank);
            groups[flows[f].group].weight += flows[f].weight;
        }
    for (size_t g = group_count; g-- > 0;) {
        groups[g].wanted_bps = least(groups[g].wanted_bps, groups[g].left_bps);
        if (groups[g].max_weight > 0)
            groups[g].weight = least(groups[g].weight, groups[g].max_weight);
        if (g > 0 && groups[g].weight > 0) {
            groups[groups[g].parent].wanted_bps += groups[g].wanted_bps;
            groups[groups[g].parent].weight += groups[g].weight;
        }
    }
}

/* Collects the claims of a rank and sorts them. Returns their number. */
static size_t collect(struct claim *claims, struct share_group *groups, size_t group_count,
    struct share_flow *flows, size_t flow_count, enum share_rank rank)
{
    size_t count = 0;
    for (size_t g = 1; g < group_count; g++)
        if (groups[g].weight > 0)
            claims[count++] = (struct claim){
                groups[g].parent, groups[g].wanted_bps, groups[g].weight, &groups[g].given_bps};
    for (size_t f = 0; f < flow_count; f++)
        if (wants(&flows[f], rank) > 0)
            claims[count++] = (struct claim){flows[f].group, wants(&flows[f], rank),
                flows[f].weight, rank == SPARE ? &flows[f].spare_bps : &flows[f].given_bps};
    qsort(claims, count, sizeof(*claims), compare);
    return count;
}

/* Serves one rank from the link inwards. A parent has a lower index than its groups, so the claims
 * on it come first. */
static void serve_rank(struct claim *claims, struct share_group *groups, size_t group_count,
    struct share_flow *flows, size_t flow_count, enum share_rank rank)
{
    sum_up(groups, group_count, flows, flow_count, rank);
    size_t count = collect(claims, groups, group_count, flows, flow_count, rank);
    groups[0].given_bps = groups[0].wanted_bps;
    for (size_t begin = 0, end; begin < count; begin = end) {
        size_t group = claims[begin].group;
        for (end = begin; end < count && claims[end].group == group;)
            end++;
        share_out(claims + begin, end - begin, groups[group].given_bps);
    }
    for (size_t g = 0; g < group_count; g++)
        groups[g].left_bps -= groups[g].given_bps;
}

int shares_compute(struct share_group *groups, size_t group_count, struct share_flow *flows,
    size_t flow_count, double urgent_part)
{
    /* Urgent flows are served a second time, with the bits that viewing flows left of the part that
     * was reserved for them. */
    static const enum share_rank order[] = {
        SHARE_URGENT, SHARE_VIEWING, SHARE_URGENT, SHARE_DOWNLOAD, SHARE_SYNC, SPARE};
    struct claim *claims = malloc((group_count + flow_count) * sizeof(*claims));

    if (!claims)
        return -1;
    for (size_t f = 0; f < flow_count; f++)
        flows[f].given_bps = flows[f].spare_bps = 0;
    for (size_t g = 0; g < group_count; g++)
        groups[g].left_bps = groups[g].limit_bps * urgent_part;
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        serve_rank(claims, groups, group_count, flows, flow_count, order[i]);
        for (size_t g = 0; g < group_count && i == 0; g++)
            groups[g].left_bps += groups[g].limit_bps * (1 - urgent_part);
    }
    free(claims);
    return 0;
}
