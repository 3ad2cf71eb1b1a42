/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/extents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/http/response.h"

/* At most this many bytes of a file are given to one sendfile(2), so that other connections get
 * their turn. */
enum { FILE_SLICE_BYTES = 4 << 20 };

/* A shared body up to this length is copied: that is faster than to send it part by part. */
enum { SHARED_COPY_BYTES = 16 * 1024 };

struct extent_sender {
    struct http_extents body;
    struct body_parts parts;
    size_t part;        /* the current or the next part of `parts` */
    int64_t left_bytes; /* of the current part; 0: the part has not begun */
    size_t at;          /* index of the next extent */
    int64_t skip_bytes; /* bytes of that extent that are already sent or not wanted */
    int fd;             /* the file of that extent, while it is read for TLS; else -1 */
};

/* sendfile(2) sends one slice at a time. */
int extents_add_slices(struct evbuffer *output, struct evbuffer_file_segment *segment,
    int64_t first_bytes, int64_t length_bytes)
{
    int error = 0;
    for (int64_t at = 0; error == 0 && at < length_bytes; at += FILE_SLICE_BYTES) {
        int64_t left = length_bytes - at;
        error = evbuffer_add_file_segment(
            output, segment, first_bytes + at, left < FILE_SLICE_BYTES ? left : FILE_SLICE_BYTES);
    }
    return error;
}

static void send_file(struct http_request *req, int fd, int64_t first_bytes, int64_t length_bytes)
{
    struct evbuffer_file_segment *segment = evbuffer_file_segment_new(
        fd, first_bytes, length_bytes, EVBUF_FS_CLOSE_ON_FREE | EVBUF_FS_DISABLE_LOCKING);
    if (!segment)
        close(fd);
    if (!segment ||
        extents_add_slices(socket_output(&req->conn->socket), segment, 0, length_bytes) < 0)
        req->conn->socket.broken = true;
    /* Each slice holds a reference to the segment. The last one closes the descriptor. */
    if (segment)
        evbuffer_file_segment_free(segment);
    req->conn->socket.output.file_fd = fd;
    req->conn->socket.output.file_end_bytes = first_bytes + length_bytes;
    req->conn->socket.output.file_bytes = (size_t)length_bytes;
}

static void close_file(struct extent_sender *sender)
{
    if (sender->fd >= 0)
        close(sender->fd);
    sender->fd = -1;
}

void extents_release(struct http_request *req)
{
    struct extent_sender *sender = req->extents;
    req->extents = NULL;
    if (!sender)
        return;
    close_file(sender);
    sender->body.release(sender->body.ctx);
    free(sender);
}

static int add_text(struct http_request *req, const char *text, size_t bytes)
{
    return evbuffer_add(socket_output(&req->conn->socket), text, bytes) < 0 ? -ENOMEM : 0;
}

/* Seeks to the beginning of the next part. If there are several parts, writes the part head. */
static int begin_part(struct http_request *req)
{
    struct extent_sender *sender = req->extents;
    const struct body_parts *parts = &sender->parts;
    const struct http_range *part = &parts->ranges.items[sender->part];
    int64_t first_bytes = part->first_bytes;
    char text[HTTP_PART_HEAD_BYTES];
    sender->at = 0;
    while (first_bytes >= sender->body.items[sender->at].length_bytes)
        first_bytes -= sender->body.items[sender->at++].length_bytes;
    sender->skip_bytes = first_bytes;
    sender->left_bytes = part->length_bytes;
    if (parts->ranges.count == 1)
        return 0;
    return add_text(req, text,
        http_part_head(text, parts->boundary, parts->content_type, part, parts->total_bytes));
}

static int add_from_file(
    struct http_request *req, const struct http_extent *extent, int64_t skip, int64_t length_bytes)
{
    const struct http_extents *body = &req->extents->body;
    struct stat info;
    int64_t first_bytes = extent->offset_bytes + skip;
    int fd = body->open(body->ctx, req->extents->at);
    if (fd < 0)
        return fd;
    if (fstat(fd, &info) < 0 || info.st_size - length_bytes < first_bytes) {
        close(fd);
        return -EIO;
    }
    send_file(req, fd, first_bytes, length_bytes);
    return 0;
}

static int read_whole(int fd, char *out, size_t bytes, int64_t at_bytes)
{
    while (bytes > 0) {
        ssize_t got = pread(fd, out, bytes, at_bytes);
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        out += got;
        bytes -= (size_t)got;
        at_bytes += got;
    }
    return 0;
}

int extents_read_file(struct http_request *req, int fd, int64_t first_bytes, int64_t length_bytes)
{
    struct evbuffer *output = socket_output(&req->conn->socket);
    struct evbuffer_iovec space;
    if (evbuffer_reserve_space(output, (ev_ssize_t)length_bytes, &space, 1) < 1)
        return -ENOMEM;
    space.iov_len = (size_t)length_bytes;
    int error = read_whole(fd, space.iov_base, space.iov_len, first_bytes);
    if (error)
        return error;
    return evbuffer_commit_space(output, &space, 1) < 0 ? -ENOMEM : 0;
}

