/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Media responses at the pace that the link scheduler wishes: the kernel keeps each socket to it
 * (SO_MAX_PACING_RATE). What the player and the terminal say with the request goes to the
 * scheduler.
 */
#include "node/http/http_internal.h"
#include "node/http/parse/target.h"
#include "node/util/clock.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define MEDIA_PREFIX "/v/"

enum { CONNS_A_TURN = 2500 };

/* CTA-5004: a query parameter, or else headers. */
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

void http_request_site(const struct http_request *req, char *out, size_t out_bytes)
{
    if (http_request_param(req, "site", out, out_bytes) < 0 &&
        http_request_cookie(req, "site", out, out_bytes) < 0)
        out[0] = '\0';
}

/* The path's rate where the path is what limits, not us. */
static int64_t delivery_rate_bps(const struct http_conn *conn, const struct tcp_info *info)
{
    uint64_t rate_bps = info->tcpi_delivery_rate * 8;

    if (info->tcpi_delivery_rate_app_limited || conn->pace.held_back || rate_bps > INT64_MAX / 8)
        return 0;
    return (int64_t)rate_bps;
}

static void set_pace(struct http_conn *conn, struct http_pace pace)
{
    /* No limit is all ones. */
    uint64_t bytes_per_s = pace.rate_bps > 0 ? (uint64_t)pace.rate_bps / 8 : UINT64_MAX;
    bool same = pace.rate_bps == conn->pace.rate_bps;

    conn->pace = pace;
    if (pace.rate_bps > 0)
        conn_expect_slow(conn);
    if (!same)
        setsockopt(bufferevent_getfd(conn->bev), SOL_SOCKET, SO_MAX_PACING_RATE, &bytes_per_s,
            sizeof(bytes_per_s));
}

static void ask(struct http_conn *conn, const struct http_request *req, bool ended)
{
    const struct http_server_params *params = &conn->loop->server->params;
    const struct tcp_info info = conn_tcp_info(conn);
    bool understood = req && req->head.path; /* else it is being refused */
    const struct http_flow flow = {
        .conn_id = conn->id,
        .peer = conn->peer,
        .path = understood ? req->head.path : "",
        .query = understood ? req->head.query : "",
        .site = conn->site,
        .cmcd = ended ? NULL : &conn->cmcd,
        .sent_bytes = conn->sent_bytes,
        .acked_bytes = info.tcpi_bytes_acked,
        .rtt_us = info.tcpi_rtt,
        .delivery_rate_bps = delivery_rate_bps(conn, &info),
        .sending = req != NULL,
    };
    struct http_pace pace = params->pace(&flow, params->pace_ctx);

    conn->is_flow = !ended;
    conn->asked_ms = clock_mono_ms();
    if (!ended)
        set_pace(conn, pace);
}

void pace_begin(struct http_request *req)
{
    struct http_conn *conn = req->conn;

    if (!conn->loop->server->params.pace ||
        strncmp(req->head.path, MEDIA_PREFIX, sizeof(MEDIA_PREFIX) - 1) != 0)
        return;
    /* Where nothing is limited, and was not just now, requests in quick succession go by. */
    if (conn->is_flow && conn->pace.rate_bps == 0 && clock_mono_ms() - conn->asked_ms < PACE_MS)
        return;
    read_cmcd(req, &conn->cmcd);
    http_request_site(req, conn->site, sizeof(conn->site));
    ask(conn, req, false);
    /* A response that is gone before the next tick has ended as well: the scheduler would count it
     * among those that share the link, and take the pause behind it for a slow peer. */
    conn->was_sending = true;
}

void pace_tick(struct http_conn *conn)
{
    bool sends = conn->req && evbuffer_get_length(conn_output(conn)) > 0;
    /* Of thousands each is asked for less often. */
    int64_t interval_ms = PACE_MS * (1 + conn->loop->conn_count / CONNS_A_TURN);

    if (sends && clock_mono_ms() - conn->asked_ms < interval_ms - PACE_MS / 2)
        return;
    if (conn->is_flow && (sends || conn->was_sending))
        ask(conn, sends ? conn->req : NULL, false);
    conn->was_sending = sends;
}

void pace_end(struct http_conn *conn)
{
    if (conn->is_flow)
        ask(conn, NULL, true);
}

void pace_add_header(const struct http_request *req, struct buf *out)
{
    const struct http_conn *conn = req->conn;
    int64_t kbps = conn->pace.rate_bps / 1000;

    /* CTA-5006: what the player had better not exceed, and that the link is under strain. */
    if (conn->is_flow && conn->pace.held_back && strncmp(req->head.path, MEDIA_PREFIX, 3) == 0)
        buf_addf(out, "CMSD-Dynamic: \"terrace\";etp=%lld;mb=%lld;du\r\n", (long long)kbps,
            (long long)kbps);
}
