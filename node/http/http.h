/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HTTP server as the other modules see it: requests, responses, routes, deferred work. Each
 * loop has its own thread. A request belongs to one loop, and all functions here are called on that
 * loop's thread, unless they say otherwise. */
#ifndef NODE_HTTP_HTTP_H
#define NODE_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/http/parse/forwarded.h"
#include "node/http/parse/method.h"
#include "node/util/network.h"

struct http_server;
struct http_request;

/* ---- the request ---- */

enum http_method http_request_method(const struct http_request *req);
/* The path, percent-decoded and normalised: no "//", "." or "..". It always begins with '/'. */
const char *http_request_path(const struct http_request *req);
/* The raw query without the '?'; "" if there is none. */
const char *http_request_query(const struct http_request *req);
/* Decodes a query parameter into out, with a NUL. Returns its length; -1 if it is absent, too long,
 * badly escaped, or contains a NUL. */
int http_request_param(
    const struct http_request *req, const char *name, char *out, size_t out_bytes);
/* The part of the path that matched ":name" in the route's pattern; "" if the pattern has no such
 * part. */
const char *http_request_arg(const struct http_request *req, const char *name);
/* That part of the path as a whole number; -1 if it is not a number >= 0, or overflows. */
int64_t http_request_arg_int(const struct http_request *req, const char *name);
/* The value of a header; NULL if it is absent. Upper and lower case of the name do not matter.
 * Valid until the request ends. */
const char *http_request_header(const struct http_request *req, const char *name);
/* Copies the value of a cookie into out. Returns its length; -1 if it is absent or too long. */
int http_request_cookie(
    const struct http_request *req, const char *name, char *out, size_t out_bytes);
/* Copies the token of the terminal's site into out: the query parameter "site", or else the cookie
 * "site". "" if there is neither, or if it is too long. */
void http_request_site(const struct http_request *req, char *out, size_t out_bytes);
/* The numeric address of the client without the port, such as "10.0.3.7": of the peer, or what a
 * trusted proxy says. */
const char *http_request_peer(const struct http_request *req);
/* The network of the peer; see network_of(). */
enum { HTTP_NETWORK_BYTES = NETWORK_BYTES };
void http_request_network(const struct http_request *req, char out[HTTP_NETWORK_BYTES]);
/* Whether the request comes from this machine, and not through a proxy on it. */
bool http_request_local(const struct http_request *req);
/* Whether the client uses TLS: to the node, or to a trusted proxy. */
bool http_request_secure(const struct http_request *req);
/* The port on which the server accepts TLS; 0: none. */
int http_request_tls_port(const struct http_request *req);
/* The Content-Length; -1 for a chunked body; 0 for no body. */
int64_t http_request_body_bytes(const struct http_request *req);
/* The user who sent the request, as the guard (auth) found out. http_request_set_user() copies the
 * user; if memory runs out, the user stays unknown. http_request_user() returns NULL for an unknown
 * user. */
struct http_user {
    char name[65];
    char role[16]; /* "admin", "operator", "technician" */
    char csrf[65];
};
/* Returns false if memory ran out; then the request has no user. */
bool http_request_set_user(struct http_request *req, const struct http_user *user);
const struct http_user *http_request_user(const struct http_request *req);

/*
 * ---- reading a body
 *
 * A handler that wants the body calls one of these two functions, at once or after deferred work.
 * Otherwise the server reads and discards up to 256 KiB of it; after a longer body it closes the
 * connection after the response. Calling one of them also answers "Expect: 100-continue", unless
 * the body is known to be too long or has begun to come. The server answers a malformed body with
 * 400, if there is no response yet.
 *
 * Both return 0; -EALREADY if the request has a reader or a response already; or -ENOMEM. After an
 * error no callback is called.
 */

/* Collects the whole body. data is valid during the call of on_body and ends with a NUL. A body of
 * more than max_bytes is answered with 413. Then on_body is not called, nor if the body is
 * malformed or if the peer goes away first. So on_body must not be responsible for freeing ctx. */
typedef void (*http_body_fn)(struct http_request *req, char *data, size_t data_bytes, void *ctx);
int http_request_read(struct http_request *req, size_t max_bytes, http_body_fn on_body, void *ctx);

