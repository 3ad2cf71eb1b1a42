/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel keeps each socket to its pace (SO_MAX_PACING_RATE). The scheduler also learns what the
 * player and the terminal reported with the request. */
#include "node/http/pace.h"

#include "node/http/delivery.h"
#include "node/http/transport/tcp.h"
#include "node/util/clock.h"

enum { CONNS_A_TURN = 2500 };

/* Reads CMCD from the query parameter, or else from the headers (CTA-5004). */
static void read_cmcd(struct http_request *req, struct cmcd *out)
{
    static const char *const headers[] = {
        "CMCD-Request", "CMCD-Object", "CMCD-Status", "CMCD-Session"};
    char text[2048];
    cmcd_init(out);
    if (http_request_param(req, "CMCD", text, sizeof(text)) > 0) {
        cmcd_parse(out, text);
        return;
    }
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        const char *value = http_request_header(req, headers[i]);
        if (value)
            cmcd_parse(out, value);
    }
}

/* TCP's delivery rate; 0 unless the path was the bottleneck, because otherwise it only shows how
 * fast the node was sending. */
static int64_t delivery_rate_bps(const struct http_conn *conn, const struct tcp_info *info)
{
    uint64_t rate_bps = info->tcpi_delivery_rate * 8;
    if (info->tcpi_delivery_rate_app_limited || conn->flow.pace.held_back ||
        rate_bps > INT64_MAX / 8)
        return 0;
    return (int64_t)rate_bps;
}

static void set_pace(struct http_conn *conn, struct http_pace pace)
{
    bool same = pace.rate_bps == conn->flow.pace.rate_bps;
    conn->flow.pace = pace;
    if (pace.rate_bps > 0)
        tcp_expect_slow(&conn->socket);
    if (!same)
        tcp_set_pacing(&conn->socket, pace.rate_bps);
}

static void ask(struct http_conn *conn, const struct http_request *req, bool ended)
{
    const struct http_server_params *params = &conn->loop->server->params;
    const struct tcp_info info = tcp_get_info(&conn->socket);
    bool understood = req && req->head.path; /* false between requests, and while a head is being
                                              * refused */
    const struct http_flow flow = {
        .conn_id = conn->id,
        .peer = conn->peer,
        .path = understood ? req->head.path : "",
        .query = understood ? req->head.query : "",
        .site = conn->flow.site,
        .cmcd = ended ? NULL : &conn->flow.cmcd,
        .sent_bytes = conn->socket.output.sent_bytes,
        .acked_bytes = info.tcpi_bytes_acked,
        .rtt_us = info.tcpi_rtt,
        .delivery_rate_bps = delivery_rate_bps(conn, &info),
        .sending = req != NULL,
    };
    struct http_pace pace = params->pace(&flow, params->pace_ctx);
    conn->flow.active = !ended;
    conn->flow.asked_ms = clock_mono_ms();
    if (!ended)
        set_pace(conn, pace);
}

void pace_begin(struct http_request *req)
{
    struct http_conn *conn = req->conn;
    if (!conn->loop->server->params.pace || !request_is_media(req))
        return;
    /* If the rate is unlimited, requests in quick succession do not ask again. */
    if (conn->flow.active && conn->flow.pace.rate_bps == 0 &&
        clock_mono_ms() - conn->flow.asked_ms < PACE_MS)
        return;
    read_cmcd(req, &conn->flow.cmcd);
    http_request_site(req, conn->flow.site, sizeof(conn->flow.site));
    ask(conn, req, false);
    /* Even a response that is gone before the next tick must be reported as ended. Otherwise the
     * scheduler would count this connection among those that share the link, and would take the
     * pause after it for a slow peer. */
    conn->flow.was_sending = true;
}

void pace_tick(struct http_conn *conn)
{
    bool sends = conn->req && evbuffer_get_length(socket_output(&conn->socket)) > 0;
    /* With thousands of connections, each is asked about less often. */
    int64_t interval_ms = PACE_MS * (1 + conn->loop->conn_count / CONNS_A_TURN);

    if (sends && clock_mono_ms() - conn->flow.asked_ms < interval_ms - PACE_MS / 2)
        return;
    if (sends)
        delivery_report(conn);
    if (conn->flow.active && (sends || conn->flow.was_sending))
        ask(conn, sends ? conn->req : NULL, false);
    conn->flow.was_sending = sends;
}

void pace_end(struct http_conn *conn)
{
    if (conn->flow.active)
        ask(conn, NULL, true);
}
