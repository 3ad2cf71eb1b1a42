/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Responses from files. Where extents are used, the file is a body of one extent. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/http/extents.h"
#include "node/http/response.h"
#include "node/util/clock.h"

struct single_file {
    struct http_extent extent;
    int fd;
    size_t openings; /* how many times the file will still be opened: once for each range */
};

/* Returns a duplicate of the descriptor; the last opening gets the descriptor itself. */
static int open_single(void *ctx, size_t extent)
{
    struct single_file *file = ctx;
    int fd = file->fd;
    (void)extent;
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

/* For TLS, if the whole range may be queued: reads it from the cached file into the output. */
static void send_read(struct http_request *req, const struct file_cache_entry *entry,
    int64_t first_bytes, int64_t length_bytes)
{
    int error = extents_read_file(req, entry->fd, first_bytes, length_bytes);
    if (error) {
        server_log(req->loop->server, "%s: can't be sent: %s", req->head.path, strerror(-error));
        req->conn->socket.broken = true;
    }
    response_end(req);
}

/* For several ranges, or for long ranges over TLS: sends the file as an extent. */
static void send_single(struct http_request *req, const struct file_cache_entry *entry,
    int64_t offset_bytes, int64_t length_bytes, const struct body_parts *parts)
{
    struct single_file *single = malloc(sizeof(*single));
    if (!single) {
        req->conn->socket.broken = true;
        return;
    }
    *single = (struct single_file){
        .extent = {.offset_bytes = offset_bytes, .length_bytes = length_bytes},
        .fd = fcntl(entry->fd, F_DUPFD_CLOEXEC, 0),
        .openings = parts->ranges.count,
    };
    if (single->fd < 0)
        req->conn->socket.broken = true;
    extents_begin(req,
        &(struct http_extents){.items = &single->extent,
            .count = 1,
            .open = open_single,
            .release = release_single,
            .ctx = single},
        parts);
}

/* Without TLS: puts the whole range into the output, from the cached file. */
static void send_range(struct http_request *req, const struct file_cache_entry *entry,
    int64_t first_bytes, int64_t length_bytes)
{
    if (extents_add_slices(
            socket_output(&req->conn->socket), entry->segment, first_bytes, length_bytes) < 0)
        req->conn->socket.broken = true;
    req->conn->socket.output.file_fd = entry->fd;
    req->conn->socket.output.file_end_bytes = first_bytes + length_bytes;
    req->conn->socket.output.file_bytes = (size_t)length_bytes;
    response_end(req);
}

/* The modification time in seconds; 0 if it is in the future, because such a Last-Modified must not
 * be sent (RFC 9110 section 8.8.2.1). */
static int64_t modified_s(const struct file_cache_entry *entry)
{
    int64_t seconds = entry->modified_ns / 1000000000;
    return seconds <= clock_wall_ms() / 1000 ? seconds : 0;
}

int http_respond_file(struct http_request *req, const struct http_file *file)
{
    const struct file_cache_entry *entry;
    struct body_parts parts;
    char etag[48];
    int64_t length_bytes = file->length_bytes;
    int error = file_cache_get(req->loop->files, file->path, clock_mono_ms(), &entry);
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
    if (parts.ranges.count > 1 || (req->secure && range->length_bytes > OUTPUT_QUEUE_BYTES))
        send_single(req, entry, file->offset_bytes, length_bytes, &parts);
    else if (req->secure)
        send_read(req, entry, first_bytes, range->length_bytes);
    else
        send_range(req, entry, first_bytes, range->length_bytes);
    return 0;
}
