/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/body.h"

#include <errno.h>

enum {
    BLOCK_BYTES = 256 * 1024,   /* the most that a step takes from the socket, that on_data gets at
                                 * a time, and that is read ahead */
    DISCARD_BYTES = 256 * 1024, /* the most of an unwanted body that is read and thrown away to keep
                                 * the connection */
};

int body_open(struct http_request *req)
{
    struct http_body *body = &req->body;
    body->left_bytes = req->head.body_bytes;
    body->complete = req->head.body_bytes == 0;
    body->mode = body->complete ? BODY_NONE : BODY_UNREAD;
    if (req->head.chunked) {
        body->chunked = http_chunked_new();
        if (!body->chunked)
            return -ENOMEM;
    }
    return 0;
}

void body_free(struct http_body *body)
{
    http_chunked_free(body->chunked);
    if (body->block)
        evbuffer_free(body->block);
}

/* ---- from the socket to the block ---- */

static void add_decoded(void *ctx, const char *data, size_t data_bytes)
{
    struct http_body *body = ctx;
    if (evbuffer_add(body->block, data, data_bytes) < 0)
        body->failed = true;
}

static void take_chunked(struct http_body *body, struct evbuffer *input, size_t max_bytes)
{
    while (max_bytes > 0 && !body->complete && !body->failed) {
        size_t ready_bytes = evbuffer_get_contiguous_space(input);
        if (ready_bytes == 0)
            return;
        if (ready_bytes > max_bytes)
            ready_bytes = max_bytes;
        size_t taken_bytes;
        int result = http_chunked_decode(body->chunked,
            (const char *)evbuffer_pullup(input, (ev_ssize_t)ready_bytes), ready_bytes,
            &taken_bytes, add_decoded, body);
        body->complete = result == 1;
        body->failed |= result < 0;
        evbuffer_drain(input, taken_bytes);
        max_bytes -= taken_bytes;
    }
}

static void take_sized(struct http_body *body, struct evbuffer *input, size_t max_bytes)
{
    size_t bytes = evbuffer_get_length(input);
    if (bytes > max_bytes)
        bytes = max_bytes;
    if ((int64_t)bytes > body->left_bytes)
        bytes = (size_t)body->left_bytes;
    if (bytes > 0 && evbuffer_remove_buffer(input, body->block, bytes) < 0)
        body->failed = true;
    body->left_bytes -= (int64_t)bytes;
    body->complete = body->left_bytes == 0;
}

/* Moves at most BLOCK_BYTES from the socket's input to the block, without the chunked coding.
 * Returns how many bytes left the input. */
static size_t take(struct http_request *req)
{
    struct evbuffer *input = socket_input(&req->conn->socket);
    size_t before_bytes = evbuffer_get_length(input);
    if (req->body.complete || req->body.failed)
        return 0;
    if (req->body.chunked)
        take_chunked(&req->body, input, BLOCK_BYTES);
    else
        take_sized(&req->body, input, BLOCK_BYTES);
    size_t taken_bytes = before_bytes - evbuffer_get_length(input);
    req->conn->progress.received_bytes += taken_bytes;
    return taken_bytes;
}

/* ---- what handlers ask for ---- */

static void begin(struct http_request *req, enum body_mode mode)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    req->body.mode = mode;
    if (!req->conn)
        return;
    struct http_socket *socket = &req->conn->socket;
    socket_set_read_ahead(socket, BLOCK_BYTES);
    if (req->head.expect_continue && evbuffer_get_length(socket_input(socket)) == 0)
        evbuffer_add(socket_output(socket), go_on, sizeof(go_on) - 1);
    req->head.expect_continue = false;
    request_kick(req);
}

static int check_begin(struct http_request *req)
{
    if (req->send != SEND_NONE || req->body.on_data || req->body.on_body ||
        req->body.mode == BODY_DISCARD)
        return -EALREADY;
    if (!req->body.block)
        req->body.block = evbuffer_new();
    return req->body.block ? 0 : -ENOMEM;
}

static bool is_known_too_large(const struct http_request *req)
{
    return req->head.body_bytes > 0 && (uint64_t)req->head.body_bytes > req->body.max_bytes;
}

