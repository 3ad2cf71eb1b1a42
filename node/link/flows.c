/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/link/flows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "node/http/parse/cmcd.h"
#include "node/link/ahead.h"
#include "node/link/claims.h"
#include "node/link/fair_share.h"
#include "node/util/seed.h"
#include "transcoder/text/hash.h"

enum { BUCKETS = 8192, MAX_TERMINALS = 20000 };

#define COMPUTE_MS 250
/* How many active flows add one millisecond to the least time between two computations. A new flow
 * starts a computation at once, if that time is over. */
#define FLOWS_A_MS 50
/* A flow without news for this long is not sending. */
#define SILENT_MS 10000
/* A rate is measured over at least this long. */
#define MEASURE_MS 500
/* Payload bytes per byte on the wire: 1448 of 1500. Pacing counts payload, links carry the wire
 * bytes. */
#define PAYLOAD_PART 0.965
/* A flow that takes less than FULL_PART of its pace has a slower link of its own. It then wants
 * GROWTH times what it takes, plus FLOWS_MIN_BPS, and the other flows get the rest. */
#define FULL_PART 0.75
#define GROWTH 1.35
/* A player may get this many times the maximum that it requested, so that it can find out that its
 * link carries more. */
#define REQUESTED_ROOM 1.25
#define URGENT_PART 0.8
/* An address weighs no more than one player whose buffer is low, and neither does a session within
 * it. So nobody gets more by opening more connections, or by inventing sessions. */
#define GREATEST_WEIGHT CLAIMS_MAX_WEIGHT
/* An estimate moves this far towards each new measurement. */
#define ESTIMATE_STEP 0.2

/* A terminal: an address, and the player's session if the player reports one. Several boxes may
 * share an address. The terminal without a session also keeps the estimate for its address. */
struct terminal {
    LIST_ENTRY(terminal) in_bucket;
    TAILQ_ENTRY(terminal) in_order; /* the longest unseen first */
    char address[46];
    char session[CMCD_TEXT_BYTES];
    struct terminal *of_address;    /* the terminal without a session; itself, if this is it */
    int flow_count;                 /* flows of it, and of the sessions at its address */
    double estimate_bps;            /* of the link to the address, if session is ""; 0: unknown */
    struct claims_record delivered; /* to the session */
    struct claims_record urgent;    /* to all sessions at the address, if session is "" */
    size_t group;                   /* while shares are computed; 0: none yet */
    size_t address_group;           /* the same, for all sessions at the address and at one site */
    int address_site;
};

struct flow {
    LIST_ENTRY(flow) in_bucket;
    LIST_ENTRY(flow) in_active;
    uint64_t conn_id;
    struct terminal *terminal;
    char token[SITE_NAME_BYTES];
    int site; /* index of its site; -1: none */
    bool active;
    enum share_rank rank;
    int speed_percent; /* of playback, as its player reports it */
    double weight, wanted_bps;
    double rate_bps;                     /* measured rate; 0: unknown yet */
    double given_bps;                    /* the rate that it should take; 0: no limit */
    uint64_t sent_bytes, measured_bytes; /* sent: at the last update; measured: acknowledged when
                                          * the measurement began */
    int64_t seen_ms, measured_ms;
    struct http_pace pace;
};

LIST_HEAD(flow_list, flow);
LIST_HEAD(terminal_list, terminal);

struct flows {
    struct flow_list by_id[BUCKETS], active;
    struct terminal_list by_key[BUCKETS];
    TAILQ_HEAD(terminal_order, terminal) order;
    struct ahead *ahead;
    uint64_t seed; /* of the hashes of addresses and sessions, which players choose */
    size_t terminal_count, active_count;
    int64_t computed_ms;
    struct share_group *groups; /* kept between computations, as is shares */
    struct share_flow *shares;
    size_t group_room, share_room;
};

int flows_open(struct flows **out)
{
    struct flows *flows = calloc(1, sizeof(*flows));
    *out = flows;
    if (!flows)
        return -ENOMEM;
    TAILQ_INIT(&flows->order);
    flows->seed = seed_new();
    int error = ahead_open(&flows->ahead);
    if (error)
        flows_close(out);
    return error;
}

