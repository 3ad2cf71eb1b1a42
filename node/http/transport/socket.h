/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The socket of one connection, with or without TLS: reading ahead within a bound, writing, and the
 * events of both. It knows nothing of HTTP. When something happened it calls its owner back.
 *
 * Everything here belongs to one loop's thread.
 *
 * Without TLS the socket is read here, for two reasons. libevent asks the kernel before each read
 * how much there is, which costs a small request noticeable time. And libevent's bufferevents watch
 * by level: epoll then looks at a connection that was just served before those that became ready
 * since, so these wait longest. Edge-triggered events avoid that (epoll(7)).
 */
#ifndef NODE_HTTP_TRANSPORT_SOCKET_H
#define NODE_HTTP_TRANSPORT_SOCKET_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/http/transport/tls.h"

enum {
    /* Bytes read ahead while no body is wanted. A request's head always fits. */
    HEAD_ROOM_BYTES = 32 * 1024,
    /* The most bytes of a body that is sent part by part that are copied into the output at once:
     * of a file over TLS, and of memory that connections share. They are three TLS records of the
     * greatest size. */
    OUTPUT_QUEUE_BYTES = 48 * 1024,
};

/* The read side. */
struct socket_input {
    struct event *readable;  /* without TLS */
    size_t read_ahead_bytes; /* the bound */
    bool full;               /* the bound is reached: reading pauses */
    bool has_read;           /* in this turn of the loop; without TLS */
    bool unread;             /* the kernel has more than was read, or may have; without TLS */
    bool at_end;             /* the peer sends no more; it may still receive */
};

/* The write side. */
struct socket_output {
    struct event *writable; /* without TLS */
    struct evbuffer_cb_entry *sent_cb;
    bool waiting; /* for the socket to take more */
    /* The length of a response head that was put into an empty output; else 0. Without TLS, the
     * next write sets it to 0. */
    size_t head_bytes;
    int file_fd;            /* the file being sent, owned by the output buffer; else -1 */
    int64_t file_end_bytes; /* where the part of the file that is sent ends */
    size_t file_bytes;      /* the length of that part, which is the last in the output */
    /* Bytes of output sent since the connection began; over TLS, before encryption. */
    uint64_t sent_bytes;
};

struct http_socket {
    struct bufferevent *bev; /* without TLS it only holds the buffers and the descriptor */
    bool secure;             /* TLS */
    bool broken;             /* of no more use: the owner must close it */
    bool far_link;           /* TCP was set up for a link that leaves the building or has a long
                              * queue */
    bool expects_slow;       /* TCP was told to queue little */
    bool hastened;           /* tcp_hasten() has changed TCP_USER_TIMEOUT */
    struct socket_input input;
    struct socket_output output;
    void (*on_ready)(void *ctx);
    void *ctx;
};

struct socket_params {
    struct event_base *base;
    int fd;
    struct tls *tls; /* NULL: no TLS */
    /* Called when bytes came, when the socket takes more, at the peer's end, and on failure (then
     * `broken` is set). It may close the socket. */
    void (*on_ready)(void *ctx);
    void *ctx;
};

/* Sets the socket up and begins to read. Takes the descriptor over, on failure too. Returns 0 or
 * -ENOMEM; socket_close() is due either way. */
int socket_open(struct http_socket *socket, const struct socket_params *params);

/* Frees what the socket holds and closes the descriptor. Harmless on an all-zero struct. */
void socket_close(struct http_socket *socket);

/* The bytes that came and that are to be sent. They stay the socket's. */
struct evbuffer *socket_input(const struct http_socket *socket);
struct evbuffer *socket_output(const struct http_socket *socket);

/* How much memory the output takes: its bytes without those that sendfile(2) will send. */
size_t socket_output_memory_bytes(const struct http_socket *socket);

/* Sets how many bytes may be read ahead. */
void socket_set_read_ahead(struct http_socket *socket, size_t bytes);

/* To be called at the end of each turn: pauses reading if the input is full, and resumes it if
 * there is room. awaits_more: the owner needs more from the peer, such as the rest of a message.
 * Sets `broken` on failure. */
void socket_update_reading(struct http_socket *socket, bool awaits_more);

/*
 * Sends what is in the output, as far as the socket takes it at once, and waits for the rest.
 * Returns 0, or -EIO if the file being sent was cut short. Sets `broken` on any failure.
 */
int socket_flush(struct http_socket *socket);

/* Calls the owner back in a later turn of the loop, when the socket takes more. Sets `broken` on
 * failure. */
void socket_wait_writable(struct http_socket *socket);

#endif
