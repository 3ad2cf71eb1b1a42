/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the HTTP server share. Everything here belongs to one loop's thread, except
 * where it says otherwise.
 *
 * Control: events (bytes came, bytes went, deferred work is done, a timer) end in conn_run(), which
 * takes steps until the connection waits for something. What handlers call changes states only, and
 * asks for conn_run() with conn_kick(); so no handler is ever called from within another's call.
 */
#ifndef NODE_HTTP_HTTP_INTERNAL_H
#define NODE_HTTP_HTTP_INTERNAL_H

#include "node/http/parse/chunked.h"
#include "node/http/parse/cmcd.h"
#include "node/http/parse/condition.h"
#include "node/http/parse/date.h"
#include "node/http/file_cache.h"
#include "node/http/parse/head.h"
#include "node/http/http.h"
#include "node/http/parse/range.h"
#include "node/http/router.h"
#include "node/http/transport/tls.h"
#include "node/util/buf.h"
#include "node/util/pool.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

enum {
    BLOCK_BYTES = 256 * 1024,    /* of a body, handed to a handler at a time */
    HEAD_ROOM_BYTES = 32 * 1024, /* read ahead while no body is wanted: a head always fits */
    DISCARD_BYTES = 256 * 1024,  /* of an unwanted body, read to save the connection */
    /* In memory for a connection that is encrypted: full records, and with libevent's own bytes a
     * power of two, which is what it allocates. */
    TLS_QUEUE_BYTES = 48 * 1024,
    FILE_SLICE_BYTES = 4 << 20, /* for one sendfile(), so that others get their turn */
    LINGER_MS = 10000,          /* for a peer to read the answer to what it should not have sent */
    MEDIA_WAITING = 4,          /* of max_waiting: media are turned away last */
    RETRY_AFTER_S = 2,          /* for those who were */
    OPEN_FILES = 256,           /* a loop keeps */
    SAMPLE_PAUSE_MS = 100,      /* between samples when requests end in quick succession */
};

/* How far the server is with stopping; only ever grows. Any thread. */
enum server_stage { SERVER_RUNS, SERVER_DRAINS, SERVER_KILLS };

struct http_server {
    struct http_server_params params; /* defaults filled in */
    int port, tls_port;               /* tls_port 0: none */
    struct tls *tls;                  /* NULL: none */
    struct pool *pool;
    struct http_loop *loops;
    int loop_count;
    atomic_int stage; /* enum server_stage */
    atomic_ullong last_conn_id;
    pthread_mutex_t lock; /* for running */
    pthread_cond_t ended;
    int running; /* loops */
};

TAILQ_HEAD(conn_list, http_conn);

struct http_loop {
    struct http_server *server;
    struct event_base *base;
    struct evconnlistener *listener, *tls_listener; /* the latter may be NULL */
    struct event *tick, *wake, *kick, *pace;
    pthread_t thread;
    bool started, accept_paused, drained, ending;
    bool crowded; /* others couldn't get in when this tick began; its first victim lets one in */
    struct files *files;
    struct conn_list conns, kicked;
    int conn_count, max_conns;
    int abandoned; /* requests without a connection, whose deferred work is not done yet */
    int64_t last_tick_ms;
    struct buf scratch;      /* for response heads */
    char usual_headers[160]; /* of the second date_s */
    int64_t date_s;
    pthread_mutex_t lock; /* for posted, which the pool fills */
    struct deferred *posted, **posted_last;
};

enum conn_phase {
    CONN_HEAD,    /* between requests, or a head is coming in */
    CONN_REQUEST, /* conn->req is under way */
    CONN_LINGER,  /* everything is said; what still comes is thrown away until the peer closes */
};

struct http_conn {
    TAILQ_ENTRY(http_conn) link, kick_link;
    struct http_loop *loop;
    struct bufferevent *bev;
    bool secure;                       /* TLS */
    struct event *readable, *writable; /* without TLS */
    struct evbuffer_cb_entry *sent_cb;
    struct http_request *req;
    enum conn_phase phase;
    struct http_head_scan scan;
    bool running, kicked;
    bool writing;      /* waits for the socket to take more */
    bool full;         /* more is read ahead than may be: reading rests */
    bool has_read;     /* in this turn, without TLS */
    bool unread;       /* the kernel has more than was read, or may have; without TLS */
    bool far_link;     /* TCP was told so */
    bool expects_slow; /* TCP was told so */
    bool peer_eof;     /* the peer will send no more; it may still listen */
    bool broken;       /* to be destroyed */
    uint64_t id;
    size_t read_ahead_bytes;
    int64_t phase_ms;          /* when the phase began */
    int64_t head_ms;           /* when the head's first byte came; 0: none yet */
    int64_t waited_ms;         /* for the peer, in this window */
    uint64_t window_bytes;     /* progress when the window began */
    uint64_t idle_acked_bytes; /* when an idle connection was last looked at */
    uint64_t received_bytes;   /* of bodies, ever */
    uint64_t unreported_bytes, unreported_requests;
    uint64_t sent_bytes; /* that the kernel took, ever */
    uint64_t turn_bytes; /* of them, when this turn of the loop began */
    int64_t sampled_ms;
    char peer[46], path[200], user_agent[120];
    /* pace.c: what the last media request said, and what came of it */
    size_t head_bytes; /* of a response's head that stands alone at the output's start, unsent */
    bool is_flow, was_sending;
    int64_t asked_ms; /* monotonic: when the scheduler was asked last */
    struct http_pace pace;
    struct cmcd cmcd;
    char site[CMCD_TEXT_BYTES];
};

