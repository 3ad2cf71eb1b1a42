/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/conn.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/http/body.h"
#include "node/http/defer.h"
#include "node/http/delivery.h"
#include "node/http/dispatch.h"
#include "node/http/extents.h"
#include "node/http/pace.h"
#include "node/http/response.h"
#include "node/http/sample.h"
#include "node/util/clock.h"

enum {
    /* After this many bytes in one turn of the loop, a response of extents waits, so that other
     * connections have their turn. */
    TURN_BYTES = 128 * 1024,
    /* The shortest time between a sample and the next one that is taken because a request ended. */
    SAMPLE_PAUSE_MS = 100,
};

static void enter(struct http_conn *conn, enum conn_phase phase)
{
    conn->phase = phase;
    conn->phase_ms = clock_mono_ms();
    conn->head_ms = 0;
    conn->progress.waited_ms = 0;
}

/* Keeps the loop's and the address's count of the memory that responses take. */
static void count_output(struct http_conn *conn, size_t bytes)
{
    if (bytes == conn->output_bytes)
        return;
    conn->address->output_bytes += bytes - conn->output_bytes;
    conn->loop->output_bytes += bytes - conn->output_bytes;
    conn->output_bytes = bytes;
    if (bytes > 0 && conn_output_is_full(conn))
        event_active(conn->loop->relief, EV_TIMEOUT, 0);
}

/* ---- steps: they return true to go on, false to wait ---- */

/* Copies text for the monitor: cut to the buffer, with '?' for bytes that are not printable
 * ASCII. */
static void copy_printable(char *out, size_t out_bytes, const char *text)
{
    size_t used = 0;
    for (; *text && used + 1 < out_bytes; text++)
        out[used++] = *text;
    out[used] = '\0';
    for (size_t i = 0; i < used; i++)
        if ((unsigned char)out[i] < 0x20 || (unsigned char)out[i] >= 0x7f)
            out[i] = '?';
}

static bool begin_request(struct http_conn *conn)
{
    conn->req = request_new(conn);
    if (!conn->req) {
        conn->socket.broken = true;
        return false;
    }
    conn->socket.output.file_fd = -1;
    enter(conn, CONN_REQUEST);
    return true;
}

bool conn_refuse(struct http_conn *conn, int status)
{
    if (!conn->req && !begin_request(conn))
        return false;
    conn->req->close = true;
    conn->req->body.complete = true; /* no body is read, because the connection ends after the
                                      * answer */
    respond_status(conn->req, status);
    return true;
}

static bool accept_request(struct http_conn *conn, const char *data, size_t head_bytes)
{
    if (!begin_request(conn))
        return false;
    int error = http_head_parse(&conn->req->head, &conn->scan, data, head_bytes);
    evbuffer_drain(socket_input(&conn->socket), head_bytes);
    conn->scan = (struct http_head_scan){0};
    if (error < 0)
        return conn_refuse(conn, -error);
    if (!request_find_client(conn->req))
        return conn_refuse(conn, 500);
    const char *user_agent = http_request_header(conn->req, "User-Agent");
    copy_printable(conn->samples.path, sizeof(conn->samples.path), conn->req->head.path);
    copy_printable(
        conn->samples.user_agent, sizeof(conn->samples.user_agent), user_agent ? user_agent : "");
    conn->req->head_only = conn->req->head.method == HTTP_HEAD;
    if (body_open(conn->req) < 0)
        return conn_refuse(conn, 500);
    request_dispatch(conn->req);
    return true;
}

/* Counts the connection for another address. Returns false if memory runs out. */
static bool move_to_address(struct http_conn *conn, const char *client)
{
    struct http_address *address = address_hold(conn->loop->addresses, client);
    if (!address)
        return false;
    count_output(conn, 0);
    TAILQ_REMOVE(&conn->address->conns, conn, in_address);
    address_release(conn->loop->addresses, conn->address);
    conn->address = address;
    TAILQ_INSERT_TAIL(&address->conns, conn, in_address);
    return true;
}

/* Reads the header of the PROXY protocol. From then on the connection is its client's. */
static bool step_proxy(struct http_conn *conn)
{
    struct evbuffer *input = socket_input(&conn->socket);
    struct forwarded said = {0};
    size_t bytes = evbuffer_get_length(input);
    const char *data = (const char *)evbuffer_pullup(input, (ev_ssize_t)bytes);
    memcpy(said.client, conn->peer, sizeof(said.client));
    int used = bytes > 0 ? forwarded_read_proxy(data, bytes, &said) : 0;
    if (used == 0 && !conn->socket.input.at_end && !loop_draining(conn->loop)) {
        if (bytes > 0 && conn->head_ms == 0)
            conn->head_ms = clock_mono_ms();
        return false;
    }
    if (used <= 0 || !move_to_address(conn, said.client)) {
        conn->socket.broken = true;
        return true;
    }
    evbuffer_drain(input, (size_t)used);
    conn->head_ms = 0;
    memcpy(conn->peer, said.client, sizeof(conn->peer));
    conn->awaits_proxy = conn->from_proxy = false;
    conn->proxied = true;
    return true;
}

