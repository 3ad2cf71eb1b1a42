/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The HTTP server as its users (api, hls, ingest, auth, monitor) see it: requests, responses,
 * routes, deferred work. One loop per thread; a request lives on one loop and all functions here
 * are called on that loop's thread, unless they say otherwise.
 */
#ifndef NODE_HTTP_HTTP_H
#define NODE_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/http/parse/method.h"

struct http_server;
struct http_request;

/* ---- the request ---- */

enum http_method http_request_method(const struct http_request *req);
/* The path, percent-decoded and normalised (no "//", "." or ".."), always beginning with '/'. */
const char *http_request_path(const struct http_request *req);
/* The raw query without '?', "" if none. */
const char *http_request_query(const struct http_request *req);
/* Decodes a query parameter into out (NUL-terminated). Returns its length, -1 if absent or too
 * long. */
int http_request_param(
    const struct http_request *req, const char *name, char *out, size_t out_bytes);
/* What stood for ":name" in the route's pattern; "" if the pattern has no such part. */
const char *http_request_arg(const struct http_request *req, const char *name);
/* The same as a whole number >= 0; -1 if it is none or overflows. */
int64_t http_request_arg_int(const struct http_request *req, const char *name);
/* A header's value, names without regard to case; NULL if absent. Valid until the request ends. */
const char *http_request_header(const struct http_request *req, const char *name);
/* A cookie's value copied into out. Returns its length, -1 if absent or too long. */
int http_request_cookie(
    const struct http_request *req, const char *name, char *out, size_t out_bytes);
/* The token of its site that the terminal shows, by the parameter or the cookie "site"; "" none. */
void http_request_site(const struct http_request *req, char *out, size_t out_bytes);
/* The peer's numeric address without port, e.g. "10.0.3.7". */
const char *http_request_peer(const struct http_request *req);
/* Whether it came by TLS. */
bool http_request_secure(const struct http_request *req);
/* The port where the server speaks TLS; 0: nowhere. */
int http_request_tls_port(const struct http_request *req);
/* Content-Length; -1: chunked; 0: no body. */
int64_t http_request_body_bytes(const struct http_request *req);
/* Who is asking, as the guard (auth) found out; NULL: nobody known. Copied by set. */
struct http_user {
    char name[65];
    char role[16]; /* "admin", "operator", "technician" */
    char csrf[65];
};
void http_request_set_user(struct http_request *req, const struct http_user *user);
const struct http_user *http_request_user(const struct http_request *req);

/*
 * ---- reading a body
 *
 * A handler that wants the body calls one of these two, at once or after deferred work; else the
 * body is read and thrown away up to 256 KiB, beyond which the connection is closed after the
 * response. "Expect: 100-continue" is answered when one of them is called. A body that is malformed
 * is answered with 400 by the server. Both return 0, or -EALREADY if there is a reader or a
 * response already, or -ENOMEM; after an error nothing is called.
 */

/* Collects the whole body (at most max_bytes, else 413 is sent and on_body is not called). data is
 * valid during the call and has a NUL behind it. on_body never comes when the peer goes away
 * before: ctx must not be something that it would have to free. */
typedef void (*http_body_fn)(struct http_request *req, char *data, size_t data_bytes, void *ctx);
int http_request_read(struct http_request *req, size_t max_bytes, http_body_fn on_body, void *ctx);

/*
 * Streams the body with back pressure: on_data gets a block (at most 256 KiB), which stays valid
 * until http_request_resume(), so that deferred work may write it out without a copy. No further
 * block comes before that, and the socket is read no further than one block ahead. At the end
 * on_data comes once with data NULL and end true, and must respond or defer. If the peer goes away
 * in between, or a response is given before the end, on_data comes once with data NULL and end
 * false, and must not respond. So it comes exactly once with data NULL, never while deferred work
 * of the request is under way, and that is where ctx is freed.
 */
typedef void (*http_stream_fn)(
    struct http_request *req, const uint8_t *data, size_t data_bytes, bool end, void *ctx);
