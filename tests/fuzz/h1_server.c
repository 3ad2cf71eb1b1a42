/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs the server without threads. The loop turns when the target says so, the pool keeps its
 * tasks until h1_work(), and the clock moves only when the target moves it. So nothing happens
 * by itself. */
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "h1.h"
#include "node/http/conn.h"
#include "node/http/loop.h"
#include "node/util/clock.h"

enum { TURN_MS = 10, WAIT_MS = 600 * 1000, SEND_BUFFER_BYTES = 4096 };

static struct http_server server;
static struct http_loop loop;
static struct {
    struct pool_task *first, **last;
} queue;
static int descriptors_before;
static int64_t now_ms;
static uint64_t sent_bytes;

void h1_fail(const char *what)
{
    fprintf(stderr, "h1: not so: %s\n", what);
    abort();
}

/* ---- in place of node/util/clock.c ---- */

int64_t clock_mono_ms(void)
{
    return now_ms;
}

int64_t clock_wall_ms(void)
{
    return 1800000000000 + now_ms;
}

/* ---- in place of node/util/pool.c ---- */

int pool_open(struct pool **out, const struct pool_params *params)
{
    (void)params;
    *out = NULL;
    return 0;
}

void pool_close(struct pool **pool)
{
    (void)pool;
}

size_t pool_waiting(struct pool *pool, enum pool_lane lane, uint64_t client)
{
    (void)pool, (void)lane, (void)client;
    return 0;
}

void pool_submit(struct pool *pool, struct pool_task *task)
{
    (void)pool;
    task->next = NULL;
    *queue.last = task;
    queue.last = &task->next;
}

bool h1_work(void)
{
    struct pool_task *task = queue.first;
    if (!task)
        return false;
    queue.first = task->next;
    if (!queue.first)
        queue.last = &queue.first;
    task->run(task, NULL);
    h1_turn();
    return true;
}

/* ---- what the server tells ---- */

static void on_log(void *ctx, const char *message)
{
    (void)ctx;
    h1_require(!strstr(message, "gave no answer") && !strstr(message, "answered twice"), message);
}

static void on_sample(const struct http_conn_sample *sample, void *ctx)
{
    (void)ctx;
    sent_bytes += sample->sent_bytes;
}

static struct http_pace on_pace(const struct http_flow *flow, void *ctx)
{
    (void)ctx;
    return (struct http_pace){.rate_bps = 1000000, .held_back = strlen(flow->query) % 2};
}

uint64_t h1_sent_bytes(void)
{
    return sent_bytes;
}

/* ---- beginning and end ---- */

static int count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;
    h1_require(dir, "/proc/self/fd");
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* Opens a listener, because a loop needs one. Nothing connects to it. */
static int open_listener(void)
{
    struct sockaddr_un any = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    h1_require(bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)) == 0, "a listener");
    listen(fd, 1);
    return fd;
}

static void open_server(void)
{
    server = (struct http_server){.loops = &loop, .loop_count = 1};
    server.params = (struct http_server_params){
        .route_sets = &h1_routes,
        .route_set_count = 1,
        .observe = on_sample,
        .pace = on_pace,
        .log = on_log,
        .max_waiting = 1,
        .min_progress_bytes_per_minute = 15000,
        .progress_window_ms = 60000,
        .header_timeout_ms = 60000,
        .idle_timeout_ms = 75000,
        .crowded_timeout_ms = 5000,
        .sample_interval_ms = WAIT_MS,
    };
    loop = (struct http_loop){.max_conns = 8, .max_output_bytes = 1 << 20};
    h1_require(loop_open(&loop, &server, open_listener(), -1) == 0, "a loop");
    event_del(loop.tick);
    event_del(loop.pace);
}

int h1_open(void)
{
    const struct sockaddr_in address = {.sin_family = AF_INET};
    const int small = SEND_BUFFER_BYTES;
    int pair[2];
    signal(SIGPIPE, SIG_IGN);
    queue.first = NULL;
    queue.last = &queue.first;
    now_ms = 1;
    sent_bytes = 0;
    descriptors_before = count_descriptors();
    open_server();
    h1_require(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0, "sockets");
    /* The small buffer makes answers need many turns. */
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    conn_accept(&loop, pair[0], (const struct sockaddr *)&address, false);
    return pair[1];
}

void h1_turn(void)
{
    now_ms += TURN_MS;
    event_active(loop.pace, EV_TIMEOUT, 0);
    event_base_loop(loop.base, EVLOOP_NONBLOCK);
}

void h1_wait(void)
{
    now_ms += WAIT_MS;
    event_active(loop.tick, EV_TIMEOUT, 0);
    h1_turn();
}

void h1_drain(void)
{
    atomic_store(&server.stage, SERVER_DRAINS);
    loop_wake(&loop);
    h1_turn();
}

bool h1_connected(void)
{
    return loop.conn_count > 0;
}

void h1_close(void)
{
    while (h1_work())
        ;
    h1_turn();
    h1_require(loop.conn_count == 0 && loop.abandoned == 0, "nothing is left of the connection");
    h1_require(h1_held() == 0, "handlers have let go of everything");
    loop_close(&loop);
    h1_require(count_descriptors() == descriptors_before, "no descriptor is left");
}
