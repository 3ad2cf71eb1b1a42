/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/node/http/http_fixture.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/util/clock.h"

/* Much longer than any test takes. It only ends tests whose server hangs. */
enum { GIVE_UP_S = 60 };

/* ---- waiting ---- */

static void pause_briefly(void)
{
    const struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
}

void await_count(atomic_int *counter, int value)
{
    while (atomic_load(counter) < value)
        pause_briefly();
}

static void await_reported(struct fixture *fixture, const uint64_t *reported, uint64_t value)
{
    uint64_t now = 0;
    while (now < value) {
        pthread_mutex_lock(&fixture->lock);
        now = *reported;
        pthread_mutex_unlock(&fixture->lock);
        pause_briefly();
    }
}

void await_closed(struct fixture *fixture, uint64_t closed)
{
    await_reported(fixture, &fixture->closed, closed);
}

void await_requests(struct fixture *fixture, uint64_t requests)
{
    await_reported(fixture, &fixture->requests, requests);
}

/* ---- routes ---- */

static void on_hello(struct http_request *req, void *ctx)
{
    char name[32];
    (void)ctx;
    if (http_request_param(req, "name", name, sizeof(name)) < 0)
        snprintf(name, sizeof(name), "world");
    http_response_headerf(req, "X-Peer", "%s", http_request_peer(req));
    http_response_header(req, "X-Evil", "a\r\nSet-Cookie: b");
    http_respond(req, 200, "text/plain", name, strlen(name));
}

/* Keeps the loop busy. */
static void on_slow(struct http_request *req, void *ctx)
{
    (void)ctx;
    int64_t end_ms = clock_mono_ms() + 2 * HTTP_SLOW_TURN_MS;
    while (clock_mono_ms() < end_ms)
        sched_yield();
    http_respond_empty(req, 204);
}

static void on_args(struct http_request *req, void *ctx)
{
    char text[128];
    (void)ctx;
    snprintf(text, sizeof(text), "%s %lld %s", http_request_arg(req, "name"),
        (long long)http_request_arg_int(req, "id"), http_request_arg(req, "none"));
    http_respond(req, 200, "text/plain", text, strlen(text));
}

/* The text is long enough to be compressed. */
static void on_json(struct http_request *req, void *ctx)
{
    char text[4000];
    (void)ctx;
    memset(text, ' ', sizeof(text));
    text[0] = '{';
    text[sizeof(text) - 1] = '}';
    http_response_etag(req, "\"json\"");
    http_respond(req, 200, "application/json", text, sizeof(text));
}

static void respond_part(
    struct http_request *req, const struct fixture *fixture, int64_t offset, int64_t length)
{
    const struct http_file file = {
        .path = fixture->file,
        .offset_bytes = offset,
        .length_bytes = length,
        .content_type = "video/mp4",
        .etag = "\"tag\"",
        .cache_control = "public, max-age=31536000, immutable",
    };
    if (http_respond_file(req, &file) < 0)
        http_respond_empty(req, 500);
}

static void on_file(struct http_request *req, void *ctx)
{
    respond_part(req, ctx, 0, FILE_BYTES);
}

/* ---- the same bytes as the file's, from pieces ---- */

enum { PIECES = 12, MEMORY_BYTES = 1000, PIECE_BYTES = 99900, MISSING_PIECE = 4 };

struct laid_out {
    struct fixture *fixture;
    bool broken;
    unsigned char memory[MEMORY_BYTES];
    struct http_extent items[PIECES];
};

