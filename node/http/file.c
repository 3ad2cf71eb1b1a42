/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Responses from files: ranges and conditions, and the bytes by sendfile. */
#include "node/http/http_internal.h"
#include "node/http/range.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Puts a part of the file behind what is in the output. 0; or -1, and then the descriptor is still
 * the caller's. */
static int add_file(struct evbuffer *output, int fd, int64_t offset_bytes, int64_t length_bytes)
{
    struct evbuffer_file_segment *segment = evbuffer_file_segment_new(
        fd, offset_bytes, length_bytes, EVBUF_FS_CLOSE_ON_FREE | EVBUF_FS_DISABLE_LOCKING);
    int rc = 0;

    if (!segment)
        return -1;
    for (int64_t at = 0; rc == 0 && at < length_bytes; at += FILE_SLICE_BYTES) {
        int64_t left = length_bytes - at;

        rc = evbuffer_add_file_segment(
            output, segment, at, left < FILE_SLICE_BYTES ? left : FILE_SLICE_BYTES);
    }
    evbuffer_file_segment_free(
        segment); /* each slice holds a reference; the last one closes the descriptor */
    return rc < 0 ? -2 : 0;
}

void file_send(struct http_request *req, int fd, int64_t first_bytes, int64_t length_bytes)
{
    int rc = add_file(conn_output(req->conn), fd, first_bytes, length_bytes);

    if (rc == -1)
        close(fd);
    if (rc < 0)
        req->conn->broken = true;
    req->file_fd = fd;
    req->file_end_bytes = first_bytes + length_bytes;
}

static bool file_is_whole(const struct http_file *file)
{
    struct stat info;

    return file->offset_bytes >= 0 && file->length_bytes >= 0 && fstat(file->fd, &info) == 0 &&
           info.st_size - file->length_bytes >= file->offset_bytes;
}

/* Ranges are defined for GET alone (RFC 9110 section 14.2), and only while the representation is
 * the same. */
static enum http_range_kind wanted_part(
    struct http_request *req, const struct representation *what, struct http_range *part)
{
    const char *if_range = http_request_header(req, "If-Range");
    const char *range = http_request_header(req, "Range");

    if (req->head.method != HTTP_GET || (if_range && !http_if_range_holds(if_range, what->etag)))
        range = NULL;
    return http_range_parse(range, what->length_bytes, part);
}

static bool begin_part(struct http_request *req, const struct representation *what, int status,
    const struct http_range *part)
{
    response_head(req, status, what->content_type, part->length_bytes);
    if (!req->head_only && part->length_bytes > 0 && !req->conn->broken)
        return true;
    response_end(req);
    return false;
}

static bool begin_range(
    struct http_request *req, const struct representation *what, struct http_range *part)
{
    switch (wanted_part(req, what, part)) {
    case HTTP_RANGE_UNSATISFIABLE:
        http_response_headerf(req, "Content-Range", "bytes */%" PRId64, what->length_bytes);
        respond_status(req, 416);
        return false;
    case HTTP_RANGE_PART:
        http_response_headerf(req, "Content-Range", "bytes %" PRId64 "-%" PRId64 "/%" PRId64,
            part->first_bytes, part->first_bytes + part->length_bytes - 1, what->length_bytes);
        return begin_part(req, what, 206, part);
    case HTTP_RANGE_WHOLE:
        return begin_part(req, what, 200, part);
    }
    return false;
}

bool representation_begin(
    struct http_request *req, const struct representation *what, struct http_range *part)
{
    http_response_header(req, "Accept-Ranges", "bytes");
    if (what->etag)
        http_response_header(req, "ETag", what->etag);
    if (what->cache_control)
        http_response_header(req, "Cache-Control", what->cache_control);
    if (what->etag && response_not_modified(req, what->etag)) {
        http_respond_empty(req, 304);
        return false;
    }
    return begin_range(req, what, part);
}

void http_respond_file(struct http_request *req, const struct http_file *file)
{
    const struct representation what = {
        .length_bytes = file->length_bytes,
        .content_type = file->content_type,
        .etag = file->etag,
        .cache_control = file->cache_control,
    };
    struct http_range part;

    if (!response_begin(req)) {
        close(file->fd);
        return;
    }
    if (!file_is_whole(file)) {
        server_log(req->loop->server, "%s: the file is shorter than it should be", req->head.path);
        close(file->fd);
        respond_status(req, 500);
        return;
    }
    if (!representation_begin(req, &what, &part)) {
        close(file->fd);
        return;
    }
    file_send(req, file->fd, file->offset_bytes + part.first_bytes, part.length_bytes);
    response_end(req);
}