/* ---- terminals ---- */

static struct terminal_list *terminal_bucket(
    struct flows *flows, const char *address, const char *session)
{
    uint64_t hash = hash_text(hash_text(flows->seed, address), session);
    return &flows->by_key[seed_bucket(hash, BUCKETS)];
}

static struct terminal *find_terminal(
    const struct flows *flows, const char *address, const char *session)
{
    struct terminal *t;
    LIST_FOREACH (t, terminal_bucket((struct flows *)flows, address, session), in_bucket)
        if (strcmp(t->address, address) == 0 && strcmp(t->session, session) == 0)
            return t;
    return NULL;
}

static void remove_terminal(struct flows *flows, struct terminal *t)
{
    LIST_REMOVE(t, in_bucket);
    TAILQ_REMOVE(&flows->order, t, in_order);
    flows->terminal_count--;
    free(t);
}

static void make_room(struct flows *flows)
{
    struct terminal *t = TAILQ_FIRST(&flows->order);
    while (t && flows->terminal_count >= MAX_TERMINALS) {
        struct terminal *next = TAILQ_NEXT(t, in_order);
        if (t->flow_count == 0)
            remove_terminal(flows, t);
        t = next;
    }
}

/* Finds or makes the terminal. Returns NULL if memory runs out. */
static struct terminal *need_terminal(struct flows *flows, const char *address, const char *session)
{
    struct terminal *t = find_terminal(flows, address, session);
    if (t) {
        TAILQ_REMOVE(&flows->order, t, in_order);
        TAILQ_INSERT_TAIL(&flows->order, t, in_order);
        return t;
    }
    make_room(flows);
    t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    snprintf(t->address, sizeof(t->address), "%s", address);
    snprintf(t->session, sizeof(t->session), "%s", session);
    LIST_INSERT_HEAD(terminal_bucket(flows, address, session), t, in_bucket);
    TAILQ_INSERT_TAIL(&flows->order, t, in_order);
    flows->terminal_count++;
    return t;
}

/* Finds or makes the terminal of a session, and that of its address. Returns NULL if memory runs
 * out. */
static struct terminal *need_session(struct flows *flows, const char *address, const char *session)
{
    struct terminal *of_address = need_terminal(flows, address, "");
    if (!of_address)
        return NULL;
    of_address->of_address = of_address;
    of_address->flow_count++; /* so that making the other does not remove it */
    struct terminal *t = need_terminal(flows, address, session);
    of_address->flow_count--;
    if (t)
        t->of_address = of_address;
    return t;
}

static void note_estimate(struct flows *flows, const struct http_flow *seen)
{
    if (seen->delivery_rate_bps <= 0)
        return;
    struct terminal *t = need_terminal(flows, seen->peer, "");
    if (t)
        t->estimate_bps += ((double)seen->delivery_rate_bps - t->estimate_bps) *
                           (t->estimate_bps > 0 ? ESTIMATE_STEP : 1);
}

int64_t flows_estimate_bps(const struct flows *flows, const char *address)
{
    const struct terminal *t = find_terminal(flows, address, "");
    return t ? (int64_t)t->estimate_bps : 0;
}

/* ---- flows ---- */

static struct flow *find_flow(struct flows *flows, uint64_t conn_id)
{
    struct flow *flow;
    LIST_FOREACH (flow, &flows->by_id[conn_id % BUCKETS], in_bucket)
        if (flow->conn_id == conn_id)
            return flow;
    return NULL;
}

static void set_active(struct flows *flows, struct flow *flow, bool active)
{
    if (active == flow->active)
        return;
    flow->active = active;
    if (active) {
        LIST_INSERT_HEAD(&flows->active, flow, in_active);
        flows->active_count++;
    } else {
        LIST_REMOVE(flow, in_active);
        flows->active_count--;
    }
}

/* Counts a flow at its terminal, and at the terminal's address. */
static void join_terminal(struct flow *flow, struct terminal *t)
{
    t->flow_count++;
    if (t->of_address != t)
        t->of_address->flow_count++;
    flow->terminal = t;
}