static int count_descriptors(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

static int open_piece(void *ctx, size_t piece)
{
    struct laid_out *laid_out = ctx;
    struct fixture *fixture = laid_out->fixture;
    int now = count_descriptors();
    if (now > atomic_load(&fixture->max_descriptors))
        atomic_store(&fixture->max_descriptors, now);
    atomic_fetch_add(&fixture->pieces_opened, 1);
    if (laid_out->broken && piece == MISSING_PIECE)
        return -ENOENT;
    return open(fixture->file, O_RDONLY | O_CLOEXEC);
}

static void release_pieces(void *ctx)
{
    struct laid_out *laid_out = ctx;
    atomic_fetch_add(&laid_out->fixture->pieces_released, 1);
    free(laid_out);
}

/* The body has a part in memory, ten extents of files, and an extent of one byte: FILE_BYTES in
 * all. */
static void respond_pieces(struct http_request *req, struct fixture *fixture, bool broken)
{
    struct laid_out *laid_out = calloc(1, sizeof(*laid_out));
    int64_t at = MEMORY_BYTES;
    laid_out->fixture = fixture;
    laid_out->broken = broken;
    for (size_t i = 0; i < MEMORY_BYTES; i++)
        laid_out->memory[i] = file_byte(i);
    laid_out->items[0] =
        (struct http_extent){.data = laid_out->memory, .length_bytes = MEMORY_BYTES};
    for (size_t i = 1; i < PIECES; i++) {
        int64_t length = i == 1 ? 1 : i == PIECES - 1 ? FILE_BYTES - at : PIECE_BYTES;
        laid_out->items[i] = (struct http_extent){.offset_bytes = at, .length_bytes = length};
        at += length;
    }
    http_respond_extents(req, &(struct http_extents){.items = laid_out->items,
                                  .count = PIECES,
                                  .open = open_piece,
                                  .release = release_pieces,
                                  .ctx = laid_out,
                                  .content_type = "video/mp4",
                                  .etag = "\"tag\"",
                                  .cache_control = "public, max-age=31536000, immutable"});
}

static void on_pieces(struct http_request *req, void *ctx)
{
    respond_pieces(req, ctx, false);
}

static void on_broken_pieces(struct http_request *req, void *ctx)
{
    respond_pieces(req, ctx, true);
}

/* The answer is a segment in the middle of a chunk file. */
static void on_media(struct http_request *req, void *ctx)
{
    respond_part(req, ctx, 1000, MEDIA_BYTES);
}

static void on_lies(struct http_request *req, void *ctx)
{
    respond_part(req, ctx, 0, FILE_BYTES + 1);
}

static void echo(struct http_request *req, char *data, size_t bytes, void *ctx)
{
    (void)ctx;
    http_respond(req, 200, "application/octet-stream", data, bytes);
}

static void on_echo(struct http_request *req, void *ctx)
{
    assert_int_equal(http_request_read(req, 100000, echo, ctx), 0);
}

static void on_refuse(struct http_request *req, void *ctx)
{
    (void)ctx;
    http_respond_error(req, 403, "no", "不行", "no \"way\"");
}

/* ---- streamed uploads: each block waits at the gate, as if it were written to a slow disk ---- */

struct upload {
    struct fixture *fixture;
    const uint8_t *data;
    size_t bytes;
    int64_t total;
    uint64_t sum;
    bool slow;
};

static void write_block(void *thread_ctx, void *task)
{
    struct upload *upload = task;
    (void)thread_ctx;
    if (upload->slow)
        gate_wait(&upload->fixture->gate);
    for (size_t i = 0; i < upload->bytes; i++)
        upload->sum += upload->data[i];
    upload->total += (int64_t)upload->bytes;
}

static void block_written(struct http_request *req, void *task)
{
    struct upload *upload = task;
    atomic_fetch_add(&upload->fixture->done_calls, 1);
    atomic_fetch_add(&upload->fixture->streamed_bytes, (long long)upload->bytes);
    http_request_resume(req);
}

static void on_block(
    struct http_request *req, const uint8_t *data, size_t bytes, bool end, void *ctx)
{
    struct upload *upload = ctx;
    char text[64];
    if (data) {
        upload->data = data;
        upload->bytes = bytes;
        http_request_defer(req, write_block, block_written, upload);
        return;
    }
    atomic_fetch_add(end ? &upload->fixture->streams_ended : &upload->fixture->streams_cut, 1);
    if (end) {
        snprintf(text, sizeof(text), "%lld %llu", (long long)upload->total,
            (unsigned long long)upload->sum);
        http_respond(req, 200, "text/plain", text, strlen(text));
    }
    free(upload);
}

static void start_upload(struct http_request *req, void *ctx, bool slow)
{
    struct upload *upload = calloc(1, sizeof(*upload));
    upload->fixture = ctx;
    upload->slow = slow;
    assert_int_equal(http_request_stream(req, on_block, upload), 0);
}

static void on_upload(struct http_request *req, void *ctx)
{
    start_upload(req, ctx, false);
}

static void on_slow_upload(struct http_request *req, void *ctx)
{
    start_upload(req, ctx, true);
}

/* Refuses at the first block, as if the disk were full. */
static void on_full_block(
    struct http_request *req, const uint8_t *data, size_t bytes, bool end, void *ctx)
{
    struct fixture *fixture = ctx;
    (void)bytes;
    if (data)
        http_respond_error(req, 507, "full", "满了", "full");
    else
        atomic_fetch_add(end ? &fixture->streams_ended : &fixture->streams_cut, 1);
}

static void on_full(struct http_request *req, void *ctx)
{
    http_request_stream(req, on_full_block, ctx);
}

/* ---- deferred work and streams ---- */

static void wait_at_gate(void *thread_ctx, void *task)
{
    struct fixture *fixture = task;
    assert_ptr_equal(thread_ctx, fixture);
    gate_wait(&fixture->gate);
}

static void gate_passed(struct http_request *req, void *task)
{
    struct fixture *fixture = task;
    http_respond(req, 200, "text/plain", http_request_gone(req) ? "gone" : "here", 4);
    atomic_fetch_add(&fixture->done_calls, 1);
}

static void on_defer(struct http_request *req, void *ctx)
{
    http_request_defer(req, wait_at_gate, gate_passed, ctx);
}

static void on_media_defer(struct http_request *req, void *ctx)
{
    if (!http_request_turned_away(req))
        on_defer(req, ctx);
}

static void stream_closed(void *ctx)
{
    atomic_fetch_add(&((struct fixture *)ctx)->stream_closes, 1);
}

static void on_tick(struct http_request *req, void *ctx)
{
    struct fixture *fixture = ctx;
    int tick = atomic_fetch_add(&fixture->ticks, 1);
    char text[32];
    snprintf(text, sizeof(text), "data: %d\n\n", tick);
    http_stream_write(req, text, strlen(text));
    if (tick == 2 && http_request_query(req)[0] == '3')
        http_stream_end(req);
}

static void on_events(struct http_request *req, void *ctx)
{
    http_response_header(req, "Cache-Control", "no-store");
    http_stream_start(req, 200, "text/event-stream", stream_closed, ctx);
    http_stream_write(req, "hello\n\n", 7);
    http_request_every(req, 5, on_tick, ctx);
}

static const char large[LARGE_BYTES];

static void on_copied(struct http_request *req, void *ctx)
{
    (void)ctx;
    http_respond(req, 200, "video/mp2t", large, sizeof(large));
}

static void count_release(void *ctx)
{
    struct fixture *fixture = ctx;
    fixture->pieces_released++;
}

static void on_shared(struct http_request *req, void *ctx)
{
    http_respond_shared(req, &(struct http_shared_body){.data = large,
                                 .bytes = sizeof(large),
                                 .content_type = "video/mp2t",
                                 .release = count_release,
                                 .ctx = ctx});
}

static void on_forget(struct http_request *req, void *ctx)
{
    (void)req, (void)ctx;
}

static bool guard(struct http_request *req, const struct http_route *route, void *ctx)
{
    char cookie[16];
    struct http_user user = {.name = "li", .role = "operator"};
    (void)ctx;
    if (http_request_cookie(req, "s", cookie, sizeof(cookie)) > 0)
        (void)http_request_set_user(req, &user);
    if (route->access == HTTP_PUBLIC || http_request_user(req))
        return true;
    http_respond_error(req, 401, "login", "请登录", "log in");
    return false;
}

/* ---- the fixture ---- */

#define ROUTE(method, path, handler)                                                               \
    {                                                                                              \
        .methods = (method), .pattern = (path), .handle = (handler)                                \
    }

static const struct http_route route_table[] = {
    ROUTE(HTTP_GET, "/", on_hello),
    ROUTE(HTTP_GET, "/hello", on_hello),
    ROUTE(HTTP_GET, "/slow", on_slow),
    ROUTE(HTTP_GET, "/args/:name/x/:id", on_args),
    ROUTE(HTTP_GET, "/json", on_json),
    ROUTE(HTTP_GET, "/file", on_file),
    ROUTE(HTTP_GET, "/pieces", on_pieces),
    ROUTE(HTTP_GET, "/broken-pieces", on_broken_pieces),
    ROUTE(HTTP_GET, "/lies", on_lies),
    ROUTE(HTTP_GET, "/v/deferred", on_media_defer),
    ROUTE(HTTP_GET, "/v/:lesson/:file", on_media),
    ROUTE(HTTP_GET | HTTP_POST, "/api/defer", on_defer),
    ROUTE(HTTP_POST | HTTP_PUT, "/echo", on_echo),
    ROUTE(HTTP_POST, "/refuse", on_refuse),
    ROUTE(HTTP_PATCH, "/upload", on_upload),
    ROUTE(HTTP_PATCH, "/slow-upload", on_slow_upload),
    ROUTE(HTTP_PATCH, "/full", on_full),
    ROUTE(HTTP_GET | HTTP_POST, "/defer", on_defer),
    ROUTE(HTTP_GET, "/events", on_events),
    ROUTE(HTTP_GET, "/copied", on_copied),
    ROUTE(HTTP_GET, "/shared", on_shared),
    ROUTE(HTTP_GET, "/forget", on_forget),
    {.methods = HTTP_GET | HTTP_PATCH,
        .pattern = "/closed",
        .access = HTTP_ANY_USER,
        .handle = on_hello},
};

enum { ROUTES = sizeof(route_table) / sizeof(route_table[0]) };

static void count_slow_turn(void *ctx)
{
    struct fixture *fixture = ctx;
    fixture->slow_turns++;
}

static void observe(const struct http_conn_sample *sample, void *ctx)
{
    struct fixture *fixture = ctx;
    pthread_mutex_lock(&fixture->lock);
    fixture->sent_bytes += sample->sent_bytes;
    fixture->requests += sample->requests;
    fixture->closed += sample->closed;
    snprintf(fixture->path, sizeof(fixture->path), "%s", sample->path);
    snprintf(fixture->user_agent, sizeof(fixture->user_agent), "%s", sample->user_agent);
    pthread_mutex_unlock(&fixture->lock);
}

static void on_log(void *ctx, const char *message)
{
    (void)message;
    atomic_fetch_add(&((struct fixture *)ctx)->logged, 1);
}

static void *open_thread(void *ctx)
{
    return ctx;
}

static void close_thread(void *thread_ctx)
{
    (void)thread_ctx;
}

unsigned char file_byte(size_t at)
{
    return (unsigned char)(at % 251 + at / 65536);
}

static void make_file(struct fixture *fixture)
{
    unsigned char *bytes = malloc(FILE_BYTES);
    for (size_t i = 0; i < FILE_BYTES; i++)
        bytes[i] = file_byte(i);
    snprintf(fixture->file, sizeof(fixture->file), "/tmp/terrace-http-XXXXXX");
    int fd = mkstemp(fixture->file);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, FILE_BYTES), FILE_BYTES);
    close(fd);
    free(bytes);
}

