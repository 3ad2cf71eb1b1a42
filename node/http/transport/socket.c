/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/transport/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    /* The most bytes of one read: while no body is wanted, and otherwise. The latter holds always
     * over TLS. With the bytes that libevent needs for itself, they fill a power of two. */
    REQUEST_READ_BYTES = 4096 - 64,
    BODY_READ_BYTES = 64 * 1024 - 64,
    /* Writes that are tried before waiting for the socket. */
    DIRECT_WRITES = 2,
};

struct evbuffer *socket_input(const struct http_socket *socket)
{
    return bufferevent_get_input(socket->bev);
}

struct evbuffer *socket_output(const struct http_socket *socket)
{
    return bufferevent_get_output(socket->bev);
}

size_t socket_output_memory_bytes(const struct http_socket *socket)
{
    size_t bytes = evbuffer_get_length(socket_output(socket));
    size_t file_bytes = socket->output.file_fd >= 0 ? socket->output.file_bytes : 0;
    return bytes > file_bytes ? bytes - file_bytes : 0;
}

/* ---- reading ---- */

void socket_set_read_ahead(struct http_socket *socket, size_t bytes)
{
    if (bytes == socket->input.read_ahead_bytes)
        return;
    socket->input.read_ahead_bytes = bytes;
    if (socket->secure)
        bufferevent_setwatermark(socket->bev, EV_READ, 0, bytes);
}

static size_t max_read_bytes(const struct http_socket *socket)
{
    return socket->input.read_ahead_bytes > HEAD_ROOM_BYTES ? BODY_READ_BYTES : REQUEST_READ_BYTES;
}

