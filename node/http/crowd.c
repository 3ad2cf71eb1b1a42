/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connection is judged by what it does and not by its age: a village behind one address has
 * hundreds of connections, and all of them are in use. An attacker can hold as many only by using
 * them as well.
 */
#include "node/http/crowd.h"

#include "node/http/conn.h"
#include "node/http/watch.h"
#include "node/util/clock.h"

enum {
    FRESH_MS = 1000,
    /* One look at all connections ends up to this part of those that are useless, so that a flood
     * of newcomers does not cost a look each. */
    USELESS_PART = 64,
    /* Up to this part of a loop's connections, and up to this number, those in use of one address
     * are never ended. */
    SHARE_PART = 16,
    SHARE_AT_LEAST = 32,
};

/* How useful a connection is. The lower are ended first. */
enum conn_use {
    USE_NONE,   /* has asked for nothing yet, leaves a request unfinished, or reads no response */
    USE_FRESH,  /* the same, for less than FRESH_MS: what is missing may be on its way */
    USE_IDLE,   /* waits between requests */
    USE_VIEWER, /* the same, and it has carried media */
    USE_AWAY,   /* nothing comes from its peer: the link seems to be down */
    USE_RECENT, /* waits between requests for less than FRESH_MS: the next may be on its way */
    USE_BUSY,
};

/* How long a peer may take for a head, or for the next byte of its response, before it counts as
 * useless. */
static int64_t patience_ms(const struct http_conn *conn)
{
    return conn->loop->server->params.crowded_timeout_ms;
}

static enum conn_use use_of_idle(const struct http_conn *conn, int64_t now_ms)
{
    bool first = conn->samples.path[0] == '\0';
    if (first && now_ms - conn->phase_ms < FRESH_MS)
        return USE_FRESH;
    if (first || (conn->head_ms && now_ms - conn->head_ms >= patience_ms(conn)))
        return USE_NONE;
    if (conn->head_ms)
        return USE_BUSY;
    if (now_ms - conn->phase_ms < FRESH_MS)
        return USE_RECENT;
    return conn->flow.active ? USE_VIEWER : USE_IDLE;
}

static enum conn_use use_of_request(struct http_conn *conn, int64_t now_ms)
{
    const struct http_request *req = conn->req;
    enum body_mode mode = req->body.mode;
    if (req->user) /* of somebody who is logged in */
        return USE_BUSY;
    if ((mode == BODY_COLLECT || mode == BODY_DISCARD) && !req->body.complete)
        return now_ms - conn->phase_ms < FRESH_MS ? USE_FRESH : USE_NONE;
    if (evbuffer_get_length(socket_output(&conn->socket)) == 0 ||
        now_ms - conn_taken_ms(conn, now_ms) < patience_ms(conn))
        return USE_BUSY;
    return conn_link_is_down(conn) ? USE_AWAY : USE_NONE;
}

static enum conn_use use_of(struct http_conn *conn, int64_t now_ms)
{
    /* The newest has had no time to ask for anything, and a proxy's carry the requests of many. */
    if (conn == TAILQ_LAST(&conn->loop->conns, conn_list) || conn->from_proxy)
        return USE_BUSY;
    switch (conn->phase) {
    case CONN_HEAD:
        return use_of_idle(conn, now_ms);
    case CONN_REQUEST:
        return use_of_request(conn, now_ms);
    case CONN_LINGER:
        return USE_NONE;
    }
    return USE_BUSY;
}

/* Looks at all connections, and counts those of this use for each address. */
static void count_candidates(struct http_loop *loop, enum conn_use use, int64_t now_ms)
{
    struct http_address *address;
    TAILQ_FOREACH (address, addresses_all(loop->addresses), in_all) {
        struct http_conn *conn;
        address->candidates = 0;
        TAILQ_FOREACH (conn, &address->conns, in_address)
            address->candidates += use_of(conn, now_ms) == use && !conn->from_proxy;
    }
}

static struct http_address *find_heaviest(struct http_loop *loop)
{
    struct http_address *address, *heaviest = NULL;
    TAILQ_FOREACH (address, addresses_all(loop->addresses), in_all)
        if (address->candidates > (heaviest ? heaviest->candidates : 0))
            heaviest = address;
    return heaviest;
}

/* Ends the address's connection that has been in its phase for the longest time, among those of this
 * use. */
static void end_oldest(struct http_address *address, enum conn_use use, int64_t now_ms)
{
    struct http_conn *conn, *oldest = NULL;
    TAILQ_FOREACH (conn, &address->conns, in_address)
        if (use_of(conn, now_ms) == use && !conn->from_proxy &&
            (!oldest || conn->phase_ms < oldest->phase_ms))
            oldest = conn;
    address->candidates--;
    if (!oldest)
        return;
    conn_destroy(oldest); /* may free the address */
}

/* Ends up to `wanted` connections of this use. Returns how many. */
static int end_some(struct http_loop *loop, enum conn_use use, int wanted, int64_t now_ms)
{
    int ended = 0;
    struct http_address *heaviest;
    count_candidates(loop, use, now_ms);
    while (ended < wanted && (heaviest = find_heaviest(loop))) {
        end_oldest(heaviest, use, now_ms);
        ended++;
    }
    return ended;
}

/* Ends a connection in use, if its address holds more than its share. */
static bool end_busy(struct http_loop *loop, int64_t now_ms)
{
    int part = loop->max_conns / SHARE_PART, share = part > SHARE_AT_LEAST ? part : SHARE_AT_LEAST;
    count_candidates(loop, USE_BUSY, now_ms);
    struct http_address *heaviest = find_heaviest(loop);
    if (!heaviest || heaviest->candidates <= share)
        return false;
    end_oldest(heaviest, USE_BUSY, now_ms);
    return true;
}

bool crowd_make_room(struct http_loop *loop)
{
    int64_t now_ms = clock_mono_ms();
    int useless = 1 + loop->max_conns / USELESS_PART;
    for (enum conn_use use = USE_NONE; use < USE_RECENT; use++)
        if (end_some(loop, use, use <= USE_FRESH ? useless : 1, now_ms) > 0)
            return true;
    /* Some will soon count as idle. */
    count_candidates(loop, USE_RECENT, now_ms);
    return !find_heaviest(loop) && end_busy(loop, now_ms);
}

/* ---- memory ---- */

/* Returns the address that holds most of those that hold too much; NULL: none does. */
static struct http_address *find_fullest(struct http_loop *loop)
{
    struct http_address *address, *fullest = NULL;
    TAILQ_FOREACH (address, addresses_all(loop->addresses), in_all) {
        const struct http_conn *any = TAILQ_FIRST(&address->conns);
        if (any && conn_output_is_full(any) &&
            address->output_bytes > (fullest ? fullest->output_bytes : 0))
            fullest = address;
    }
    return fullest;
}

static struct http_conn *find_least_useful(struct http_address *address, int64_t now_ms)
{
    struct http_conn *conn, *found = NULL;
    enum conn_use least = USE_BUSY;
    TAILQ_FOREACH (conn, &address->conns, in_address) {
        if (conn->output_bytes == 0)
            continue;
        enum conn_use use = use_of(conn, now_ms);
        if (!found || use < least || (use == least && conn->output_bytes > found->output_bytes)) {
            found = conn;
            least = use;
        }
    }
    return found;
}

void crowd_drop_output(struct http_loop *loop)
{
    int64_t now_ms = clock_mono_ms();
    struct http_address *address;
    struct http_conn *conn;
    while ((address = find_fullest(loop)) && (conn = find_least_useful(address, now_ms)))
        conn_destroy(conn);
}
