/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "node/http/conn.h"
#include "node/http/crowd.h"
#include "node/http/defer.h"
#include "node/http/pace.h"
#include "node/http/watch.h"
#include "node/util/clock.h"

/* The most files that a loop keeps open for later requests. */
enum { MAX_OPEN_FILES = 256 };

/* A full loop makes room after this time. Meanwhile it reads what newcomers have sent already. Without
 * that, connections that were accepted together would seem to ask for nothing. */
static const struct timeval room_pause = {0, 5000};

static void set_enabled(struct evconnlistener *listener, bool enabled)
{
    if (enabled)
        evconnlistener_enable(listener);
    else
        evconnlistener_disable(listener);
}

/* Pauses or resumes accepting. While all connections are in use, new ones wait in the kernel's queue
 * instead of being refused. */
static void set_accepting(struct http_loop *loop, bool accepting)
{
    if (!loop->listener || loop->accept_paused == !accepting)
        return;
    loop->accept_paused = !accepting;
    set_enabled(loop->listener, accepting);
    if (loop->tls_listener)
        set_enabled(loop->tls_listener, accepting);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
    int bytes, void *arg)
{
    struct http_loop *loop = arg;
    (void)bytes;
    conn_accept(loop, fd, address, listener == loop->tls_listener);
    if (loop->conn_count >= loop->max_conns) {
        set_accepting(loop, false);
        event_add(loop->room, &room_pause);
    }
}

static void on_relief(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    crowd_drop_output(arg);
}

static void on_room(evutil_socket_t fd, short what, void *arg)
{
    struct http_loop *loop = arg;
    (void)fd, (void)what;
    if (loop->conn_count < loop->max_conns || crowd_make_room(loop))
        set_accepting(loop, true);
}

/* Most likely the process has no descriptors left. Accepting pauses until the next tick, or until a
 * connection of this loop ends. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    struct http_loop *loop = arg;
    (void)listener;
    server_log(loop->server, "can't accept connections for a moment: %s", strerror(errno));
    set_accepting(loop, false);
}

static void accept_again(struct http_loop *loop)
{
    if (loop->conn_count < loop->max_conns)
        set_accepting(loop, true);
}

/* ---- events ---- */

static void check_end(struct http_loop *loop)
{
    if (loop->ending || !loop_draining(loop) || loop->conn_count > 0 || loop->abandoned > 0)
        return;
    loop->ending = true;
    /* event_base_loopexit, not loopbreak: libevent still has to close the descriptors of the last
     * connections in a turn of its own. */
    event_base_loopexit(loop->base, NULL);
}

static void close_listeners(struct http_loop *loop)
{
    if (loop->listener)
        evconnlistener_free(loop->listener);
    if (loop->tls_listener)
        evconnlistener_free(loop->tls_listener);
    loop->listener = loop->tls_listener = NULL;
}

static void for_each_conn(
    struct http_loop *loop, void (*visit)(struct http_conn *conn, int64_t now_ms), int64_t now_ms)
{
    struct http_conn *conn, *next;
    for (conn = TAILQ_FIRST(&loop->conns); conn; conn = next) {
        next = TAILQ_NEXT(conn, link);
        visit(conn, now_ms);
    }
}

static bool newcomers_wait(const struct http_loop *loop)
{
    struct pollfd fds[] = {
        {.fd = loop->listener ? evconnlistener_get_fd(loop->listener) : -1, .events = POLLIN},
        {.fd = loop->tls_listener ? evconnlistener_get_fd(loop->tls_listener) : -1,
            .events = POLLIN},
    };
    return poll(fds, 2, 0) > 0;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct http_loop *loop = arg;
    int64_t now_ms = clock_mono_ms();
    (void)fd, (void)what;
    loop->crowded = loop->accept_paused;
    for_each_conn(loop, conn_tick, now_ms);
    file_cache_tick(loop->files, now_ms);
    loop->last_tick_ms = now_ms;
    /* Connections that were in use when accepting was paused may be idle now. */
    if (loop->conn_count < loop->max_conns || (newcomers_wait(loop) && crowd_make_room(loop)))
        set_accepting(loop, true);
    check_end(loop);
    loop_note_turn(loop);
}

static void on_kick(evutil_socket_t fd, short what, void *arg)
{
    struct http_loop *loop = arg;
    struct http_conn *conn;
    (void)fd, (void)what;
    /* The number of rounds is bounded, because connections that run may kick others. Those run when
     * this is called again. */
    for (int left = loop->conn_count; left > 0 && (conn = TAILQ_FIRST(&loop->kicked)); left--) {
        TAILQ_REMOVE(&loop->kicked, conn, kick_link);
        conn->kicked = false;
        conn_run(conn);
    }
    check_end(loop);
}

static void pace_conn(struct http_conn *conn, int64_t now_ms)
{
    (void)now_ms;
    pace_tick(conn);
}