/*
 * Streams the body with back pressure. on_data gets blocks of at most 256 KiB. A block stays valid
 * until http_request_resume(), so that deferred work can write it to disk without a copy. Until
 * then no further block comes, and the socket is read at most one block ahead.
 *
 * At the end, on_data is called once with data NULL and end true, and must respond or defer. If the
 * peer goes away first, the body is malformed, or a response is given before the end, on_data is
 * called once with data NULL and end false, and must not respond. So on_data gets NULL exactly
 * once, never while deferred work of the request is running. It frees ctx then.
 */
typedef void (*http_stream_fn)(
    struct http_request *req, const uint8_t *data, size_t data_bytes, bool end, void *ctx);
int http_request_stream(struct http_request *req, http_stream_fn on_data, void *ctx);
void http_request_resume(struct http_request *req);

/*
 * ---- deferred work
 *
 * Runs work(thread_ctx, task) on a pool thread, then done(req, task) on the request's loop.
 * thread_ctx is what thread_open returned for the pool thread: a catalog of its own. work must not
 * touch the request.
 *
 * The request stays valid until done returns, even if the peer went away: then http_request_gone()
 * is true and responding does nothing. done is called exactly once, also when the server stops. It
 * frees task, and may defer again.
 */
typedef void (*http_work_fn)(void *thread_ctx, void *task);
typedef void (*http_done_fn)(struct http_request *req, void *task);
void http_request_defer(struct http_request *req, http_work_fn work, http_done_fn done, void *task);
/* Whether so much work of the request's address waits for the pool that a media request must be
 * turned away. If so, the request has been answered with 503 and Retry-After. For handlers under
 * /v/, which only sometimes need the pool; requests under /api/ are turned away earlier, before
 * their handler is called. */
bool http_request_turned_away(struct http_request *req);
/* Whether the peer is known to be gone. A peer that closed only its sending half does not count as
 * gone, since it may still receive. */
bool http_request_gone(const struct http_request *req);

/*
 * ---- the response
 *
 * A request is answered by exactly one call of an http_respond*() function or http_stream_start().
 * A second call is logged and ignored. For HEAD the body is left out automatically. A handler that
 * returns without a response, a reader, deferred work or a timer has forgotten the request, and the
 * server answers with 500.
 *
 * Headers are added before the response. The server adds these itself: Date, Server,
 * Content-Length (if the length is known), Connection, the CORS headers under /v/,
 * X-Content-Type-Options (except for video, audio and images), Referrer-Policy (except under /v/),
 * Strict-Transport-Security (over TLS) and CMSD-Dynamic (for media that is held back).
 * http_respond() also adds Vary: Accept-Encoding for types that it compresses. A handler that sets
 * Content-Encoding itself must add Vary too.
 */

/* Sets the entity tag, with its quotes; it is copied. Conditional requests are checked against it.
 * If the body has a Content-Encoding the tag becomes weak, because the encoded body is another
 * representation than the plain one (RFC 9110 section 8.8.3.3). */