int http_request_stream(struct http_request *req, http_stream_fn on_data, void *ctx);
void http_request_resume(struct http_request *req);

/*
 * ---- deferred work
 *
 * Runs work(thread_ctx, task) on a thread of the pool, then done(req, task) on the request's loop.
 * The request stays valid until done returns, even if the peer went away (http_request_gone() says
 * so; responding is then harmless). done is called exactly once, also when the server stops, and
 * frees task. It may defer again. work must not touch the request. thread_ctx is what the pool's
 * thread_open gave (a catalog of that thread's own).
 */
typedef void (*http_work_fn)(void *thread_ctx, void *task);
typedef void (*http_done_fn)(struct http_request *req, void *task);
void http_request_defer(struct http_request *req, http_work_fn work, http_done_fn done, void *task);
/*
 * Whether so much work waits for the pool that a media request should be turned away, after all
 * others: then 503 with Retry-After has been given, and there is nothing left to do for it. For
 * handlers under /v/, which need the pool now and then only; requests under /api/ are turned away
 * by the server, earlier, before their handler sees them.
 */
bool http_request_turned_away(struct http_request *req);
/* Whether the peer is known to be gone. One that only closed its sending half is not: it may still
 * listen. */
bool http_request_gone(const struct http_request *req);

/*
 * ---- the response
 *
 * Exactly one of the http_respond*() functions ends a request (or starts its stream); a second one
 * is logged and ignored. HEAD needs no care: the body is left out. A handler that returns without a
 * response, a reader, deferred work or a timer has forgotten the request: 500. Headers are added
 * before. Date, Server, Content-Length, Connection, Vary (for what may be compressed), the CORS
 * headers under /v/, X-Content-Type-Options (but for pictures and sound) and Referrer-Policy are
 * the server's.
 */

/* The entity tag, with its quotes; copied. Conditions are checked against it. Where the body has a
 * Content-Encoding it is made weak, to be another than the plain one's (RFC 9110
 * section 8.8.3.3). */
void http_response_etag(struct http_request *req, const char *etag);
/* Any other header. Both strings are copied. Control bytes in the value become spaces. */
void http_response_header(struct http_request *req, const char *name, const char *value);
void http_response_headerf(struct http_request *req, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A body from memory (copied). gzip is applied when the client takes it, the type is text, it pays,
 * and no Content-Encoding header was added; an ETag then becomes a weak one. With status 200 the
 * conditions of a GET or HEAD are weighed against the ETag header that was added: 304, 412. */
void http_respond(struct http_request *req, int status, const char *content_type, const void *body,
    size_t body_bytes);
/* No body: 204, 304, 303 with Location, ... */
void http_respond_empty(struct http_request *req, int status);
/* {"error": {"code": code, "zh": zh, "en": en}}: what every failing API call answers. */
void http_respond_error(
    struct http_request *req, int status, const char *code, const char *zh, const char *en);

/* Part of a file (by sendfile, over TLS through 48 KiB of memory), with HEAD, ranges (several as
 * multipart/byteranges) and all conditions handled; Last-Modified is the file's own time. One that
 * is cut short while it is sent ends the connection. Files that were asked for last stay open. */
struct http_file {
    const char *path;     /* absolute */
    int64_t offset_bytes; /* where the representation begins in the file */
    int64_t length_bytes; /* the representation's size; -1: to the file's end */
    const char *content_type;
    const char *etag;          /* strong, with its quotes; NULL: made of the file's size and time */
    const char *cache_control; /* NULL none */
};
/* 0; or a negative errno, and then nothing was answered: -ENOENT ..., -EIO: it is no regular file,
 * empty, or shorter than offset and length say. */
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
    const char *etag, *cache_control; /* as in http_file */
};
void http_respond_extents(struct http_request *req, const struct http_extents *body);

/*
 * An open-ended response (server-sent events): starts it; then http_stream_write() any number of
 * times. on_close comes exactly once, where ctx is freed: when the peer left, the server stops, the
 * request was HEAD, or http_stream_end() is called (then before it returns). Except in the last
 * case it never comes while deferred work of the request is under way. After it the request must
 * not be used.
 */
