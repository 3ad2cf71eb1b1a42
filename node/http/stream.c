/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/stream.h"

#include "node/http/response.h"

void http_stream_start(struct http_request *req, int status, const char *content_type,
    void (*on_close)(void *ctx), void *ctx)
{
    bool chunked = req->head.minor_version >= 1;
    if (req->send != SEND_NONE) {
        response_begin(req); /* logs that there is a response already */
        return;
    }
    req->on_close = on_close;
    req->close_ctx = ctx;
    req->send = SEND_STREAM;
    if (http_request_gone(req))
        return;
    req->chunked = chunked && !req->head_only;
    if (!chunked)
        req->close = true;
    else
        http_response_header(req, "Transfer-Encoding", "chunked");
    response_head(req, status, content_type, -1);
    request_kick(req);
}

void http_stream_write(struct http_request *req, const void *data, size_t data_bytes)
{
    int error = 0;
    if (req->send != SEND_STREAM || req->head_only || data_bytes == 0 || http_request_gone(req))
        return;
    struct evbuffer *output = socket_output(&req->conn->socket);
    if (req->chunked)
        error |= evbuffer_add_printf(output, "%zx\r\n", data_bytes) < 0;
    error |= evbuffer_add(output, data, data_bytes) < 0;
    if (req->chunked)
        error |= evbuffer_add(output, "\r\n", 2) < 0;
    if (error)
        req->conn->socket.broken = true;
    request_kick(req);
}

size_t http_stream_pending(const struct http_request *req)
{
    return http_request_gone(req) ? 0 : evbuffer_get_length(socket_output(&req->conn->socket));
}

void stream_close(struct http_request *req)
{
    void (*on_close)(void *ctx) = req->on_close;

    req->on_close = NULL;
    if (on_close)
        on_close(req->close_ctx);
}

void http_stream_end(struct http_request *req)
{
    if (req->send != SEND_STREAM)
        return;
    if (req->chunked && !http_request_gone(req) &&
        evbuffer_add(socket_output(&req->conn->socket), "0\r\n\r\n", 5) < 0)
        req->conn->socket.broken = true;
    response_end(req);
    stream_close(req);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct http_request *req = arg;
    const struct http_server_params *params = &req->loop->server->params;
    (void)fd, (void)what;
    if (req->send == SEND_STREAM && params->still_allowed &&
        !params->still_allowed(req, req->route, params->guard_ctx))
        http_stream_end(req);
    else
        req->on_tick(req, req->tick_ctx);
    request_kick(req);
}

void http_request_every(struct http_request *req, int64_t interval_ms,
    void (*on_tick)(struct http_request *req, void *ctx), void *ctx)
{
    const struct timeval interval = {interval_ms / 1000, interval_ms % 1000 * 1000};
    if (!req->conn || req->send == SEND_WHOLE || req->timer)
        return;
    req->on_tick = on_tick;
    req->tick_ctx = ctx;
    req->timer = event_new(req->loop->base, -1, EV_PERSIST, on_timer, req);
    if (!req->timer || event_add(req->timer, &interval) < 0)
        req->conn->socket.broken = true;
    request_kick(req);
}