enum body_mode {
    BODY_NONE,   /* there is none, or it was delivered */
    BODY_UNREAD, /* nobody has asked for it yet */
    BODY_COLLECT,
    BODY_STREAM,
    BODY_DISCARD,
};

struct http_body {
    enum body_mode mode;
    bool complete;      /* nothing more of it is on the wire */
    bool paused;        /* the handler has a block, until http_request_resume() */
    bool failed;        /* not the chunked coding */
    int64_t left_bytes; /* of a sized body */
    struct http_chunked *chunked;
    struct evbuffer *block;
    size_t max_bytes, discarded_bytes;
    http_body_fn on_body;
    http_stream_fn on_data;
    void *ctx;
};

/* A piece of work on its way through the pool and back. */
struct deferred {
    struct pool_task task; /* first: the pool hands this back */
    struct deferred *next;
    struct http_request *req;
    struct http_loop *loop;
    http_work_fn work;
    http_done_fn done;
    void *arg;
};

enum send_state {
    SEND_NONE,   /* no response yet */
    SEND_STREAM, /* begun, open-ended */
    SEND_PIECES, /* begun; more pieces follow when the output is empty */
    SEND_WHOLE,  /* all of it is in the output buffer, or gone */
};

struct http_request {
    struct http_conn *conn; /* NULL: the peer is gone */
    struct http_loop *loop;
    struct http_head head;
    struct http_body body;
    enum send_state send;
    bool close;            /* the connection ends with this response */
    bool chunked;          /* the stream's coding */
    bool secure;           /* came by TLS */
    bool head_only;        /* HEAD: bodies are left out */
    int deferred;          /* pieces of work not done yet */
    struct pieces *pieces; /* while SEND_PIECES */
    int file_fd;           /* of the file being sent, the output buffer's; else -1 */
    int64_t file_end_bytes;
    const struct http_route *route;
    char *args; /* values, NUL-terminated, in the order of the pattern */
    struct http_match match;
    struct http_user *user;
    struct buf headers; /* "Name: value\r\n" */
    char *etag;
    struct event *timer;
    void (*on_tick)(struct http_request *req, void *ctx);
    void *tick_ctx;
    void (*on_close)(void *ctx);
    void *close_ctx;
    char peer[46];
};

