/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Village links are slow, so a peer is judged by its progress (so many bytes a minute) instead of
 * its silence, and only while the server waits for it.
 */
#include "node/http/watch.h"

#include "node/http/conn.h"
#include "node/http/sample.h"
#include "node/http/transport/tcp.h"

enum {
    /* A peer's link is taken to be down if data or a probe is unanswered and nothing has come from
     * the peer for this long. */
    SILENT_MS = 5000,
    /* How long a connection waits for the peer's end after its last answer, so that the peer can
     * read the answer. */
    LINGER_MS = 10000,
};

static bool wants_body(const struct http_conn *conn)
{
    const struct http_body *body = &conn->req->body;
    return (body->mode == BODY_COLLECT || body->mode == BODY_STREAM ||
               body->mode == BODY_DISCARD) &&
           !body->complete;
}

/* Bytes that the peer has given and acknowledged. Bytes that the kernel took do not count: its
 * buffers hold minutes of a slow peer's traffic. */
static uint64_t progress_bytes(const struct http_conn *conn)
{
    return conn->progress.received_bytes + tcp_get_info(&conn->socket).tcpi_bytes_acked;
}

/* Whether nothing at all comes from the peer, so that its link is down: data is sent again and
 * again, or a keepalive or window probe is unanswered. A peer that merely reads slowly answers
 * both. While its link is down, the server waits for the peer, until TCP_USER_TIMEOUT ends the
 * connection. A crowded loop does not wait, so there the result is false. */
static bool link_is_down(const struct http_conn *conn)
{
    const struct tcp_info info = tcp_get_info(&conn->socket);
    bool resending = info.tcpi_unacked > 0 && info.tcpi_retransmits > 0;
    bool unanswered = info.tcpi_probes > 0;
    return !conn->loop->crowded && (resending || unanswered) &&
           info.tcpi_last_ack_recv >= SILENT_MS;
}

static bool is_below_min_progress(
    const struct http_server_params *params, uint64_t gained_bytes, int64_t waited_ms)
{
    return gained_bytes * 60000 <
           (uint64_t)params->min_progress_bytes_per_minute * (uint64_t)waited_ms;
}

/* Adds tick_ms to the time that the peer kept the server waiting. At the end of each window,
 * returns whether the peer's progress was too small although its link is not down. */
static bool is_too_slow(struct http_conn *conn, int64_t tick_ms)
{
    const struct http_server_params *params = &conn->loop->server->params;
    struct conn_progress *progress = &conn->progress;
    bool sends = evbuffer_get_length(socket_output(&conn->socket)) > 0;
    int64_t waited_ms = progress->waited_ms + tick_ms;
    if (!sends && !wants_body(conn))
        progress->waited_ms = 0;
    if (!sends && (!wants_body(conn) || conn->req->body.paused))
        return false;
    if (progress->waited_ms > 0 && waited_ms < params->progress_window_ms) {
        progress->waited_ms = waited_ms;
        return false;
    }
    bool window_begins = progress->waited_ms == 0;
    uint64_t now_bytes = progress_bytes(conn);
    uint64_t gained_bytes = now_bytes - progress->window_bytes;
    progress->window_bytes = now_bytes;
    progress->waited_ms = 1;
    return !window_begins && is_below_min_progress(params, gained_bytes, waited_ms) &&
           !link_is_down(conn);
}

/* Whether an idle peer is still receiving an earlier answer from the kernel's buffers, fast enough
 * or with its link down. */
static bool is_receiving(struct http_conn *conn, int64_t since_ms)
{
    const struct http_server_params *params = &conn->loop->server->params;
    const struct tcp_info info = tcp_get_info(&conn->socket);
    uint64_t gained_bytes = info.tcpi_bytes_acked - conn->progress.idle_acked_bytes;
    bool has_unacked = info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0;
    conn->progress.idle_acked_bytes = info.tcpi_bytes_acked;
    return has_unacked &&
           (!is_below_min_progress(params, gained_bytes, since_ms) || link_is_down(conn));
}

/* On a crowded loop, idle connections and unfinished heads get less time, so that others can get
 * in. */
static int64_t time_limit_ms(const struct http_conn *conn, int64_t usual_ms)
{
    int64_t crowded_ms = conn->loop->server->params.crowded_timeout_ms;
    return conn->loop->crowded && crowded_ms < usual_ms ? crowded_ms : usual_ms;
}

static void check_head(struct http_conn *conn, int64_t now_ms)
{
    const struct http_server_params *params = &conn->loop->server->params;
    int64_t head_limit_ms = time_limit_ms(conn, params->header_timeout_ms);
    bool first = conn->samples.path[0] == '\0';
    int64_t idle_limit_ms = first ? head_limit_ms : time_limit_ms(conn, params->idle_timeout_ms);
    if (conn->head_ms && now_ms - conn->head_ms >= head_limit_ms) {
        conn->socket.broken = !conn_refuse(conn, 408);
        conn_run(conn);
    } else if (!conn->head_ms && now_ms - conn->phase_ms >= idle_limit_ms) {
        if (is_receiving(conn, now_ms - conn->phase_ms))
            conn->phase_ms = now_ms;
        else
            conn_destroy(conn);
    }
}

void conn_tick(struct http_conn *conn, int64_t now_ms)
{
    if (conn_has_news(conn))
        conn_sample(conn, false);
    switch (conn->phase) {
    case CONN_HEAD:
        check_head(conn, now_ms);
        break;
    case CONN_REQUEST:
        if (is_too_slow(conn, now_ms - conn->loop->last_tick_ms)) {
            server_log(conn->loop->server, "%s: no progress on %s, cut off", conn->peer,
                conn->samples.path);
            conn_destroy(conn);
        }
        break;
    case CONN_LINGER:
        if (now_ms - conn->phase_ms >= LINGER_MS)
            conn_destroy(conn);
        break;
    }
}