static int add_by_reading(
    struct http_request *req, const struct http_extent *extent, int64_t skip, int64_t length_bytes)
{
    struct extent_sender *sender = req->extents;
    if (sender->fd < 0)
        sender->fd = sender->body.open(sender->body.ctx, sender->at);
    if (sender->fd < 0)
        return sender->fd;
    return extents_read_file(req, sender->fd, extent->offset_bytes + skip, length_bytes);
}

/* Adds the bytes that the part needs of the current extent. What is copied is at most as much as may
 * be queued. */
static int add_extent(struct http_request *req)
{
    struct extent_sender *sender = req->extents;
    const struct http_extent *extent = &sender->body.items[sender->at];
    int64_t skip = sender->skip_bytes, length_bytes = extent->length_bytes - skip;
    int64_t room_bytes =
        OUTPUT_QUEUE_BYTES - (int64_t)evbuffer_get_length(socket_output(&req->conn->socket));
    int error;
    if (length_bytes > sender->left_bytes)
        length_bytes = sender->left_bytes;
    if ((req->secure || extent->data) && length_bytes > room_bytes)
        length_bytes = room_bytes;
    if (extent->data)
        error = add_text(req, (const char *)extent->data + skip, (size_t)length_bytes);
    else if (req->secure)
        error = add_by_reading(req, extent, skip, length_bytes);
    else
        error = add_from_file(req, extent, skip, length_bytes);
    sender->skip_bytes += length_bytes;
    sender->left_bytes -= length_bytes;
    if (sender->skip_bytes == extent->length_bytes || sender->left_bytes == 0) {
        close_file(sender);
        sender->at++;
        sender->skip_bytes = 0;
    }
    return error;
}

static int end_part(struct http_request *req)
{
    struct extent_sender *sender = req->extents;
    const struct body_parts *parts = &sender->parts;
    char text[HTTP_PART_HEAD_BYTES];
    int error = 0;
    if (++sender->part < parts->ranges.count)
        return 0;
    if (parts->ranges.count > 1)
        error = add_text(req, text, http_parts_end(text, parts->boundary));
    extents_release(req);
    response_end(req);
    return error;
}

void extents_next(struct http_request *req)
{
    struct extent_sender *sender = req->extents;
    size_t at;
    int error = 0;
    req->conn->socket.output.file_fd = -1;
    if (sender->left_bytes == 0)
        error = begin_part(req);
    at = sender->at;
    if (!error)
        error = add_extent(req);
    if (!error && sender->left_bytes == 0)
        error = end_part(req);
    if (error < 0) {
        /* The head is in the output or sent already, so an error status is no longer possible. The
         * connection ends. */
        server_log(req->loop->server, "%s: extent %zu can't be sent: %s", req->head.path, at,
            strerror(-error));
        req->conn->socket.broken = true;
    }
}

void extents_begin(
    struct http_request *req, const struct http_extents *body, const struct body_parts *parts)
{
    req->extents = calloc(1, sizeof(*req->extents));
    if (!req->extents) {
        body->release(body->ctx);
        req->conn->socket.broken = true;
        return;
    }
    *req->extents = (struct extent_sender){.body = *body, .parts = *parts, .fd = -1};
    req->send = SEND_EXTENTS;
    extents_next(req);
    request_kick(req);
}

static int64_t total_bytes(const struct http_extents *body)
{
    int64_t total = 0;
    for (size_t i = 0; i < body->count; i++)
        total += body->items[i].length_bytes;
    return total;
}

void http_respond_extents(struct http_request *req, const struct http_extents *body)
{
    const struct representation what = {
        .length_bytes = total_bytes(body),
        .content_type = body->content_type,
        .validators = {.etag = body->etag},
        .cache_control = body->cache_control,
    };
    struct body_parts parts;
    if (response_begin(req) && representation_begin(req, &what, &parts))
        extents_begin(req, body, &parts);
    else
        body->release(body->ctx);
}

/* A body from memory that others share. */
struct shared_body {
    struct http_extent extent;
    void (*release)(void *ctx);
    void *ctx;
};

static void release_shared(void *ctx)
{
    struct shared_body *shared = ctx;
    if (shared->release)
        shared->release(shared->ctx);
    free(shared);
}

void http_respond_shared(struct http_request *req, const struct http_shared_body *body)
{
    struct shared_body *shared = body->bytes > SHARED_COPY_BYTES ? malloc(sizeof(*shared)) : NULL;
    if (!shared) {
        if (body->etag)
            http_response_etag(req, body->etag);
        http_respond(req, 200, body->content_type, body->data, body->bytes);
        if (body->release)
            body->release(body->ctx);
        return;
    }
    *shared = (struct shared_body){
        .extent = {.data = body->data, .length_bytes = (int64_t)body->bytes},
        .release = body->release,
        .ctx = body->ctx,
    };
    http_respond_extents(req, &(struct http_extents){.items = &shared->extent,
                                  .count = 1,
                                  .release = release_shared,
                                  .ctx = shared,
                                  .content_type = body->content_type,
                                  .etag = body->etag});
}