void http_stream_start(struct http_request *req, int status, const char *content_type,
    void (*on_close)(void *ctx), void *ctx);
void http_stream_write(struct http_request *req, const void *data, size_t data_bytes);
/* Bytes not yet taken by the kernel: a slow reader should get no more. */
size_t http_stream_pending(const struct http_request *req);
void http_stream_end(struct http_request *req);
/* A timer on the request's loop, for streams: every interval_ms until the request ends or the peer
 * is gone. At most one a request. */
void http_request_every(struct http_request *req, int64_t interval_ms,
    void (*on_tick)(struct http_request *req, void *ctx), void *ctx);

/* ---- routes ---- */

enum http_access {
    HTTP_PUBLIC = 0,     /* anybody */
    HTTP_OPERATOR = 1,   /* role admin or operator */
    HTTP_TECHNICIAN = 2, /* role admin or technician */
    HTTP_ADMIN = 3,
    HTTP_ANY_USER = 4, /* any login */
};

struct http_route {
    int methods;         /* bits of enum http_method; GET allows HEAD as well */
    const char *pattern; /* "/api/lessons/:id": a part ":name" stands for one non-empty path part */
    enum http_access access;
    bool page; /* for people: a refusal shows the login page instead of JSON */
    void (*handle)(struct http_request *req, void *ctx);
    const char *about; /* one line for `terrace routes` and docs/http-api.md */
};

/* The routes of one module: a constant table, and what its handlers get as ctx. */
struct http_route_set {
    const struct http_route *routes; /* specific patterns before general ones */
    size_t count;
    void *ctx;
};

/*
 * Looks at a request before its handler, on every route, public ones too (so that a handler can
 * show more to a known user). Returns true to go on; otherwise it has responded itself. May call
 * http_request_set_user(). Any loop's thread, several at once: it must not block.
 */
typedef bool (*http_guard_fn)(struct http_request *req, const struct http_route *route, void *ctx);

/* ---- what the monitor sees ---- */

struct http_conn_sample {
    uint64_t conn_id;       /* unique while the server runs */
    const char *peer;       /* numeric address */
    const char *path;       /* of the request under way, or of the last one; "" before the first */
    const char *user_agent; /* like path cut to a bounded length, and ASCII: other bytes are '?' */
    uint64_t sent_bytes;    /* that the kernel took since the last sample: headers and bodies */
    uint64_t requests;      /* finished since the last sample */
    /* TCP_INFO; retransmits in total for the connection */
    uint32_t rtt_us, retransmits, delivery_rate_bps;
    bool closed; /* the connection's last sample */
};
/* Called on the loop's thread for each connection with news: about every second, after a request
 * (at most ten times a second), and once when it ends, so that the sum of sent_bytes is exact. */
typedef void (*http_observe_fn)(const struct http_conn_sample *sample, void *ctx);

/* ---- what paces responses ---- */

struct cmcd;
/* A connection that answers a request for what is public, or that has ended. */
struct http_flow {
    uint64_t conn_id;  /* unique while the server runs */
    const char *peer;  /* numeric address */
    const char *path;  /* of the request, decoded */
    const char *query; /* raw, "" none */
    const char *site;  /* the token that the terminal shows (cookie or parameter "site"), "" none */
    const struct cmcd
        *cmcd;            /* what the player says of itself with the request; NULL: it has ended */
    uint64_t sent_bytes;  /* that the kernel took, ever: headers and bodies */
    uint64_t acked_bytes; /* TCP_INFO: that the peer has acknowledged, ever */
    uint32_t rtt_us;
    int64_t
        delivery_rate_bps; /* of the path as TCP sees it, where the path is what limits; else 0 */
    bool sending;          /* something waits to be sent */
};
struct http_pace {
    int64_t rate_bps; /* the kernel sends no faster; 0: as fast as it can */
    bool held_back;   /* it is less than the peer could take */
};
/* Called on the loop's thread when a request under /v/ comes, four times a second while its
 * response is being sent, once behind that, and once when the connection ends. Any loop's thread,
 * several at once. */
