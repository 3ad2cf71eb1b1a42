/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/delivery.h"

void http_response_media(struct http_request *req, const struct http_media *media)
{
    req->delivery.media = *media;
}

void delivery_begin(struct http_request *req, const struct http_ranges *ranges, int64_t total_bytes)
{
    struct delivery *delivery = &req->delivery;
    struct http_socket *socket = &req->conn->socket;
    if (delivery->media.duration_ms <= 0 || !req->loop->server->params.delivered)
        return;
    delivery->ranges = *ranges;
    delivery->total_bytes = total_bytes;
    delivery->begin_bytes = socket->output.sent_bytes + evbuffer_get_length(socket_output(socket));
}

/* Reports bytes [from, to) of the representation as media time. */
static void report(struct http_conn *conn, int64_t from_bytes, int64_t to_bytes)
{
    const struct http_request *req = conn->req;
    const struct http_media *media = &req->delivery.media;
    const struct http_server_params *params = &conn->loop->server->params;
    double ms_per_byte = (double)media->duration_ms / (double)req->delivery.total_bytes;
    const struct http_delivered delivered = {
        .conn_id = conn->id,
        .peer = conn->peer,
        .path = req->head.path,
        .sound = media->sound,
        .from_ms = media->start_ms + (int64_t)((double)from_bytes * ms_per_byte),
        .to_ms = media->start_ms + (int64_t)((double)to_bytes * ms_per_byte),
    };
    params->delivered(&delivered, params->pace_ctx);
}

void delivery_report(struct http_conn *conn)
{
    if (!conn->req || conn->req->delivery.total_bytes == 0)
        return;
    struct delivery *delivery = &conn->req->delivery;
    uint64_t sent = conn->socket.output.sent_bytes;
    int64_t new_bytes = sent > delivery->begin_bytes ? (int64_t)(sent - delivery->begin_bytes) : 0;
    int64_t passed = 0;
    /* The heads between several parts count as if they were media. */
    for (size_t i = 0; i < delivery->ranges.count; i++) {
        const struct http_range *range = &delivery->ranges.items[i];
        int64_t from = delivery->reported_bytes - passed, to = new_bytes - passed;
        from = from > 0 ? from : 0;
        to = to < range->length_bytes ? to : range->length_bytes;
        if (to > from)
            report(conn, range->first_bytes + from, range->first_bytes + to);
        passed += range->length_bytes;
    }
    delivery->reported_bytes = new_bytes;
}