static void leave_terminal(struct flow *flow)
{
    struct terminal *t = flow->terminal;
    if (!t)
        return;
    t->flow_count--;
    if (t->of_address != t)
        t->of_address->flow_count--;
    flow->terminal = NULL;
}

static void remove_flow(struct flows *flows, struct flow *flow)
{
    set_active(flows, flow, false);
    LIST_REMOVE(flow, in_bucket);
    leave_terminal(flow);
    free(flow);
}

static struct flow *add_flow(struct flows *flows, const struct http_flow *seen)
{
    struct flow *flow = calloc(1, sizeof(*flow));
    if (!flow)
        return NULL;
    flow->conn_id = seen->conn_id;
    flow->site = -1;
    flow->sent_bytes = seen->sent_bytes;
    flow->measured_bytes = seen->acked_bytes;
    LIST_INSERT_HEAD(&flows->by_id[seen->conn_id % BUCKETS], flow, in_bucket);
    return flow;
}

/* Measures the rate of a flow over at least MEASURE_MS. */
static void measure(struct flow *flow, const struct http_flow *seen, int64_t now_ms)
{
    int64_t over_ms = now_ms - flow->measured_ms;
    if (!flow->active || flow->measured_ms == 0) {
        flow->measured_ms = now_ms;
        flow->measured_bytes = seen->acked_bytes;
        flow->rate_bps = 0;
    } else if (over_ms >= MEASURE_MS) {
        double rate = (double)(seen->acked_bytes - flow->measured_bytes) * 8000 / (double)over_ms;
        flow->rate_bps = flow->rate_bps > 0 ? (flow->rate_bps + rate) / 2 : rate;
        flow->measured_ms = now_ms;
        flow->measured_bytes = seen->acked_bytes;
    }
}

static double wanted_by(const struct flow *flow, const struct http_flow *seen)
{
    double wanted = SHARE_UNLIMITED;
    if (flow->given_bps > 0 && flow->rate_bps > 0 && flow->rate_bps < flow->given_bps * FULL_PART)
        wanted = flow->rate_bps * GROWTH + FLOWS_MIN_BPS;
    if (seen->cmcd->requested_max_bps > 0 && flow->rank != SHARE_URGENT) {
        double requested = (double)seen->cmcd->requested_max_bps * REQUESTED_ROOM;
        wanted = requested < wanted ? requested : wanted;
    }
    return wanted;
}

static bool find_place(struct flows *flows, struct flow *flow, const struct sites *sites,
    const struct http_flow *seen, int64_t now_ms)
{
    struct terminal *t = need_session(flows, seen->peer, seen->cmcd->session);
    if (t && t != flow->terminal) {
        leave_terminal(flow);
        join_terminal(flow, t);
    }
    snprintf(flow->token, sizeof(flow->token), "%s", seen->site);
    flow->site = sites_find(sites, seen->peer, flow->token, now_ms);
    return t != NULL;
}

void flows_replace_sites(struct flows *flows, const struct sites *sites, int64_t mono_ms)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        struct flow *flow;
        LIST_FOREACH (flow, &flows->by_id[i], in_bucket)
            if (flow->terminal)
                flow->site = sites_find(sites, flow->terminal->address, flow->token, mono_ms);
    }
}

/* ---- shares ---- */

static bool grow(void **items, size_t *room, size_t wanted, size_t item_bytes)
{
    if (wanted <= *room)
        return true;
    void *more = realloc(*items, wanted * 2 * item_bytes);
    if (!more)
        return false;
    *items = more;
    *room = wanted * 2;
    return true;
}

static double limit(int64_t bps)
{
    return bps > 0 ? (double)bps * PAYLOAD_PART : SHARE_UNLIMITED;
}

static double terminal_limit(const struct sites *sites, int site)
{
    return site < 0 ? SHARE_UNLIMITED : limit(site_terminal_cap_bps(&sites->items[site]));
}

static bool may_have(const struct flow *flow, const struct sites *sites, int minute)
{
    return flow->rank < SHARE_DOWNLOAD || flow->site < 0 ||
           site_download_wait_minutes(&sites->items[flow->site], minute) == 0;
}

