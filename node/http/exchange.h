/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An exchange: a connection, and the request on it that is being answered. These structs are what
 * the files of this folder share; the functions here are what several of them need.
 *
 * Control flow: every event of a request (bytes came, bytes went, deferred work is done, its timer)
 * ends in conn_run(), which takes steps until the connection waits for something. What handlers
 * call only changes state and asks for conn_run() by request_kick(). So no handler is called from
 * within another handler's call. There are two exceptions: http_stream_end() calls on_close, and
 * http_respond_extents() calls open and release.
 *
 * Everything belongs to one loop's thread.
 */
#ifndef NODE_HTTP_EXCHANGE_H
#define NODE_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "node/http/http.h"
#include "node/http/parse/chunked.h"
#include "node/http/parse/cmcd.h"
#include "node/http/parse/head.h"
#include "node/http/parse/range.h"
#include "node/http/router.h"
#include "node/http/server_state.h"
#include "node/http/transport/socket.h"
#include "node/util/buf.h"

/* The paths of media begin with this. */
#define HTTP_MEDIA_PREFIX "/v/"

enum conn_phase {
    CONN_HEAD,    /* between requests, or a head is coming in */
    CONN_REQUEST, /* conn->req is being answered */
    CONN_LINGER,  /* all is sent; what still comes is thrown away until the peer closes or LINGER_MS
                   * are over */
};

/* What the link scheduler was told, and answered, about a connection that carries media. */
struct conn_flow {
    bool active;      /* the scheduler counts it */
    bool was_sending; /* at the last pace_begin() or pace_tick() */
    int64_t asked_ms; /* when it was asked last; monotonic */
    struct http_pace pace;
    struct cmcd cmcd;           /* of the last media request */
    char site[CMCD_TEXT_BYTES]; /* the site token that came with that request */
};

/* How fast the peer makes progress while the server waits for it. */
struct conn_progress {
    int64_t waited_ms;         /* how long the server has waited in this window; 0: no window has
                                * begun */
    uint64_t window_bytes;     /* progress when the window began */
    uint64_t idle_acked_bytes; /* acknowledged when the idle connection was last looked at */
    uint64_t received_bytes;   /* bytes of request bodies that came on the connection, ever */
    uint64_t taken_bytes;      /* acknowledged at the last look of conn_taken_ms() */
    int64_t taken_ms;          /* when that number was seen to grow; monotonic */
};

/* What was reported to the monitor, and what was not yet. */
struct conn_samples {
    int64_t sampled_ms;      /* when the last sample was taken; monotonic */
    uint64_t reported_bytes; /* socket.output.sent_bytes at the last sample */
    uint64_t unreported_requests;
    char path[200];       /* of the last request; printable ASCII */
    char user_agent[120]; /* likewise */
};

struct http_conn {
    TAILQ_ENTRY(http_conn) link, kick_link, in_address;
    struct http_loop *loop;
    struct http_address *address; /* held */
    struct http_socket socket;
    uint64_t id;
    char peer[46];  /* the numeric address of the client: of the socket, or as the last request's
                    * proxy says */
    char proxy[46]; /* the numeric address of the socket's peer */
    bool
        from_proxy; /* that is a trusted proxy: the connection carries the requests of many clients */
    bool awaits_proxy; /* the header of the PROXY protocol has not come yet */
    bool proxied;      /* it has come */
    struct http_request *req;
    enum conn_phase phase;
    int64_t phase_ms; /* when the phase began, or when an idle peer was last seen receiving;
                       * monotonic */
    int64_t head_ms;  /* when the head's first byte came; monotonic; 0: none yet */
    struct http_head_scan scan;
    size_t output_bytes; /* what of the output counts in the address and in the loop */
    bool running;        /* conn_run() is on the stack */
    bool kicked;         /* conn_run() is due: the connection is in loop->kicked */
    uint64_t turn_bytes; /* socket.output.sent_bytes when this turn of the loop began */
    struct conn_progress progress;
    struct conn_samples samples;
    struct conn_flow flow;
};

enum body_mode {
    BODY_NONE,   /* there is none, it was delivered, or it can't be read */
    BODY_UNREAD, /* no handler has asked for it yet */
    BODY_COLLECT,
    BODY_STREAM,
    BODY_DISCARD,
};

struct http_body {
    enum body_mode mode;
    bool complete;      /* nothing more of it is to be read */
    bool paused;        /* the handler holds a block until http_request_resume() */
    bool failed;        /* malformed, or out of memory */
    int64_t left_bytes; /* still to come, of a body with a Content-Length */
    struct http_chunked *chunked;
    struct evbuffer *block;
    size_t max_bytes, discarded_bytes;
    http_body_fn on_body;
    http_stream_fn on_data;
    void *ctx;
};

/* What of a lesson the response carries, and how much of it was reported as delivered. */
struct delivery {
    struct http_media media;   /* duration_ms 0: none */
    struct http_ranges ranges; /* that the body has, of total_bytes */
    int64_t total_bytes;       /* of the representation; 0: nothing is to be reported */
    uint64_t begin_bytes;      /* socket.output.sent_bytes when the body begins */
    int64_t reported_bytes;    /* of the body */
};

enum send_state {
    SEND_NONE,    /* no response yet */
    SEND_STREAM,  /* begun, open-ended */
    SEND_EXTENTS, /* begun; more extents follow when the output is empty */
    SEND_WHOLE,   /* all of it is in the output buffer, or sent */
};

struct http_request {
    struct http_conn *conn; /* NULL: the connection is gone */
    struct http_loop *loop;
    struct http_address *address; /* held */
    struct http_head head;
    struct http_body body;
    enum send_state send;
    bool close;                    /* the connection ends with this response */
    bool chunked;                  /* a streamed response uses the chunked coding */
    bool secure;                   /* the client uses TLS */
    bool forwarded;                /* it came through a proxy, trusted or not */
    bool head_only;                /* HEAD: the response has no body */
    int deferred;                  /* tasks that are not done yet */
    struct deferred *spare;        /* for the next task; NULL: in use */
    struct extent_sender *extents; /* while SEND_EXTENTS */
    const struct http_route *route;
    char *args; /* the route's values, each with its NUL, in the order of the pattern */
    struct http_match match;
    struct http_user *user;
    struct delivery delivery;
    struct buf headers; /* the lines "Name: value\r\n" that were added to the response */
    char *etag;
    struct event *timer;
    void (*on_tick)(struct http_request *req, void *ctx);
    void *tick_ctx;
    void (*on_close)(void *ctx);
    void *close_ctx;
    char peer[46];
};

/* Asks for conn_run() in this turn of the loop or the next. Harmless if it is running or due
 * already. */
void conn_kick(struct http_conn *conn);

/* Whether the responses that wait in memory take more than they may: of the whole loop, or of this
 * connection's address. A proxy's address has no bound of its own. */
bool conn_output_is_full(const struct http_conn *conn);

/* Calls conn_kick() for the request's connection, if that is still there. */
void request_kick(struct http_request *req);

/* Whether the request is for media. False if its head could not be parsed. */
bool request_is_media(const struct http_request *req);

/* The lane of the pool for the request's deferred work. */
enum pool_lane request_lane(const struct http_request *req);

/* Ends the request's timer, if it has one. */
void request_stop_timer(struct http_request *req);

#endif