static bool step_head(struct http_conn *conn)
{
    if (conn->awaits_proxy)
        return step_proxy(conn);
    struct evbuffer *input = socket_input(&conn->socket);
    size_t bytes = evbuffer_get_length(input);
    if (bytes > HTTP_MAX_HEAD_BYTES + 1)
        bytes = HTTP_MAX_HEAD_BYTES + 1;
    const char *data = (const char *)evbuffer_pullup(input, (ev_ssize_t)bytes);
    int head_bytes = bytes ? http_head_find_end(&conn->scan, data, bytes) : 0;
    if (head_bytes > 0)
        return accept_request(conn, data, (size_t)head_bytes);
    if (head_bytes < 0)
        return conn_refuse(conn, -head_bytes);
    if (conn->socket.input.at_end || loop_draining(conn->loop)) {
        conn->socket.broken = true;
        return true;
    }
    if (bytes > 0 && conn->head_ms == 0)
        conn->head_ms = clock_mono_ms();
    return false;
}

/* To be called once the whole response is in the output. Ends the streaming of the request's body,
 * and throws away what still comes of it. Returns true when the request may end: no deferred work
 * is left, and either the body has come completely or the connection closes anyway. */
static bool request_may_end(struct http_request *req)
{
    if (req->deferred > 0)
        return false;
    body_abort(req);
    if (req->deferred > 0) /* the reader puts what it has away */
        return false;
    if (req->body.mode == BODY_COLLECT || req->body.mode == BODY_UNREAD)
        body_discard(req);
    while (!req->close && body_step(req) != 0)
        ;
    req->close |= !req->body.complete && req->conn->socket.input.at_end;
    return req->close || req->body.complete;
}

static bool finish(struct http_conn *conn)
{
    struct http_request *req = conn->req;
    bool clean = req->body.complete && evbuffer_get_length(socket_input(&conn->socket)) == 0 &&
                 !conn->socket.input.unread && req->head.memory;
    bool close_now = req->close;
    delivery_report(conn);
    conn->samples.unreported_requests++;
    conn->req = NULL;
    request_free(req);
    enter(conn, CONN_HEAD);
    if (conn->phase_ms - conn->samples.sampled_ms >= SAMPLE_PAUSE_MS)
        conn_sample(conn, false);
    socket_set_read_ahead(&conn->socket, HEAD_ROOM_BYTES);
    if (!close_now)
        return true;
    if (clean || conn->socket.input.at_end) {
        conn->socket.broken = true;
        return true;
    }
    /* If the socket were closed with unread bytes, TCP would reset the connection, and the peer
     * could lose the answer (RFC 9112 section 9.6). So only the sending half is closed. */
    tls_say_goodbye(conn->socket.bev);
    shutdown(bufferevent_getfd(conn->socket.bev), SHUT_WR);
    enter(conn, CONN_LINGER);
    return true;
}

/* Whether something can still end the request. If not, its handler has forgotten it. */
static bool has_future(const struct http_request *req)
{
    return req->deferred > 0 || req->timer || req->send != SEND_NONE ||
           req->body.mode == BODY_COLLECT || req->body.mode == BODY_STREAM;
}

static bool body_awaited(const struct http_request *req)
{
    const struct http_body *body = &req->body;
    return (body->mode == BODY_COLLECT || body->mode == BODY_STREAM) && !body->complete &&
           !body->paused;
}

/* Ends a streamed response if the server stops, or if the request is a HEAD, unless deferred work
 * is running. If the peer's sending half has ended, marks the connection as broken in two cases: a
 * response is streamed, or no response has begun and a handler still waits for the rest of the
 * body. Returns whether the connection is broken. */
static bool check_ends(struct http_conn *conn)
{
    struct http_request *req = conn->req;
    bool stream = req->send == SEND_STREAM;
    if (stream && req->deferred == 0 && (req->head_only || loop_draining(conn->loop)))
        http_stream_end(req);
    if (conn->socket.input.at_end && (stream || (req->send == SEND_NONE && body_awaited(req))))
        conn->socket.broken = true;
    return conn->socket.broken;
}

/* Puts the next extent into the output. If TURN_BYTES were sent in this turn of the loop, the
 * extent is sent in a later turn, so that a fast reader of a long file does not keep other
 * connections waiting. Returns whether conn_run() should go on. */
static bool send_next_extent(struct http_conn *conn)
{
    bool turn_is_over = conn->socket.output.sent_bytes - conn->turn_bytes >= TURN_BYTES;
    extents_next(conn->req);
    if (turn_is_over)
        socket_wait_writable(&conn->socket);
    return !turn_is_over || conn->socket.broken;
}

/* Takes one step of the body, and answers if the step reports an error. Returns whether something
 * was done. */
static bool step_body(struct http_request *req)
{
    int result = body_step(req);
    if (result > 1)
        respond_status(req, result);
    return result > 0;
}

static void flush(struct http_conn *conn)
{
    if (socket_flush(&conn->socket) < 0)
        server_log(
            conn->loop->server, "%s: the file was cut short while it was sent", conn->samples.path);
}