/* Makes the groups: the link, each site, the addresses with active flows, and the terminals at them.
 * Returns their number. */
static size_t make_groups(struct flows *flows, const struct sites *sites)
{
    size_t count = 0;
    struct flow *flow;
    flows->groups[count++] = (struct share_group){.limit_bps = limit(sites->uplink_bps)};
    for (size_t i = 0; i < sites->count; i++)
        flows->groups[count++] = (struct share_group){.limit_bps = limit(sites->items[i].cap_bps)};
    LIST_FOREACH (flow, &flows->active, in_active)
        flow->terminal->group = flow->terminal->of_address->address_group = 0;
    LIST_FOREACH (flow, &flows->active, in_active) {
        struct terminal *t = flow->terminal, *of_address = t->of_address;
        if (of_address->address_group == 0 || of_address->address_site != flow->site) {
            of_address->address_group = count;
            of_address->address_site = flow->site;
            flows->groups[count++] = (struct share_group){.parent = (size_t)(flow->site + 1),
                .limit_bps = SHARE_UNLIMITED,
                .max_weight = GREATEST_WEIGHT};
        }
        if (t->group == 0) {
            t->group = count;
            flows->groups[count++] = (struct share_group){.parent = of_address->address_group,
                .limit_bps = terminal_limit(sites, flow->site),
                .max_weight = GREATEST_WEIGHT};
        }
    }
    return count;
}

/* Sets the pace of a flow, at least FLOWS_MIN_BPS. The pace includes the spare bits, so that a flow
 * that could take more shows it. */
static void take_pace(struct flow *flow, const struct share_flow *share)
{
    double given_bps = share->given_bps + share->spare_bps;
    bool free = given_bps >= SHARE_UNLIMITED / 1e3;
    flow->given_bps = free ? 0 : given_bps < FLOWS_MIN_BPS ? FLOWS_MIN_BPS : given_bps;
    flow->pace.rate_bps = (int64_t)flow->given_bps;
    flow->pace.held_back = !free && given_bps < flow->wanted_bps * 0.99;
}

static void compute(struct flows *flows, const struct sites *sites, int minute)
{
    size_t count = 0, groups;
    struct flow *flow;
    if (!grow((void **)&flows->groups, &flows->group_room,
            1 + sites->count + 2 * flows->active_count, sizeof(*flows->groups)) ||
        !grow((void **)&flows->shares, &flows->share_room, flows->active_count + 1,
            sizeof(*flows->shares)))
        return;
    groups = make_groups(flows, sites);
    LIST_FOREACH (flow, &flows->active, in_active)
        flows->shares[count++] = (struct share_flow){.group = flow->terminal->group,
            .rank = flow->rank,
            .weight = flow->weight,
            .wanted_bps = may_have(flow, sites, minute) ? flow->wanted_bps : 0};
    if (shares_compute(flows->groups, groups, flows->shares, count, URGENT_PART) < 0)
        return;
    count = 0;
    LIST_FOREACH (flow, &flows->active, in_active)
        take_pace(flow, &flows->shares[count++]);
}

static void drop_silent(struct flows *flows, int64_t now_ms)
{
    struct flow *flow, *next;
    for (flow = LIST_FIRST(&flows->active); flow; flow = next) {
        next = LIST_NEXT(flow, in_active);
        if (now_ms - flow->seen_ms > SILENT_MS)
            set_active(flows, flow, false);
    }
}

static void count_bytes(struct flow *flow, struct sites *sites, const struct http_flow *seen)
{
    int64_t bytes = (int64_t)(seen->sent_bytes - flow->sent_bytes);
    flow->sent_bytes = seen->sent_bytes;
    if (flow->site >= 0) {
        sites->items[flow->site].today_bytes += bytes;
        sites->items[flow->site].unwritten_bytes += bytes;
    }
}

/* A flow that begins between two computations gets the rate of another flow until the next
 * computation. */
static void take_after_another(struct flow *newcomer)
{
    const struct flow *other = LIST_NEXT(newcomer, in_active);
    if (other) {
        newcomer->given_bps = other->given_bps;
        newcomer->pace.rate_bps = (int64_t)other->given_bps;
        newcomer->pace.held_back = other->pace.held_back;
    }
}

