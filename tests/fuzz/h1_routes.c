/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handlers for the main kinds of responses. Their paths are those that the seeds (h1_seeds.mjs) and
 * the conformance table (http_conformance_table.mjs) request. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "h1.h"

enum { DEFERRED_TURNS = 2, EVENTS = 3, SHORT_BYTES = 300 };

static int held;

int h1_held(void)
{
    return held;
}

char h1_file_byte(size_t at)
{
    return "abcdefghijklmnopqrstuvw"[at % 23];
}

/* ---- the file ---- */

static char path[64], content[H1_FILE_BYTES];

static void remove_file(void)
{
    unlink(path);
}

/* Returns the path of the file, which is made once in a process. Its time is fixed, so that seeds
 * can name it in conditions. */
static const char *file_path(void)
{
    const struct timespec times[2] = {{.tv_sec = 1767225600}, {.tv_sec = 1767225600}};
    if (path[0])
        return path;
    snprintf(path, sizeof(path), "/tmp/terrace-h1-XXXXXX");
    int fd = mkstemp(path);
    for (size_t i = 0; i < sizeof(content); i++)
        content[i] = h1_file_byte(i);
    h1_require(write(fd, content, sizeof(content)) == sizeof(content), "a file to serve");
    futimens(fd, times);
    close(fd);
    atexit(remove_file);
    return path;
}

static void on_file(struct http_request *req, void *ctx)
{
    const struct http_file file = {
        .path = file_path(), .length_bytes = -1, .content_type = "video/mp4", .etag = "\"tag\""};
    (void)ctx;
    h1_require(http_respond_file(req, &file) == 0, "the file is there");
}

static int open_piece(void *ctx, size_t piece)
{
    (void)ctx, (void)piece;
    return open(file_path(), O_RDONLY | O_CLOEXEC);
}

static void release_pieces(void *ctx)
{
    (void)ctx;
    held--;
}

static void on_pieces(struct http_request *req, void *ctx)
{
    static const struct http_extent items[] = {
        {.data = content, .length_bytes = SHORT_BYTES},
        {.offset_bytes = SHORT_BYTES, .length_bytes = 20000},
        {.offset_bytes = SHORT_BYTES + 20000, .length_bytes = H1_FILE_BYTES - SHORT_BYTES - 20000},
    };
    const struct http_extents pieces = {
        .items = items,
        .count = 3,
        .open = open_piece,
        .release = release_pieces,
        .content_type = "video/mp4",
        .etag = "\"tag\"",
    };
    (void)ctx;
    file_path();
    held++;
    http_respond_extents(req, &pieces);
}

/* ---- text ---- */

static void respond_text(struct http_request *req, size_t bytes)
{
    char text[2000];
    memset(text, 't', sizeof(text));
    http_response_header(req, "ETag", "\"text\"");
    http_respond(req, 200, "text/plain", text, bytes < sizeof(text) ? bytes : sizeof(text));
}

static void on_short(struct http_request *req, void *ctx)
{
    (void)ctx;
    respond_text(req, SHORT_BYTES);
}

static void on_long(struct http_request *req, void *ctx)
{
    (void)ctx;
    respond_text(req, 2000);
}

/* ---- bodies ---- */

static void on_collected(struct http_request *req, char *data, size_t data_bytes, void *ctx)
{
    (void)ctx;
    h1_require(data[data_bytes] == '\0' && data_bytes <= H1_MAX_COLLECTED_BYTES, "a whole body");
    respond_text(req, data_bytes);
}

static void on_collect(struct http_request *req, void *ctx)
{
    (void)ctx;
    h1_require(http_request_read(req, H1_MAX_COLLECTED_BYTES, on_collected, NULL) == 0, "a body");
}

struct upload {
    const uint8_t *block;
    size_t block_bytes, total_bytes;
};

static void sum_block(void *thread_ctx, void *task)
{
    struct upload *upload = task;
    volatile uint8_t last = upload->block[upload->block_bytes - 1];
    (void)thread_ctx, (void)last;
    upload->total_bytes += upload->block_bytes;
}

static void resume(struct http_request *req, void *task)
{
    (void)task;
    http_request_resume(req);
}

static void on_block(
    struct http_request *req, const uint8_t *data, size_t data_bytes, bool end, void *ctx)
{
    struct upload *upload = ctx;
    if (data) {
        upload->block = data;
        upload->block_bytes = data_bytes;
        http_request_defer(req, sum_block, resume, upload);
        return;
    }
    if (end)
        respond_text(req, upload->total_bytes);
    free(upload);
    held--;
}

static void on_upload(struct http_request *req, void *ctx)
{
    struct upload *upload = calloc(1, sizeof(*upload));
    (void)ctx;
    h1_require(upload && http_request_stream(req, on_block, upload) == 0, "an upload");
    held++;
}

/* ---- deferred work, streams ---- */

static void do_nothing(void *thread_ctx, void *task)
{
    (void)thread_ctx, (void)task;
}

static void after_work(struct http_request *req, void *task)
{
    int *turns = task;
    if (--*turns > 0) {
        http_request_defer(req, do_nothing, after_work, task);
        return;
    }
    if (http_request_method(req) == HTTP_POST)
        on_collect(req, NULL);
    else
        respond_text(req, SHORT_BYTES);
    free(turns);
    held--;
}

/* Defers work twice. Then answers, or reads the body of a POST. */
static void on_defer(struct http_request *req, void *ctx)
{
    int *turns = malloc(sizeof(*turns));
    (void)ctx;
    h1_require(turns, "memory");
    *turns = DEFERRED_TURNS;
    held++;
    http_request_defer(req, do_nothing, after_work, turns);
}

static void on_stream_end(void *ctx)
{
    free(ctx);
    held--;
}

static void after_event(struct http_request *req, void *task)
{
    int *left = task;
    if ((*left)-- == 0) {
        http_stream_end(req);
        return;
    }
    http_stream_write(req, "tick\n", 5);
    http_request_defer(req, do_nothing, after_event, left);
}

static void on_events(struct http_request *req, void *ctx)
{
    int *left = malloc(sizeof(*left));
    (void)ctx;
    h1_require(left, "memory");
    *left = EVENTS;
    held++;
    http_stream_start(req, 200, "text/event-stream", on_stream_end, left);
    http_request_defer(req, do_nothing, after_event, left);
}

static const struct http_route routes[] = {
    {.methods = HTTP_GET, .pattern = "/healthz", .handle = on_short},
    {.methods = HTTP_GET, .pattern = "/v/:lesson/:revision/master.m3u8", .handle = on_long},
    {.methods = HTTP_GET, .pattern = "/v/:lesson/:revision/v130.mp4", .handle = on_pieces},
    {.methods = HTTP_GET, .pattern = "/v/:lesson/:revision/:rendition/0.m4s", .handle = on_file},
    {.methods = HTTP_POST, .pattern = "/api/login", .handle = on_collect},
    {.methods = HTTP_POST, .pattern = "/api/logout", .handle = on_short},
    {.methods = HTTP_PATCH, .pattern = "/api/uploads/:id", .handle = on_upload},
    {.methods = HTTP_GET | HTTP_POST, .pattern = "/api/lessons", .handle = on_defer},
    {.methods = HTTP_GET, .pattern = "/api/operator/events", .handle = on_events},
};
const struct http_route_set h1_routes = {routes, sizeof(routes) / sizeof(routes[0]), NULL};