typedef struct http_pace (*http_pace_fn)(const struct http_flow *flow, void *ctx);

/* ---- the server ---- */

typedef void (*http_log_fn)(void *ctx, const char *message);

struct http_server_params {
    const char *listen;     /* "ADDR:PORT", "[::1]:8080"; port 0 picks one */
    const char *tls_listen; /* the same for TLS 1.2 and 1.3; NULL or "": none. Texts are kept by
                               reference */
    const char *tls_certificate, *tls_key; /* PEM files */
    int64_t hsts_seconds; /* Strict-Transport-Security on what is sent over TLS; 0: none */
    /* TCP's congestion control for links that leave the building (a round trip of 1 ms or more)
     * or wait in a long queue, where the kernel has it and allows it; the others have cubic. NULL
     * or "system": the system's choice for all */
    const char *congestion;
    int loops;                               /* threads; 0: one per core */
    int max_connections;                     /* 0: 10,000 */
    const struct http_route_set *route_sets; /* kept by reference; the first match counts */
    size_t route_set_count;
    http_guard_fn guard;
    void *guard_ctx;
    /* Asked before each tick of an open-ended response, with guard_ctx; false ends it: who asked
     * has been logged out since. May be NULL; called like a guard. */
    bool (*still_allowed)(
        const struct http_request *req, const struct http_route *route, void *ctx);
    /* Answers what no route is for, with 404; false: it has not, the usual error goes out. May be
     * NULL. Called like a guard. */
    bool (*not_found)(struct http_request *req);
    http_observe_fn observe; /* may be NULL */
    void *observe_ctx;
    http_pace_fn pace; /* may be NULL: nothing is paced */
    void *pace_ctx;
    int pool_threads; /* 0: 4 */
    /* Pieces of deferred work that may wait for a thread while API requests are still let in; four
     * times as many for media. 0: 256 */
    int max_waiting;
    void *(*thread_open)(void *ctx); /* pool thread's context; NULL result: the thread can't work */
    void (*thread_close)(void *thread_ctx);
    void *thread_ctx_ctx;
    /* How slow a peer may be; 0 means the figure given. Time counts only while the peer is the one
     * who is waited for. */
    int64_t min_progress_bytes_per_minute; /* taken or given, else it is cut off: 15,000 */
    int64_t progress_window_ms;            /* over which that is measured: 60,000 */
    int64_t header_timeout_ms;  /* for a head from its first byte, for the first byte: 60,000 */
    int64_t idle_timeout_ms;    /* between requests: 75,000 */
    int64_t crowded_timeout_ms; /* instead of these two, while others can't get in: 5,000 */
    int64_t sample_interval_ms; /* between looks at each connection (samples, deadlines): 1,000 */
    http_log_fn log;
    void *log_ctx;
};

/*
 * Binds, starts the loops and the pool; SIGPIPE is ignored from then on. On failure *out is NULL
 * and message holds one line for people ("127.0.0.1:8080 is in use by another program"). Returns 0
 * or a negative errno.
 */
int http_server_open(struct http_server **out, const struct http_server_params *params,
    char *message, size_t message_bytes);
/* The port in use (for port 0). Any thread. */
int http_server_port(const struct http_server *server);
/* The same for TLS; 0: none. */
int http_server_tls_port(const struct http_server *server);
/* Loads certificate and key anew, without touching a connection. 0, also where there is no TLS;
 * else a negative errno, message holds one line for people, and the old ones stay. Any thread. */
int http_server_reload(struct http_server *server, char *message, size_t message_bytes);
/* Stops accepting, ends idle connections and streams, lets other requests finish for up to
 * grace_ms, then ends everything, runs what was deferred to its done(), joins all threads, frees,
 * sets *server to NULL. Not from a loop's thread. Accepts NULL. */
void http_server_close(struct http_server **server, int64_t grace_ms);

#endif
