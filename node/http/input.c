/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What comes in of a connection. Without TLS it is read here, since libevent asks the kernel before
 * each read how much there is, which a small request notices, and by edges (epoll(7)): else the
 * kernel looks at whoever was served last before all who have come since, and these wait longest.
 */
#include "node/http/http_internal.h"

#include <errno.h>
#include <sys/socket.h>

/* With libevent's own bytes they fill a power of two. */
enum { REQUEST_BYTES = 4096 - 64, BODY_BYTES = 64 * 1024 - 64 };

struct evbuffer *conn_input(const struct http_conn *conn)
{
    return bufferevent_get_input(conn->bev);
}

void conn_read_ahead(struct http_conn *conn, size_t bytes)
{
    if (bytes == conn->read_ahead_bytes)
        return;
    conn->read_ahead_bytes = bytes;
    if (conn->secure)
        bufferevent_setwatermark(conn->bev, EV_READ, 0, bytes);
}

static size_t most_bytes(const struct http_conn *conn)
{
    return conn->read_ahead_bytes > HEAD_ROOM_BYTES ? BODY_BYTES : REQUEST_BYTES;
}

/* As recv(2); -1 with ENOMEM as well. */
static ssize_t read_some(struct http_conn *conn, int fd, size_t bytes)
{
    struct evbuffer *input = conn_input(conn);
    struct evbuffer_iovec space;
    ssize_t got = -1;

    evbuffer_unfreeze(input, 0);
    if (evbuffer_reserve_space(input, (ev_ssize_t)bytes, &space, 1) < 1) {
        errno = ENOMEM;
    } else {
        got = recv(fd, space.iov_base, bytes, MSG_DONTWAIT);
        space.iov_len = got > 0 ? (size_t)got : 0;
        if (evbuffer_commit_space(input, &space, 1) < 0)
            got = -1;
    }
    evbuffer_freeze(input, 0);
    return got;
}

static int set_reading(struct http_conn *conn, bool reading)
{
    if (conn->secure)
        return reading ? bufferevent_enable(conn->bev, EV_READ)
                       : bufferevent_disable(conn->bev, EV_READ);
    if (!reading)
        return event_del(conn->readable);
    return conn->peer_eof ? 0 : event_add(conn->readable, NULL);
}

/* No edge comes for what is left: more than was read, or, behind less than that, the peer's end. */
static bool is_left(size_t most, ssize_t got, short what)
{
    return got == (ssize_t)most || (got > 0 && (what & EV_CLOSED));
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct http_conn *conn = arg;
    size_t most = most_bytes(conn);
    ssize_t got = read_some(conn, fd, most);

    if (got < 0 && errno == EAGAIN)
        return;
    conn->has_read = true;
    conn->unread = is_left(most, got, what) || (got < 0 && errno == EINTR);
    if (got < 0 && !conn->unread)
        conn->broken = true;
    if (got == 0) {
        conn->peer_eof = true;
        event_del(conn->readable);
    }
    conn_run(conn);
}

int input_open(struct http_conn *conn)
{
    conn_read_ahead(conn, HEAD_ROOM_BYTES);
    if (conn->secure) {
        bufferevent_set_max_single_read(conn->bev, BODY_BYTES);
    } else {
        conn->readable = event_new(conn->loop->base, bufferevent_getfd(conn->bev),
            EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, on_readable, conn);
        if (!conn->readable)
            return -ENOMEM;
    }
    return set_reading(conn, true) < 0 ? -ENOMEM : 0;
}

void input_close(struct http_conn *conn)
{
    if (conn->readable)
        event_free(conn->readable);
    conn->readable = NULL;
}

/* Behind a part of a message may lie what is no data, and what no edge comes for: an error (a reset
 * that came with it), an urgent byte. A whole one is answered, which shows the error too. */
static bool awaits_more(const struct http_conn *conn)
{
    switch (conn->phase) {
    case CONN_HEAD:
        return evbuffer_get_length(conn_input(conn)) > 0;
    case CONN_REQUEST:
        return !conn->req->body.complete;
    case CONN_LINGER:
        return true;
    }
    return false;
}

/* The kernel tells once more what there is, in the next turn of the loop: others come first. */
static int look_again(struct http_conn *conn)
{
    return set_reading(conn, false) < 0 ? -1 : set_reading(conn, true);
}

/* A bufferevent whose input stays full calls again and again, without end; so would the event,
 * which is told of what is left. */
void input_read_while_there_is_room(struct http_conn *conn)
{
    bool full = evbuffer_get_length(conn_input(conn)) >= conn->read_ahead_bytes;
    int rc = 0;

    if (full != conn->full)
        rc = set_reading(conn, !full);
    else if (!full && conn->has_read && (conn->unread || awaits_more(conn)))
        rc = look_again(conn);
    conn->broken |= rc < 0;
    conn->full = full;
    conn->has_read = false;
}
