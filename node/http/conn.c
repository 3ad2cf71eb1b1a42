/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection: from one request to the next. */
#include "node/http/http_internal.h"
#include "node/util/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIRECT_WRITES = 2, TURN_BYTES = 128 * 1024 };

struct evbuffer *conn_output(const struct http_conn *conn)
{
    return bufferevent_get_output(conn->bev);
}

void conn_kick(struct http_conn *conn)
{
    if (conn->running || conn->kicked)
        return;
    conn->kicked = true;
    TAILQ_INSERT_TAIL(&conn->loop->kicked, conn, kick_link);
    event_active(conn->loop->kick, EV_TIMEOUT, 0);
}

static void enter(struct http_conn *conn, enum conn_phase phase)
{
    conn->phase = phase;
    conn->phase_ms = clock_mono_ms();
    conn->head_ms = 0;
    conn->waited_ms = 0;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

static void write_when_possible(struct http_conn *conn)
{
    int rc =
        conn->secure ? bufferevent_enable(conn->bev, EV_WRITE) : event_add(conn->writable, NULL);

    conn->writing = rc == 0;
    conn->broken |= rc < 0;
}

/* A head whose body comes by sendfile(): the kernel is told to wait for that, so that both share a
 * packet. */
static void write_head(struct http_conn *conn)
{
    struct evbuffer *output = conn_output(conn);
    size_t bytes = conn->head_bytes;
    const void *head = evbuffer_pullup(output, (ev_ssize_t)bytes);
    ssize_t sent = head ? send(bufferevent_getfd(conn->bev), head, bytes,
                              MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL)
                        : 0;

    /* What went wrong shows again at once. */
    if (sent > 0)
        evbuffer_drain(output, (size_t)sent);
}

/* libevent says alike of a file that has ended and of a socket that is full: nothing was sent. */
static bool is_cut_short(struct http_conn *conn)
{
    const struct http_request *req = conn->req;
    struct stat info;

    if (!req || req->file_fd < 0 ||
        (fstat(req->file_fd, &info) == 0 && info.st_size >= req->file_end_bytes))
        return false;
    server_log(conn->loop->server, "%s: the file was cut short while it was sent", conn->path);
    return true;
}

/* Tries the socket before waiting for it: most responses are taken at once, and cost no turn of the
 * loop. */
static void write_at_once(struct http_conn *conn)
{
    struct evbuffer *output = conn_output(conn);

    evbuffer_unfreeze(output, 1);
    if (conn->head_bytes > 0 && conn->req && conn->req->file_fd >= 0)
        write_head(conn);
    conn->head_bytes = 0;
    for (int i = 0; i < DIRECT_WRITES && evbuffer_get_length(output) > 0; i++) {
        int rc = evbuffer_write(output, bufferevent_getfd(conn->bev));

        if (rc > 0)
            continue;
        conn->broken = rc == 0 ? is_cut_short(conn) : errno != EAGAIN && errno != EINTR;
        break;
    }
    evbuffer_freeze(output, 1);
}

/* What the kernel was told to wait for doesn't follow at once. It would wait for 200 ms, and not
 * ask for more, since what waits counts as unsent; setting this, set as it is, sends it (tcp(7)).
 */
static void send_what_waits(struct http_conn *conn)
{
    int on = 1;

    (void)setsockopt(bufferevent_getfd(conn->bev), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void conn_flush(struct http_conn *conn)
{
    if (conn->writing || conn->broken)
        return;
    if (conn->secure)
        conn->broken = !tls_write(conn->bev);
    else
        write_at_once(conn);
    if (evbuffer_get_length(conn_output(conn)) == 0 || conn->broken)
        return;
    send_what_waits(conn);
    write_when_possible(conn);
}

static void on_sent(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
    struct http_conn *conn = arg;

    (void)output;
    conn->unreported_bytes += info->n_deleted;
    conn->sent_bytes += info->n_deleted;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct http_conn *conn = arg;

    (void)fd, (void)what;
    conn->writing = false;
    conn_run(conn);
}

/* ---- what libevent says of TLS -----------------------------------------------------------------
 */

static void on_write(struct bufferevent *bev, void *arg)
{
    struct http_conn *conn = arg;

    bufferevent_disable(bev, EV_WRITE);
    conn->writing = false;
    conn_run(conn);
}

static void on_read(struct bufferevent *bev, void *arg)
{
    (void)bev;
    conn_run(arg);
}

/* With the peer's goodbye libevent stops writing to it as well, although it may still listen (RFC
 * 8446 section 6.1). */
static void on_goodbye(struct http_conn *conn)
{
    conn->peer_eof = true;
    if (conn->writing)
        bufferevent_enable(conn->bev, EV_WRITE);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct http_conn *conn = arg;

    if (what & BEV_EVENT_CONNECTED) {
        tls_read_on(bev); /* its handshake is done */
        return;
    }
    if (what & BEV_EVENT_ERROR) {
        conn->broken = true;
        tls_end_refused(bev);
    } else if (what & BEV_EVENT_READING) {
        on_goodbye(conn);
    } else {
        conn->broken = true;
    }
    conn_run(conn);
}

/* ---- steps: true to go on, false to wait -------------------------------------------------------
 */

/* Keeps what the monitor is told, in a form that needs no more care: one line of ASCII. */
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
        conn->broken = true;
        return false;
    }
    enter(conn, CONN_REQUEST);
    return true;
}

bool conn_refuse(struct http_conn *conn, int status)
{
    if (!conn->req && !begin_request(conn))
        return false;
    conn->req->close = true;
    conn->req->body.complete = true; /* as far as anybody can tell */
    respond_status(conn->req, status);
    return true;
}

static bool accept_request(struct http_conn *conn, const char *data, size_t head_bytes)
{
    const char *user_agent;
    int rc;

    if (!begin_request(conn))
        return false;
    rc = http_head_parse(&conn->req->head, &conn->scan, data, head_bytes);
    evbuffer_drain(conn_input(conn), head_bytes);
    conn->scan = (struct http_head_scan){0};
    if (rc < 0)
        return conn_refuse(conn, -rc);
    user_agent = http_request_header(conn->req, "User-Agent");
    copy_printable(conn->path, sizeof(conn->path), conn->req->head.path);
    copy_printable(conn->user_agent, sizeof(conn->user_agent), user_agent ? user_agent : "");
    conn->req->head_only = conn->req->head.method == HTTP_HEAD;
    if (body_open(conn->req) < 0)
        return conn_refuse(conn, 500);
    request_dispatch(conn->req);
    return true;
}

static bool step_head(struct http_conn *conn)
{
    struct evbuffer *input = conn_input(conn);
    size_t bytes = evbuffer_get_length(input);
    const char *data;
    int rc;

    if (bytes > HTTP_MAX_HEAD_BYTES + 1)
        bytes = HTTP_MAX_HEAD_BYTES + 1;
    data = (const char *)evbuffer_pullup(input, (ev_ssize_t)bytes);
    rc = bytes ? http_head_find_end(&conn->scan, data, bytes) : 0;
    if (rc > 0)
        return accept_request(conn, data, (size_t)rc);
    if (rc < 0)
        return conn_refuse(conn, -rc);
    if (conn->peer_eof || loop_draining(conn->loop)) {
        conn->broken = true;
        return true;
    }
    if (bytes > 0 && conn->head_ms == 0)
        conn->head_ms = clock_mono_ms();
    return false;
}

/* The response is in the output as a whole. True when the request may end: nobody needs it any
 * more. */
static bool settle(struct http_request *req)
{
    if (req->deferred > 0)
        return false;
    body_abort(req);
    if (req->body.mode == BODY_COLLECT || req->body.mode == BODY_UNREAD)
        body_discard(req);
    while (!req->close && body_step(req))
        ;
    req->close |= !req->body.complete && req->conn->peer_eof;
    return req->close || req->body.complete;
}

static bool finish(struct http_conn *conn)
{
    struct http_request *req = conn->req;
    bool clean = req->body.complete && evbuffer_get_length(conn_input(conn)) == 0 &&
                 !conn->unread && req->head.memory;
    bool close_now = req->close;

    conn->unreported_requests++;
    conn->req = NULL;
    request_free(req);
    enter(conn, CONN_HEAD);
    if (conn->phase_ms - conn->sampled_ms >= SAMPLE_PAUSE_MS)
        conn_sample(conn, false);
    conn_read_ahead(conn, HEAD_ROOM_BYTES);
    if (!close_now)
        return true;
    if (clean || conn->peer_eof) {
        conn->broken = true;
        return true;
    }
    /* Closing with bytes unread resets the connection, and the answer is lost with it (RFC 9112
     * section 9.6). */
    tls_say_goodbye(conn->bev);
    shutdown(bufferevent_getfd(conn->bev), SHUT_WR);
    enter(conn, CONN_LINGER);
    return true;
}

/* Whether something will come that can end the request: else its handler has forgotten it. */
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

/* What the peer's end, and the server's, mean for a request under way. */
static bool check_ends(struct http_conn *conn)
{
    struct http_request *req = conn->req;
    bool stream = req->send == SEND_STREAM;

    if (stream && req->deferred == 0 && (req->head_only || loop_draining(conn->loop)))
        http_stream_end(req);
    if (conn->peer_eof && (stream || (req->send == SEND_NONE && body_awaited(req))))
        conn->broken = true;
    return conn->broken;
}

/* After a while by way of the loop, so that a fast reader of a long file leaves others their turns.
 */
static bool send_next_piece(struct http_conn *conn)
{
    bool waits = conn->sent_bytes - conn->turn_bytes >= TURN_BYTES;

    pieces_next(conn->req);
    if (waits)
        write_when_possible(conn);
    return !waits || conn->broken;
}

static bool step_request(struct http_conn *conn)
{
    struct http_request *req = conn->req;

    if (req->send != SEND_WHOLE && body_step(req))
        return true;
    if (check_ends(conn))
        return true;
    if (!has_future(req)) {
        server_log(conn->loop->server, "%s: its handler gave no answer", conn->path);
        respond_status(req, 500);
    }
    conn_flush(conn);
    if (conn->broken)
        return true;
    if (req->send == SEND_PIECES && evbuffer_get_length(conn_output(conn)) == 0)
        return send_next_piece(conn);
    if (req->send != SEND_WHOLE || !settle(req) || evbuffer_get_length(conn_output(conn)) > 0)
        return false;
    return finish(conn);
}

static bool step_linger(struct http_conn *conn)
{
    struct evbuffer *input = conn_input(conn);

    evbuffer_drain(input, evbuffer_get_length(input));
    conn->broken = conn->peer_eof;
    return conn->broken;
}

void conn_run(struct http_conn *conn)
{
    bool more = true;

    conn->running = true;
    conn->turn_bytes = conn->sent_bytes;
    while (more && !conn->broken) {
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
    if (!conn->broken)
        input_read_while_there_is_room(conn);
    if (conn->broken)
        conn_destroy(conn);
    else if (conn->secure)
        tls_read_on(conn->bev);
}

/* ---- beginning and end -------------------------------------------------------------------------
 */

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

/* Without TLS it is no more than the place of the buffers. */
static int open_bufferevent(struct http_conn *conn, int fd)
{
    struct event_base *base = conn->loop->base;

    conn->bev = conn->secure ? tls_accept(conn->loop->server->tls, base, fd)
                             : bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!conn->bev)
        return -ENOMEM;
    bufferevent_disable(conn->bev, EV_WRITE);
    bufferevent_setcb(conn->bev, on_read, on_write, on_event, conn);
    conn->sent_cb = evbuffer_add_cb(conn_output(conn), on_sent, conn);
    if (!conn->secure)
        conn->writable = event_new(base, fd, EV_WRITE | EV_ET, on_writable, conn);
    return conn->sent_cb && (conn->secure || conn->writable) ? input_open(conn) : -ENOMEM;
}

void conn_accept(struct http_loop *loop, int fd, const struct sockaddr *address, bool secure)
{
    struct http_conn *conn = calloc(1, sizeof(*conn));
    struct tcp_info info;

    if (!conn) {
        close(fd);
        return;
    }
    conn->loop = loop;
    conn->secure = secure;
    conn->id = atomic_fetch_add(&loop->server->last_conn_id, 1) + 1;
    set_peer(conn, address);
    TAILQ_INSERT_TAIL(&loop->conns, conn, link);
    loop->conn_count++;
    enter(conn, CONN_HEAD);
    if (open_bufferevent(conn, fd) == 0) {
        info = conn_tcp_info(conn);
        conn_suit_link(conn, &info);
        return;
    }
    if (!conn->bev)
        close(fd);
    conn_destroy(conn);
}

void conn_destroy(struct http_conn *conn)
{
    struct http_loop *loop = conn->loop;

    conn_sample(conn, true);
    pace_end(conn);
    /* An answer that is cut off must look like it. */
    if (conn->req)
        request_abandon(conn->req);
    else if (conn->secure && conn->bev)
        tls_say_goodbye(conn->bev);
    if (conn->kicked)
        TAILQ_REMOVE(&loop->kicked, conn, kick_link);
    TAILQ_REMOVE(&loop->conns, conn, link);
    input_close(conn);
    if (conn->writable)
        event_free(conn->writable);
    if (conn->bev) {
        if (conn->sent_cb)
            evbuffer_remove_cb_entry(conn_output(conn), conn->sent_cb);
        bufferevent_free(conn->bev);
    }
    free(conn);
    loop_conn_ended(loop);
}
