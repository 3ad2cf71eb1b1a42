/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Responses from files: ranges and conditions, and the bytes by sendfile. */
#include "node/http/http_internal.h"
#include "node/util/clock.h"

#include <errno.h>
#include <event2/util.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Puts a part of a file behind what is in the output: a slice for each sendfile(). */
static int add_slices(struct evbuffer *output, struct evbuffer_file_segment *segment,
    int64_t first_bytes, int64_t length_bytes)
{
    int rc = 0;

    for (int64_t at = 0; rc == 0 && at < length_bytes; at += FILE_SLICE_BYTES) {
        int64_t left = length_bytes - at;

        rc = evbuffer_add_file_segment(
            output, segment, first_bytes + at, left < FILE_SLICE_BYTES ? left : FILE_SLICE_BYTES);
    }
    return rc;
}

void file_send(struct http_request *req, int fd, int64_t first_bytes, int64_t length_bytes)
{
    struct evbuffer_file_segment *segment = evbuffer_file_segment_new(
        fd, first_bytes, length_bytes, EVBUF_FS_CLOSE_ON_FREE | EVBUF_FS_DISABLE_LOCKING);

    if (!segment)
        close(fd);
    if (!segment || add_slices(conn_output(req->conn), segment, 0, length_bytes) < 0)
        req->conn->broken = true;
    /* Each slice holds a reference; the last one closes the descriptor. */
    if (segment)
        evbuffer_file_segment_free(segment);
    req->file_fd = fd;
    req->file_end_bytes = first_bytes + length_bytes;
}

/* ---- what of it is to be sent ------------------------------------------------------------------
 */

static void make_boundary(char out[HTTP_BOUNDARY_BYTES])
{
    uint64_t number;

    /* Nobody is after it, but it must not stand in the body by chance. */
    evutil_secure_rng_get_bytes(&number, sizeof(number));
    snprintf(out, HTTP_BOUNDARY_BYTES, "part-%016" PRIx64, number);
}

/* Ranges are defined for GET alone (RFC 9110 section 14.2), and only while the representation is
 * the same. */
static enum http_range_kind wanted_ranges(struct http_request *req,
    const struct representation *what, int64_t now_s, struct http_ranges *ranges)
{
    const char *range = http_request_header(req, "Range");

    if (req->head.method != HTTP_GET || !http_if_range_holds(&req->head, &what->validators, now_s))
        range = NULL;
    return http_range_parse(range, what->length_bytes, ranges);
}

static void add_validators(struct http_request *req, const struct representation *what)
{
    char date[HTTP_DATE_BYTES];

    http_response_header(req, "Accept-Ranges", "bytes");
    if (what->validators.etag)
        http_response_etag(req, what->validators.etag);
    if (what->validators.modified_s > 0) {
        http_date_format(date, what->validators.modified_s);
        http_response_header(req, "Last-Modified", date);
    }
    if (what->cache_control)
        http_response_header(req, "Cache-Control", what->cache_control);
}

static bool begin_body(struct http_request *req, const struct representation *what, int status,
    const char *content_type, int64_t length_bytes)
{
    add_validators(req, what);
    response_head(req, status, content_type, length_bytes);
    if (!req->head_only && length_bytes > 0 && !req->conn->broken)
        return true;
    response_end(req);
    return false;
}

static bool begin_range(
    struct http_request *req, const struct representation *what, const struct http_range *part)
{
    http_response_headerf(req, "Content-Range", "bytes %" PRId64 "-%" PRId64 "/%" PRId64,
        part->first_bytes, part->first_bytes + part->length_bytes - 1, what->length_bytes);
    return begin_body(req, what, 206, what->content_type, part->length_bytes);
}

static bool begin_ranges(
    struct http_request *req, const struct representation *what, struct body_parts *parts)
{
    char content_type[64];

    make_boundary(parts->boundary);
    snprintf(parts->content_type, sizeof(parts->content_type), "%s", what->content_type);
    snprintf(
        content_type, sizeof(content_type), "multipart/byteranges; boundary=%s", parts->boundary);
    return begin_body(req, what, 206, content_type,
        http_parts_bytes(&parts->ranges, parts->boundary, parts->content_type, what->length_bytes));
}

static bool refuse_range(struct http_request *req, const struct representation *what)
{
    http_response_headerf(req, "Content-Range", "bytes */%" PRId64, what->length_bytes);
    http_response_header(req, "Cache-Control", "no-store");
    respond_status(req, 416);
    return false;
}

bool representation_begin(
    struct http_request *req, const struct representation *what, struct body_parts *parts)
{
    int64_t now_s = clock_wall_ms() / 1000;
    enum http_condition condition = http_condition_check(&req->head, &what->validators, now_s);

