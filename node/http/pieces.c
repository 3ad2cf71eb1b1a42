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
};

void pieces_release(struct http_request *req)
{
    struct pieces *pieces = req->pieces;

    req->pieces = NULL;
    if (pieces)
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

/* Adds what the part needs of the piece whose turn it is. */
static int add_piece(struct http_request *req)
{
    struct pieces *pieces = req->pieces;
    const struct http_piece *piece = &pieces->given.items[pieces->at];
    int64_t length_bytes = piece->length_bytes - pieces->skip_bytes;
    int error;

    if (length_bytes > pieces->left_bytes)
        length_bytes = pieces->left_bytes;
    if (piece->data)
        error = add_text(req, (const char *)piece->data + pieces->skip_bytes, (size_t)length_bytes);
    else
        error = add_from_file(req, piece, pieces->skip_bytes, length_bytes);
    pieces->at++;
    pieces->skip_bytes = 0;
    pieces->left_bytes -= length_bytes;
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
    *req->pieces = (struct pieces){.given = *given, .parts = *parts};
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
