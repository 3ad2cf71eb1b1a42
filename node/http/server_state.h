/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of the server and of its loops, as the files of this folder share it, and the small
 * functions on it that several layers need. For the files of this folder alone. */
#ifndef NODE_HTTP_SERVER_STATE_H
#define NODE_HTTP_SERVER_STATE_H

#include <event2/event.h>
#include <event2/listener.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "node/http/address.h"
#include "node/http/file_cache.h"
#include "node/http/http.h"
#include "node/http/transport/tls.h"
#include "node/util/buf.h"
#include "node/util/pool.h"

/* How far the server is with stopping. The stage only grows. */
enum server_stage { SERVER_RUNS, SERVER_DRAINS, SERVER_KILLS };

struct http_server {
    struct http_server_params params; /* with the defaults filled in */
    int port, tls_port;               /* tls_port 0: none */
    bool hastens;    /* the kernel can't bound the pause between tries; see tcp_hasten() */
    struct tls *tls; /* NULL: none */
    struct pool *pool;
    struct http_loop *loops;
    int loop_count;
    atomic_int stage; /* enum server_stage; any thread */
    atomic_ullong last_conn_id;
    pthread_mutex_t lock; /* protects running_loops */
    pthread_cond_t ended; /* a loop has ended */
    int running_loops;
};

struct http_conn;
struct deferred;
TAILQ_HEAD(conn_list, http_conn);

/* One thread, its event base and its connections. Everything belongs to that thread, except where
 * it says otherwise. */
struct http_loop {
    struct http_server *server;
    struct event_base *base;
    struct evconnlistener *listener, *tls_listener; /* tls_listener NULL: none */
    struct event *tick, *wake, *kick, *pace, *room, *relief;
    pthread_t thread;
    bool started;
    bool accept_paused; /* the loop is full, or out of descriptors */
    bool drained;       /* the loop has begun to drain: the listeners are closed */
    bool ending;
    bool crowded; /* accepting was paused when this tick began, so idle connections, unfinished
                   * heads and peers whose link is down get less time */
    struct file_cache *files;
    struct addresses *addresses;
    struct conn_list conns;  /* in the order in which they were accepted */
    struct conn_list kicked; /* conn_run() is due */
    int conn_count, max_conns;
    size_t output_bytes, max_output_bytes; /* of all connections, in memory */
    int abandoned; /* requests without a connection that wait for their deferred work */
    int64_t last_tick_ms;
    struct timeval slow_turn; /* when the last slow turn began; see loop_note_turn() */
    struct buf scratch;       /* for response heads */
    char common_headers[160]; /* the text of loop_common_headers() in the second date_s */
    int64_t date_s;
    pthread_mutex_t lock; /* protects posted and posted_last; pool threads append there */
    struct deferred *posted, **posted_last;
    void (*on_conn_ended)(struct http_loop *loop); /* a connection was freed */
};

/* Logs one line through the owner's log callback. Any thread. */
void server_log(const struct http_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes the loop look at its posted work and at the server's stage. Any thread. */
void loop_wake(struct http_loop *loop);

/* Counts this turn of the loop if it has lasted long. To be called at the end of what the loop
 * runs. */
void loop_note_turn(struct http_loop *loop);

/* Whether the server is stopping. Any thread. */
bool loop_draining(const struct http_loop *loop);

/* The header lines that every response has: Date and Server. Valid until the next call. */
const char *loop_common_headers(struct http_loop *loop);

#endif
