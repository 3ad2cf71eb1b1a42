/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is looked at once a tick: peers that keep us waiting, and the monitor's samples. Village
 * links are slow, so a peer is judged by its progress (so many bytes a minute), and only while it
 * is the one who is waited for.
 */
#include "node/http/http_internal.h"
#include "node/util/clock.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum {
    SILENT_MS = 5000,
    NEAR_US = 1000,     /* a round trip that takes less doesn't leave the building */
    QUEUED_US = 200000, /* one that usually takes longer waits in a queue, wherever that is */
    /* Not yet sent bytes in the kernel: what a slow peer gets next is decided late, and a seek is
     * not behind a long queue. Thousands who are slow at once don't take the kernel's memory. */
    SLOW_NOTSENT_BYTES = 32 * 1024,
};

struct tcp_info conn_tcp_info(const struct http_conn *conn)
{
    struct tcp_info info = {0};
    socklen_t bytes = sizeof(info);

    /* Without an answer all figures stay zero. */
    if (conn->bev)
        (void)getsockopt(bufferevent_getfd(conn->bev), IPPROTO_TCP, TCP_INFO, &info, &bytes);
    return info;
}

void conn_expect_slow(struct http_conn *conn)
{
    const int bytes = SLOW_NOTSENT_BYTES;

    if (conn->expects_slow)
        return;
    conn->expects_slow = true;
    (void)setsockopt(
        bufferevent_getfd(conn->bev), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
}

/* BBR's pacing takes twice the processor, and a link within the building gains nothing by it: even
 * losing one packet in a hundred it carries over 100 Mbit/s (Mathis et al. 1997). What was sent
 * again says nothing: a peer that is busy for a moment makes the kernel probe. One that was told
 * stays paced, so nobody is told at random. */
void conn_suit_link(struct http_conn *conn, const struct tcp_info *info)
{
    const char *congestion = conn->loop->server->params.congestion;
    bool is_near = info->tcpi_min_rtt < NEAR_US && info->tcpi_rtt < QUEUED_US;

    if (conn->far_link || is_near)
        return;
    conn->far_link = true;
    conn_expect_slow(conn);
    if (!congestion || strcmp(congestion, "system") == 0)
        return;
    /* Where the kernel doesn't have it, what was there stays. */
    (void)setsockopt(bufferevent_getfd(conn->bev), IPPROTO_TCP, TCP_CONGESTION, congestion,
        (socklen_t)strlen(congestion));
}

void conn_sample(struct http_conn *conn, bool closed)
{
    const struct http_server_params *params = &conn->loop->server->params;
    struct tcp_info info;
    struct http_conn_sample sample;
    uint64_t rate_bps;

    conn->sampled_ms = clock_mono_ms();
    if (!params->observe)
        return;
    info = conn_tcp_info(conn);
    if (!closed)
        conn_suit_link(conn, &info);
    rate_bps = info.tcpi_delivery_rate * 8;
    sample = (struct http_conn_sample){
        .conn_id = conn->id,
        .peer = conn->peer,
        .path = conn->path,
        .user_agent = conn->user_agent,
        .sent_bytes = conn->unreported_bytes,
        .requests = conn->unreported_requests,
        .rtt_us = info.tcpi_rtt,
        .retransmits = info.tcpi_total_retrans,
        .delivery_rate_bps = rate_bps > UINT32_MAX ? UINT32_MAX : (uint32_t)rate_bps,
        .closed = closed,
    };
    conn->unreported_bytes = conn->unreported_requests = 0;
    params->observe(&sample, params->observe_ctx);
}

static bool wants_body(const struct http_conn *conn)
{
    const struct http_body *body = &conn->req->body;

    return (body->mode == BODY_COLLECT || body->mode == BODY_STREAM ||
               body->mode == BODY_DISCARD) &&
           !body->complete;
}

/* What the peer has given, and what it has acknowledged: the kernel's buffers take a slow peer's
 * minutes at once. */
static uint64_t progress_bytes(const struct http_conn *conn)
{
    return conn->received_bytes + conn_tcp_info(conn).tcpi_bytes_acked;
}

/* Whether nothing at all is heard from the peer, so that its link is to blame: what was sent is
 * sent again and again, or it doesn't say that it is there. One that merely takes nothing answers
 * both. Patience ends with TCP_USER_TIMEOUT, and where others can't get in. */
static bool link_is_down(const struct http_conn *conn)
{
    const struct tcp_info info = conn_tcp_info(conn);
    bool resending = info.tcpi_unacked > 0 && info.tcpi_retransmits > 0;
    bool unanswered = info.tcpi_probes > 0; /* of keepalive, or of a closed window */

    return !conn->loop->crowded && (resending || unanswered) &&
           info.tcpi_last_ack_recv >= SILENT_MS;
}

static bool too_slow(struct http_conn *conn, int64_t tick_ms)
{
    const struct http_server_params *params = &conn->loop->server->params;
    bool sends = evbuffer_get_length(conn_output(conn)) > 0;
    int64_t waited_ms = conn->waited_ms + tick_ms;
    uint64_t progress, gained_bytes;

    if (!sends && !wants_body(conn))
        conn->waited_ms = 0;
    if (!sends && (!wants_body(conn) || conn->req->body.paused))
        return false;
    if (conn->waited_ms > 0 && waited_ms < params->progress_window_ms) {
        conn->waited_ms = waited_ms;
        return false;
    }
    progress = progress_bytes(conn);
    gained_bytes = progress - conn->window_bytes;
    conn->window_bytes = progress;
    if (conn->waited_ms == 0) {
        conn->waited_ms = 1; /* the window begins */
        return false;
    }
    conn->waited_ms = 1;
    return gained_bytes * 60000 <
               (uint64_t)params->min_progress_bytes_per_minute * (uint64_t)waited_ms &&
           !link_is_down(conn);
}

/* Whether the peer is still taking what the kernel holds for it of answers that were given long
 * ago. */
static bool still_receiving(struct http_conn *conn, int64_t since_ms)
{
    const struct http_server_params *params = &conn->loop->server->params;
    const struct tcp_info info = conn_tcp_info(conn);
    uint64_t gained_bytes = info.tcpi_bytes_acked - conn->idle_acked_bytes;

    conn->idle_acked_bytes = info.tcpi_bytes_acked;
    return (info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0) &&
           (gained_bytes * 60000 >=
                   (uint64_t)params->min_progress_bytes_per_minute * (uint64_t)since_ms ||
               link_is_down(conn));
}

/* Who asks for nothing must not keep out those who would. */
static int64_t patience_ms(const struct http_conn *conn, int64_t usual_ms)
{
    int64_t crowded_ms = conn->loop->server->params.crowded_timeout_ms;

    return conn->loop->crowded && crowded_ms < usual_ms ? crowded_ms : usual_ms;
}

static void check_head(struct http_conn *conn, int64_t now_ms)
{
    const struct http_server_params *params = &conn->loop->server->params;
    int64_t head_limit_ms = patience_ms(conn, params->header_timeout_ms);
    int64_t limit_ms = conn->path[0] ? patience_ms(conn, params->idle_timeout_ms) : head_limit_ms;

    if (conn->head_ms && now_ms - conn->head_ms >= head_limit_ms) {
        conn->broken = !conn_refuse(conn, 408);
        conn_run(conn);
    } else if (!conn->head_ms && now_ms - conn->phase_ms >= limit_ms) {
        if (still_receiving(conn, now_ms - conn->phase_ms))
            conn->phase_ms = now_ms;
        else
            conn_destroy(conn);
    }
}

void conn_tick(struct http_conn *conn, int64_t now_ms)
{
    if (conn->unreported_bytes || conn->unreported_requests)
        conn_sample(conn, false);
    switch (conn->phase) {
    case CONN_HEAD:
        check_head(conn, now_ms);
        break;
    case CONN_REQUEST:
        if (too_slow(conn, now_ms - conn->loop->last_tick_ms)) {
            server_log(
                conn->loop->server, "%s: no progress on %s, cut off", conn->peer, conn->path);
            conn_destroy(conn);
        }
        break;
    case CONN_LINGER:
        if (now_ms - conn->phase_ms >= LINGER_MS)
            conn_destroy(conn);
        break;
    }
}