    if (condition == HTTP_CONDITION_FAILED) {
        respond_precondition_failed(req);
        return false;
    }
    if (condition == HTTP_NOT_MODIFIED) {
        add_validators(req, what);
        http_respond_empty(req, 304);
        return false;
    }
    parts->total_bytes = what->length_bytes;
    switch (wanted_ranges(req, what, now_s, &parts->ranges)) {
    case HTTP_RANGE_UNSATISFIABLE:
        return refuse_range(req, what);
    case HTTP_RANGE_PARTS:
        return parts->ranges.count == 1 ? begin_range(req, what, &parts->ranges.items[0])
                                        : begin_ranges(req, what, parts);
    case HTTP_RANGE_WHOLE:
        return begin_body(req, what, 200, what->content_type, what->length_bytes);
    }
    return false;
}

/* ---- a file: a single piece --------------------------------------------------------------------
 */

struct single_file {
    struct http_piece piece;
    int fd;
    size_t openings; /* that are still to come: one a range */
};

/* The last opening gets the descriptor itself. */
static int open_single(void *ctx, size_t piece)
{
    struct single_file *file = ctx;
    int fd = file->fd;

    (void)piece;
    if (--file->openings > 0) {
        fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
        return fd < 0 ? -errno : fd;
    }
    file->fd = -1;
    return fd;
}

static void release_single(void *ctx)
{
    struct single_file *file = ctx;

    if (file->fd >= 0)
        close(file->fd);
    free(file);
}

/* For TLS, where all of it may be queued: from the file that is open anyway. */
static void send_read(struct http_request *req, const struct files_entry *entry,
    int64_t first_bytes, int64_t length_bytes)
{
    int error = pieces_read(req, entry->fd, first_bytes, length_bytes);

    if (error) {
        server_log(req->loop->server, "%s: can't be sent: %s", req->head.path, strerror(-error));
        req->conn->broken = true;
    }
    response_end(req);
}

/* In parts, or bit by bit through memory. */
static void send_single(struct http_request *req, const struct files_entry *entry,
    int64_t offset_bytes, int64_t length_bytes, const struct body_parts *parts)
{
    struct single_file *single = malloc(sizeof(*single));

    if (!single) {
        req->conn->broken = true;
        return;
    }
    *single = (struct single_file){
        .piece = {.offset_bytes = offset_bytes, .length_bytes = length_bytes},
        .fd = fcntl(entry->fd, F_DUPFD_CLOEXEC, 0),
        .openings = parts->ranges.count,
    };
    if (single->fd < 0)
        req->conn->broken = true;
    pieces_begin(req,
        &(struct http_pieces){.items = &single->piece,
            .count = 1,
            .open = open_single,
            .release = release_single,
            .ctx = single},
        parts);
}

/* All at once, from the file that is open anyway. */
static void send_range(struct http_request *req, const struct files_entry *entry,
    int64_t first_bytes, int64_t length_bytes)
{
    if (add_slices(conn_output(req->conn), entry->segment, first_bytes, length_bytes) < 0)
        req->conn->broken = true;
    req->file_fd = entry->fd;
    req->file_end_bytes = first_bytes + length_bytes;
    response_end(req);
}

/* The file's time in seconds as in struct http_validators, if that is not in the future (RFC 9110
 * section 8.8.2.1). */
static int64_t modified_s(const struct files_entry *entry)
{
    int64_t seconds = entry->modified_ns / 1000000000;

    return seconds <= clock_wall_ms() / 1000 ? seconds : 0;
}

int http_respond_file(struct http_request *req, const struct http_file *file)
{
    const struct files_entry *entry;
    struct body_parts parts;
    char etag[48];
    int64_t length_bytes = file->length_bytes;
    int error = files_get(req->loop->files, file->path, clock_mono_ms(), &entry);

    if (error)
        return error;
    if (length_bytes < 0)
        length_bytes = entry->bytes - file->offset_bytes;
    if (file->offset_bytes < 0 || length_bytes <= 0 ||
        entry->bytes - length_bytes < file->offset_bytes)
        return -EIO;
    if (!file->etag)
        snprintf(etag, sizeof(etag), "\"%" PRIx64 "-%" PRIx64 "\"", (uint64_t)entry->bytes,
            (uint64_t)entry->modified_ns);
    const struct representation what = {
        .length_bytes = length_bytes,
        .content_type = file->content_type,
        .validators = {.etag = file->etag ? file->etag : etag, .modified_s = modified_s(entry)},
        .cache_control = file->cache_control,
    };
    if (!response_begin(req) || !representation_begin(req, &what, &parts))
        return 0;
    const struct http_range *range = &parts.ranges.items[0];
    int64_t first_bytes = file->offset_bytes + range->first_bytes;
    if (parts.ranges.count > 1 || (req->secure && range->length_bytes > TLS_QUEUE_BYTES))
        send_single(req, entry, file->offset_bytes, length_bytes, &parts);
    else if (req->secure)
        send_read(req, entry, first_bytes, range->length_bytes);
    else
        send_range(req, entry, first_bytes, range->length_bytes);
    return 0;
}