void fixture_open(struct fixture *fixture, const struct http_server_params *params)
{
    struct http_server_params own = params ? *params : (struct http_server_params){0};
    char message[128] = "";
    memset(fixture, 0, sizeof(*fixture));
    pthread_mutex_init(&fixture->lock, NULL);
    pthread_mutex_init(&fixture->gate.lock, NULL);
    pthread_cond_init(&fixture->gate.changed, NULL);
    make_file(fixture);
    fixture->routes = (struct http_route_set){route_table, ROUTES, fixture};
    own.listen = "127.0.0.1:0";
    own.loops = own.loops ? own.loops : 2;
    own.route_sets = &fixture->routes;
    own.route_set_count = 1;
    own.guard = guard;
    own.observe = observe;
    own.slow_turn = count_slow_turn;
    own.observe_ctx = fixture;
    own.thread_open = open_thread;
    own.thread_close = close_thread;
    own.thread_ctx_ctx = fixture;
    own.log = on_log;
    own.log_ctx = fixture;
    if (http_server_open(&fixture->server, &own, message, sizeof(message)) < 0)
        fail_msg("%s", message);
    fixture->port = http_server_port(fixture->server);
}

void fixture_close(struct fixture *fixture, int64_t grace_ms)
{
    http_server_close(&fixture->server, grace_ms);
    assert_null(fixture->server);
    unlink(fixture->file);
    pthread_mutex_destroy(&fixture->lock);
    pthread_mutex_destroy(&fixture->gate.lock);
    pthread_cond_destroy(&fixture->gate.changed);
}

