/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies laid out from pieces of memory and files: one file open at a time, one range or several.
 */
#include "node/http/http_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct pieces {
    struct http_pieces given;
    struct body_parts parts;
    size_t part;        /* of parts: under way, or the next one */
    int64_t left_bytes; /* of that part; 0: it has not begun */
    size_t at;          /* the next piece */
    int64_t skip_bytes; /* of it */
    int fd;             /* of its file, while that is read bit by bit; else -1 */
};

static void close_file(struct pieces *pieces)
{
    if (pieces->fd >= 0)
        close(pieces->fd);
    pieces->fd = -1;
}

void pieces_release(struct http_request *req)
{
    struct pieces *pieces = req->pieces;

    req->pieces = NULL;
    if (!pieces)
        return;
    close_file(pieces);
    pieces->given.release(pieces->given.ctx);
    free(pieces);
}

static int add_text(struct http_request *req, const char *text, size_t bytes)
{
    return evbuffer_add(conn_output(req->conn), text, bytes) < 0 ? -ENOMEM : 0;
}

/* Goes to where the part begins, and says so to the peer if it is one of several. */
static int begin_part(struct http_request *req)
{
    struct pieces *pieces = req->pieces;
    const struct body_parts *parts = &pieces->parts;
    const struct http_range *part = &parts->ranges.items[pieces->part];
    int64_t first_bytes = part->first_bytes;
    char text[HTTP_PART_HEAD_BYTES];

    pieces->at = 0;
    while (first_bytes >= pieces->given.items[pieces->at].length_bytes)
        first_bytes -= pieces->given.items[pieces->at++].length_bytes;
    pieces->skip_bytes = first_bytes;
    pieces->left_bytes = part->length_bytes;
    if (parts->ranges.count == 1)
        return 0;
    return add_text(req, text,
        http_part_head(text, parts->boundary, parts->content_type, part, parts->total_bytes));
}

static int add_from_file(
    struct http_request *req, const struct http_piece *piece, int64_t skip, int64_t length_bytes)
{
    const struct http_pieces *given = &req->pieces->given;
    struct stat info;
    int64_t first_bytes = piece->offset_bytes + skip;
    int fd = given->open(given->ctx, req->pieces->at);

    if (fd < 0)
        return fd;
    if (fstat(fd, &info) < 0 || info.st_size - length_bytes < first_bytes) {
        close(fd);
        return -EIO;
    }
    file_send(req, fd, first_bytes, length_bytes);
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

int pieces_read(struct http_request *req, int fd, int64_t first_bytes, int64_t length_bytes)
{
    struct evbuffer *output = conn_output(req->conn);
    struct evbuffer_iovec space;
    int error;

    if (evbuffer_reserve_space(output, (ev_ssize_t)length_bytes, &space, 1) < 1)
        return -ENOMEM;
    space.iov_len = (size_t)length_bytes;
    error = read_whole(fd, space.iov_base, space.iov_len, first_bytes);
    if (error)
        return error;
    return evbuffer_commit_space(output, &space, 1) < 0 ? -ENOMEM : 0;
}

static int add_by_reading(
    struct http_request *req, const struct http_piece *piece, int64_t skip, int64_t length_bytes)
{
    struct pieces *pieces = req->pieces;

    if (pieces->fd < 0)
        pieces->fd = pieces->given.open(pieces->given.ctx, pieces->at);
    if (pieces->fd < 0)
        return pieces->fd;
    return pieces_read(req, pieces->fd, piece->offset_bytes + skip, length_bytes);
}

/* Adds what the part needs of the piece whose turn it is; over TLS no more than may be queued. */
static int add_piece(struct http_request *req)
{
    struct pieces *pieces = req->pieces;
    const struct http_piece *piece = &pieces->given.items[pieces->at];
    int64_t skip = pieces->skip_bytes, length_bytes = piece->length_bytes - skip;
    int64_t room_bytes = TLS_QUEUE_BYTES - (int64_t)evbuffer_get_length(conn_output(req->conn));
    int error;

    if (length_bytes > pieces->left_bytes)
        length_bytes = pieces->left_bytes;
    if (req->secure && length_bytes > room_bytes)
        length_bytes = room_bytes;
    if (piece->data)
        error = add_text(req, (const char *)piece->data + skip, (size_t)length_bytes);
    else if (req->secure)
        error = add_by_reading(req, piece, skip, length_bytes);
    else
        error = add_from_file(req, piece, skip, length_bytes);
    pieces->skip_bytes += length_bytes;
    pieces->left_bytes -= length_bytes;
    if (pieces->skip_bytes == piece->length_bytes || pieces->left_bytes == 0) {
        close_file(pieces);
        pieces->at++;
        pieces->skip_bytes = 0;
    }
    return error;
}

static int end_part(struct http_request *req)
{
    struct pieces *pieces = req->pieces;
    const struct body_parts *parts = &pieces->parts;
    char text[HTTP_PART_HEAD_BYTES];
    int error = 0;

    if (++pieces->part < parts->ranges.count)
        return 0;
    if (parts->ranges.count > 1)
        error = add_text(req, text, http_parts_end(text, parts->boundary));
    pieces_release(req);
    response_end(req);
    return error;
}

void pieces_next(struct http_request *req)
{
    struct pieces *pieces = req->pieces;
    size_t at;
    int error = 0;

    req->file_fd = -1;
    if (pieces->left_bytes == 0)
        error = begin_part(req);
    at = pieces->at;
    if (!error)
        error = add_piece(req);
    if (!error && pieces->left_bytes == 0)
        error = end_part(req);
    if (error < 0) {
        /* The head is gone: all that is left to say it with is the end of the connection. */
        server_log(req->loop->server, "%s: piece %zu can't be sent: %s", req->head.path, at,
            strerror(-error));
        req->conn->broken = true;
    }
}

void pieces_begin(
    struct http_request *req, const struct http_pieces *given, const struct body_parts *parts)
{
    req->pieces = calloc(1, sizeof(*req->pieces));
    if (!req->pieces) {
        given->release(given->ctx);
        req->conn->broken = true;
        return;
    }
    *req->pieces = (struct pieces){.given = *given, .parts = *parts, .fd = -1};
    req->send = SEND_PIECES;
    pieces_next(req);
    request_kick(req);
}

static int64_t total_bytes(const struct http_pieces *given)
{
    int64_t total = 0;

    for (size_t i = 0; i < given->count; i++)
        total += given->items[i].length_bytes;
    return total;
}

void http_respond_pieces(struct http_request *req, const struct http_pieces *given)
{
    const struct representation what = {
        .length_bytes = total_bytes(given),
        .content_type = given->content_type,
        .validators = {.etag = given->etag},
        .cache_control = given->cache_control,
    };
    struct body_parts parts;

    if (response_begin(req) && representation_begin(req, &what, &parts))
        pieces_begin(req, given, &parts);
    else
        given->release(given->ctx);
}
