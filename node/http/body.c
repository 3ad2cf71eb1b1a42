/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a request's body: collected, streamed with back pressure, or thrown away. */
#include "node/http/http_internal.h"

#include <errno.h>

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

/* ---- off the wire -----------------------------------------------------------------------------
 */

static void add_piece(void *ctx, const char *piece, size_t piece_bytes)
{
    struct http_body *body = ctx;

    if (evbuffer_add(body->block, piece, piece_bytes) < 0)
        body->failed = true;
}

static void take_chunked(struct http_body *body, struct evbuffer *input, size_t most_bytes)
{
    while (most_bytes > 0 && !body->complete && !body->failed) {
        size_t ready_bytes = evbuffer_get_contiguous_space(input), taken_bytes;
        int rc;

        if (ready_bytes == 0)
            return;
        if (ready_bytes > most_bytes)
            ready_bytes = most_bytes;
        rc = http_chunked_decode(body->chunked,
            (const char *)evbuffer_pullup(input, (ev_ssize_t)ready_bytes), ready_bytes,
            &taken_bytes, add_piece, body);
        body->complete = rc == 1;
        body->failed |= rc < 0;
        evbuffer_drain(input, taken_bytes);
        most_bytes -= taken_bytes;
    }
}

static void take_sized(struct http_body *body, struct evbuffer *input, size_t most_bytes)
{
    size_t bytes = evbuffer_get_length(input);

    if (bytes > most_bytes)
        bytes = most_bytes;
    if ((int64_t)bytes > body->left_bytes)
        bytes = (size_t)body->left_bytes;
    if (bytes > 0 && evbuffer_remove_buffer(input, body->block, bytes) < 0)
        body->failed = true;
    body->left_bytes -= (int64_t)bytes;
    body->complete = body->left_bytes == 0;
}

/* Moves what has come into the block. Returns how much came off the wire. */
static size_t take(struct http_request *req, size_t most_bytes)
{
    struct evbuffer *input = conn_input(req->conn);
    size_t before_bytes = evbuffer_get_length(input), taken_bytes;

    if (req->body.complete || req->body.failed)
        return 0;
    if (req->body.chunked)
        take_chunked(&req->body, input, most_bytes);
    else
        take_sized(&req->body, input, most_bytes);
    taken_bytes = before_bytes - evbuffer_get_length(input);
    req->conn->received_bytes += taken_bytes;
    return taken_bytes;
}

/* ---- to the handler ---------------------------------------------------------------------------
 */

static void begin(struct http_request *req, enum body_mode mode)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

    req->body.mode = mode;
    if (!req->conn)
        return;
    conn_read_ahead(req->conn, BLOCK_BYTES);
    if (req->head.expect_continue && evbuffer_get_length(conn_input(req->conn)) == 0)
        evbuffer_add(conn_output(req->conn), go_on, sizeof(go_on) - 1);
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

int http_request_read(struct http_request *req, size_t max_bytes, http_body_fn on_body, void *ctx)
{
    int rc = check_begin(req);

    if (rc < 0)
        return rc;
    req->body.max_bytes = max_bytes;
    req->body.on_body = on_body;
    req->body.ctx = ctx;
    if (req->head.body_bytes > 0 && (uint64_t)req->head.body_bytes > max_bytes)
        respond_status(req, 413);
    else
        begin(req, BODY_COLLECT);
    return 0;
}

int http_request_stream(struct http_request *req, http_stream_fn on_data, void *ctx)
{
    int rc = check_begin(req);

    if (rc < 0)
        return rc;
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

static bool step_collect(struct http_request *req)
{
    struct http_body *body = &req->body;
    size_t length;
    char *data;

    if (take(req, BLOCK_BYTES) > 0 && !body->complete) {
        if (evbuffer_get_length(body->block) > body->max_bytes)
            respond_status(req, 413);
        return true;
    }
    if (!body->complete)
        return false;
    length = evbuffer_get_length(body->block);
    body->mode = BODY_NONE;
    if (length > body->max_bytes) {
        respond_status(req, 413);
        return true;
    }
    evbuffer_add(body->block, "", 1);
    data = (char *)evbuffer_pullup(body->block, -1);
    if (data)
        body->on_body(req, data, length, body->ctx);
    else
        respond_status(req, 500);
    return true;
}

static void finish_stream(struct http_request *req, bool end)
{
    req->body.mode = end ? BODY_NONE : BODY_DISCARD;
    req->body.on_data(req, NULL, 0, end, req->body.ctx);
}

static bool step_stream(struct http_request *req)
{
    struct http_body *body = &req->body;
    size_t length;

    if (body->paused)
        return false;
    /* The block before this one was the handler's until now. */
    evbuffer_drain(body->block, evbuffer_get_length(body->block));
    take(req, BLOCK_BYTES);
    if (body->failed)
        return true;
    length = evbuffer_get_length(body->block);
    if (length > 0) {
        const uint8_t *data = evbuffer_pullup(body->block, -1);

        body->paused = true;
        body->failed = !data;
        if (data)
            body->on_data(req, data, length, false, body->ctx);
        return true;
    }
    if (!body->complete || req->deferred > 0)
        return false;
    finish_stream(req, true);
    return true;
}

static bool step_discard(struct http_request *req)
{
    size_t taken_bytes = take(req, BLOCK_BYTES);

    evbuffer_drain(req->body.block, evbuffer_get_length(req->body.block));
    req->body.discarded_bytes += taken_bytes;
    if (req->body.discarded_bytes > DISCARD_BYTES)
        req->close = true;
    return taken_bytes > 0;
}

static bool step_failed(struct http_request *req)
{
    if (req->deferred > 0)
        return false;
    body_abort(req);
    req->body.mode = BODY_NONE;
    req->close = true;
    if (req->send == SEND_NONE)
        respond_status(req, 400);
    return true;
}

bool body_step(struct http_request *req)
{
    enum body_mode mode = req->body.mode;

    if (mode == BODY_NONE || mode == BODY_UNREAD)
        return false;
    if (req->body.failed)
        return step_failed(req);
    switch (mode) {
    case BODY_COLLECT:
        return req->send == SEND_NONE && step_collect(req);
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
    /* A peer that waits for "100 Continue" may never send the body: what comes next could be
     * either. */
    if (body->failed || req->head.expect_continue)
        return false;
    return body->chunked || body->left_bytes <= DISCARD_BYTES - (int64_t)body->discarded_bytes;
}