/* loop.c */
/* Takes the descriptors, on failure too. tls_fd -1: none. */
int loop_open(struct http_loop *loop, struct http_server *server, int listen_fd, int tls_fd);
int loop_start(struct http_loop *loop);
void loop_close(struct http_loop *loop); /* not from its thread; joins it */
void loop_wake(struct http_loop *loop);  /* any thread */
/* What every response says, Date among it; valid until the next call. */
const char *loop_usual_headers(struct http_loop *loop);
bool loop_draining(const struct http_loop *loop);
void loop_conn_ended(struct http_loop *loop);
/* Ends the loop if it drains and nothing is left. */
void loop_check_end(struct http_loop *loop);
void server_log(const struct http_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* listen.c */
struct listen_params {
    const char *address;    /* "ADDR:PORT" */
    const char *congestion; /* TCP's congestion control; NULL: the system's */
    int count;
};
/* Binds count sockets to one address, and sets them up for bad links; who is accepted inherits
 * that. 0 or a negative errno, with a line for people. */
int listen_open(
    const struct listen_params *params, int *fds, int *port, char *message, size_t message_bytes);

/* conn.c */
void conn_accept(struct http_loop *loop, int fd, const struct sockaddr *address, bool secure);
void conn_run(struct http_conn *conn);
void conn_kick(struct http_conn *conn);
void conn_destroy(struct http_conn *conn);
/* Answers what is no request that a handler could see; the connection ends with it. False: no
 * memory. */
bool conn_refuse(struct http_conn *conn, int status);
struct evbuffer *conn_output(const struct http_conn *conn);

/* input.c */
/* Begins to read. 0 or -ENOMEM. */
int input_open(struct http_conn *conn);
void input_close(struct http_conn *conn);
void input_read_while_there_is_room(struct http_conn *conn);
struct evbuffer *conn_input(const struct http_conn *conn);
/* Bytes the socket may be read ahead. */
void conn_read_ahead(struct http_conn *conn, size_t bytes);

/* deadline.c */
struct tcp_info; /* <linux/tcp.h> */
/* Once a tick: cuts off slow and idle peers, takes samples. May destroy conn. */
void conn_tick(struct http_conn *conn, int64_t now_ms);
void conn_sample(struct http_conn *conn, bool closed);
/* Has the link been seen to leave the building, TCP is given the congestion control for that, and
 * little ahead of what the link takes. */
void conn_suit_link(struct http_conn *conn, const struct tcp_info *info);
/* From now on the kernel is given little ahead of what it can send: the link is slow, or made so by
 * the scheduler. */
void conn_expect_slow(struct http_conn *conn);
struct tcp_info conn_tcp_info(const struct http_conn *conn);

/* pace.c */
enum { PACE_MS = 250 };
/* A request has come; one for media is given its pace. */
void pace_begin(struct http_request *req);
/* Every PACE_MS. */
void pace_tick(struct http_conn *conn);
/* The connection ends. */
void pace_end(struct http_conn *conn);
/* Says so to the player if its response is held back. */
void pace_add_header(const struct http_request *req, struct buf *out);

/* request.c */
struct http_request *request_new(struct http_conn *conn); /* NULL: no memory */
void request_free(struct http_request *req);
void request_dispatch(struct http_request *req);
/* The connection is gone: tells the handler, and frees the request as soon as no deferred work
 * holds it. */
void request_abandon(struct http_request *req);
void request_run_done(struct deferred *deferred);
void request_kick(struct http_request *req);

/* body.c */
int body_open(struct http_request *req);
void body_free(struct http_body *body);
/* One step; true if something was done. */
bool body_step(struct http_request *req);
/* Ends a stream that will not come to its end: on_data with data NULL and end false. */
void body_abort(struct http_request *req);
/* Throws away what still comes. */
void body_discard(struct http_request *req);
/* Whether the rest of the body is worth reading for the sake of the connection. */
bool body_discardable(const struct http_request *req);

/* response.c */
/* Writes status line and headers. length_bytes -1: no Content-Length. */
void response_head(
    struct http_request *req, int status, const char *content_type, int64_t length_bytes);
/* False if there is a response already, or nobody to respond to. */
bool response_begin(struct http_request *req);
void response_end(struct http_request *req);
void respond_status(struct http_request *req, int status);
/* 412, without what was added for the answer that it replaces. */
void respond_precondition_failed(struct http_request *req);

/* file.c */
/* What is to be sent, whatever its bytes come from. */
struct representation {
    int64_t length_bytes;
    const char *content_type, *cache_control; /* the latter may be NULL */
    struct http_validators validators;
};
/* Which of its bytes follow the head, and in what form. */
struct body_parts {
    struct http_ranges ranges; /* several: multipart/byteranges, with what follows */
    char boundary[HTTP_BOUNDARY_BYTES];
    char content_type[128]; /* of each part */
    int64_t total_bytes;    /* of the representation */
};
/* After response_begin(): sees to conditions and ranges and gives the head. True: the body's parts
 * are to follow; false: the response is complete. */
bool representation_begin(
    struct http_request *req, const struct representation *what, struct body_parts *parts);
/* Puts a part of a file into the output of a connection without TLS, for sendfile; takes the
 * descriptor over. */
void file_send(struct http_request *req, int fd, int64_t first_bytes, int64_t length_bytes);

/* pieces.c */
/* Sends the parts, the first piece at once; takes over what given->release() frees. */
void pieces_begin(
    struct http_request *req, const struct http_pieces *given, const struct body_parts *parts);
/* Puts the next piece into the output, which is empty; ends the response with the last. */
void pieces_next(struct http_request *req);
/* For TLS: reads a part of a file, at most TLS_QUEUE_BYTES, into the output. What is encrypted
 * passes through memory, and a map of the file would be a signal where it is cut short. 0 or a
 * negative errno. */
int pieces_read(struct http_request *req, int fd, int64_t first_bytes, int64_t length_bytes);
/* Lets go of what is left; harmless where there is nothing. */
void pieces_release(struct http_request *req);

/* stream.c */
void stream_close(struct http_request *req);
void request_stop_timer(struct http_request *req);

#endif