/* Reads at most `bytes` into the input. Returns as recv(2); -1 with ENOMEM as well. */
static ssize_t read_some(struct http_socket *socket, int fd, size_t bytes)
{
    struct evbuffer *input = socket_input(socket);
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

static int set_reading(struct http_socket *socket, bool reading)
{
    if (socket->secure)
        return reading ? bufferevent_enable(socket->bev, EV_READ)
                       : bufferevent_disable(socket->bev, EV_READ);
    if (!reading)
        return event_del(socket->input.readable);
    return socket->input.at_end ? 0 : event_add(socket->input.readable, NULL);
}

/* Whether the kernel may hold more, for which no edge will come: either the read was as large as it
 * could be, or the peer's end follows the bytes. */
static bool may_hold_more(size_t max_bytes, ssize_t got, short what)
{
    return got == (ssize_t)max_bytes || (got > 0 && (what & EV_CLOSED));
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct http_socket *socket = arg;
    struct socket_input *input = &socket->input;
    size_t max_bytes = max_read_bytes(socket);
    ssize_t got = read_some(socket, fd, max_bytes);
    if (got < 0 && errno == EAGAIN)
        return;
    input->has_read = true;
    input->unread = may_hold_more(max_bytes, got, what) || (got < 0 && errno == EINTR);
    if (got < 0 && !input->unread)
        socket->broken = true;
    if (got == 0) {
        input->at_end = true;
        event_del(input->readable);
    }
    socket->on_ready(socket->ctx);
}

/* Makes the kernel report again what there is, in the next turn of the loop. Other connections get
 * their turn before that. */
static int report_again(struct http_socket *socket)
{
    return set_reading(socket, false) < 0 ? -1 : set_reading(socket, true);
}

/*
 * A full input must stop the events: a bufferevent would call back without end.
 *
 * Without TLS two cases need a new report. One is unread bytes. The other is part of a message: an
 * error or an urgent byte may lie behind it, and no edge comes for these. A whole message is
 * answered, and the write then shows the error.
 */
void socket_update_reading(struct http_socket *socket, bool awaits_more)
{
    struct socket_input *input = &socket->input;
    bool full = evbuffer_get_length(socket_input(socket)) >= input->read_ahead_bytes;
    int result = 0;
    if (full != input->full)
        result = set_reading(socket, !full);
    else if (!full && input->has_read && (input->unread || awaits_more))
        result = report_again(socket);
    socket->broken |= result < 0;
    input->full = full;
    input->has_read = false;
    if (socket->secure && !socket->broken)
        tls_read_on(socket->bev);
}

/* ---- writing ---- */

void socket_wait_writable(struct http_socket *socket)
{
    int result = socket->secure ? bufferevent_enable(socket->bev, EV_WRITE)
                                : event_add(socket->output.writable, NULL);
    socket->output.waiting = result == 0;
    socket->broken |= result < 0;
}

/* Sends a response head whose body follows by sendfile(2). MSG_MORE makes the kernel wait for the
 * body, so that both share a packet. */
static void write_head(struct http_socket *socket)
{
    struct evbuffer *output = socket_output(socket);
    size_t bytes = socket->output.head_bytes;
    const void *head = evbuffer_pullup(output, (ev_ssize_t)bytes);
    if (!head)
        return;
    ssize_t sent =
        send(bufferevent_getfd(socket->bev), head, bytes, MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL);
    /* A failure shows again in the write that follows at once. */
    if (sent > 0)
        evbuffer_drain(output, (size_t)sent);
}

/* Whether the file being sent is shorter than it was. evbuffer_write() returns 0 both for a file
 * that has ended and for a socket that is full, so the file's size must tell. */
static bool is_cut_short(const struct http_socket *socket)
{
    const struct socket_output *output = &socket->output;
    struct stat info;
    return output->file_fd >= 0 &&
           (fstat(output->file_fd, &info) < 0 || info.st_size < output->file_end_bytes);
}

/* Tries the socket before waiting for it: most responses are taken at once, which saves a turn of
 * the loop. */
static int write_directly(struct http_socket *socket)
{
    struct evbuffer *output = socket_output(socket);
    int error = 0;
    evbuffer_unfreeze(output, 1);
    if (socket->output.head_bytes > 0 && socket->output.file_fd >= 0)
        write_head(socket);
    socket->output.head_bytes = 0;
    for (int i = 0; i < DIRECT_WRITES && evbuffer_get_length(output) > 0; i++) {
        int written = evbuffer_write(output, bufferevent_getfd(socket->bev));
        if (written > 0)
            continue;
        if (written == 0)
            error = is_cut_short(socket) ? -EIO : 0;
        else
            socket->broken = errno != EAGAIN && errno != EINTR;
        break;
    }
    evbuffer_freeze(output, 1);
    socket->broken |= error < 0;
    return error;
}

/* Pushes out what MSG_MORE holds back, since its continuation does not follow at once. The kernel
 * would wait for 200 ms, and would not report the socket as writable meanwhile, because held bytes
 * count as unsent. Setting TCP_NODELAY, even if it is set already, sends them (tcp(7)). */
static void push_held_bytes(struct http_socket *socket)
{
    int on = 1;
    (void)setsockopt(bufferevent_getfd(socket->bev), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int socket_flush(struct http_socket *socket)
{
    int error = 0;
    if (socket->output.waiting || socket->broken)
        return 0;
    if (socket->secure)
        socket->broken = !tls_write(socket->bev);
    else
        error = write_directly(socket);
    if (evbuffer_get_length(socket_output(socket)) == 0 || socket->broken)
        return error;
    push_held_bytes(socket);
    socket_wait_writable(socket);
    return 0;
}

static void on_sent(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
    struct http_socket *socket = arg;
    (void)output;
    socket->output.sent_bytes += info->n_deleted;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct http_socket *socket = arg;
    (void)fd, (void)what;
    socket->output.waiting = false;
    socket->on_ready(socket->ctx);
}

/* ---- events of TLS connections ---- */

static void on_tls_writable(struct bufferevent *bev, void *arg)
{
    struct http_socket *socket = arg;
    bufferevent_disable(bev, EV_WRITE);
    socket->output.waiting = false;
    socket->on_ready(socket->ctx);
}

static void on_tls_readable(struct bufferevent *bev, void *arg)
{
    struct http_socket *socket = arg;
    (void)bev;
    socket->on_ready(socket->ctx);
}

/* The peer's close_notify ends its sending half alone (RFC 8446 section 6.1), but libevent stops
 * writing as well: writing is enabled again. */
static void on_close_notify(struct http_socket *socket)
{
    socket->input.at_end = true;
    if (socket->output.waiting)
        bufferevent_enable(socket->bev, EV_WRITE);
}

static void on_tls_event(struct bufferevent *bev, short what, void *arg)
{
    struct http_socket *socket = arg;
    if (what & BEV_EVENT_CONNECTED) {
        tls_read_on(bev); /* the handshake is done */
        return;
    }
    if (what & BEV_EVENT_ERROR) {
        socket->broken = true;
        tls_end_refused(bev);
    } else if (what & BEV_EVENT_READING) {
        on_close_notify(socket);
    } else {
        socket->broken = true;
    }
    socket->on_ready(socket->ctx);
}

/* ---- opening and closing ---- */

static int add_events(struct http_socket *socket, struct event_base *base, int fd)
{
    if (socket->secure) {
        bufferevent_set_max_single_read(socket->bev, BODY_READ_BYTES);
        return 0;
    }
    socket->output.writable = event_new(base, fd, EV_WRITE | EV_ET, on_writable, socket);
    socket->input.readable =
        event_new(base, fd, EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, on_readable, socket);
    return socket->output.writable && socket->input.readable ? 0 : -ENOMEM;
}

int socket_open(struct http_socket *socket, const struct socket_params *params)
{
    *socket = (struct http_socket){
        .secure = params->tls != NULL,
        .output.file_fd = -1,
        .on_ready = params->on_ready,
        .ctx = params->ctx,
    };
    socket->bev = socket->secure
                      ? tls_accept(params->tls, params->base, params->fd)
                      : bufferevent_socket_new(params->base, params->fd, BEV_OPT_CLOSE_ON_FREE);
    if (!socket->bev) {
        close(params->fd);
        return -ENOMEM;
    }
    bufferevent_disable(socket->bev, EV_WRITE);
    bufferevent_setcb(socket->bev, on_tls_readable, on_tls_writable, on_tls_event, socket);
    socket->output.sent_cb = evbuffer_add_cb(socket_output(socket), on_sent, socket);
    if (!socket->output.sent_cb || add_events(socket, params->base, params->fd) < 0)
        return -ENOMEM;
    socket_set_read_ahead(socket, HEAD_ROOM_BYTES);
    return set_reading(socket, true) < 0 ? -ENOMEM : 0;
}

void socket_close(struct http_socket *socket)
{
    if (socket->input.readable)
        event_free(socket->input.readable);
    if (socket->output.writable)
        event_free(socket->output.writable);
    if (socket->bev) {
        if (socket->output.sent_cb)
            evbuffer_remove_cb_entry(socket_output(socket), socket->output.sent_cb);
        bufferevent_free(socket->bev);
    }
    *socket = (struct http_socket){.output.file_fd = -1};
}
