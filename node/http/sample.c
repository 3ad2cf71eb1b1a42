/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/sample.h"

#include "node/http/transport/tcp.h"
#include "node/util/clock.h"

bool conn_has_news(const struct http_conn *conn)
{
    return conn->socket.output.sent_bytes != conn->samples.reported_bytes ||
           conn->samples.unreported_requests > 0;
}

void conn_sample(struct http_conn *conn, bool closed)
{
    const struct http_server_params *params = &conn->loop->server->params;
    struct conn_samples *samples = &conn->samples;
    samples->sampled_ms = clock_mono_ms();
    const struct tcp_info info = tcp_get_info(&conn->socket);
    if (!closed)
        tcp_adapt_to_link(&conn->socket, &info, params->congestion);
    if (!params->observe)
        return;
    uint64_t rate_bps = info.tcpi_delivery_rate * 8;
    uint64_t sent_bytes = conn->socket.output.sent_bytes;
    const struct http_conn_sample sample = {
        .conn_id = conn->id,
        .peer = conn->peer,
        .path = samples->path,
        .user_agent = samples->user_agent,
        .sent_bytes = sent_bytes - samples->reported_bytes,
        .requests = samples->unreported_requests,
        .rtt_us = info.tcpi_rtt,
        .retransmits = info.tcpi_total_retrans,
        .delivery_rate_bps = rate_bps > UINT32_MAX ? UINT32_MAX : (uint32_t)rate_bps,
        .closed = closed,
    };
    samples->reported_bytes = sent_bytes;
    samples->unreported_requests = 0;
    params->observe(&sample, params->observe_ctx);
}