static void on_pace(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    for_each_conn(arg, pace_conn, 0);
    loop_note_turn(arg);
}

static void run_posted(struct http_loop *loop)
{
    struct deferred *deferred, *next;
    pthread_mutex_lock(&loop->lock);
    deferred = loop->posted;
    loop->posted = NULL;
    loop->posted_last = &loop->posted;
    pthread_mutex_unlock(&loop->lock);
    for (; deferred; deferred = next) {
        next = deferred->next;
        struct http_conn *conn = deferred_finish(deferred);
        if (conn)
            conn_run(conn);
    }
    loop_note_turn(loop);
}

static void drain_conn(struct http_conn *conn, int64_t now_ms)
{
    (void)now_ms;
    conn_run(conn);
}

static void kill_conn(struct http_conn *conn, int64_t now_ms)
{
    (void)now_ms;
    conn_destroy(conn);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct http_loop *loop = arg;
    (void)fd, (void)what;
    run_posted(loop);
    if (loop_draining(loop) && !loop->drained) {
        loop->drained = true;
        close_listeners(loop);
        for_each_conn(loop, drain_conn, 0);
    }
    if (atomic_load(&loop->server->stage) >= SERVER_KILLS)
        for_each_conn(loop, kill_conn, 0);
    check_end(loop);
}

/* ---- beginning and end ---- */

/* Starts to listen. Takes fd over. Returns 0 or -ENOMEM. */
static int listen_on(struct http_loop *loop, int fd, struct evconnlistener **out)
{
    const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;
    *out = loop->base ? evconnlistener_new(loop->base, on_accept, loop, flags, 0, fd) : NULL;
    if (!*out) {
        close(fd);
        return -ENOMEM;
    }
    evconnlistener_set_error_cb(*out, on_accept_error);
    return 0;
}

int loop_open(struct http_loop *loop, struct http_server *server, int listen_fd, int tls_fd)
{
    const int64_t tick_ms = server->params.sample_interval_ms;
    const struct timeval interval = {tick_ms / 1000, tick_ms % 1000 * 1000};
    const struct timeval pace_interval = {0, PACE_MS * 1000};
    loop->server = server;
    loop->on_conn_ended = accept_again;
    loop->posted_last = &loop->posted;
    loop->last_tick_ms = clock_mono_ms();
    TAILQ_INIT(&loop->conns);
    TAILQ_INIT(&loop->kicked);
    pthread_mutex_init(&loop->lock, NULL);
    bool ready =
        addresses_open(&loop->addresses) == 0 && file_cache_open(&loop->files, MAX_OPEN_FILES) == 0;
    loop->base = ready ? event_base_new() : NULL;
    if (loop->base) {
        loop->tick = event_new(loop->base, -1, EV_PERSIST, on_tick, loop);
        loop->wake = event_new(loop->base, -1, EV_PERSIST, on_wake, loop);
        loop->kick = event_new(loop->base, -1, EV_PERSIST, on_kick, loop);
        loop->pace = event_new(loop->base, -1, EV_PERSIST, on_pace, loop);
        loop->room = event_new(loop->base, -1, 0, on_room, loop);
        loop->relief = event_new(loop->base, -1, 0, on_relief, loop);
    }
    int error = listen_on(loop, listen_fd, &loop->listener);
    if (tls_fd >= 0 && listen_on(loop, tls_fd, &loop->tls_listener) < 0)
        error = -ENOMEM;
    if (error < 0)
        return error;
    if (!loop->tick || !loop->wake || !loop->kick || !loop->pace || !loop->room || !loop->relief ||
        event_add(loop->tick, &interval) < 0)
        return -ENOMEM;
    return server->params.pace && event_add(loop->pace, &pace_interval) < 0 ? -ENOMEM : 0;
}

static void *thread_main(void *arg)
{
    struct http_loop *loop = arg;
    struct http_server *server = loop->server;
    event_base_dispatch(loop->base);
    pthread_mutex_lock(&server->lock);
    server->running_loops--;
    pthread_cond_signal(&server->ended);
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

int loop_start(struct http_loop *loop)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&loop->thread, NULL, thread_main, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    loop->started = error == 0;
    return -error;
}

void loop_close(struct http_loop *loop)
{
    if (!loop->server)
        return;
    if (loop->started)
        pthread_join(loop->thread, NULL);
    close_listeners(loop);
    if (loop->tick)
        event_free(loop->tick);
    if (loop->wake)
        event_free(loop->wake);
    if (loop->kick)
        event_free(loop->kick);
    if (loop->pace)
        event_free(loop->pace);
    if (loop->room)
        event_free(loop->room);
    if (loop->relief)
        event_free(loop->relief);
    if (loop->base)
        event_base_free(loop->base);
    file_cache_close(&loop->files);
    addresses_close(&loop->addresses);
    buf_free(&loop->scratch);
    pthread_mutex_destroy(&loop->lock);
}