void http_response_etag(struct http_request *req, const char *etag);
/* Adds any other header. Both strings are copied. Control bytes in the value become spaces. */
void http_response_header(struct http_request *req, const char *name, const char *value);
void http_response_headerf(struct http_request *req, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What part of a lesson a response carries. */
struct http_media {
    int64_t start_ms, duration_ms; /* of the whole representation; its bytes are taken to be spread
                                    * evenly over that time */
    bool sound;                    /* audio alone */
};
/* Says so, before http_respond_file() or http_respond_extents(). What is sent of it is then reported
 * to http_server_params.delivered. */
void http_response_media(struct http_request *req, const struct http_media *media);

/* Responds with a body from memory, which is copied. The body is compressed with gzip if the client
 * accepts it, the type can be compressed, the body is long enough, and no Content-Encoding was
 * added. With status 200, conditional GET and HEAD requests are checked against the entity tag and
 * may become 304 or 412. */
void http_respond(struct http_request *req, int status, const char *content_type, const void *body,
    size_t body_bytes);
/* Responds without a body: 204, 304, or 303 with Location, and so on. */
void http_respond_empty(struct http_request *req, int status);
/* Responds with {"error": {"code": code, "zh": zh, "en": en}}, as every failing API call does. */
void http_respond_error(
    struct http_request *req, int status, const char *code, const char *zh, const char *en);

/* A response that is part of a file. It is sent by sendfile(2), or over TLS through 48 KiB of
 * memory. HEAD, ranges (several as multipart/byteranges) and all conditions are handled.
 * Last-Modified is the file's modification time, unless that is in the future. If the file is cut
 * short while it is sent, the connection ends. Recently requested files stay open. */
struct http_file {
    const char *path;     /* absolute */
    int64_t offset_bytes; /* where the representation begins in the file */
    int64_t length_bytes; /* the size of the representation; -1: up to the end of the file */
    const char *content_type;
    const char *etag;          /* strong, with its quotes; NULL: made from the file's size and
                                * modification time */
    const char *cache_control; /* NULL: no such header */
};
/* Returns 0; or a negative errno, and then nothing was answered: -ENOENT and so on; -EIO if the
 * path is not a regular file, or the file is empty or shorter than the offset and the length
 * require. */
int http_respond_file(struct http_request *req, const struct http_file *file);

/*
 * A body laid out from extents: bytes in memory and parts of files. A file is opened only when its
 * turn comes, so that a response holds one descriptor at a time. Ranges and conditions as above,
 * without Last-Modified. An extent that can't be opened, or is shorter than it says, ends the
 * connection.
 */
struct http_extent {
    const void *data;     /* NULL: part of a file */
    int64_t offset_bytes; /* in the file */
    int64_t length_bytes; /* at least 1 */
};
struct http_extents {
    const struct http_extent *items; /* valid until release, as is their data */
    size_t count;
    /* Opens an extent's file. Returns a descriptor, which is taken over, or a negative errno.
     * Called once for each range that has bytes of the extent, on the request's loop. Must not
     * block for long. */
    int (*open)(void *ctx, size_t extent);
    void (*release)(void *ctx); /* called exactly once, when nothing is needed any more; not NULL */
    void *ctx;
    const char *content_type;
    const char *etag, *cache_control; /* as in http_file, but etag NULL: no such header */
};
void http_respond_extents(struct http_request *req, const struct http_extents *body);

/* A body in memory that many responses share, such as a page. Each connection copies only a part of
 * it at a time, so peers that read nothing take little memory. Sent with status 200. Ranges and
 * conditions are handled, but a short body is always sent whole. Encoded bodies need their
 * Content-Encoding header before. */
struct http_shared_body {
    const void *data;
    size_t bytes;
    const char *content_type;
    const char *etag;           /* that of the encoded body; NULL: no such header */
    void (*release)(void *ctx); /* called once, when the data is not needed any more; may be NULL */
    void *ctx;
};
void http_respond_shared(struct http_request *req, const struct http_shared_body *body);

/* Starts an open-ended response (server-sent events); http_stream_write() then adds to it. on_close
 * is called exactly once and frees ctx: when the peer leaves, when the server stops, soon after the
 * start for HEAD, or when http_stream_end() is called (before it returns). The server also calls
 * http_stream_end() if still_allowed() returns false. Except in http_stream_end(), on_close is
 * never called while deferred work of the request is running. After on_close the request must not
 * be used. If the request has a response already, nothing is done and on_close is never called. */
void http_stream_start(struct http_request *req, int status, const char *content_type,
    void (*on_close)(void *ctx), void *ctx);
void http_stream_write(struct http_request *req, const void *data, size_t data_bytes);
/* Bytes that the kernel has not taken yet. A slow reader should get no more. */
size_t http_stream_pending(const struct http_request *req);
void http_stream_end(struct http_request *req);
/* Starts a timer on the request's loop, for streams. on_tick is called every interval_ms until the
 * request ends or the peer is gone. At most one timer for each request. */
void http_request_every(struct http_request *req, int64_t interval_ms,
    void (*on_tick)(struct http_request *req, void *ctx), void *ctx);

/* ---- routes ---- */

enum http_access {
    HTTP_PUBLIC = 0,     /* everybody */
    HTTP_OPERATOR = 1,   /* users with the role admin or operator */
    HTTP_TECHNICIAN = 2, /* users with the role admin or technician */
    HTTP_ADMIN = 3,
    HTTP_ANY_USER = 4, /* every user who is logged in */
};

enum http_route_flag {
    HTTP_PAGE = 1, /* meant for people: a refusal shows the login page instead of JSON */
    /* The route's deferred work may take seconds, such as fsync. It waits for other such work, and
     * no other work waits for it. */
    HTTP_TAKES_LONG = 2,
};

struct http_route {
    int methods;         /* bits of enum http_method; GET allows HEAD too */
    const char *pattern; /* such as "/api/lessons/:id", where ":id" matches one part of the path,
                          * which must not be empty */
    enum http_access access;
    int flags; /* bits of enum http_route_flag */
    void (*handle)(struct http_request *req, void *ctx);
    const char *about; /* one line for `terrace routes` and docs/http-api.md */
};

/* The routes of one module: a constant table, and the ctx that its handlers get. */
struct http_route_set {
    const struct http_route *routes; /* specific patterns before general ones */
    size_t count;
    void *ctx;
};

/* Checks a request before its handler is called. Public routes are checked too, because a handler
 * may show more to a known user. Returns true to continue; otherwise the guard has responded. It
 * may call http_request_set_user(). Called on the loops' threads, on several at once. It must not
 * block, because the loop waits for it. */
typedef bool (*http_guard_fn)(struct http_request *req, const struct http_route *route, void *ctx);

/* ---- what the monitor sees ---- */

struct http_conn_sample {
    uint64_t conn_id; /* unique while the server runs */
    const char *peer; /* numeric address */
    const char *path; /* path of the current or the last request; "" before the first */
    const char
        *user_agent;     /* cut to a bounded length; bytes other than printable ASCII become '?' */
    uint64_t sent_bytes; /* headers and bodies that the kernel took since the previous sample */
    uint64_t requests;   /* requests finished since the previous sample */
    /* From TCP_INFO. retransmits is the connection's total. */
    uint32_t rtt_us, retransmits, delivery_rate_bps;
    bool closed; /* the connection's last sample */
};
/* Called on the loop's thread for each connection that has news: about once a second, after a
 * request (at most ten times a second), and once when it ends. So the sum of sent_bytes is
 * exact. */
typedef void (*http_observe_fn)(const struct http_conn_sample *sample, void *ctx);

/* The other connections of a loop wait while one of its turns lasts. */
enum { HTTP_SLOW_TURN_MS = 20 };
/* Called on the loop's thread when a turn has lasted longer, once for each such turn. */
typedef void (*http_slow_turn_fn)(void *ctx);

/* ---- what paces responses ---- */

struct cmcd;
/* A connection that has carried media: it is answering a request, it is idle, or it has ended. */
struct http_flow {
    uint64_t conn_id;  /* unique while the server runs */
    const char *peer;  /* numeric address */
    const char *path;  /* path of the request, decoded; "" between requests */
    const char *query; /* raw; "" if there is none */
    const char *site;  /* the terminal's site token: cookie or query parameter "site"; "" if there
                        * is none */
    const struct cmcd *cmcd; /* what the player reported with the last media request; NULL: the
                              * connection has ended */
    uint64_t sent_bytes;     /* headers and bodies that the kernel took, ever */
    uint64_t acked_bytes;    /* acknowledged by the peer, ever (TCP_INFO) */
    uint32_t rtt_us;
    int64_t
        delivery_rate_bps; /* of the network path, measured by TCP; 0 unless that path limited the
                            * rate */
    bool sending;          /* a media request has just come, or some of the response is still
                            * waiting to be sent */
};
struct http_pace {
    int64_t rate_bps; /* the kernel sends no faster than this; 0: as fast as it can */
    bool held_back;   /* the rate is lower than what the peer could take */
};
/* Asks for the pace of a connection: when a request under /v/ comes, at most four times a second
 * while its response is being sent, once after that, and once when the connection ends. While the
 * pace has no limit, a request within 250 ms of the last call does not ask again. Called on any
 * loop's thread, on several at once. */
typedef struct http_pace (*http_pace_fn)(const struct http_flow *flow, void *ctx);

/* Media time that the kernel took of a response; see http_response_media(). */
struct http_delivered {
    uint64_t conn_id;
    const char *peer;       /* numeric address */
    const char *path;       /* of the request, decoded */
    bool sound;             /* audio alone */
    int64_t from_ms, to_ms; /* in the lesson; from <= to */
};
/* Reports it: four times a second while the response is being sent, and at its end. Called on any
 * loop's thread, on several at once. */
typedef void (*http_delivered_fn)(const struct http_delivered *delivered, void *ctx);

/* ---- the server ---- */

typedef void (*http_log_fn)(void *ctx, const char *message);

struct http_server_params {
    const char *listen;     /* "ADDR:PORT" or "[::1]:8080"; port 0 lets the kernel choose one */
    const char *tls_listen; /* the address for TLS 1.2 and 1.3, in the same form; NULL or "": no
                             * TLS */
    const char *tls_certificate, *tls_key; /* PEM files; the texts are kept by reference for
                                            * http_server_reload() */
    int64_t hsts_seconds; /* max-age of Strict-Transport-Security over TLS; 0: no such header */
    /* TCP congestion control for links that leave the building (round trip of 1 ms or more) or that
     * have a long queue, if the kernel has it and allows it. Other links use cubic. NULL or
     * "system": the system's choice for all links. The text is kept by reference. */
    const char *congestion;
    struct ranges
        trusted_proxies; /* requests from them are their clients'; none: nobody is believed */
    enum forwarded_by proxy_says; /* how the trusted proxies say who their client is. With the PROXY
                                    * protocol, each of their connections without TLS must begin
                                    * with its header. */
    bool old_kernel;              /* behave as on a kernel before Linux 6.15; for tests */
    int loops;                    /* threads, at most 64; 0: one per core */
    int max_connections;          /* 0: 10,000 */
    const struct http_route_set *route_sets; /* kept by reference; the first match counts */
    size_t route_set_count;
    http_guard_fn guard;
    void *guard_ctx;
    /* Asked before each tick of an open-ended response, and once a second while a body is streamed,
     * with guard_ctx. false ends the response, or refuses the rest of the body with 401, because
     * the user has been logged out since. May be NULL. Called like a guard. */
    bool (*still_allowed)(
        const struct http_request *req, const struct http_route *route, void *ctx);
    /* Answers a request for a path that no route has, with 404. Returns false if it did not answer;
     * then the usual error is sent. May be NULL. Called like a guard. */
    bool (*not_found)(struct http_request *req);
    http_observe_fn observe;     /* may be NULL */
    http_slow_turn_fn slow_turn; /* may be NULL */
    void *observe_ctx;           /* of both */
    http_pace_fn pace;           /* may be NULL: no pacing */
    http_delivered_fn delivered; /* may be NULL */
    void *pace_ctx;              /* of both */
    int pool_threads;            /* for short work; 0: 4. There are two more for what takes long. */
    /* How many deferred tasks of one address may wait before its API requests are turned away. Media
     * requests are turned away at four times as many. 0: 64 */
    int max_waiting;
    void *(*thread_open)(void *ctx); /* returns the context of a pool thread; NULL: the thread can't
                                      * work */
    void (*thread_close)(void *thread_ctx);
    void *thread_ctx_ctx;
    /* How slow a peer may be. 0 means the default, which is given at each member. Time counts only
     * while the server waits for the peer. */
    int64_t min_progress_bytes_per_minute; /* a peer that takes or gives fewer is cut off; default
                                            * 15,000 */
    int64_t progress_window_ms;            /* the time over which progress is measured; default
                                            * 60,000 */
    int64_t header_timeout_ms; /* for the first byte of a connection's first head, and from the
                                * first byte of each head to its end; default 60,000 */
    int64_t body_timeout_ms;   /* for a body that is collected (http_request_read()); default
                                * 15,000 */
    int64_t idle_timeout_ms;   /* between two requests; default 75,000 */
    int64_t
        crowded_timeout_ms; /* on a full loop, connections whose peer keeps the server waiting for so
                             * long are ended first; it also replaces the three above, if they are longer, while others can't get
                             * in; default 5,000 */
    /* Bytes of responses that wait in memory for peers that don't take them. Of one address, a
     * quarter. Beyond it, connections of the address that holds most are ended. Default 128 MiB. */
    size_t max_output_bytes;
    int64_t sample_interval_ms; /* between two looks at each connection, for samples and time
                                 * limits; default 1,000 */
    http_log_fn log;
    void *log_ctx;
};

/* Binds the sockets and starts the loops and the pool. SIGPIPE is ignored from then on. Returns 0;
 * or a negative errno, with *out NULL and one line for people in message ("127.0.0.1:8080 is in use
 * by another program"). */
int http_server_open(struct http_server **out, const struct http_server_params *params,
    char *message, size_t message_bytes);
/* The port in use, also if port 0 was asked for. Any thread. */
int http_server_port(const struct http_server *server);
/* The port for TLS; 0: none. Any thread. */
int http_server_tls_port(const struct http_server *server);
/* Loads the certificate and the key again; open connections keep theirs. Returns 0, also if there
 * is no TLS; or a negative errno with one line for people in message, and the old certificate
 * stays. Any thread. */
int http_server_reload(struct http_server *server, char *message, size_t message_bytes);
/* Stops the server: stops accepting, ends idle connections and streams, lets other requests finish
 * for up to grace_ms, then ends everything. Deferred work still gets its done(). Joins all threads,
 * frees the server and sets *server to NULL. Accepts NULL in *server. Not from a loop's thread. */
void http_server_close(struct http_server **server, int64_t grace_ms);

#endif
