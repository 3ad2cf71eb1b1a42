/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Village links are slow, so a peer is judged by its progress (so many bytes a minute) instead of
 * its silence, and only while the server waits for it.
 */
#include "node/http/watch.h"

#include "node/http/conn.h"
#include "node/http/sample.h"
#include "node/http/transport/listen.h"
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

bool conn_link_is_down(const struct http_conn *conn)
{
    const struct tcp_info info = tcp_get_info(&conn->socket);
    bool resending = info.tcpi_unacked > 0 && info.tcpi_retransmits > 0;
    bool unanswered = info.tcpi_probes > 0;
    return (resending || unanswered) && info.tcpi_last_ack_recv >= SILENT_MS;
}

/* Whether the server waits for a peer whose link is down. It does so until TCP_USER_TIMEOUT ends
 * the connection, except on a crowded loop. */
static bool is_waited_for(const struct http_conn *conn)
{
    return !conn->loop->crowded && conn_link_is_down(conn);
}

int64_t conn_taken_ms(struct http_conn *conn, int64_t now_ms)
{
    struct conn_progress *progress = &conn->progress;
    uint64_t acked_bytes = tcp_get_info(&conn->socket).tcpi_bytes_acked;
    if (acked_bytes != progress->taken_bytes || progress->taken_ms == 0)
        progress->taken_ms = now_ms;
    progress->taken_bytes = acked_bytes;
    return progress->taken_ms > conn->phase_ms ? progress->taken_ms : conn->phase_ms;
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
           !is_waited_for(conn);
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
           (!is_below_min_progress(params, gained_bytes, since_ms) || is_waited_for(conn));
}

/* On a crowded loop, idle connections and unfinished heads get less time, so that others can get
 * in. */
static int64_t time_limit_ms(const struct http_conn *conn, int64_t usual_ms)
{
    int64_t crowded_ms = conn->loop->server->params.crowded_timeout_ms;
    return conn->loop->crowded && crowded_ms < usual_ms ? crowded_ms : usual_ms;
}

static void hasten(struct http_conn *conn)
{
    const struct tcp_info info = tcp_get_info(&conn->socket);
    tcp_hasten(&conn->socket, &info, LISTEN_SILENCE_MS);
}

static void check_head(struct http_conn *conn, int64_t now_ms)
{
    /* The end of a response may still be on its way. */
    if (conn->loop->server->hastens)
        hasten(conn);
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

/* Whether a small body has not come in time. Large ones are streamed, and judged by their
 * progress. */
static bool is_body_late(const struct http_conn *conn, int64_t now_ms)
{
    const struct http_request *req = conn->req;
    int64_t limit_ms = time_limit_ms(conn, conn->loop->server->params.body_timeout_ms);
    return req->body.mode == BODY_COLLECT && !req->body.complete && req->send == SEND_NONE &&
           now_ms - conn->phase_ms >= limit_ms;
}

/* Whether the user who sends a large body has been logged out since it began. */
static bool is_logged_out(const struct http_conn *conn)
{
    const struct http_server_params *params = &conn->loop->server->params;
    const struct http_request *req = conn->req;
    return params->still_allowed && req->body.mode == BODY_STREAM && req->send == SEND_NONE &&
           !params->still_allowed(req, req->route, params->guard_ctx);
}

static void check_request(struct http_conn *conn, int64_t now_ms)
{
    /* A loop that is nearly full may soon have to know who takes nothing of its response. */
    bool filling = conn->loop->conn_count >= conn->loop->max_conns * 3 / 4;
    if (filling && evbuffer_get_length(socket_output(&conn->socket)) > 0)
        (void)conn_taken_ms(conn, now_ms);
    if (conn->loop->server->hastens)
        hasten(conn);
    int refusal = is_body_late(conn, now_ms) ? 408 : is_logged_out(conn) ? 401 : 0;
    if (refusal) {
        conn->socket.broken = !conn_refuse(conn, refusal);
        conn_run(conn);
    } else if (is_too_slow(conn, now_ms - conn->loop->last_tick_ms)) {
        server_log(
            conn->loop->server, "%s: no progress on %s, cut off", conn->peer, conn->samples.path);
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
        check_request(conn, now_ms);
        break;
    case CONN_LINGER:
        if (now_ms - conn->phase_ms >= LINGER_MS)
            conn_destroy(conn);
        break;
    }
}
