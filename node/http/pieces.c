/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Responses laid out from pieces of several files: one of them open at a time. */
#include "node/http/http_internal.h"
#include "node/http/range.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct pieces {
    struct http_pieces given;
    size_t at;          /* the next piece */
    int64_t skip_bytes; /* of it */
    int64_t left_bytes; /* of the response */
};

static int64_t total_bytes(const struct http_pieces *given)
{
    int64_t total = 0;

    for (size_t i = 0; i < given->count; i++)
        total += given->items[i].length_bytes;
    return total;
}

void pieces_release(struct http_request *req)
{
    struct pieces *pieces = req->pieces;

    req->pieces = NULL;
    if (pieces)
        pieces->given.release(pieces->given.ctx);
    free(pieces);
}

/* Passes over what lies before the part. */
static void seek(struct pieces *pieces, int64_t first_bytes)
{
    const struct http_pieces *given = &pieces->given;

    while (pieces->at < given->count && first_bytes >= given->items[pieces->at].length_bytes)
        first_bytes -= given->items[pieces->at++].length_bytes;
    pieces->skip_bytes = first_bytes;
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

void pieces_next(struct http_request *req)
{
    struct pieces *pieces = req->pieces;
    const struct http_piece *piece = &pieces->given.items[pieces->at];
    int64_t length_bytes = piece->length_bytes - pieces->skip_bytes;
    int error = 0;

    if (length_bytes > pieces->left_bytes)
        length_bytes = pieces->left_bytes;
    req->file_fd = -1;
    if (piece->data)
        error = evbuffer_add(conn_output(req->conn), (const char *)piece->data + pieces->skip_bytes,
            (size_t)length_bytes);
    else
        error = add_from_file(req, piece, pieces->skip_bytes, length_bytes);
    if (error < 0) {
        /* The head is gone: all that is left to say it with is the end of the connection. */
        server_log(req->loop->server, "%s: piece %zu can't be sent: %s", req->head.path, pieces->at,
            strerror(-error));
        req->conn->broken = true;
        return;
    }
    pieces->at++;
    pieces->skip_bytes = 0;
    pieces->left_bytes -= length_bytes;
    if (pieces->left_bytes == 0) {
        pieces_release(req);
        response_end(req);
    }
}

void http_respond_pieces(struct http_request *req, const struct http_pieces *given)
{
    const struct representation what = {
        .length_bytes = total_bytes(given),
        .content_type = given->content_type,
        .etag = given->etag,
        .cache_control = given->cache_control,
    };
    struct http_range part;

    if (!response_begin(req) || !representation_begin(req, &what, &part)) {
        given->release(given->ctx);
        return;
    }
    req->pieces = calloc(1, sizeof(*req->pieces));
    if (!req->pieces) {
        given->release(given->ctx);
        req->conn->broken = true;
        return;
    }
    *req->pieces = (struct pieces){.given = *given, .left_bytes = part.length_bytes};
    seek(req->pieces, part.first_bytes);
    req->send = SEND_PIECES;
    request_kick(req);
}
