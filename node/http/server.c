/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server as a whole: its loops, its pool, its listening sockets; how it starts and stops. */
#include <errno.h>
#include <event2/thread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "node/http/loop.h"
#include "node/http/transport/listen.h"
#include "node/http/transport/tcp.h"
#include "node/util/clock.h"

enum { MAX_LOOPS = 64 };

/* Congestion control for links within the building. It is the default of Linux. */
#define NEAR_CONGESTION "cubic"

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value > 0 ? value : fallback;
}

static void fill_defaults(struct http_server_params *params)
{
    params->loops = (int)or_default(params->loops, sysconf(_SC_NPROCESSORS_ONLN));
    if (params->loops > MAX_LOOPS)
        params->loops = MAX_LOOPS;
    params->max_connections = (int)or_default(params->max_connections, 10000);
    params->min_progress_bytes_per_minute =
        or_default(params->min_progress_bytes_per_minute, 15000);
    params->header_timeout_ms = or_default(params->header_timeout_ms, 60000);
    params->body_timeout_ms = or_default(params->body_timeout_ms, 15000);
    params->idle_timeout_ms = or_default(params->idle_timeout_ms, 75000);
    params->crowded_timeout_ms = or_default(params->crowded_timeout_ms, 5000);
    if (params->max_output_bytes == 0)
        params->max_output_bytes = (size_t)128 << 20;
    params->progress_window_ms = or_default(params->progress_window_ms, 60000);
    params->max_waiting = (int)or_default(params->max_waiting, 64);
    params->sample_interval_ms = or_default(params->sample_interval_ms, 1000);
}

static struct http_server *allocate(const struct http_server_params *params)
{
    struct http_server *server = calloc(1, sizeof(*server));
    pthread_condattr_t attributes;
    if (!server)
        return NULL;
    server->params = *params;
    fill_defaults(&server->params);
    pthread_mutex_init(&server->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&server->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    server->loops = calloc((size_t)server->params.loops, sizeof(*server->loops));
    return server;
}

static int open_pool(struct http_server *server, char *message, size_t message_bytes)
{
    const struct pool_params params = {
        .threads = server->params.pool_threads,
        .thread_open = server->params.thread_open,
        .thread_close = server->params.thread_close,
        .ctx = server->params.thread_ctx_ctx,
    };
    int error = pool_open(&server->pool, &params);
    if (error < 0)
        snprintf(message, message_bytes, "can't start the threads for background work: %s",
            strerror(-error));
    return error;
}

static int open_tls(struct http_server *server, char *message, size_t message_bytes)
{
    const struct tls_params params = {server->params.tls_certificate, server->params.tls_key};
    int error = tls_open(&server->tls, &params, message, message_bytes);
    if (error == 0 && tls_expired(server->tls))
        server_log(server, "the certificate %s has expired", params.certificate);
    return error;
}

static void close_all(const int *fds, int count)
{
    for (int i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* Opens one socket for each loop, and one more for TLS; without TLS, tls_fds are -1. */
static int open_sockets(
    struct http_server *server, int *fds, int *tls_fds, char *message, size_t message_bytes)
{
    const struct http_server_params *params = &server->params;
    int count = params->loops;
    bool own = params->congestion && strcmp(params->congestion, "system") != 0;
    struct listen_params listen = {params->listen, own ? NEAR_CONGESTION : NULL, count};
    int error = listen_open(&listen, fds, &server->port, message, message_bytes);
    for (int i = 0; i < count; i++)
        tls_fds[i] = -1;
    if (error == 0 && server->tls) {
        listen.address = params->tls_listen;
        error = listen_open(&listen, tls_fds, &server->tls_port, message, message_bytes);
        if (error < 0)
            close_all(fds, count);
    }
    for (int i = 0; error == 0 && i < count; i++) {
        server->hastens |= params->old_kernel || !tcp_bound_retries(fds[i]);
        if (tls_fds[i] >= 0 && !params->old_kernel)
            (void)tcp_bound_retries(tls_fds[i]);
    }
    return error;
}

static int open_loops(struct http_server *server, char *message, size_t message_bytes)
{
    int fds[MAX_LOOPS], tls_fds[MAX_LOOPS];
    int count = server->params.loops;
    int error = open_sockets(server, fds, tls_fds, message, message_bytes);
    if (error < 0)
        return error;
    server->loop_count = count;
    for (int i = 0; i < count; i++) {
        struct http_loop *loop = &server->loops[i];
        int failed = loop_open(loop, server, fds[i], tls_fds[i]);
        loop->max_conns = (server->params.max_connections + count - 1) / count;
        loop->max_output_bytes = server->params.max_output_bytes / (size_t)count;
        error = error < 0 ? error : failed;
    }
    for (int i = 0; error == 0 && i < count; i++) {
        error = loop_start(&server->loops[i]);
        server->running_loops += error == 0;
    }
    if (error < 0)
        snprintf(message, message_bytes, "can't start the server: %s", strerror(-error));
    return error;
}

int http_server_open(struct http_server **out, const struct http_server_params *params,
    char *message, size_t message_bytes)
{
    struct http_server *server = allocate(params);
    int result;
    *out = NULL;
    if (!server || !server->loops || evthread_use_pthreads() < 0) {
        snprintf(message, message_bytes, "can't start the server: out of memory");
        http_server_close(&server, 0);
        return -ENOMEM;
    }
    signal(SIGPIPE, SIG_IGN); /* a write to a peer that left must fail with an error code instead of
                               * ending the process */
    result =
        params->tls_listen && *params->tls_listen ? open_tls(server, message, message_bytes) : 0;
    if (result == 0)
        result = open_pool(server, message, message_bytes);
    if (result == 0)
        result = open_loops(server, message, message_bytes);
    if (result < 0)
        http_server_close(&server, 0);
    *out = server;
    return result;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

int http_server_tls_port(const struct http_server *server)
{
    return server->tls_port;
}

int http_server_reload(struct http_server *server, char *message, size_t message_bytes)
{
    return server->tls ? tls_reload(server->tls, message, message_bytes) : 0;
}

static void enter_stage(struct http_server *server, enum server_stage stage)
{
    atomic_store(&server->stage, stage);
    for (int i = 0; i < server->loop_count; i++)
        if (server->loops[i].started)
            loop_wake(&server->loops[i]);
}

/* Waits until the loops have ended by themselves, at most grace_ms. */
static void wait_for_loops(struct http_server *server, int64_t grace_ms)
{
    int64_t end_ms = clock_mono_ms() + grace_ms;
    const struct timespec until = {end_ms / 1000, end_ms % 1000 * 1000000};
    int error = 0;
    pthread_mutex_lock(&server->lock);
    while (server->running_loops > 0 && error == 0)
        error = pthread_cond_timedwait(&server->ended, &server->lock, &until);
    pthread_mutex_unlock(&server->lock);
}

void http_server_close(struct http_server **server, int64_t grace_ms)
{
    struct http_server *s = *server;
    if (!s)
        return;
    enter_stage(s, SERVER_DRAINS);
    wait_for_loops(s, grace_ms);
    enter_stage(s, SERVER_KILLS);
    for (int i = 0; i < s->loop_count; i++)
        loop_close(&s->loops[i]);
    pool_close(&s->pool);
    tls_close(&s->tls);
    pthread_cond_destroy(&s->ended);
    pthread_mutex_destroy(&s->lock);
    free(s->loops);
    free(s);
    *server = NULL;
}