/* Computes the shares a few times a second. For a new flow, computes them at once if there was time
 * enough since the last computation; otherwise the flow takes another flow's pace. */
static void keep_computed(struct flows *flows, const struct sites *sites, struct flow *newcomer,
    int minute, int64_t now_ms)
{
    int64_t min_ms = (int64_t)flows->active_count / FLOWS_A_MS;
    int64_t after_ms = now_ms - flows->computed_ms;
    if (after_ms < (newcomer ? min_ms : COMPUTE_MS)) {
        if (newcomer)
            take_after_another(newcomer);
        return;
    }
    drop_silent(flows, now_ms);
    compute(flows, sites, minute);
    flows->computed_ms = now_ms;
}

static void set_rank(
    const struct flows *flows, struct flow *flow, const struct http_flow *seen, int64_t now_ms)
{
    const struct terminal *t = flow->terminal;
    flow->speed_percent = claims_speed_percent(seen->cmcd);
    bool hold = claims_hold(&t->delivered, &t->of_address->urgent, flow->speed_percent, now_ms);
    flow->rank =
        claims_rank(seen, hold, ahead_is_far(flows->ahead, seen->peer, seen->path, now_ms));
    flow->weight = claims_weight(seen->cmcd, hold);
}

void flows_delivered(struct flows *flows, const struct http_delivered *delivered, int64_t mono_ms)
{
    const struct flow *flow = find_flow(flows, delivered->conn_id);
    ahead_note(flows->ahead, delivered->peer, delivered->path, delivered->from_ms, delivered->to_ms,
        mono_ms);
    if (!flow || !flow->terminal)
        return;
    struct terminal *t = flow->terminal;
    struct claims_record *urgent = flow->rank == SHARE_URGENT ? &t->of_address->urgent : NULL;
    claims_note(&t->delivered, urgent, delivered, flow->speed_percent, mono_ms);
}

struct http_pace flows_update(struct flows *flows, struct sites *sites,
    const struct http_flow *seen, const struct site_time *local, int64_t mono_ms)
{
    struct flow *flow = find_flow(flows, seen->conn_id);
    if (!flow || !flow->pace.held_back)
        note_estimate(flows, seen);
    if (flow)
        count_bytes(flow, sites, seen);
    if (!seen->cmcd) {
        if (flow)
            remove_flow(flows, flow);
        return (struct http_pace){0};
    }
    if (!flow)
        flow = add_flow(flows, seen);
    if (!flow || !find_place(flows, flow, sites, seen, mono_ms))
        return (struct http_pace){0};
    measure(flow, seen, mono_ms);
    bool comes = seen->sending && !flow->active;
    flow->seen_ms = mono_ms;
    set_rank(flows, flow, seen, mono_ms);
    flow->wanted_bps = comes ? SHARE_UNLIMITED : wanted_by(flow, seen);
    set_active(flows, flow, seen->sending);
    keep_computed(flows, sites, comes ? flow : NULL, local->minute, mono_ms);
    return flow->pace;
}

struct flows_sum flows_sum_of(const struct flows *flows, int site)
{
    struct flows_sum sum = {0};
    const struct flow *flow;
    LIST_FOREACH (flow, &flows->active, in_active)
        if (flow->site == site) {
            sum.count++;
            sum.given_bps += (int64_t)flow->given_bps;
        }
    return sum;
}

void flows_close(struct flows **flows)
{
    struct flows *f = *flows;
    struct terminal *t, *next_terminal;
    if (!f)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct flow *flow, *next;
        for (flow = LIST_FIRST(&f->by_id[i]); flow; flow = next) {
            next = LIST_NEXT(flow, in_bucket);
            remove_flow(f, flow);
        }
    }
    for (t = TAILQ_FIRST(&f->order); t; t = next_terminal) {
        next_terminal = TAILQ_NEXT(t, in_order);
        remove_terminal(f, t);
    }
    ahead_close(&f->ahead);
    free(f->groups);
    free(f->shares);
    free(f);
    *flows = NULL;
}