/* ---- the client ---- */

int client_connect(const struct fixture *fixture)
{
    return client_connect_from(fixture, "127.0.0.1");
}

int client_connect_from(const struct fixture *fixture, const char *address_text)
{
    struct sockaddr_in own = {.sin_family = AF_INET};
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)fixture->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const struct timeval give_up = {GIVE_UP_S, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &give_up, sizeof(give_up));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &give_up, sizeof(give_up));
    assert_int_equal(inet_pton(AF_INET, address_text, &own.sin_addr), 1);
    assert_int_equal(bind(fd, (const struct sockaddr *)&own, sizeof(own)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

int client_connect_narrow(const struct fixture *fixture)
{
    int fd = client_connect(fixture), small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    return fd;
}

void ask(const struct fixture *fixture, const char *text, struct response *response)
{
    int fd = client_connect(fixture);
    client_say(fd, text);
    client_read(fd, response, strncmp(text, "HEAD", 4) == 0);
    close(fd);
}

char *shell(const struct fixture *fixture, const char *command)
{
    char full[2048];
    char *out = calloc(1, 65536);
    snprintf(full, sizeof(full), "PORT=%d FILE=%s; %s", fixture->port, fixture->file, command);
    FILE *pipe = popen(full, "r");
    assert_non_null(pipe);
    assert_true(fread(out, 1, 65535, pipe) < 65535);
    pclose(pipe);
    return out;
}