static bool step_request(struct http_conn *conn)
{
    struct http_request *req = conn->req;
    if (req->send != SEND_WHOLE && step_body(req))
        return true;
    if (check_ends(conn))
        return true;
    if (!has_future(req)) {
        server_log(conn->loop->server, "%s: its handler gave no answer", conn->samples.path);
        respond_status(req, 500);
    }
    flush(conn);
    if (conn->socket.broken)
        return true;
    if (req->send == SEND_EXTENTS && evbuffer_get_length(socket_output(&conn->socket)) == 0)
        return send_next_extent(conn);
    if (req->send != SEND_WHOLE || !request_may_end(req) ||
        evbuffer_get_length(socket_output(&conn->socket)) > 0)
        return false;
    return finish(conn);
}

static bool step_linger(struct http_conn *conn)
{
    struct evbuffer *input = socket_input(&conn->socket);
    evbuffer_drain(input, evbuffer_get_length(input));
    conn->socket.broken = conn->socket.input.at_end;
    return conn->socket.broken;
}

/* Whether the connection needs more from the peer: the rest of a message, or the peer's end. */
static bool awaits_more(const struct http_conn *conn)
{
    switch (conn->phase) {
    case CONN_HEAD:
        return evbuffer_get_length(socket_input(&conn->socket)) > 0;
    case CONN_REQUEST:
        return !conn->req->body.complete;
    case CONN_LINGER:
        return true;
    }
    return false;
}

void conn_run(struct http_conn *conn)
{
    struct http_loop *loop = conn->loop;
    bool more = true;
    conn->running = true;
    conn->turn_bytes = conn->socket.output.sent_bytes;
    while (more && !conn->socket.broken) {
        switch (conn->phase) {
        case CONN_HEAD:
            more = step_head(conn);
            break;
        case CONN_REQUEST:
            more = step_request(conn);
            break;
        case CONN_LINGER:
            more = step_linger(conn);
            break;
        }
    }
    conn->running = false;
    if (!conn->socket.broken)
        socket_update_reading(&conn->socket, awaits_more(conn));
    if (conn->socket.broken)
        conn_destroy(conn);
    else
        count_output(conn, conn->req ? socket_output_memory_bytes(&conn->socket) : 0);
    loop_note_turn(loop);
}

/* ---- opening and closing ---- */

static void set_peer(struct http_conn *conn, const struct sockaddr *address)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &four->sin_addr, conn->peer, sizeof(conn->peer));
    else if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, conn->peer, sizeof(conn->peer));
    else
        inet_ntop(AF_INET6, &six->sin6_addr, conn->peer, sizeof(conn->peer));
}

static void on_socket_ready(void *ctx)
{
    conn_run(ctx);
}

void conn_accept(struct http_loop *loop, int fd, const struct sockaddr *address, bool secure)
{
    struct http_conn *conn = calloc(1, sizeof(*conn));
    if (!conn) {
        close(fd);
        return;
    }
    conn->loop = loop;
    conn->id = atomic_fetch_add(&loop->server->last_conn_id, 1) + 1;
    set_peer(conn, address);
    conn->address = address_hold(loop->addresses, conn->peer);
    if (!conn->address) {
        free(conn);
        close(fd);
        return;
    }
    conn->from_proxy = ranges_match(&loop->server->params.trusted_proxies, conn->peer) > 0;
    memcpy(conn->proxy, conn->peer, sizeof(conn->proxy));
    conn->awaits_proxy =
        conn->from_proxy && !secure && loop->server->params.proxy_says == FORWARDED_BY_PROXY;
    TAILQ_INSERT_TAIL(&loop->conns, conn, link);
    TAILQ_INSERT_TAIL(&conn->address->conns, conn, in_address);
    loop->conn_count++;
    enter(conn, CONN_HEAD);
    const struct socket_params params = {
        .base = loop->base,
        .fd = fd,
        .tls = secure ? loop->server->tls : NULL,
        .on_ready = on_socket_ready,
        .ctx = conn,
    };
    if (socket_open(&conn->socket, &params) < 0) {
        conn_destroy(conn);
        return;
    }
}

void conn_destroy(struct http_conn *conn)
{
    struct http_loop *loop = conn->loop;
    conn_sample(conn, true);
    delivery_report(conn);
    pace_end(conn);
    /* TLS says goodbye only between requests: an answer that is cut off must look cut off. */
    if (conn->req)
        request_abandon(conn->req);
    else if (conn->socket.secure && conn->socket.bev)
        tls_say_goodbye(conn->socket.bev);
    if (conn->kicked)
        TAILQ_REMOVE(&loop->kicked, conn, kick_link);
    count_output(conn, 0);
    TAILQ_REMOVE(&loop->conns, conn, link);
    TAILQ_REMOVE(&conn->address->conns, conn, in_address);
    address_release(loop->addresses, conn->address);
    socket_close(&conn->socket);
    free(conn);
    loop->conn_count--;
    loop->on_conn_ended(loop);
}