int http_request_read(struct http_request *req, size_t max_bytes, http_body_fn on_body, void *ctx)
{
    int error = check_begin(req);
    if (error < 0)
        return error;
    req->body.max_bytes = max_bytes;
    req->body.on_body = on_body;
    req->body.ctx = ctx;
    if (is_known_too_large(req)) {
        req->body.mode = BODY_COLLECT; /* body_step() then returns 413 without reading */
        request_kick(req);
    } else {
        begin(req, BODY_COLLECT);
    }
    return 0;
}

int http_request_stream(struct http_request *req, http_stream_fn on_data, void *ctx)
{
    int error = check_begin(req);
    if (error < 0)
        return error;
    req->body.on_data = on_data;
    req->body.ctx = ctx;
    begin(req, BODY_STREAM);
    return 0;
}

void http_request_resume(struct http_request *req)
{
    req->body.paused = false;
    request_kick(req);
}

/* ---- steps ---- */

static int step_collect(struct http_request *req)
{
    struct http_body *body = &req->body;
    if (is_known_too_large(req))
        return 413;
    bool moved = take(req) > 0;
    size_t length = evbuffer_get_length(body->block);
    if (length > body->max_bytes) {
        if (body->complete)
            body->mode = BODY_NONE;
        return 413;
    }
    if (!body->complete)
        return moved || body->failed;
    body->mode = BODY_NONE;
    evbuffer_add(body->block, "", 1);
    char *data = (char *)evbuffer_pullup(body->block, -1);
    if (!data)
        return 500;
    body->on_body(req, data, length, body->ctx);
    return 1;
}

static void finish_stream(struct http_request *req, bool end)
{
    req->body.mode = end ? BODY_NONE : BODY_DISCARD;
    req->body.on_data(req, NULL, 0, end, req->body.ctx);
}

static int step_stream(struct http_request *req)
{
    struct http_body *body = &req->body;
    if (body->paused)
        return 0;
    /* The handler has let go of the previous block, if there was one. */
    evbuffer_drain(body->block, evbuffer_get_length(body->block));
    take(req);
    if (body->failed)
        return 1;
    size_t length = evbuffer_get_length(body->block);
    if (length > 0) {
        const uint8_t *data = evbuffer_pullup(body->block, -1);
        body->paused = true;
        body->failed = !data;
        if (data)
            body->on_data(req, data, length, false, body->ctx);
        return 1;
    }
    if (!body->complete || req->deferred > 0)
        return 0;
    finish_stream(req, true);
    return 1;
}

static int step_discard(struct http_request *req)
{
    size_t taken_bytes = take(req);
    evbuffer_drain(req->body.block, evbuffer_get_length(req->body.block));
    req->body.discarded_bytes += taken_bytes;
    if (req->body.discarded_bytes > DISCARD_BYTES)
        req->close = true;
    return taken_bytes > 0;
}

static int step_failed(struct http_request *req)
{
    if (req->deferred > 0)
        return 0;
    body_abort(req);
    req->body.mode = BODY_NONE;
    req->close = true;
    return req->send == SEND_NONE ? 400 : 1;
}

int body_step(struct http_request *req)
{
    enum body_mode mode = req->body.mode;
    if (mode == BODY_NONE || mode == BODY_UNREAD)
        return 0;
    if (req->body.failed)
        return step_failed(req);
    switch (mode) {
    case BODY_COLLECT:
        return req->send == SEND_NONE ? step_collect(req) : 0;
    case BODY_STREAM:
        return step_stream(req);
    default:
        return step_discard(req);
    }
}

void body_discard(struct http_request *req)
{
    req->body.mode = BODY_DISCARD;
    if (!req->body.block)
        req->body.block = evbuffer_new();
    if (!req->body.block) {
        req->body.mode = BODY_NONE;
        req->close = true;
    }
}

void body_abort(struct http_request *req)
{
    if (req->body.mode == BODY_STREAM)
        finish_stream(req, false);
}

bool body_discardable(const struct http_request *req)
{
    const struct http_body *body = &req->body;
    if (body->complete)
        return true;
    /* A peer that waits for "100 Continue" may never send the body. Then it is unclear whether the
     * next bytes are the body or a new request. */
    if (body->failed || req->head.expect_continue)
        return false;
    return body->chunked || body->left_bytes <= DISCARD_BYTES - (int64_t)body->discarded_bytes;
}
